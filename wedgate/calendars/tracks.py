"""One rule in one market, as merged runs of instants: what the timeline is compiled from.

A rule yields up to four tracks: its effect, its load, and both of them again for the days that its source cannot
answer for; one more for each load that its source states for days of its own. Runs are widened over clock changes (a
block, a caution and a load have no hole and are never short), except those of an allow window, which are narrowed and
may come out empty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import lt
from typing import TYPE_CHECKING

from wedgate.calendars.facts import Facts, Needs, WeekendKey, needs_in
from wedgate.calendars.local_time import LocalTime, instant_of, midnight_of
from wedgate.calendars.matches import InstantRun, Matches
from wedgate.calendars.padding import Pad
from wedgate.calendars.values import ClockRange, Market, Place, Rule
from wedgate.calendars.windows import Window, joined_days, runs_of_instants, windows_of

if TYPE_CHECKING:
    from wedgate.calendars.kinds import RuleKind

Run = tuple[int, int]
NotedRun = tuple[int, int, str]

_MARGIN = timedelta(days=3)
"""A window may begin a day before the day asked about, at an offset of up to a day (a zone once skipped a date)."""


class Role(StrEnum):
    """What being inside a run of a track means."""

    BLOCK = "block"
    CAUTION = "caution"
    ALLOW = "allow"
    LOAD = "load"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Runs of one rule: ``order`` is its place in the file, ``market`` is ``None`` for a rule in a zone of its own.

    ``load`` is what the runs bring, 1 for those of an effect. ``note_runs`` makes what is noted of their parts.
    """

    order: int
    rule: Rule
    market: str | None
    role: Role
    unverified: bool
    load: Decimal
    runs: tuple[Run, ...]
    note_runs: Callable[[], Iterable[NotedRun]]

    @property
    def is_soft(self) -> bool:
        """Whether it only asks for care, whatever its load: what is not known of a source that expires softly."""
        return self.unverified and self.rule.kind.EXPIRES_SOFTLY

    def run_at(self, seconds: int) -> Run | None:
        """Return the merged run that holds the instant."""
        place = bisect_right(self.runs, (seconds, _FOREVER)) - 1
        return self.runs[place] if place >= 0 and seconds < self.runs[place][1] else None

    def note_at(self, seconds: int) -> str:
        """Return what the kind said about the instant: a holiday's name, a weekday."""
        notes = (note for start, end, note in self.note_runs() if note and start <= seconds < end)
        return "; ".join(dict.fromkeys(notes))


_FOREVER = 2**63


class TrackMaker:
    """Make tracks for a span of seconds, doing the work for markets that share a zone and a source only once."""

    def __init__(self, facts: Facts, start: int, end: int) -> None:
        self._facts = facts
        self._bounds = start, end
        self._local: dict[str, LocalTime] = {}
        self._days_for: dict[tuple[int, Pad | None], tuple[date, date, tuple[int, int]]] = {}
        self._found: dict[_Days, tuple[Stretches, ...]] = {}
        self._made: dict[tuple[int, str, _Likeness], tuple[Track, ...]] = {}

    def local(self, zone: str) -> LocalTime:
        """Return the wall times of a zone; ``KeyError`` if the facts lack it."""
        local = self._local.get(zone)
        if local is None:
            local = self._local[zone] = LocalTime(self._facts.zones[zone], *self._bounds)
        return local

    def tracks(
        self, order: int, rule: Rule, markets: Sequence[Market], *, region: str
    ) -> tuple[tuple[Market, Track], ...]:
        """Return each market's tracks of a rule; with a zone of its own, the same tracks for all of them."""
        if rule.zone is None:
            return tuple((market, track) for market in markets for track in self._tracks(order, rule, market))
        whole_region = rule.countries is None and any(place == Place(region=region) for place in rule.where)
        shared = _for_all([self._tracks(order, rule, market) for market in markets])
        return tuple(
            (market, replace(track, market=None if whole_region else market.name))
            for market in markets
            for track in shared
        )

    def _tracks(self, order: int, rule: Rule, market: Market) -> tuple[Track, ...]:
        likeness = needs_in(rule, market), market.wedding_days
        name = rule.zone or market.zone
        made = self._made.get((order, name, likeness))
        if made is None:
            local = self.local(name)
            parts = self._find(rule, market, likeness)
            made = self._made[order, name, likeness] = tuple(_track(order, rule, part, name, local) for part in parts)
        return tuple(replace(track, market=market.name) for track in made)

    def _find(self, rule: Rule, market: Market, likeness: _Likeness) -> Iterator[_Part]:
        """Yield the parts of a rule in a market, in local time; two rules with the same days find them once."""
        key = rule.kind, rule.months, rule.bridge, rule.clock, rule.pad, likeness
        found = self._found.get(key)
        if found is None:
            first, last, within = self._days(rule.bridge, rule.pad)
            weekend = self._facts.of(WeekendKey(country=market.country)).days if rule.bridge else frozenset()
            matches = rule.kind.matches(self._facts, market, first, last)
            unknown = Matches(days=matches.unverified)
            doubtful = replace(rule, clock=None) if rule.kind.KEEPS_OWN_TIMES else rule
            found = self._found[key] = (
                Stretches(windows_of(rule, matches, weekend, within), matches.instants),
                Stretches(windows_of(doubtful, unknown, weekend, within, beside=matches.days)),
            )
        for unverified, stretches in zip((False, True), found, strict=True):
            if not unverified or stretches.windows:
                for role, load, chosen in _chosen(rule, stretches):
                    yield _Part(role=role, unverified=unverified, load=load, stretches=chosen)

    def _days(self, bridge: int, pad: Pad | None) -> tuple[date, date, tuple[int, int]]:
        """Return the local dates whose matches may reach into the span, and their midnights as wall times."""
        known = self._days_for.get((bridge, pad))
        if known is None:
            before = after = _MARGIN + timedelta(days=2 * bridge)
            if pad is not None:
                before += timedelta(seconds=pad.after.seconds)
                after += timedelta(seconds=pad.before.seconds)
            start, end = (instant_of(seconds) for seconds in self._bounds)
            first, last = (start - before).date(), (end + after).date()
            known = self._days_for[bridge, pad] = first, last, (midnight_of(first), midnight_of(last))
        return known


_Likeness = tuple[Needs, frozenset[int]]
"""What must be the same of two markets for a rule to match the same days in both."""


_Days = tuple["RuleKind", frozenset[int] | None, int, ClockRange | None, Pad | None, _Likeness]
"""What makes the windows of a rule: its kind, its modifiers, and the market as far as it matters."""


class Stretches:
    """Windows of local time and instants, and where they lie in each zone once that is asked."""

    def __init__(self, windows: list[Window], instants: tuple[InstantRun, ...] = ()) -> None:
        self.windows = windows
        self.loads = frozenset(window.load for window in windows if window.load is not None)
        self._joined = joined_days(windows)
        self._instants = instants
        self._runs: dict[tuple[str, bool], tuple[Run, ...]] = {}

    def runs(self, rule: Rule, name: str, local: LocalTime, *, narrow: bool) -> tuple[Run, ...]:
        """Return the merged runs in a zone; ``narrow`` picks the candidates that leave less."""
        runs = self._runs.get((name, narrow))
        if runs is None:
            starts, ends = _placed(self._joined, local, narrow=narrow)
            pairs = zip(starts, ends, strict=True)
            if not self._instants and all(map(lt, starts, ends)) and all(map(lt, ends, starts[1:])):
                runs = tuple(pairs)
            else:
                instants = (
                    (start, end) for start, end, _ in runs_of_instants(rule, self._instants, local, narrow=narrow)
                )
                runs = merged([*(run for run in pairs if run[0] < run[1]), *instants])
            self._runs[name, narrow] = runs
        return runs

    def notes(self, rule: Rule, local: LocalTime, *, narrow: bool) -> Iterator[NotedRun]:
        """Yield each window by itself with what is noted of it."""
        yield from runs_of_instants(rule, self._instants, local, narrow=narrow)
        there = (window.note for window in _existing(self.windows, local))
        placed = zip(*_placed(self.windows, local, narrow=narrow), there, strict=True)
        yield from ((start, end, note) for start, end, note in placed if start < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one track is made of, before a zone makes instants of it."""

    role: Role
    unverified: bool
    load: Decimal
    stretches: Stretches


def _chosen(rule: Rule, stretches: Stretches) -> Iterator[tuple[Role, Decimal, Stretches]]:
    """Yield the stretches of the effect, and those of each load."""
    if rule.effect is not None:
        yield Role(rule.effect.value), Decimal(1), stretches
    windows, loads = stretches.windows, stretches.loads
    if rule.load is not None:
        plain = Stretches([window for window in windows if window.load is None]) if loads else stretches
        yield Role.LOAD, rule.load, plain
    for load in sorted(loads):
        yield Role.LOAD, load, Stretches([window for window in windows if window.load == load])


def _track(order: int, rule: Rule, part: _Part, name: str, local: LocalTime) -> Track:
    narrow = part.role is Role.ALLOW
    kept: list[list[NotedRun]] = []

    def notes() -> list[NotedRun]:
        if not kept:
            kept.append(list(part.stretches.notes(rule, local, narrow=narrow)))
        return kept[0]

    return Track(
        order=order,
        rule=rule,
        market=None,
        role=part.role,
        unverified=part.unverified,
        load=part.load,
        runs=part.stretches.runs(rule, name, local, narrow=narrow),
        note_runs=notes,
    )


def _placed(windows: list[Window], local: LocalTime, *, narrow: bool) -> tuple[list[int], list[int]]:
    """Return both ends of the windows as instants."""
    there = _existing(windows, local)
    starts = local.edges([window[0] for window in there], later=narrow)
    return starts, local.edges([window[1] for window in there], later=not narrow)


def _existing(windows: list[Window], local: LocalTime) -> list[Window]:
    if not local.skips_dates:
        return windows
    return [window for window in windows if window.day is None or local.exists(window.day)]


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Sort runs and join those that overlap or touch."""
    joined: list[Run] = []
    for start, end in sorted(runs):
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _for_all(each: Sequence[Sequence[Track]]) -> tuple[Track, ...]:
    """Make one rule's tracks of what several markets (with holidays of their own) yield for it in one zone.

    Not knowing is never permission, and neither is another market's holiday: any market's run counts, except for an
    allow window, which holds where all of them have it, and is verified only where all of them know it.
    """
    by_part: dict[tuple[Role, Decimal], list[dict[bool, Track]]] = {}
    for tracks in each:
        for part in dict.fromkeys((track.role, track.load) for track in tracks):
            own = {track.unverified: track for track in tracks if (track.role, track.load) == part}
            by_part.setdefault(part, []).append(own)
    found: list[Track] = []
    for (role, _), markets in by_part.items():
        for unverified in (False, True):
            known = [track for market in markets if (track := market.get(unverified)) is not None]
            if not known:
                continue
            if role is not Role.ALLOW:
                runs = merged(run for track in known for run in track.runs)
            elif unverified:
                runs = _common([merged(run for track in market.values() for run in track.runs) for market in markets])
            else:
                runs = _common([track.runs for track in known])
            found.append(replace(known[0], market=None, runs=runs, note_runs=_notes_of_all(known)))
    return tuple(found)


def _notes_of_all(tracks: Sequence[Track]) -> Callable[[], list[NotedRun]]:
    return lambda: list(dict.fromkeys(note for track in tracks for note in track.note_runs()))


def _common(each: Sequence[tuple[Run, ...]]) -> tuple[Run, ...]:
    """Return what lies in some run of every one of them."""
    common, *others = dict.fromkeys(each)
    for runs in others:
        pairs = ((max(start, begin), min(end, stop)) for start, end in common for begin, stop in runs)
        common = tuple((start, end) for start, end in pairs if start < end)
    return merged(common)
