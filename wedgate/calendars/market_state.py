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


class Tally:
    """Counts the tracks in force by their sort: a state costs the same however many rules there are.

    A sort is what matters of a track for the state: its role, its load, whether it is unverified, and whether that is
    soft. ``sort_of`` holds the number of each track's sort; its bit is set in a mask while any of it is in force.
    ``known`` are the states of masks that were asked about before.
    """

    def __init__(self, tracks: Sequence[Track], *, has_allows: bool, thresholds: LoadThresholds) -> None:
        self._has_allows = has_allows
        self._thresholds = thresholds
        numbers: dict[tuple[Role, Decimal, bool, bool], int] = {}
        self.sort_of = [
            numbers.setdefault((track.role, track.load, track.unverified, track.is_soft), len(numbers))
            for track in tracks
        ]
        self.sorts = len(numbers)
        self.known: dict[int, State] = {}
        self._same: dict[State, State] = {}
        self._blocks = self._cautions = self._allows = self._unsure = 0
        peaks: list[tuple[Decimal, bool, int]] = []
        lulls: list[tuple[Decimal, int]] = []
        for (role, load, unverified, soft), number in numbers.items():
            bit = 1 << number
            if role is Role.BLOCK:
                self._blocks |= bit
            elif role is Role.CAUTION:
                self._cautions |= bit
            elif role is Role.ALLOW:
                self._allows |= 0 if unverified else bit
            elif load >= _BASE:
                peaks.append((load, soft, bit))
                self._unsure |= bit if unverified else 0
            elif not unverified:
                lulls.append((load, bit))
        self._peaks = sorted(peaks, reverse=True)
        self._lulls = sorted(lulls)

    def state(self, mask: int) -> State:
        """Return the verdict and the load where these sorts are in force; equal states are one object."""
        state = self.known.get(mask)
        if state is None:
            found = self._judge(mask)
            state = self.known[mask] = self._same.setdefault(found, found)
        return state

    def _judge(self, mask: int) -> State:
        lull = next((load for load, bit in self._lulls if mask & bit), _BASE)
        peak = next((load for load, _, bit in self._peaks if mask & bit), _BASE)
        # What is not known of a source that expires softly closes nothing.
        hard = next((load for load, soft, bit in self._peaks if mask & bit and not soft), None)
        load = peak * lull
        if mask & self._blocks or (self._has_allows and not mask & self._allows):
            return Verdict.CLOSED, load
        if hard is not None and hard * lull >= self._thresholds.block_from:
            return Verdict.CLOSED, load
        if mask & (self._cautions | self._unsure):
            return Verdict.CAUTION, load
        if hard is not None and hard * lull >= self._thresholds.caution_from:
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
