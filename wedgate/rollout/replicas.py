"""Replica-hours of a year: what the loads of the calendar ask for, against a fleet that is always as large as its peak.

An estimate, and what it assumes is simple: a load of 4 needs four times the replicas of the usual traffic, they are
there at once, and while a rollout runs both colours are up at full size, because a rollback must find the old one
whole. Rollouts that fail, and replicas that are warmed up beforehand, are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import islice

from wedgate.calendars.hours import NONE, overlap
from wedgate.calendars.values import Interval, Span
from wedgate.rollout.planner import Dated

HOUR = 3600
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Replicas of each region: for the usual traffic, and how many a static fleet has (``None``: as the highest load).

    Without ``base`` everything is told in multiples of what the usual traffic needs. After a promotion the old colour
    stays up for ``keep_old``.
    """

    base: Mapping[str, int] | None = None
    peak: Mapping[str, int] | None = None
    keep_old: timedelta = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaHours:
    """Replica-hours of a region over the year, by calendar and for a static peak.

    ``by_calendar`` follows the loads of the calendar, ``static`` keeps ``peak`` all the time; the two ``*_rollouts``
    are what the second colour adds while a rollout runs (for ``both_colours`` in all). ``short`` is for how long the
    loads ask for more than a static peak has.
    """

    region: str
    base: int | None
    peak: Decimal
    highest_load: Decimal
    by_calendar: Decimal
    by_calendar_rollouts: Decimal
    static: Decimal
    static_rollouts: Decimal
    both_colours: timedelta
    short: timedelta


def replica_hours(
    loads: Mapping[str, Sequence[Interval]], plans: Sequence[Dated], year: Span, fleet: Fleet, *, until_all: bool
) -> tuple[ReplicaHours, ...]:
    """Count the replica-hours of each region over a year.

    ``loads`` are the intervals of each region; a load is met at once, and no region goes below one replica. Each
    rollout has both colours at full size from its deploy until its promotion, or the last region's (``until_all``).
    """
    return tuple(_replicas_of(name, each, plans, year, fleet, until_all=until_all) for name, each in loads.items())


def _replicas_of(
    region: str, intervals: Sequence[Interval], plans: Sequence[Dated], year: Span, fleet: Fleet, *, until_all: bool
) -> ReplicaHours:
    base = None if fleet.base is None else fleet.base[region]
    inside = [
        (run, each.load)
        for each in intervals
        if (run := overlap(Span(start=each.start, end=each.end), year)) is not None
    ]
    highest = max((load for _, load in inside), default=Decimal(1))
    peak = needed(base, highest) if fleet.peak is None else Decimal(fleet.peak[region])
    doubled = _doubled(region, plans, year, fleet.keep_old, until_all=until_all)
    total = extra = Decimal(0)
    short = NONE
    for run, load in inside:
        total += needed(base, load) * seconds_of(run.duration)
        short += run.duration if needed(base, load) > peak else NONE
    for common, load in _during(inside, doubled):
        extra += needed(base, load) * seconds_of(common.duration)
    time = sum((both.duration for both in doubled), NONE)
    return ReplicaHours(
        region=region,
        base=base,
        peak=peak,
        highest_load=highest,
        by_calendar=total / HOUR,
        by_calendar_rollouts=extra / HOUR,
        static=peak * seconds_of(year.duration) / HOUR,
        static_rollouts=peak * seconds_of(time) / HOUR,
        both_colours=time,
        short=short,
    )


def _doubled(
    region: str, plans: Sequence[Dated], year: Span, keep_old: timedelta, *, until_all: bool
) -> tuple[Span, ...]:
    """Return when both colours are up in a region, merged and inside the year."""
    found: list[Span] = []
    for dated in plans:
        for each in dated.regions:
            if each.region != region:
                continue
            end = (dated.end if until_all else each.end) + keep_old
            run = overlap(Span(start=each.start, end=end), year)
            if run is not None and found and run.start <= found[-1].end:
                found[-1] = Span(start=found[-1].start, end=max(run.end, found[-1].end))
            elif run is not None:
                found.append(run)
    return tuple(found)


def _during(inside: Sequence[tuple[Span, Decimal]], doubled: Sequence[Span]) -> Iterator[tuple[Span, Decimal]]:
    """Yield what two sorted lists of stretches have in common, with the load of the first."""
    place = 0
    for both in doubled:
        while place < len(inside) and inside[place][0].end <= both.start:
            place += 1
        for run, load in islice(inside, place, None):
            if run.start >= both.end:
                break
            if (common := overlap(run, both)) is not None:
                yield common, load


def needed(base: int | None, load: Decimal) -> Decimal:
    """Return the replicas that a load needs: whole ones and at least one, or without a ``base`` the load itself."""
    if base is None:
        return load
    return max((base * load).to_integral_value(ROUND_CEILING), Decimal(1))


def seconds_of(length: timedelta) -> int:
    """Return a length in whole seconds: sums are divided into hours at the end, so that equal ones are equal."""
    return length // timedelta(seconds=1)
