"""A local Saturday is one run from its first instant to the first instant of Sunday, in every zone and every year."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wedgate.almanac.zones import common_zones, zone
from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import kind_named
from wedgate.calendars.local_time import LocalTime, midnight_of
from wedgate.calendars.spellings import WeekdayItems
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import Calendar, Effect, Market, Place, Region, Rule, Span

SECOND = timedelta(seconds=1)
DAY, NOTHING = timedelta(days=1), timedelta(0)
FIRST_SATURDAY = date(2020, 1, 4)
HOUR, HALF_HOUR = timedelta(hours=1), timedelta(minutes=30)
SHARDS = 12
DECADE = Span(start=datetime(2020, 1, 2, tzinfo=UTC), end=datetime(2030, 1, 2, tzinfo=UTC))


def saturdays(name: str) -> Calendar:
    market = Market(name="m", zone=name, country="US")
    kind = kind_named("weekdays")(weekdays=WeekdayItems.parse("saturday"))
    rule = Rule(id="saturdays", where=(Place(region="r"),), kind=kind, effect=Effect.BLOCK)
    return Calendar(regions=(Region(name="r", markets=(market,)),), rules=(rule,))


def every_saturday_of_a_decade(name: str) -> set[timedelta]:
    """Hold each run to what the zone's own clocks show inside of it and around its ends; return the lengths."""
    lengths: set[timedelta] = set()
    here: ZoneInfo = zone(name)
    timeline = compile_timeline(saturdays(name), Facts(zones={name: here}), DECADE)
    runs = timeline.closed_runs("r")
    assert len(runs) == 522, "Saturdays from 4 January 2020 to 29 December 2029, 521 weeks later"
    for week, run in enumerate(runs):
        day = FIRST_SATURDAY + timedelta(weeks=week)
        shown = [instant.astimezone(here) for instant in (run.start - SECOND, run.start, run.end - SECOND, run.end)]
        assert [each.date() - day for each in shown] == [-DAY, NOTHING, NOTHING, DAY], (name, day)
        for before, after in (shown[:2], shown[2:]):
            moved = before.utcoffset() != after.utcoffset()
            assert moved or after.time() == datetime.min.time(), "an end is a local midnight, or the end of a gap"
        # One run of that date and no other: no hour of it looks back on another date, or forward to one.
        inside = [run.start + half * HALF_HOUR for half in range(1, run.duration // HALF_HOUR)]
        assert {instant.astimezone(here).date() for instant in inside} == {day}, (name, day)
        lengths.add(run.duration)
        assert timeline.next_open(("r",), run.start) == run.end
        assert timeline.next_open(("r",), run.end - SECOND) == run.end
    return lengths


@pytest.mark.parametrize("shard", range(SHARDS))
def test_saturday_is_one_run_of_local_dates_in_every_zone(shard: int) -> None:
    for name in common_zones()[shard::SHARDS]:
        hours = {length / HOUR for length in every_saturday_of_a_decade(name)}
        # Casey's clocks went back by three hours at midnight from Saturday to Sunday, in 2021 and 2022.
        assert hours <= ({24.0, 27.0} if name == "Antarctica/Casey" else {23.0, 24.0, 25.0}), name


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
