"""A year of releases on paper: how many fit, and how long one takes to reach every region.

Every date is the planner's. Here plans are asked for from many starts, and counted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from wedgate.calendars.book import DataVersions
from wedgate.calendars.hours import Gap, OpenHours, RuleCost, week_edges
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.values import Span
from wedgate.rollout.planner import Dated, Misfit, Planner
from wedgate.rollout.replicas import Fleet, ReplicaHours

LIMITS = tuple(timedelta(hours=hours) for hours in (2, 4, 8, 12, 24, 48, 72, 96, 168))
"""How soon an urgent fix is everywhere is told as the share of starts that keep within each of these."""
LEAST = timedelta(minutes=1)
"""A rollout counts as at least this long, so that one without bakes does not happen without end."""
_MOST = 1000


class Per(StrEnum):
    """How often releases are asked for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """So many releases per day, week, month (a twelfth of the year) or year."""

    count: int
    per: Per

    def __str__(self) -> str:
        """The spelling of ``--releases``."""
        return f"{self.count}/{self.per}"

    def instants(self, year: Span) -> tuple[datetime, ...]:
        """Return when they are asked for: evenly, day and night, in the middle of each share of the year."""
        lengths = {Per.DAY: timedelta(days=1), Per.WEEK: timedelta(days=7)}
        per = lengths.get(self.per, year.duration / (12 if self.per is Per.MONTH else 1))
        step = per / self.count
        asked: list[datetime] = []
        while (at := year.start + step * (len(asked) + 0.5)) < year.end:
            asked.append(at.replace(microsecond=0))
        return tuple(asked)


def parse_demand(text: str) -> Demand:
    """Read ``3/week``; ``SpellingError`` says how it would be spelled."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*(?:/|per)\s*(day|week|month|year)\s*", text.lower(), re.ASCII)
    if found is None:
        raise SpellingError(
            f"{ascii(text)[:60]} is not how often releases are made",
            "write such as 3/week, 1/day, 10/month or 150/year",
        )
    count = int(found[1])
    if not 1 <= count <= _MOST:
        raise SpellingError(f"{count} releases per {found[2]} cannot be looked at", f"write a number from 1 to {_MOST}")
    return Demand(count=count, per=Per(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfReleases:
    """How many releases were asked for, and how many came to be everywhere, in a week of UTC."""

    span: Span
    asked: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """A year of releases, one rollout after the other in the order in which they were asked for.

    ``done`` are everywhere before the year ends. ``median``, ``p95`` and ``worst`` are from being asked for until being
    everywhere, of those begun in the year (``None`` where none is). ``most_waiting`` were asked for and not everywhere
    at once, first at ``most_waiting_at``. ``at_most`` would be done if each began when the one before was. ``misfit``
    is what ended it, where a release fits nowhere any more.
    """

    demand: Demand
    asked: int
    done: int
    median: timedelta | None
    p95: timedelta | None
    worst: timedelta | None
    most_waiting: int
    most_waiting_at: datetime | None
    at_most: int
    weeks: tuple[WeekOfReleases, ...]
    misfit: Misfit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfReach:
    """How long a fix takes that is asked for in a week of UTC: the middle and the worst (``None``: it never fits)."""

    span: Span
    median: timedelta | None
    worst: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How long an urgent fix takes from being asked for until it is everywhere, as an ordinary release.

    Asked at every ``grid`` from the year's first instant on, ``samples`` times, of which ``never`` fit nowhere. A
    quantile is the smallest value that so many of the samples do not exceed; ``None``: it is one that never fits.
    ``worst_plan`` is the plan from the start with the longest time, the first such. ``by_hour`` has the median for each
    weekday (Monday first) and hour of UTC, ``within`` the share of samples for each of ``LIMITS``. ``until`` is the
    latest instant at which any of them is everywhere.
    """

    grid: timedelta
    samples: int
    never: int
    best: timedelta | None
    median: timedelta | None
    p95: timedelta | None
    worst: timedelta | None
    worst_plan: Dated
    weeks: tuple[WeekOfReach, ...]
    by_hour: tuple[tuple[timedelta | None, ...], ...]
    within: tuple[tuple[timedelta, float], ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What calendars and bakes mean for a year (of UTC), and what is not known of it.

    ``gaps`` are rules that are not known for all of the year, or of the weeks after it that plans reach into;
    ``left_out`` says what a source leaves out. ``until_all``: old colours stay up until the last
    region is promoted.
    """

    service: str
    span: Span
    regions: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    deploy: timedelta
    hours: tuple[OpenHours, ...]
    releases: Releases
    reach: Reach
    costs: tuple[RuleCost, ...]
    replicas: tuple[ReplicaHours, ...]
    fleet: Fleet
    until_all: bool
    gaps: tuple[Gap, ...]
    left_out: tuple[str, ...]
    versions: DataVersions


def fit_releases(planner: Planner, demand: Demand, year: Span) -> tuple[Releases, tuple[Dated, ...]]:
    """Let a year's releases go one after the other; return what came of it, and every plan that began in the year."""
    asked = demand.instants(year)
    plans: list[Dated] = []
    misfit: Misfit | None = None
    free = year.start
    for at in asked:
        begin = max(at, free)
        if begin >= year.end:
            break
        dated = planner.plan(begin)
        if dated.misfit is not None:
            misfit = dated.misfit
            break
        plans.append(dated)
        free = max(dated.end, begin + LEAST)
    took = sorted(dated.end - at for at, dated in zip(asked, plans, strict=False))
    most, most_at = _most_waiting(asked, [dated.end for dated in plans])
    ends = [dated.end for dated in plans if dated.end <= year.end]
    return Releases(
        demand=demand,
        asked=len(asked),
        done=len(ends),
        median=quantile(took, 0.5),
        p95=quantile(took, 0.95),
        worst=took[-1] if took else None,
        most_waiting=most,
        most_waiting_at=most_at,
        at_most=_count_back_to_back(planner, year),
        weeks=_weeks_of_releases(asked, ends, year),
        misfit=misfit,
    ), tuple(plans)


def _count_back_to_back(planner: Planner, year: Span) -> int:
    """Return how many rollouts are done in the year if each begins when the one before is done."""
    count, at = 0, year.start
    while at < year.end:
        dated = planner.plan(at)
        if dated.misfit is not None:
            break
        at = max(dated.end, at + LEAST)
        count += at <= year.end
    return count


def _most_waiting(asked: Sequence[datetime], ends: Sequence[datetime]) -> tuple[int, datetime | None]:
    """Return how many were asked for and not done at once, and when first; both are in the order of time."""
    most, when = 0, None
    for place, at in enumerate(asked, start=1):
        waiting = place - bisect_right(ends, at)
        if waiting > most:
            most, when = waiting, at
    return most, when


def _weeks_of_releases(asked: Sequence[datetime], ends: Iterable[datetime], year: Span) -> tuple[WeekOfReleases, ...]:
    edges = week_edges(year)
    counts = [[0, 0] for _ in edges[1:]]
    for which, instants in enumerate((asked, ends)):
        for at in instants:
            counts[min(bisect_right(edges, at), len(counts)) - 1][which] += 1
    return tuple(
        WeekOfReleases(span=Span(start=start, end=end), asked=asked, done=done)
        for start, end, (asked, done) in zip(edges, edges[1:], counts, strict=False)
    )


def reach_of(planner: Planner, year: Span, grid: timedelta) -> Reach:
    """Ask for a fix at every ``grid`` through the year, and measure until every region has it."""
    starts: list[datetime] = []
    took: list[timedelta | None] = []
    longest: tuple[timedelta, Dated] | None = None
    first_never: Dated | None = None
    at = until = year.start
    while at < year.end:
        dated = planner.plan(at)
        until = max(until, dated.end)
        length = None if dated.misfit is not None else dated.end - at
        if length is None:
            first_never = first_never or dated
        elif longest is None or length > longest[0]:
            longest = (length, dated)
        starts.append(at)
        took.append(length)
        at += grid
    known = sorted(length for length in took if length is not None)
    never = len(took) - len(known)
    worst_plan = first_never or (longest[1] if longest is not None else None)
    assert worst_plan is not None
    return Reach(
        grid=grid,
        samples=len(took),
        never=never,
        best=known[0] if known else None,
        median=quantile(known, 0.5, never=never),
        p95=quantile(known, 0.95, never=never),
        worst=None if never else known[-1],
        worst_plan=worst_plan,
        weeks=_weeks_of_reach(starts, took, year),
        by_hour=_by_hour(starts, took),
        within=tuple((limit, bisect_right(known, limit) / len(took)) for limit in LIMITS),
        until=until,
    )


def quantile(known: Sequence[timedelta], part: float, *, never: int = 0) -> timedelta | None:
    """Return the smallest of sorted values that ``part`` of all do not exceed; ``never`` are longer than any."""
    place = ceil(round((len(known) + never) * part, 6)) - 1
    return known[place] if 0 <= place < len(known) else None


def _middle(took: Iterable[timedelta | None]) -> timedelta | None:
    listed = list(took)
    known = sorted(length for length in listed if length is not None)
    return quantile(known, 0.5, never=len(listed) - len(known))


def _weeks_of_reach(
    starts: Sequence[datetime], took: Sequence[timedelta | None], year: Span
) -> tuple[WeekOfReach, ...]:
    edges = week_edges(year)
    groups: list[list[timedelta | None]] = [[] for _ in edges[1:]]
    for at, length in zip(starts, took, strict=True):
        groups[bisect_right(edges, at) - 1].append(length)
    return tuple(
        WeekOfReach(
            span=Span(start=start, end=end),
            median=_middle(group),
            worst=None if None in group else max((each for each in group if each is not None), default=None),
        )
        for start, end, group in zip(edges, edges[1:], groups, strict=False)
        if group
    )


def _by_hour(starts: Sequence[datetime], took: Sequence[timedelta | None]) -> tuple[tuple[timedelta | None, ...], ...]:
    groups: dict[tuple[int, int], list[timedelta | None]] = {}
    for at, length in zip(starts, took, strict=True):
        groups.setdefault((at.weekday(), at.hour), []).append(length)
    return tuple(tuple(_middle(groups.get((day, hour), ())) for hour in range(24)) for day in range(7))
