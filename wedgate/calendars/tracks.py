"""One rule in one market, as merged runs of instants: what the timeline is compiled from.

A rule yields up to four tracks: its effect, its load, and both of them again for the days that its source cannot
answer for. Runs are widened over clock changes (a block, a caution and a load have no hole and are never short),
except those of an allow window, which are narrowed and may come out empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from wedgate.calendars.facts import Facts, Needs
from wedgate.calendars.local_time import LocalTime, instant_of
from wedgate.calendars.matches import DayRun, Matches, WallRun
from wedgate.calendars.values import ClockRange, Market, Place, Rule

Run = tuple[int, int]
NotedRun = tuple[int, int, str]

_DAY = timedelta(days=1)
_MARGIN = timedelta(days=3)
"""A window may begin a day before the day asked about, at an offset of up to a day (a zone once skipped a date)."""


class Role(StrEnum):
    """What being inside a run of a track means."""

    BLOCK = "block"
    CAUTION = "caution"
    ALLOW = "allow"
    LOAD = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Runs of one rule: ``order`` is its place in the file, ``market`` is ``None`` for a rule in a zone of its own."""

    order: int
    rule: Rule
    market: str | None
    role: Role
    unverified: bool
    runs: tuple[Run, ...]
    notes: tuple[NotedRun, ...]

    @property
    def load(self) -> Decimal:
        """The load that the rule states; 1 if it states none."""
        return Decimal(1) if self.rule.load is None else self.rule.load

    def run_at(self, seconds: int) -> Run | None:
        """Return the merged run that holds the instant."""
        return next(((start, end) for start, end in self.runs if start <= seconds < end), None)

    def note_at(self, seconds: int) -> str:
        """Return what the kind said about the instant: a holiday's name, a weekday."""
        return "; ".join(dict.fromkeys(note for start, end, note in self.notes if note and start <= seconds < end))


class TrackMaker:
    """Make tracks for a span of seconds, doing the work for markets that share a zone and a source only once."""

    def __init__(self, facts: Facts, start: int, end: int) -> None:
        self._facts = facts
        self._first = (instant_of(start) - _MARGIN).date()
        self._last = (instant_of(end) + _MARGIN).date()
        self._local: dict[str, LocalTime] = {}
        self._made: dict[tuple[int, str, Needs], tuple[Track, ...]] = {}

    def local(self, zone: str) -> LocalTime:
        """Return the wall times of a zone; ``KeyError`` if the facts lack it."""
        local = self._local.get(zone)
        if local is None:
            local = self._local[zone] = LocalTime(self._facts.zones[zone])
        return local

    def tracks(
        self, order: int, rule: Rule, markets: Sequence[Market], *, region: str
    ) -> tuple[tuple[Market, Track], ...]:
        """Return each market's tracks of a rule; with a zone of its own, the same tracks for all of them."""
        if rule.zone is None:
            return tuple((market, track) for market in markets for track in self._tracks(order, rule, market))
        whole_region = any(place == Place(region=region) for place in rule.where)
        shared = _for_all([self._tracks(order, rule, market) for market in markets])
        return tuple(
            (market, replace(track, market=None if whole_region else market.name))
            for market in markets
            for track in shared
        )

    def _tracks(self, order: int, rule: Rule, market: Market) -> tuple[Track, ...]:
        name = rule.zone or market.zone
        key = (order, name, rule.kind.needs(market))
        made = self._made.get(key)
        if made is None:
            matches = rule.kind.matches(self._facts, market, self._first, self._last)
            made = self._made[key] = tuple(self._build(order, rule, matches, self.local(name)))
        return tuple(replace(track, market=market.name) for track in made)

    def _build(self, order: int, rule: Rule, matches: Matches, local: LocalTime) -> Iterator[Track]:
        for unverified, found in ((False, matches), (True, Matches(days=matches.unverified))):
            if unverified and not found.days:
                continue
            for role in _roles(rule):
                runs, notes = self._runs(rule, found, local, (1, 0) if role is Role.ALLOW else (0, 1))
                yield Track(
                    order=order, rule=rule, market=None, role=role, unverified=unverified, runs=runs, notes=notes
                )

    def _runs(
        self, rule: Rule, found: Matches, local: LocalTime, sides: tuple[int, int]
    ) -> tuple[tuple[Run, ...], tuple[NotedRun, ...]]:
        """Return the merged runs and what is noted of their parts; ``sides`` picks the candidates of both ends."""
        stretches = [stretch for run in found.days for stretch in self._in_months(run, rule)]
        walls = [run for run in found.walls if rule.months is None or run.start.month in rule.months]
        parts = [part for run in walls for part in _wall_window(run, local, sides)]
        if rule.clock is None:
            # Dates in a row are one run: an ambiguous midnight between two of them belongs to both.
            notes = [*parts, *(part for run in stretches for part in _whole_days(run, local, sides))]
            parts.extend(part for run in _joined(stretches) for part in _whole_days(run, local, sides))
        else:
            clock = rule.clock
            parts.extend(part for run in stretches for part in self._clock_windows(run, clock, local, sides))
            notes = parts
        return merged((start, end) for start, end, _ in parts), tuple(notes)

    def _in_months(self, run: DayRun, rule: Rule) -> Iterable[DayRun]:
        """Split a run into its stretches inside the months; a run that is not split keeps its true ends."""
        if rule.months is None:
            return (run,)
        stretches: list[DayRun] = []
        for day in self._days(run):
            if day.month not in rule.months:
                continue
            if stretches and stretches[-1].last + _DAY == day:
                stretches[-1] = DayRun(stretches[-1].first, day, run.note)
            else:
                stretches.append(DayRun(day, day, run.note))
        return stretches

    def _clock_windows(
        self, run: DayRun, clock: ClockRange, local: LocalTime, sides: tuple[int, int]
    ) -> Iterator[NotedRun]:
        for day in self._days(run):
            if not local.exists(day):
                continue
            start = _at(local, day, clock.start)[sides[0]]
            if clock.end is None:
                end = local.midnight(day + _DAY)[sides[1]]
            else:
                end = _at(local, day + _DAY if clock.wraps else day, clock.end)[sides[1]]
            if start < end:
                yield start, end, run.note

    def _days(self, run: DayRun) -> Iterator[date]:
        day = max(run.first, self._first)
        last = min(run.last, self._last)
        while day <= last:
            yield day
            day += _DAY


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


def _at(local: LocalTime, day: date, clock: time) -> tuple[int, int]:
    """Return both candidates of a time of day; 00:00 is the beginning of the date, wherever that lies."""
    return local.wall(datetime.combine(day, clock)) if clock != time(0) else local.midnight(day)


def _joined(runs: Iterable[DayRun]) -> list[DayRun]:
    """Sort runs of dates and join those that overlap or follow one another."""
    joined: list[DayRun] = []
    for run in sorted(runs, key=lambda run: run.first):
        if joined and run.first <= joined[-1].last + _DAY:
            joined[-1] = DayRun(joined[-1].first, max(joined[-1].last, run.last))
        else:
            joined.append(run)
    return joined


def _whole_days(run: DayRun, local: LocalTime, sides: tuple[int, int]) -> Iterator[NotedRun]:
    start = local.midnight(run.first)[sides[0]]
    end = local.midnight(run.last + _DAY)[sides[1]]
    if start < end:
        yield start, end, run.note


def _wall_window(run: WallRun, local: LocalTime, sides: tuple[int, int]) -> Iterator[NotedRun]:
    start = _at(local, run.start.date(), run.start.time())[sides[0]]
    end = _at(local, run.end.date(), run.end.time())[sides[1]]
    if start < end:
        yield start, end, run.note


def _roles(rule: Rule) -> tuple[Role, ...]:
    roles = [] if rule.effect is None else [Role(rule.effect.value)]
    return (*roles, Role.LOAD) if rule.load is not None else tuple(roles)


def _for_all(each: Sequence[Sequence[Track]]) -> tuple[Track, ...]:
    """Make one rule's tracks of what several markets (with holidays of their own) yield for it in one zone.

    Not knowing is never permission, and neither is another market's holiday: any market's run counts, except for an
    allow window, which holds where all of them have it, and is verified only where all of them know it.
    """
    by_role: dict[Role, list[dict[bool, Track]]] = {}
    for tracks in each:
        for role in dict.fromkeys(track.role for track in tracks):
            by_role.setdefault(role, []).append({track.unverified: track for track in tracks if track.role is role})
    found: list[Track] = []
    for role, markets in by_role.items():
        for unverified in (False, True):
            known = [track for market in markets if (track := market.get(unverified)) is not None]
            if not known:
                continue
            notes = tuple(dict.fromkeys(note for track in known for note in track.notes))
            if role is not Role.ALLOW:
                runs = merged(run for track in known for run in track.runs)
            elif unverified:
                runs = _common([merged(run for track in market.values() for run in track.runs) for market in markets])
            else:
                runs = _common([track.runs for track in known])
            found.append(replace(known[0], market=None, runs=runs, notes=notes))
    return tuple(found)


def _common(each: Sequence[tuple[Run, ...]]) -> tuple[Run, ...]:
    """Return what lies in some run of every one of them."""
    common, *others = dict.fromkeys(each)
    for runs in others:
        pairs = ((max(start, begin), min(end, stop)) for start, end in common for begin, stop in runs)
        common = tuple((start, end) for start, end in pairs if start < end)
    return merged(common)
