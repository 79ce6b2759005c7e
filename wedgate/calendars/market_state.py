"""What a set of rules in force makes of one market: verdict, load and causes. The policy of the calendar is here.

Any block closes. A market with allow rules is closed outside of their windows. The load in force is the highest peak
times the lowest lull, held against two thresholds. A rule whose source cannot answer for the date counts as what it
could do: a block, an allow window or a load high enough to block closes, any other load or a caution is a caution,
and a lull is not granted. A source that expires softly never closes.

It is said twice, for two uses: ``Tally`` counts what is in force while a timeline is swept, and knows the verdict and
the load alone; ``findings_of`` names the rules behind them. A property test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from wedgate.calendars.tracks import Role, Track
from wedgate.calendars.values import CauseKind, LoadThresholds, Verdict

_BASE = Decimal(1)
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cause without its times."""

    kind: CauseKind
    track: Track
    closes: bool


State = tuple[Verdict, Decimal]
"""The verdict and the load in force."""


class Tally:
    """Counts the tracks in force, one change at a time, so that a state costs the same however many rules there are."""

    def __init__(self, *, has_allows: bool, thresholds: LoadThresholds) -> None:
        self._has_allows = has_allows
        self._thresholds = thresholds
        self._inside = 0
        self._blocks = 0
        self._cautions = 0
        self._peaks: Counter[Decimal] = Counter()
        self._unverified_peaks = 0
        self._soft_peaks: Counter[Decimal] = Counter()
        self._lulls: Counter[Decimal] = Counter()
        self._states: dict[tuple[bool, bool, Decimal, Decimal, Decimal], State] = {}

    def change(self, track: Track, step: int) -> None:
        """Count a track that comes into force (``step`` 1) or goes out of it (-1)."""
        role = track.role
        if role is Role.BLOCK:
            self._blocks += step
        elif role is Role.CAUTION:
            self._cautions += step
        elif role is Role.ALLOW:
            self._inside += 0 if track.unverified else step
        elif track.load >= _BASE:
            self._unverified_peaks += step if track.unverified else 0
            _count(self._soft_peaks if track.is_soft else self._peaks, track.load, step)
        elif not track.unverified:
            _count(self._lulls, track.load, step)

    def state(self) -> State:
        """Return the verdict and the load of what is in force."""
        key = (
            self._blocks > 0 or (self._has_allows and not self._inside),
            self._cautions > 0 or self._unverified_peaks > 0,
            max(self._peaks, default=_NONE),
            max(self._soft_peaks, default=_NONE),
            min(self._lulls, default=_BASE),
        )
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = self._judge(*key)
        return state

    def _judge(self, closed: bool, careful: bool, peak: Decimal, soft: Decimal, lull: Decimal) -> State:
        load = max(peak, soft, _BASE) * lull
        if closed or (peak and peak * lull >= self._thresholds.block_from):
            return Verdict.CLOSED, load
        if careful or (peak and peak * lull >= self._thresholds.caution_from):
            return Verdict.CAUTION, load
        return Verdict.OPEN, load


def _count(counter: Counter[Decimal], load: Decimal, step: int) -> None:
    counter[load] += step
    if not counter[load]:
        del counter[load]


def findings_of(active: Sequence[Track], allows: Sequence[Track], thresholds: LoadThresholds) -> tuple[Finding, ...]:
    """Name what is in force and matters; ``allows`` are all allow rules of the market, in force or not."""
    findings = _of_loads(active, thresholds)
    for track in active:
        if track.role is Role.BLOCK:
            kind = CauseKind.CALENDAR_UNVERIFIED if track.unverified else CauseKind.RULE_BLOCKS
            findings.append(Finding(kind=kind, track=track, closes=True))
        elif track.role is Role.CAUTION:
            kind = CauseKind.LOAD_UNVERIFIED if track.unverified else CauseKind.RULE_CAUTION
            findings.append(Finding(kind=kind, track=track, closes=False))
    findings.extend(_outside(active, allows))
    return tuple(findings)


def _outside(active: Sequence[Track], allows: Sequence[Track]) -> list[Finding]:
    """Return why no allow window holds: not known for a rule, or none of them now."""
    inside = [track for track in active if track.role is Role.ALLOW]
    if not allows or any(not track.unverified for track in inside):
        return []
    if inside:
        return [Finding(kind=CauseKind.CALENDAR_UNVERIFIED, track=track, closes=True) for track in inside]
    return [Finding(kind=CauseKind.OUTSIDE_ALLOW_WINDOW, track=track, closes=True) for track in allows]


def _of_loads(active: Sequence[Track], thresholds: LoadThresholds) -> list[Finding]:
    peaks = [track for track in active if track.role is Role.LOAD and track.load >= _BASE]
    lulls = [track.load for track in active if track.role is Role.LOAD and track.load < _BASE and not track.unverified]
    lull = min(lulls, default=_BASE)
    # What is not known of a source that expires softly closes nothing, and hides nothing that does.
    load = max((track.load for track in peaks if not track.is_soft), default=_BASE) * lull
    findings: list[Finding] = []
    for track in peaks:
        own = track.load * lull
        if track.unverified:
            closes = own >= thresholds.block_from and not track.is_soft
            kind = CauseKind.CALENDAR_UNVERIFIED if closes else CauseKind.LOAD_UNVERIFIED
        elif own < load or load < thresholds.caution_from:
            continue  # only the highest peak decides; a lower one is not what closes or cautions
        else:
            closes = load >= thresholds.block_from
            kind = CauseKind.LOAD_BLOCKS if closes else CauseKind.LOAD_CAUTION
        findings.append(Finding(kind=kind, track=track, closes=closes))
    return findings
