"""The cases that other systems got wrong, with instants worked out by an evaluator that is not this one.

Transcribed from the collection of peers' bugs (half-open intervals, RFC 5545 gaps and folds): the id, the zones, the
rules, the instant, whether it is closed, and the next change.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, Verdict

SATURDAY = [{"weekdays": "saturday", "effect": "block"}]
LA, NY = "America/Los_Angeles", "America/New_York"
WEEKEND = [{"weekly": "friday 17:00..monday 09:00", "effect": "block"}]
THIRD_SATURDAY = [{"weekdays": "third saturday", "effect": "block"}]
THREE_HOURS = [{"time": f"{hour}:00..{hour + 1}:00", "effect": "allow"} for hour in (10, 13, 15)]


def allow(weekdays: str, time: str) -> dict[str, str]:
    return {"weekdays": weekdays, "time": time, "effect": "allow"}


def month_days(days: str, **more: str) -> list[dict[str, str]]:
    return [{"month-days": days, "effect": "block", **more}]


CASES: list[tuple[str, str, list[dict[str, Any]], str, bool, str | None]] = [
    ("T38", NY, month_days("last"), "2021-03-30T16:00:00Z", False, "2021-03-31T04:00:00Z"),
    ("T52", "UTC", THIRD_SATURDAY, "2026-06-16T12:00:00Z", False, "2026-06-20T00:00:00Z"),
    ("T56", "UTC", month_days("last 3"), "2020-01-27T15:04:00Z", False, "2020-01-29T00:00:00Z"),
    ("T80", "UTC", month_days("1..21"), "2026-06-18T12:00:00Z", True, "2026-06-22T00:00:00Z"),
    ("T02", LA, SATURDAY, "2026-06-05T12:00:00Z", False, "2026-06-06T07:00:00Z"),
    ("T04", LA, SATURDAY, "2026-06-07T06:59:59Z", True, "2026-06-07T07:00:00Z"),
    ("T06", NY, SATURDAY, "2026-06-06T03:30:00Z", False, "2026-06-06T04:00:00Z"),
    ("T08", "Asia/Kolkata", SATURDAY, "2026-06-06T03:30:00Z", True, "2026-06-06T18:30:00Z"),
    ("T12", "Asia/Kathmandu", SATURDAY, "2026-06-05T18:15:00Z", True, "2026-06-06T18:15:00Z"),
    (
        *("T14", "Pacific/Auckland", [{"weekdays": "saturday", "time": "08:00..18:00", "effect": "block"}]),
        *("2026-06-05T21:00:00Z", True, "2026-06-06T06:00:00Z"),
    ),
    ("T16", "America/Santiago", SATURDAY, "2026-04-05T04:00:00Z", False, "2026-04-11T04:00:00Z"),
    ("T18", "America/Nuuk", SATURDAY, "2026-03-29T00:30:00Z", True, "2026-03-29T01:00:00Z"),
    ("T20", "Asia/Beirut", SATURDAY, "2026-10-24T21:30:00Z", True, "2026-10-24T22:00:00Z"),
    ("T22", NY, [{"weekdays": "sunday", "effect": "block"}], "2026-11-02T04:30:00Z", True, "2026-11-02T05:00:00Z"),
    (
        *("T24", "Europe/Paris", [{"weekdays": "sunday", "time": "02:00..06:00", "effect": "block"}]),
        *("2026-03-29T01:30:00Z", True, "2026-03-29T04:00:00Z"),
    ),
    ("T26", NY, WEEKEND, "2026-03-09T12:59:59Z", True, "2026-03-09T13:00:00Z"),
    ("T28", "Europe/Berlin", WEEKEND, "2026-03-30T07:30:00Z", False, "2026-04-03T15:00:00Z"),
    ("T30", NY, [{"time": "22:00..02:30", "effect": "block"}], "2026-03-08T04:00:00Z", True, "2026-03-08T07:30:00Z"),
    (
        *("T32", "Europe/London", [allow("monday..thursday", "09:00..12:30")]),
        *("2024-04-04T11:15:00Z", False, "2024-04-04T11:30:00Z"),
    ),
    (
        *("T34", NY, [allow("monday..friday", "09:00..17:00")]),
        *("2026-10-30T13:15:00Z", False, "2026-10-30T21:00:00Z"),
    ),
    (
        *("T36", "Australia/Sydney", [allow("monday..friday", "09:00..17:00")]),
        *("2021-10-31T21:00:00Z", True, "2021-10-31T22:00:00Z"),
    ),
    (
        "T40",
        "UTC",
        [{"time": "22:00..06:00", "effect": "block"}],
        "2026-06-03T06:00:00Z",
        False,
        "2026-06-03T22:00:00Z",
    ),
    (
        *("T42", "Europe/London", [{"yearly": "12-23..01-03", "effect": "block"}]),
        *("2026-12-31T23:30:00Z", True, "2027-01-04T00:00:00Z"),
    ),
    (
        *("T44", NY, [{"dates": "2024-12-22T17:00..2025-01-02T09:00", "effect": "block"}]),
        *("2025-01-02T13:59:59Z", True, "2025-01-02T14:00:00Z"),
    ),
    (
        *("T46", "UTC", [{"weekly": "fri 23:00..mon 07:00", "effect": "block"}]),
        *("2020-04-11T12:00:00Z", True, "2020-04-13T07:00:00Z"),
    ),
    (
        *("T48", "UTC", [{"dates": "2020-08-01..2020-09-30", "effect": "block"}]),
        *("2020-08-11T00:00:00Z", True, "2020-10-01T00:00:00Z"),
    ),
    (
        *("T50", "Europe/Prague", [allow("monday..friday", "06:30..22:10")]),
        *("2023-06-10T10:00:00Z", True, "2023-06-12T04:30:00Z"),
    ),
    (
        *("T58", "Europe/London"),
        [*SATURDAY, {"holidays": "public", "effect": "block"}, {"dates": "2026-05-24", "effect": "block"}],
        *("2026-05-23T12:00:00Z", True, "2026-05-25T23:00:00Z"),
    ),
    (
        *("T60", "Europe/London", [{"holidays": "public", "effect": "block"}]),
        *("2026-01-02T12:00:00Z", False, "2026-04-02T23:00:00Z"),
    ),
    (
        *("T62", "UTC"),
        [
            {"dates": "2026-12-25..2026-12-26", "zone": "UTC", "effect": "block"},
            allow("monday..friday", "06:00..18:00"),
        ],
        *("2026-12-25T10:00:00Z", True, "2026-12-28T06:00:00Z"),
    ),
    (
        *("T66", NY, [allow("monday..thursday", "09:00..17:00"), allow("friday", "09:00..14:00")]),
        *("2022-08-26T17:00:00Z", False, "2022-08-26T18:00:00Z"),
    ),
    (
        *("T68", "UTC"),
        [{"time": "10:00..12:00", "effect": "block"}, {"time": "09:00..17:00", "effect": "allow"}],
        *("2026-07-06T11:00:00Z", True, "2026-07-06T12:00:00Z"),
    ),
    ("T70", "UTC", [{"time": "09:00..17:00", "effect": "allow"}], "2026-07-06T06:00:00Z", True, "2026-07-06T09:00:00Z"),
    (
        *("T72", "UTC", [allow("saturday", "10:00..14:00"), allow("monday..friday", "09:00..17:00")]),
        *("2026-07-11T11:00:00Z", False, "2026-07-11T14:00:00Z"),
    ),
    ("T74", LA, [allow("wednesday", "06:00..10:00")], "2015-02-26T05:45:00Z", True, "2015-03-04T14:00:00Z"),
    (
        *("T76", LA, [{"weekdays": "sunday", "effect": "allow"}]),
        *("2015-02-25T09:00:00Z", True, "2015-03-01T08:00:00Z"),
    ),
    ("T78", LA, THREE_HOURS, "2015-02-14T00:00:00Z", True, "2015-02-14T18:00:00Z"),
    (
        *("T80", "UTC", [{"dates": "2026-06-01..2026-06-21", "effect": "block"}]),
        *("2026-06-18T12:00:00Z", True, "2026-06-22T00:00:00Z"),
    ),
]


@pytest.mark.parametrize(("zone", "rules", "at", "closed", "change"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_case(
    zone: str,
    rules: list[dict[str, Any]],
    at: str,
    closed: bool,
    change: str | None,
    calendar_of: Callable[..., Calendar],
    timeline_of: Callable[..., Timeline],
    utc: Callable[[str], datetime],
) -> None:
    instant = utc(at)
    answer = timeline_of(calendar_of({"here": [zone]}, rules), instant).region_at("here", instant)
    assert (answer.verdict is Verdict.CLOSED) == closed
    next_change = answer.next_open if closed else answer.next_close
    assert next_change == (None if change is None else utc(change))
    assert (answer.next_close if closed else answer.next_open) == instant
    assert answer.runway == next_change - instant if not closed else answer.runway is not None and not answer.runway


def test_t10_all_regions_open_together_only_when_the_last_of_them_does(
    calendar_of: Callable[..., Calendar], timeline_of: Callable[..., Timeline], utc: Callable[[str], datetime]
) -> None:
    zones = {"us": [NY], "eu": ["Europe/London"], "in": ["Asia/Kolkata"], "au": ["Australia/Sydney"]}
    at = utc("2026-06-06T03:30:00Z")
    timeline = timeline_of(calendar_of(zones, SATURDAY), at)
    assert timeline.region_at("us", at).verdict is Verdict.OPEN
    assert timeline.next_open(list(zones), at) == utc("2026-06-07T04:00:00Z")
    assert timeline.next_close(list(zones), at) == at
    assert timeline.next_open(["us"], at) == at


@pytest.mark.parametrize(
    ("at", "effect", "closed"),
    [
        ("2026-11-01T05:29:59Z", "block", True),  # first 01:29
        ("2026-11-01T05:30:00Z", "block", True),  # first 01:30: a block ends at the second
        ("2026-11-01T06:29:59Z", "block", True),
        ("2026-11-01T06:30:00Z", "block", False),
        ("2026-11-01T05:29:59Z", "allow", False),
        ("2026-11-01T05:30:00Z", "allow", True),  # an allow window ends at the first
    ],
)
def test_an_end_inside_a_repeated_hour_is_late_for_a_block_and_early_for_an_allow_window(
    at: str,
    effect: str,
    closed: bool,
    calendar_of: Callable[..., Calendar],
    timeline_of: Callable[..., Timeline],
    utc: Callable[[str], datetime],
) -> None:
    timeline = timeline_of(calendar_of({"us": [NY]}, [{"time": "22:00..01:30", "effect": effect}]), utc(at))
    assert (timeline.region_at("us", utc(at)).verdict is Verdict.CLOSED) == closed


def test_t54_a_range_past_the_end_of_a_month_does_not_move_onto_its_last_day(
    calendar_of: Callable[..., Calendar], timeline_of: Callable[..., Timeline], utc: Callable[[str], datetime]
) -> None:
    calendar = calendar_of({"here": ["UTC"]}, month_days("30..31", months="february"))
    timeline = timeline_of(calendar, utc("2021-02-28T13:00:00Z"), days=1500)
    assert timeline.closed_runs("here") == ()
