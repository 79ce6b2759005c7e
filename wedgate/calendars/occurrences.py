"""When each rule applies, in each market: the runs that pages of lint and the next occurrences are told from.

Runs are those of the timeline (merged, widened over clock changes); what a source cannot answer for is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from wedgate.calendars.facts import Facts, markets_of
from wedgate.calendars.local_time import instant_of, seconds_of
from wedgate.calendars.tracks import Run, TrackMaker, merged
from wedgate.calendars.values import Calendar, Market, Rule, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRuns:
    """The runs of one rule in one market of a region, in seconds since 1970 UTC; ``zone`` is the one it is told in."""

    rule: Rule
    region: str
    market: Market
    zone: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One run of a rule by the clock of its zone; both ends carry the offset that holds there then."""

    rule: str
    region: str
    market: str
    zone: str
    start: datetime
    end: datetime


def runs_of(calendar: Calendar, facts: Facts, span: Span, rules: Iterable[Rule] | None = None) -> tuple[RuleRuns, ...]:
    """Return the runs that touch a span of some rules (``None``: all), rule by rule, each market once."""
    low, high = seconds_of(span.start), seconds_of(span.end)
    maker = TrackMaker(facts, low, high)
    found: list[RuleRuns] = []
    for order, rule in enumerate(calendar.rules if rules is None else rules):
        for region in calendar.regions:
            markets = markets_of(calendar, rule, region.name)
            tracks = maker.tracks(order, rule, markets, region=region.name) if markets else ()
            for market in markets:
                own = [track for place, track in tracks if place == market and not track.unverified]
                runs = merged(run for track in own for run in track.runs if run[1] > low and run[0] < high)
                zone = rule.zone or market.zone
                found.append(RuleRuns(rule=rule, region=region.name, market=market, zone=zone, runs=runs))
    return tuple(found)


def occurrences(found: RuleRuns, facts: Facts, *, most: int) -> tuple[Occurrence, ...]:
    """Return the first runs as occurrences, at most so many."""
    return tuple(
        Occurrence(
            rule=found.rule.id,
            region=found.region,
            market=found.market.name,
            zone=found.zone,
            start=local_of(start, found.zone, facts),
            end=local_of(end, found.zone, facts),
        )
        for start, end in found.runs[:most]
    )


def local_of(seconds: int, zone: str, facts: Facts) -> datetime:
    """Return an instant by the clock of a zone, with the offset of then."""
    local = instant_of(seconds).astimezone(facts.zones[zone])
    offset = local.utcoffset()
    assert offset is not None
    return local.replace(tzinfo=timezone(offset), fold=0)


def dates_of(found: RuleRuns, facts: Facts) -> frozenset[date]:
    """Return every local date that a run touches."""
    dates: set[date] = set()
    for start, end in found.runs:
        day, last = (local_of(seconds, found.zone, facts).date() for seconds in (start, end - 1))
        while day <= last:
            dates.add(day)
            day += timedelta(days=1)
    return frozenset(dates)
