"""The outlook as a use case: the calendars of a year, compiled once, and the planner asked from every hour of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from wedgate.calendars.book import DataVersions
from wedgate.calendars.hours import gaps, open_hours, rule_costs
from wedgate.calendars.sources import partial, partial_words
from wedgate.calendars.values import Calendar, Span
from wedgate.config.configuration import Configuration
from wedgate.engine.horizon import timeline_for
from wedgate.engine.parts import Almanac
from wedgate.engine.plan import HORIZON, asked_waves, task_over
from wedgate.errors import UsageError
from wedgate.gate.clock import EARLIEST, LATEST
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.outlook import Demand, Outlook, fit_releases, reach_of
from wedgate.rollout.planner import Dated, Planner
from wedgate.rollout.replicas import Fleet, replica_hours
from wedgate.rollout.values import ReportFails

SHORTEST_GRID, LONGEST_GRID = timedelta(minutes=5), timedelta(days=1)


def make_outlook(
    configuration: Configuration,
    almanac: Almanac,
    year: int,
    *,
    demand: Demand,
    wedgate_version: str,
    regions: tuple[str, ...] = (),
    deploy: timedelta = timedelta(minutes=2),
    grid: timedelta = timedelta(hours=1),
    fleet: Fleet | None = None,
) -> Outlook:
    """Say what calendars and bakes mean for a year of UTC; plans may reach sixty days beyond it.

    ``UsageError`` without a rollout in the configuration, for a region that no wave names, for a year that wedgate does
    not answer for, for a grid that is too fine or too coarse, and for replicas of other regions than those asked about.
    """
    rollout = configuration.rollout
    if rollout is None:
        raise UsageError(
            f"{configuration.path} has no `rollout:`, so there is no release to plan; "
            f"`wedgate calendar --year {year}` shows when it is open"
        )
    span = _year(year)
    if not SHORTEST_GRID <= grid <= LONGEST_GRID:
        raise UsageError(f"--every: {spell_duration(grid)} is not from 5m to 1d; write one such as 1h")
    waves = asked_waves(rollout, regions)
    names = _names(configuration.calendar, waves)
    _check_replicas(fleet, names)
    timeline = timeline_for(configuration.calendar, almanac, Span(start=span.start, end=span.end + HORIZON))
    planner = Planner(task_over(timeline, rollout, waves, deploy, configuration.judge.slice_length))
    releases, plans = fit_releases(planner, demand, span)
    reach = reach_of(planner, span, grid)
    # What fits nowhere was looked for up to the end of the timeline.
    until = timeline.span.end if reach.never or releases.misfit else max([span.end, reach.until, *_ends(plans)])
    keeps_old = rollout.report_fails is ReportFails.RETREAT
    loads = {name: timeline.intervals(name) for name in names}
    return Outlook(
        service=configuration.service,
        span=span,
        regions=names,
        waves=waves,
        deploy=deploy,
        hours=open_hours(timeline, names, span),
        releases=releases,
        reach=reach,
        costs=rule_costs(timeline, configuration.calendar, names, span),
        replicas=replica_hours(loads, plans, span, fleet or Fleet(), until_all=keeps_old),
        fleet=fleet or Fleet(),
        until_all=keeps_old,
        gaps=gaps(timeline, configuration.calendar, names, Span(start=span.start, end=until)),
        left_out=tuple(dict.fromkeys(map(partial_words, partial(configuration.calendar, timeline.facts, names)))),
        versions=DataVersions(
            config_digest=configuration.digest,
            zone_data=almanac.zone_data_version(),
            holidays=almanac.holidays_version(),
            wedgate=wedgate_version,
        ),
    )


def _ends(plans: Sequence[Dated]) -> list[datetime]:
    return [dated.end for dated in plans]


def _year(year: int) -> Span:
    if not EARLIEST.year <= year < LATEST.year:
        raise UsageError(
            f"--year: wedgate answers for the years {EARLIEST.year} to {LATEST.year - 1}, not for {year}; "
            "name one of them"
        )
    return Span(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC))


def _names(calendar: Calendar, waves: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the regions of the waves in the order of the file."""
    asked = {name for wave in waves for name in wave}
    return tuple(region.name for region in calendar.regions if region.name in asked)


def _check_replicas(fleet: Fleet | None, names: Sequence[str]) -> None:
    """Refuse replicas that leave a region out, or name another one."""
    for option, given in () if fleet is None else (("--replicas", fleet.base), ("--peak-replicas", fleet.peak)):
        if given is None:
            continue
        if unknown := [name for name in given if name not in names]:
            raise UsageError(f"{option}: {unknown[0]} is no region of the waves asked about; name {', '.join(names)}")
        if missing := [name for name in names if name not in given]:
            raise UsageError(f"{option}: nothing is said of {missing[0]}; write {missing[0]}=N, or one N for all")
