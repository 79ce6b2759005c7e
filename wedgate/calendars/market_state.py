"""What a set of rules in force makes of one market: verdict, load and causes. The policy of the calendar is here.

Any block closes. A market with allow rules is closed outside of their windows. The load in force is the highest peak
times the lowest lull, held against two thresholds. A rule whose source cannot answer for the date counts as what it
could do: a block, an allow window or a load high enough to block closes, any other load or a caution is a caution,
and a lull is not granted.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """One combination of rules in force."""

    verdict: Verdict
    load: Decimal
    findings: tuple[Finding, ...]


def state_of(active: Sequence[Track], allows: Sequence[Track], thresholds: LoadThresholds) -> MarketState:
    """Judge the tracks in force; ``allows`` are all allow rules of the market, in force or not."""
    load, findings = _loads(active, thresholds)
    for track in active:
        if track.role is Role.BLOCK:
            kind = CauseKind.CALENDAR_UNVERIFIED if track.unverified else CauseKind.RULE_BLOCKS
            findings.append(Finding(kind=kind, track=track, closes=True))
        elif track.role is Role.CAUTION:
            kind = CauseKind.LOAD_UNVERIFIED if track.unverified else CauseKind.RULE_CAUTION
            findings.append(Finding(kind=kind, track=track, closes=False))
    findings.extend(_outside(active, allows))
    closed = any(finding.closes for finding in findings)
    verdict = Verdict.CLOSED if closed else Verdict.CAUTION if findings else Verdict.OPEN
    return MarketState(verdict=verdict, load=load, findings=tuple(findings))


def _outside(active: Sequence[Track], allows: Sequence[Track]) -> list[Finding]:
    """Return why no allow window holds: not known for a rule, or none of them now."""
    inside = [track for track in active if track.role is Role.ALLOW]
    if not allows or any(not track.unverified for track in inside):
        return []
    if inside:
        return [Finding(kind=CauseKind.CALENDAR_UNVERIFIED, track=track, closes=True) for track in inside]
    return [Finding(kind=CauseKind.OUTSIDE_ALLOW_WINDOW, track=track, closes=True) for track in allows]


def _loads(active: Sequence[Track], thresholds: LoadThresholds) -> tuple[Decimal, list[Finding]]:
    peaks = [track for track in active if track.role is Role.LOAD and track.load >= _BASE]
    lulls = [track.load for track in active if track.role is Role.LOAD and track.load < _BASE and not track.unverified]
    lull = min(lulls, default=_BASE)
    load = max((track.load for track in peaks), default=_BASE) * lull
    findings: list[Finding] = []
    for track in peaks:
        own = track.load * lull
        if track.unverified:
            closes = own >= thresholds.block_from
            kind = CauseKind.CALENDAR_UNVERIFIED if closes else CauseKind.LOAD_UNVERIFIED
        elif own < load or load < thresholds.caution_from:
            continue  # only the highest peak decides; a lower one is not what closes or cautions
        else:
            closes = load >= thresholds.block_from
            kind = CauseKind.LOAD_BLOCKS if closes else CauseKind.LOAD_CAUTION
        findings.append(Finding(kind=kind, track=track, closes=closes))
    return load, findings
