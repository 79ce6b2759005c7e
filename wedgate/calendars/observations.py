"""What a calendar comes to over a year: what a person would find out by looking at it for an hour.

Values in, values out; ``observation_words`` says them. A claim of the kind "never" or "always" is made only where it
was looked at for as long as ``CERTAIN`` is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from statistics import median

from wedgate.calendars.claims import Clash, clash_of
from wedgate.calendars.facts import Facts
from wedgate.calendars.occurrences import RuleRuns, dates_of, local_of
from wedgate.calendars.timeline import Timeline
from wedgate.calendars.tracks import Run, merged
from wedgate.calendars.values import Calendar, Effect, LoadThresholds, Rule, Span

CERTAIN = timedelta(days=4400)
"""Twelve years: every date has then been on every weekday."""
TIGHT_HOURS = 48
TIGHT_RUN = timedelta(hours=3)
"""A month with fewer open hours, or without one stretch as long as this, is worth a word."""
_HOUR = timedelta(hours=1)
_DAYS = range(23 * 3600, 25 * 3600 + 1)
"""How many seconds a local day may have where clocks change by an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongBlock:
    """A rule of whole days keeps a region closed for longer than a day: its markets' days begin at different times."""

    rule: Rule
    region: str
    usual: timedelta
    first_market: str
    last_market: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OddDay:
    """A local day of a rule that is not 24 hours long, because clocks change on it."""

    rule: Rule
    region: str
    market: str
    day: date
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The words of a rule claim something else than it does."""

    rule: Rule
    clash: Clash


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Every instant of a rule, in each of its markets, lies inside one other rule that closes."""

    rule: Rule
    by: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Tight:
    """A month that leaves a region little: ``open_hours`` in all, ``longest`` in one stretch."""

    region: str
    month: date
    open_hours: float
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekHours:
    """Open hours of whole weeks (Monday to Sunday, UTC): the least, the usual (median) and the most.

    ``region`` is ``None`` for all regions at once.
    """

    region: str | None
    least: float
    usual: float
    most: float


def closes(rule: Rule, thresholds: LoadThresholds) -> bool:
    """Whether a rule closes by itself."""
    return rule.effect is Effect.BLOCK or (rule.load is not None and rule.load >= thresholds.block_from)


def claims(each: Sequence[RuleRuns], facts: Facts) -> Iterator[Claimed]:
    """Yield the rules whose words do not fit their days in the first market they have days in."""
    for rule, found in _by_rule(each):
        first = next((one for one in found if one.runs), None)
        clash = None if first is None else clash_of(rule, dates_of(first, facts))
        if clash is not None:
            yield Claimed(rule=rule, clash=clash)


def long_blocks(each: Sequence[RuleRuns], calendar: Calendar, facts: Facts) -> Iterator[LongBlock | OddDay]:
    """Yield what makes the days of a closing rule other than 24 hours: several markets, and clocks that change."""
    for rule, of_rule in _by_rule(each):
        if not closes(rule, calendar.thresholds):
            continue
        for region, grouped in groupby(of_rule, key=lambda one: one.region):
            markets = list(grouped)
            if all(end - start in _DAYS for one in markets for start, end in one.runs):
                yield from _long_block(rule, region, markets, facts)
                yield from _odd_days(rule, region, markets, facts)


def _long_block(rule: Rule, region: str, markets: list[RuleRuns], facts: Facts) -> Iterator[LongBlock]:
    together = merged(run for one in markets for run in one.runs)
    if not together:
        return
    usual, _ = Counter(end - start for start, end in together).most_common(1)[0]
    run = next(run for run in together if run[1] - run[0] == usual)
    if usual == 24 * 3600 or len({one.zone for one in markets}) == 1:
        return
    first = next(one for one in markets if any(start == run[0] for start, _ in one.runs))
    last = next(one for one in markets if any(end == run[1] for _, end in one.runs))
    yield LongBlock(
        rule=rule,
        region=region,
        usual=timedelta(seconds=usual),
        first_market=first.market.name,
        last_market=last.market.name,
        starts=local_of(run[0], first.zone, facts),
        ends=local_of(run[1], last.zone, facts),
    )


def _odd_days(rule: Rule, region: str, markets: list[RuleRuns], facts: Facts) -> Iterator[OddDay]:
    for one in markets:
        for start, end in one.runs:
            if end - start != 24 * 3600:
                yield OddDay(
                    rule=rule,
                    region=region,
                    market=one.market.name,
                    day=local_of(start, one.zone, facts).date(),
                    length=timedelta(seconds=end - start),
                )


def covered(
    each: Sequence[RuleRuns], thresholds: LoadThresholds, runs_for: Callable[[tuple[Rule, Rule]], Sequence[RuleRuns]]
) -> Iterator[Covered]:
    """Yield the rules that another one makes superfluous; ``runs_for`` gives the runs of two rules for ``CERTAIN``.

    Of two that cover one another the later one in the file is named.
    """
    by_rule = {rule.id: (rule, _runs(found)) for rule, found in _by_rule(each)}
    places = {rule: place for place, rule in enumerate(by_rule)}
    for rule, runs in by_rule.values():
        if rule.effect is Effect.ALLOW or not any(runs.values()):
            continue
        for other, around in by_rule.values():
            if other.id == rule.id or not closes(other, thresholds) or not _inside(runs, around):
                continue
            both = {one.id: _runs(found) for one, found in _by_rule(runs_for((rule, other)))}
            mutual = _inside(both[other.id], both[rule.id]) and closes(rule, thresholds)
            if _inside(both[rule.id], both[other.id]) and not (mutual and places[rule.id] < places[other.id]):
                yield Covered(rule=rule, by=other)
                break


def _by_rule(each: Iterable[RuleRuns]) -> Iterator[tuple[Rule, list[RuleRuns]]]:
    for _, found in groupby(each, key=lambda one: one.rule.id):
        listed = list(found)
        yield listed[0].rule, listed


_Runs = Mapping[tuple[str, str], tuple[Run, ...]]
"""Runs by region and market."""


def _runs(found: Iterable[RuleRuns]) -> _Runs:
    return {(one.region, one.market.name): one.runs for one in found}


def _inside(inner: _Runs, outer: _Runs) -> bool:
    return all(_lies_in(runs, outer.get(place, ())) for place, runs in inner.items())


def _lies_in(inner: tuple[Run, ...], outer: tuple[Run, ...]) -> bool:
    place = 0
    for start, end in inner:
        while place < len(outer) and outer[place][1] < end:
            place += 1
        if place == len(outer) or outer[place][0] > start:
            return False
    return True


def week_hours(timeline: Timeline) -> tuple[WeekHours, ...]:
    """Return the open hours a week of each region that has rules, and of all regions at once if there are several."""
    names = timeline.region_names
    found = [_week_hours(timeline, name, (name,)) for name in names if timeline.has_rules(name)]
    return (*found, _week_hours(timeline, None, names)) if len(names) > 1 and found else tuple(found)


def _week_hours(timeline: Timeline, region: str | None, names: tuple[str, ...]) -> WeekHours:
    span = timeline.span
    monday = datetime.combine(span.start.date(), time(0), span.start.tzinfo) + timedelta(
        days=(7 - span.start.weekday()) % 7 or 7
    )
    weeks = [monday + timedelta(days=7 * week) for week in range((span.end - monday).days // 7 + 1)]
    hours = [sum(lengths, timedelta(0)) / _HOUR for _, lengths in _open_between(timeline.open_runs(names), weeks)]
    return WeekHours(region=region, least=min(hours), usual=median(hours), most=max(hours))


def tight_months(timeline: Timeline, calendar: Calendar) -> Iterator[Tight]:
    """Yield the whole months (by the clock of a region's first market) that leave a region little open time."""
    for region in calendar.regions:
        zone = timeline.facts.zones[region.markets[0].zone]
        first = (timeline.span.start.astimezone(zone).date().replace(day=1) + timedelta(days=31)).replace(day=1)
        firsts = [first]
        while firsts[-1] < timeline.span.end.astimezone(zone).date():
            firsts.append((firsts[-1] + timedelta(days=31)).replace(day=1))
        # In UTC: between two instants of one zone Python counts the hours of the clock on the wall.
        edges = [datetime.combine(day, time(0), zone).astimezone(UTC) for day in firsts[:-1]]
        months = zip(firsts, _open_between(timeline.open_runs((region.name,)), edges), strict=False)
        for month, (_, lengths) in months:
            hours, longest = sum(lengths, timedelta(0)) / _HOUR, max(lengths, default=timedelta(0))
            if hours < TIGHT_HOURS or longest < TIGHT_RUN:
                yield Tight(region=region.name, month=month, open_hours=hours, longest=longest)


def _open_between(runs: Sequence[Span], edges: Sequence[datetime]) -> Iterator[tuple[datetime, list[timedelta]]]:
    """Yield for each stretch between two edges how long the open runs in it are."""
    for start, end in pairwise(edges):
        yield start, [min(run.end, end) - max(run.start, start) for run in runs if run.end > start and run.start < end]
