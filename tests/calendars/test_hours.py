"""Hours of a year against the standard library's clocks, dateutil's recurrences, and counts by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MONTHLY, SA, WEEKLY, rrule

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.hours import gaps, month_edges, open_hours, rule_costs, week_edges
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, Span

HOUR = timedelta(hours=1)
YEAR = Span(start=datetime(2027, 1, 1, tzinfo=UTC), end=datetime(2028, 1, 1, tzinfo=UTC))
SATURDAYS = {"id": "saturday", "weekdays": "saturday", "effect": "block"}
CalendarOf = Callable[[Mapping[str, Sequence[str]], Sequence[Mapping[str, Any]]], Calendar]


def compiled(calendar: Calendar, span: Span = YEAR) -> Timeline:
    """Compile a calendar over a year and a month after it."""
    longer = Span(start=span.start, end=span.end + timedelta(days=31))
    return compile_timeline(calendar, gather_facts(needs_of(calendar), longer), longer)


def saturday_hours(zones: Sequence[str]) -> list[bool]:
    """Say of each hour of 2027 in UTC whether it is Saturday by any of the clocks, as the standard library has them."""
    clocks = [ZoneInfo(name) for name in zones]
    hours = rrule(freq=4, dtstart=YEAR.start, until=YEAR.end - HOUR)
    return [any(hour.astimezone(clock).weekday() == 5 for clock in clocks) for hour in hours]


REGIONS = {
    "eu": ["Europe/Berlin", "Europe/London"],
    "us": ["America/New_York"],
    "pacific": ["Pacific/Auckland", "Asia/Singapore"],
}


def test_a_year_of_saturdays_is_as_long_as_the_clocks_have_it(calendar_of: CalendarOf) -> None:
    """Every region, and all of them together, hour by hour; the offsets of these zones are whole hours."""
    timeline = compiled(calendar_of(REGIONS, [SATURDAYS]))
    found = {each.region: each for each in open_hours(timeline, tuple(REGIONS), YEAR)}
    for name, zones in REGIONS.items():
        closed = sum(saturday_hours(zones))
        assert found[name].whole.closed == closed * HOUR
        assert found[name].whole.open == (8760 - closed) * HOUR
    together = [any(each) for each in zip(*map(saturday_hours, REGIONS.values()), strict=True)]
    assert found[None].whole.closed == sum(together) * HOUR


def test_saturdays_of_one_zone_are_counted_by_a_recurrence(calendar_of: CalendarOf) -> None:
    """2027 has 52 Saturdays of 24 hours in Berlin: its clocks change on Sundays. 1 January 2028 is one too, and its
    first hour in Berlin is the last of 2027 in UTC: 1,249 of 8,760 hours are closed."""
    saturdays = list(rrule(WEEKLY, byweekday=SA, dtstart=datetime(2027, 1, 1), until=datetime(2027, 12, 31)))  # noqa: DTZ001
    (hours,) = open_hours(compiled(calendar_of({"eu": ["Europe/Berlin"]}, [SATURDAYS])), ("eu",), YEAR)
    assert len(saturdays) == 52
    assert (hours.region, hours.whole.closed, hours.whole.open) == ("eu", 1249 * HOUR, 7511 * HOUR)
    # Six days lie between two Saturdays; with the hour that comes twice on 31 October one stretch has 145.
    assert hours.longest is not None
    assert hours.longest.duration == 145 * HOUR
    assert hours.longest.start == datetime(2027, 10, 30, 22, tzinfo=UTC)


def test_months_and_weeks_add_up_to_the_year(calendar_of: CalendarOf) -> None:
    """Twelve months; 2027 begins on a Friday and ends on a Friday: 53 weeks, of 3 days, 51 times 7, and 5."""
    timeline = compiled(calendar_of(REGIONS, [SATURDAYS, {"months": "june", "effect": "caution"}]))
    for each in open_hours(timeline, tuple(REGIONS), YEAR):
        for parts, count in ((each.months, 12), (each.weeks, 53)):
            assert len(parts) == count
            for kind in ("open", "caution", "closed"):
                total = sum((getattr(part, kind) for part in parts), timedelta(0))
                assert total == getattr(each.whole, kind)
        june = each.months[5]
        assert june.open <= 14 * HOUR  # the hours of UTC's June that are another month's by a clock of the region
        assert june.usable + june.closed == 720 * HOUR
    assert [week.span.duration.days for week in each.weeks] == [3, *([7] * 51), 5]


def test_edges_of_months_and_weeks_are_those_of_a_recurrence() -> None:
    """dateutil names the first of each month and each Monday; the ends of the year are edges too."""
    naive = datetime(2027, 1, 1)  # noqa: DTZ001
    firsts = rrule(MONTHLY, bymonthday=1, dtstart=naive, count=13)
    mondays = rrule(DAILY, byweekday=0, dtstart=naive, until=datetime(2027, 12, 31))  # noqa: DTZ001
    assert month_edges(YEAR) == [each.replace(tzinfo=UTC) for each in firsts]
    assert week_edges(YEAR) == [YEAR.start, *(each.replace(tzinfo=UTC) for each in mondays), YEAR.end]
    # 2024 begins on a Monday: no empty week before it.
    leap = Span(start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2025, 1, 1, tzinfo=UTC))
    assert week_edges(leap)[1] == datetime(2024, 1, 8, tzinfo=UTC)


def test_what_a_rule_costs_by_hand(calendar_of: CalendarOf) -> None:
    """Twelve firsts of a month, of which 1 May 2027 is a Saturday: 51 and 11 days are closed by one rule alone."""
    rules = [SATURDAYS, {"id": "first", "month-days": "1", "effect": "block"}]
    calendar = calendar_of({"utc": ["UTC"]}, rules)
    assert [each.month for each in rrule(MONTHLY, bymonthday=1, byweekday=SA, dtstart=YEAR.start, count=1)] == [5]
    costs = rule_costs(compiled(calendar), calendar, ("utc",), YEAR)
    assert [(cost.rule.id, cost.closed, cost.alone, cost.opens) for cost in costs] == [
        ("saturday", 52 * 24 * HOUR, 51 * 24 * HOUR, 51 * 24 * HOUR),
        ("first", 12 * 24 * HOUR, 11 * 24 * HOUR, 11 * 24 * HOUR),
    ]
    assert [cost.opens_together for cost in costs] == [cost.opens for cost in costs]


def test_hours_of_several_regions_are_added_up_and_those_together_are_not(calendar_of: CalendarOf) -> None:
    """Two regions on the same clock: twice the hours of Saturdays, and once where both would be open."""
    calendar = calendar_of({"one": ["UTC"], "two": ["UTC"]}, [SATURDAYS])
    (cost,) = rule_costs(compiled(calendar), calendar, ("one", "two"), YEAR)
    assert (cost.opens, cost.opens_together) == (2 * 1248 * HOUR, 1248 * HOUR)
    assert cost.regions == ("one", "two")
    (one,) = rule_costs(compiled(calendar), calendar, ("one",), YEAR)
    assert (one.opens, one.regions) == (1248 * HOUR, ("one",))


def test_a_load_that_hides_a_lower_one_opens_nothing_by_being_dropped(calendar_of: CalendarOf) -> None:
    """Eight times closes, and is the only reason told; without it six times closes as well."""
    rules = [
        {"id": "eight", "weekdays": "saturday", "load": 8},
        {"id": "six", "weekdays": "saturday", "load": 6},
    ]
    calendar = calendar_of({"utc": ["UTC"]}, rules)
    (cost,) = rule_costs(compiled(calendar), calendar, ("utc",), YEAR)
    assert (cost.rule.id, cost.alone, cost.opens) == ("eight", 1248 * HOUR, timedelta(0))


def test_the_only_allow_window_opens_everything_by_being_dropped(calendar_of: CalendarOf) -> None:
    """Eight hours on five days a week are allowed: 261 working days of 2027 leave 8,760 - 2,088 hours closed."""
    working = list(rrule(DAILY, byweekday=range(5), dtstart=YEAR.start, until=YEAR.end - HOUR))
    rule = {"id": "office", "weekdays": "monday..friday", "time": "09:00..17:00", "effect": "allow"}
    calendar = calendar_of({"utc": ["UTC"]}, [rule])
    (cost,) = rule_costs(compiled(calendar), calendar, ("utc",), YEAR)
    assert cost.opens == (8760 - 8 * len(working)) * HOUR
    assert len(working) == 261


def test_a_rule_that_closes_nothing_is_not_listed(calendar_of: CalendarOf) -> None:
    """A caution, a load below the threshold, and a block of another year."""
    rules = [
        {"weekdays": "monday", "effect": "caution"},
        {"weekdays": "tuesday", "load": 4},
        {"dates": "2030-05-01..2030-05-02", "effect": "block"},
    ]
    calendar = calendar_of({"utc": ["UTC"]}, rules)
    assert rule_costs(compiled(calendar), calendar, ("utc",), YEAR) == ()


@pytest.mark.parametrize("seed", range(8))
def test_no_rule_opens_more_than_it_closes_alone(calendar_of: CalendarOf, seed: int) -> None:
    """Every rule of random calendars is compiled away here: what is closed by no rule alone opens by none's end."""
    rnd = random.Random(seed)  # noqa: S311
    rules = [
        {
            "id": f"rule-{number}",
            "weekdays": rnd.choice(["saturday", "friday..sunday", "monday..friday", "sunday"]),
            **({"time": rnd.choice(["08:00..12:00", "22:00..06:00"])} if rnd.random() < 0.5 else {}),
            **rnd.choice([{"effect": "block"}, {"effect": "allow"}, {"load": 6}, {"load": 9}, {"load": 0.5}]),
        }
        for number in range(5)
    ]
    regions = {"eu": ["Europe/Berlin", "Europe/London"], "us": ["America/New_York"]}
    calendar = calendar_of(regions, rules)
    span = Span(start=YEAR.start, end=YEAR.start + timedelta(days=28))
    timeline = compiled(calendar, span)
    costs = {cost.rule.id: cost for cost in rule_costs(timeline, calendar, tuple(regions), span)}
    for rule in calendar.rules:
        rest = [each for each, spec in zip(calendar.rules, rules, strict=True) if spec["id"] != rule.id]
        without = compile_timeline(Calendar(regions=calendar.regions, rules=tuple(rest)), timeline.facts, span)
        slow = 0
        for name in regions:
            for quarter in range(28 * 96):
                at = span.start + quarter * timedelta(minutes=15)
                was, now = (each.next_open((name,), at) == at for each in (timeline, without))
                slow += now and not was
        cost = costs.get(rule.id)
        assert (timedelta(0) if cost is None else cost.opens) == slow * timedelta(minutes=15)
        assert cost is None or cost.opens <= cost.alone <= cost.closed


def test_what_is_not_known_is_said_with_its_source(calendar_of: CalendarOf) -> None:
    """Holidays end before 2060: a block is closed all of that year, a caution asks for care, and both say why."""
    rules = [
        {"id": "shut", "holidays": "public", "effect": "block"},
        {"id": "care", "holidays": "public", "effect": "caution"},
    ]
    calendar = calendar_of({"eu": ["Europe/Berlin"]}, rules)
    late = Span(start=datetime(2061, 1, 1, tzinfo=UTC), end=datetime(2062, 1, 1, tzinfo=UTC))
    shut, care = gaps(compiled(calendar, late), calendar, ("eu",), late)
    assert (shut.closed, shut.caution) == (8760 * HOUR, timedelta(0))
    assert (care.closed, care.caution) == (timedelta(0), 8760 * HOUR)
    assert shut.sources[0].startswith("public holidays of DE-BE are verified until 20")
    assert gaps(compiled(calendar), calendar, ("eu",), YEAR) == ()
