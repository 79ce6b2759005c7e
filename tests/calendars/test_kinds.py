"""What each kind matches, in UTC, so that only the kind can be wrong; and which modifiers it refuses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from wedgate.calendars.kinds import kind_named
from wedgate.calendars.matches import Modifier
from wedgate.calendars.spellings import Categories, DateItems, MonthDayItems, WeekdayItems, WeeklyItems, YearlyItems
from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar

RUNS: list[tuple[str, dict[str, Any], str, int, list[str]]] = [
    ("wrapping weekdays", {"weekdays": "saturday..monday"}, "2026-06-01T00:00Z", 12, ["06-01 06-02", "06-06 06-09"]),
    ("a list of weekdays", {"weekdays": ["tue", "thu"]}, "2026-06-01T00:00Z", 7, ["06-02 06-03", "06-04 06-05"]),
    ("a leap day", {"yearly": "02-29"}, "2028-01-01T00:00Z", 90, ["02-29 03-01"]),
    ("no leap day", {"yearly": "02-29"}, "2027-01-01T00:00Z", 90, []),
    ("a range to a day that is lacking", {"yearly": "02-25..02-30"}, "2027-01-01T00:00Z", 90, ["02-25 03-01"]),
    ("a range from one", {"yearly": "02-30..03-02"}, "2027-01-01T00:00Z", 90, ["03-01 03-03"]),
    ("a year's turn", {"yearly": "12-31..01-01"}, "2026-06-01T00:00Z", 300, ["12-31 01-02"]),
    ("its second half", {"yearly": "12-23..01-03"}, "2027-01-02T00:00Z", 20, ["01-02 01-04"]),
    ("with times", {"yearly": "12-31T12:00..01-01T24:00"}, "2026-12-01T00:00Z", 60, ["12-31T12:00 01-02"]),
    ("on one day", {"yearly": "02-14T08:00..02-14T20:00"}, "2027-01-01T00:00Z", 60, ["02-14T08:00 02-14T20:00"]),
    (
        "all but a night",
        {"yearly": "02-14T06:00..02-14T02:00"},
        "2027-02-14T00:00Z",
        1,
        ["02-14 02-14T02:00", "02-14T06:00 02-15"],
    ),
    (
        "with a time of day",
        {"yearly": "02-14", "time": "22:00..06:00"},
        "2027-01-01T00:00Z",
        60,
        ["02-14T22:00 02-15T06:00"],
    ),
    ("a season by months", {"yearly": "04-01..10-31", "months": "may"}, "2026-03-01T00:00Z", 200, ["05-01 06-01"]),
    ("a week", {"weekly": "fri 17:00..mon 09:00"}, "2026-06-02T00:00Z", 8, ["06-05T17:00 06-08T09:00"]),
    ("to midnight", {"weekly": "fri 17:00..fri 24:00"}, "2026-06-02T00:00Z", 6, ["06-05T17:00 06-06"]),
    ("nearly a whole week", {"weekly": "fri 17:00..fri 16:00"}, "2026-06-05T16:30Z", 6, ["06-05T17:00 06-11T16:30"]),
    ("dates", {"dates": ["2026-06-03", "2026-06-04..2026-06-05"]}, "2026-06-01T00:00Z", 9, ["06-03 06-06"]),
    ("instants", {"dates": "2026-06-03T17:00..2026-06-04T24:00"}, "2026-06-01T00:00Z", 9, ["06-03T17:00 06-05"]),
    # Sundays of April 2026: 5, 12, 19, 26; of May: 3, 10, 17, 24, 31. Fridays of May: 1, 8, 15, 22, 29.
    ("a third sunday", {"weekdays": "third sunday"}, "2026-04-01T00:00Z", 60, ["04-19 04-20", "05-17 05-18"]),
    ("a last friday", {"weekdays": "last fri"}, "2026-05-01T00:00Z", 31, ["05-29 05-30"]),
    ("a fifth sunday", {"weekdays": "fifth sunday"}, "2026-04-01T00:00Z", 62, ["05-31 06-01"]),
    ("of a month", {"weekdays": "third sunday", "months": ["may"]}, "2026-04-01T00:00Z", 60, ["05-17 05-18"]),
    ("and a weekday", {"weekdays": ["first mon", "sunday"]}, "2026-05-01T00:00Z", 10, ["05-03 05-05", "05-10 05-11"]),
    ("the first of a month", {"month-days": 1}, "2026-05-15T00:00Z", 50, ["06-01 06-02", "07-01 07-02"]),
    ("a last day", {"month-days": "last"}, "2028-02-15T00:00Z", 30, ["02-29 03-01"]),
    ("last days", {"month-days": "last 3"}, "2027-02-15T00:00Z", 30, ["02-26 03-01"]),
    ("days that a month lacks", {"month-days": "30..31"}, "2027-02-01T00:00Z", 59, ["03-30 04-01"]),
    ("a part of a range", {"month-days": "28..31"}, "2027-02-01T00:00Z", 40, ["02-28 03-01"]),
    ("six hours before", {"yearly": "02-14", "pad": {"before": "6h"}}, "2027-01-01T00:00Z", 60, ["02-13T18:00 02-15"]),
    (
        "days around",
        {"yearly": "02-14", "pad": {"before": "1d", "after": "2d"}},
        "2027-01-01T00:00Z",
        60,
        ["02-13 02-17"],
    ),
    (
        "around a time of day",
        {"yearly": "02-14", "time": "08:00..12:00", "pad": {"before": "30m", "after": "1d1h"}},
        "2027-01-01T00:00Z",
        60,
        ["02-14T07:30 02-15T13:00"],
    ),
    (
        "around what began before",
        {"dates": "2026-05-01", "pad": {"after": "40d"}},
        "2026-06-05T00:00Z",
        30,
        ["06-05 06-11"],
    ),
    # Ascension 2026 is Thursday 14 May; 1 May a Friday; 9 June a Tuesday, whose Monday is one day from the weekend.
    ("a bridge to the weekend", {"dates": "2026-05-14", "bridge": 1}, "2026-05-01T00:00Z", 40, ["05-14 05-16"]),
    ("no bridge on a friday", {"dates": "2026-05-01", "bridge": 2}, "2026-04-20T00:00Z", 30, ["05-01 05-02"]),
    ("a bridge back", {"dates": "2026-06-09", "bridge": 1}, "2026-06-01T00:00Z", 20, ["06-08 06-10"]),
    ("a bridge too long", {"dates": "2026-06-10", "bridge": 1}, "2026-06-01T00:00Z", 20, ["06-10 06-11"]),
    ("of two days", {"dates": "2026-06-10", "bridge": 2}, "2026-06-01T00:00Z", 20, ["06-08 06-13"]),
    ("between two", {"dates": ["2026-06-09", "2026-06-11"], "bridge": 1}, "2026-06-01T00:00Z", 20, ["06-08 06-13"]),
    ("every day", {"time": "18:00..24:00"}, "2026-06-01T00:00Z", 2, ["06-01T18:00 06-02", "06-02T18:00 06-03"]),
    ("every day of a month", {"months": "june"}, "2026-05-20T00:00Z", 60, ["06-01 07-01"]),
]


@pytest.mark.parametrize(("rule", "at", "days", "runs"), [case[1:] for case in RUNS], ids=[case[0] for case in RUNS])
def test_runs(
    rule: dict[str, Any],
    at: str,
    days: int,
    runs: list[str],
    calendar_of: Callable[..., Calendar],
    timeline_of: Callable[..., Timeline],
    utc: Callable[[str], datetime],
) -> None:
    timeline = timeline_of(calendar_of({"here": ["UTC"]}, [{**rule, "effect": "block"}]), utc(at), days=days)
    found = [
        f"{run.start:%m-%dT%H:%M} {run.end:%m-%dT%H:%M}".replace("T00:00", "") for run in timeline.closed_runs("here")
    ]
    assert found == runs


def test_a_date_of_pad_is_a_local_date_be_it_23_hours_long(
    calendar_of: Callable[..., Calendar], timeline_of: Callable[..., Timeline], utc: Callable[[str], datetime]
) -> None:
    # New York's clocks go forward on Sunday 8 March 2026: a day before Monday is 23 hours before it.
    monday = {"dates": "2026-03-09", "pad": {"before": "1d"}, "effect": "block"}
    timeline = timeline_of(calendar_of({"us": ["America/New_York"]}, [monday]), utc("2026-03-01T00:00Z"), days=20)
    (run,) = timeline.closed_runs("us")
    assert (run.start, run.end) == (utc("2026-03-08T05:00Z"), utc("2026-03-10T04:00Z"))


def test_wedding_days_are_those_of_each_market(
    calendar_of: Callable[..., Calendar], timeline_of: Callable[..., Timeline], utc: Callable[[str], datetime]
) -> None:
    calendar = calendar_of({"here": ["UTC", "Africa/Abidjan"]}, [{"weekdays": "wedding-days", "effect": "block"}])
    first, second = calendar.regions[0].markets
    markets = (first, replace(second, name="other", wedding_days=frozenset({3, 4})))
    calendar = replace(calendar, regions=(replace(calendar.regions[0], markets=markets),))
    timeline = timeline_of(calendar, utc("2026-06-01T00:00Z"), days=7)
    days = {name: [run.start.day for run in timeline.intervals("here", name) if run.rules] for name in ("utc", "other")}
    assert days == {"utc": [6], "other": [4]}


def test_a_rule_may_be_for_some_countries_only(
    calendar_of: Callable[..., Calendar], timeline_of: Callable[..., Timeline], utc: Callable[[str], datetime]
) -> None:
    zones = {"eu": ["Europe/Berlin", "Europe/London"], "au": ["Australia/Sydney"]}
    for countries, expected in ((["DE"], [4, 0, 0]), (["GB-ENG", "AU-VIC"], [0, 4, 0]), (["AU-NSW"], [0, 0, 4])):
        rule = {"weekdays": "monday", "load": 4, "countries": countries}
        timeline = timeline_of(calendar_of(zones, [rule]), utc("2026-06-01T12:00Z"), days=1)
        markets = (("eu", "berlin"), ("eu", "london"), ("au", "sydney"))
        loads = [max(each.load for each in timeline.intervals(*place)) for place in markets]
        assert [int(load) if load > 1 else 0 for load in loads] == expected, countries


def test_a_kind_with_times_of_its_own_refuses_a_time_of_day() -> None:
    weekly = kind_named("weekly")(weekly=WeeklyItems.parse("friday 17:00..monday 09:00"))
    timed = kind_named("dates")(dates=DateItems.parse("2026-06-03T17:00..2026-06-04T09:00"))
    yearly = kind_named("yearly")(yearly=YearlyItems.parse(["02-14", "12-31T12:00..01-01T12:00"]))
    for kind in (weekly, timed, yearly):
        problem = kind.refuses(Modifier.TIME)
        assert problem is not None
        assert problem.remedy
        assert kind.refuses(Modifier.BRIDGE) is not None
        assert kind.refuses(Modifier.MONTHS) is None
    for kind in (
        kind_named("dates")(dates=DateItems.parse("2026-06-03")),
        kind_named("weekdays")(weekdays=WeekdayItems.parse("saturday")),
        kind_named("holidays")(holidays=Categories.parse("public")),
        kind_named("every-day")(),
    ):
        assert all(kind.refuses(modifier) is None for modifier in Modifier)


@pytest.mark.parametrize(
    ("days", "months", "never"),
    [
        ("last 3", None, False),
        ("last", {2}, False),
        ("30..31", {2}, True),
        ("29", {2}, False),
        ([31, "last"], {4}, False),
    ],
)
def test_days_that_no_month_has_never_match(days: object, months: set[int] | None, *, never: bool) -> None:
    kind = kind_named("month-days")(month_days=MonthDayItems.parse(days))  # type: ignore[call-arg]
    assert kind.never_matches(None if months is None else frozenset(months)) is never
