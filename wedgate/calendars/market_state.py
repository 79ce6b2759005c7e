"""What a set of rules in force makes of one market: verdict, load and causes. The policy of the calendar is here.

Any block closes. A market with allow rules is closed outside of their windows. The load in force is the highest peak
times the lowest lull, held against two thresholds. A rule whose source cannot answer for the date counts as what it
could do: a block, an allow window or a load high enough to block closes, any other load or a caution is a caution,
and a lull is not granted. A source that expires softly never closes.

It is said twice, for two uses: ``Tally`` counts what is in force while a timeline is swept, and knows the verdict and
the load alone; ``findings_of`` names the rules behind them. A property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from wedgate.calendars.tracks import Role, Track
from wedgate.calendars.values import CauseKind, LoadThresholds, Verdict

_BASE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cause without its times."""

    kind: CauseKind
    track: Track
    closes: bool


State = tuple[Verdict, Decimal]
"""The verdict and the load in force."""

_Sort = tuple[Role, Decimal, bool, bool]
"""What matters of a track for the state: its role, its load, whether it is unverified, and whether that is soft."""


class Tally:
    """Counts the tracks in force by their sort: a state costs the same however many rules there are.

    ``sort_of`` holds the number of each track's sort, ``bit`` of a sort is set in ``mask`` while any of it is in force.
    """

    def __init__(self, tracks: Sequence[Track], *, has_allows: bool, thresholds: LoadThresholds) -> None:
        self._has_allows = has_allows
        self._thresholds = thresholds
        numbers: dict[_Sort, int] = {}
        self.sort_of = [
            numbers.setdefault((track.role, track.load, track.unverified, track.is_soft), len(numbers))
            for track in tracks
        ]
        self._sorts = list(numbers)
        self._states: dict[int, State] = {}
        self._same: dict[State, State] = {}

    def counts(self) -> list[int]:
        """Return a list of zeros, one for each sort."""
        return [0] * len(self._sorts)

    def state(self, mask: int) -> State:
        """Return the verdict and the load where these sorts are in force; equal states are one object."""
        state = self._states.get(mask)
        if state is None:
            found = self._judge([sort for bit, sort in enumerate(self._sorts) if mask >> bit & 1])
            state = self._states[mask] = self._same.setdefault(found, found)
        return state

    def _judge(self, sorts: list[_Sort]) -> State:
        peaks = [(load, soft) for role, load, _, soft in sorts if role is Role.LOAD and load >= _BASE]
        lulls = [load for role, load, unverified, _ in sorts if role is Role.LOAD and load < _BASE and not unverified]
        lull = min(lulls, default=_BASE)
        # What is not known of a source that expires softly closes nothing.
        hard = max((load for load, soft in peaks if not soft), default=None)
        load = max((load for load, _ in peaks), default=_BASE) * lull
        inside = any(role is Role.ALLOW and not unverified for role, _, unverified, _ in sorts)
        blocked = any(role is Role.BLOCK for role, *_ in sorts)
        if blocked or (self._has_allows and not inside):
            return Verdict.CLOSED, load
        if hard is not None and hard * lull >= self._thresholds.block_from:
            return Verdict.CLOSED, load
        unsure = any(role is Role.LOAD and load >= _BASE and unverified for role, load, unverified, _ in sorts)
        careful = any(role is Role.CAUTION for role, *_ in sorts)
        if careful or unsure or (hard is not None and hard * lull >= self._thresholds.caution_from):
            return Verdict.CAUTION, load
        return Verdict.OPEN, load


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
