"""An allow rule in a zone of its own opens a region only where every market's source says so: not by one of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from wedgate.almanac.zones import zone
from wedgate.calendars.facts import Facts, HolidayKey
from wedgate.calendars.tables import HolidayTable, UncertainDays
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, Span

CalendarOf = Callable[..., Calendar]
BOTH = {"eu": ["Europe/Berlin", "Europe/London"]}
BERLIN = HolidayKey(country="DE", subdivision="BE")
LONDON = HolidayKey(country="GB", subdivision="ENG")
FIRST = datetime(2026, 6, 1, tzinfo=UTC)


def table(*days: int, until: int = 30) -> HolidayTable:
    """Days of June 2026, verified to a day of it."""
    return HolidayTable(
        dates={date(2026, 6, day): "Fair" for day in days},
        verified_from=date(2026, 1, 1),
        verified_until=date(2026, 6, until),
        source="a test",
    )


def closed_and_open(calendar: Calendar, berlin: HolidayTable, london: HolidayTable) -> tuple[Timeline, list[int]]:
    facts = Facts(
        zones={name: zone(name) for name in ("Europe/Berlin", "Europe/London", "UTC")},
        sources={BERLIN: berlin, LONDON: london},
    )
    timeline = compile_timeline(calendar, facts, Span(start=FIRST, end=FIRST + timedelta(days=30)))
    hours = [FIRST + timedelta(days=day, hours=12) for day in range(30)]
    return timeline, [hour.day for hour in hours if timeline.next_open(["eu"], hour) == hour]


def test_an_allow_opens_on_the_days_that_all_markets_share(calendar_of: CalendarOf) -> None:
    """Berlin has the 8th and the 10th, London the 10th and the 15th: the 10th alone opens the region."""
    calendar = calendar_of(BOTH, [{"holidays": "public", "zone": "UTC", "effect": "allow"}])
    timeline, opened = closed_and_open(calendar, table(8, 10), table(10, 15))
    assert opened == [10]
    assert timeline.open_runs(["eu"]) == (Span(start=FIRST + timedelta(days=9), end=FIRST + timedelta(days=10)),)


@pytest.mark.parametrize(("effect", "days"), [("block", {8, 10, 15}), ("caution", set())])
def test_a_block_closes_on_the_days_of_any_market(effect: str, days: set[int], calendar_of: CalendarOf) -> None:
    calendar = calendar_of(BOTH, [{"holidays": "public", "zone": "UTC", "effect": effect}])
    _, opened = closed_and_open(calendar, table(8, 10), table(10, 15))
    assert set(range(1, 31)) - set(opened) == days


def test_one_market_that_knows_does_not_answer_for_one_that_does_not(calendar_of: CalendarOf) -> None:
    """After the 9th Berlin's table ends: London's holiday on the 10th does not open Berlin, nor does the 8th London."""
    calendar = calendar_of(BOTH, [{"holidays": "public", "zone": "UTC", "effect": "allow"}])
    timeline, opened = closed_and_open(calendar, table(8, until=9), table(10))
    assert opened == []
    for day, kinds in ((8, {"outside_allow_window"}), (10, {"calendar_unverified"}), (11, {"outside_allow_window"})):
        causes = timeline.region_at("eu", FIRST + timedelta(days=day - 1, hours=12)).causes
        assert {cause.kind.value for cause in causes} == kinds


def test_an_estimated_day_grants_nothing(calendar_of: CalendarOf) -> None:
    """A day that may yet move is not known: it opens no allow window and grants no lull, and it still blocks."""
    eid = UncertainDays(first=date(2026, 6, 8), last=date(2026, 6, 12), name="Fair")
    estimated = replace(table(10), uncertain=(eid,))
    one = {"eu": ["Europe/Berlin"]}
    noon = FIRST + timedelta(days=9, hours=12)
    allow = calendar_of(one, [{"holidays": "public", "effect": "allow"}])
    assert closed_and_open(allow, estimated, table())[1] == []
    added = calendar_of(one, [{"holidays": "public", "also": "2026-06-10", "effect": "allow"}])
    assert closed_and_open(added, estimated, table())[1] == [10]
    lull = calendar_of(one, [{"holidays": "public", "load": "0.5"}])
    assert closed_and_open(lull, estimated, table())[0].region_at("eu", noon).load == 1
    block = calendar_of(one, [{"holidays": "public", "effect": "block"}])
    assert not set(closed_and_open(block, estimated, table())[1]) & set(range(8, 13))
