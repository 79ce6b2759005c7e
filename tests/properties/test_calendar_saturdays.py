"""A local Saturday is one run from its first instant to the first instant of Sunday, in every zone and every year."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wedgate.almanac.zones import common_zones, zone
from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import kind_named
from wedgate.calendars.local_time import LocalTime, midnight_of
from wedgate.calendars.spellings import WeekdaySet
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import Calendar, Effect, Market, Place, Region, Rule, Span

SECOND = timedelta(seconds=1)
FIRST_SATURDAY = date(2020, 1, 4)


def saturdays(name: str) -> Calendar:
    market = Market(name="m", zone=name, country="US")
    kind = kind_named("weekdays")(weekdays=WeekdaySet({5}))
    rule = Rule(id="saturdays", where=(Place(region="r"),), kind=kind, effect=Effect.BLOCK)
    return Calendar(regions=(Region(name="r", markets=(market,)),), rules=(rule,))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(common_zones()), st.integers(0, 52 * 10))
def test_saturday_is_one_run_of_local_dates(name: str, week: int) -> None:
    here: ZoneInfo = zone(name)
    day = FIRST_SATURDAY + timedelta(weeks=week)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    span = Span(start=noon - timedelta(days=3), end=noon + timedelta(days=3))
    runs = compile_timeline(saturdays(name), Facts(zones={name: here}), span).closed_runs("r")
    assert len(runs) == 1
    (run,) = runs
    assert timedelta(hours=22) < run.duration < timedelta(hours=26)
    assert run.start.astimezone(here).date() == day
    assert run.end.astimezone(here).date() == day + timedelta(days=1)
    assert (run.start - SECOND).astimezone(here).date() == day - timedelta(days=1)
    assert (run.end - SECOND).astimezone(here).date() == day
    for edge in (run.start, run.end):
        clock = edge.astimezone(here)
        moved = clock.utcoffset() != (edge - SECOND).astimezone(here).utcoffset()
        assert moved or clock.time() == datetime.min.time(), "an end is a local midnight, or the end of a gap"
    hour = span.start
    while hour < span.end:
        assert (hour.astimezone(here).date() == day) == (run.start <= hour < run.end)
        hour += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("America/Nuuk", date(2026, 3, 28), 23),
        ("Asia/Beirut", date(2026, 10, 24), 25),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kolkata", date(2026, 6, 6), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("America/Toronto", date(1919, 3, 30), 23.5),  # 23:30 to 00:30: midnight itself was skipped
        ("America/Toronto", date(1919, 3, 31), 23.5),
    ],
)
def test_a_date_is_as_long_as_its_zone_makes_it(name: str, day: date, hours: float) -> None:
    midnight, following = midnight_of(day), midnight_of(day + timedelta(days=1))
    local = LocalTime(zone(name), midnight - 86400, following + 86400)
    begins, ends = local.midnight(midnight), local.midnight(following)
    assert begins[0] == begins[1]
    assert ends[0] - begins[0] == hours * 3600
    assert local.exists(midnight) == (hours > 0)
