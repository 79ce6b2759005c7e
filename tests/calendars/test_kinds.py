"""What each kind matches, in UTC, so that only the kind can be wrong; and which modifiers it refuses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from wedgate.calendars.kinds import kind_named
from wedgate.calendars.matches import Modifier
from wedgate.calendars.spellings import Categories, DateItems, WeekdaySet, WeeklyItems, YearlyItems
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


def test_a_kind_with_times_of_its_own_refuses_a_time_of_day() -> None:
    weekly = kind_named("weekly")(weekly=WeeklyItems.parse("friday 17:00..monday 09:00"))
    timed = kind_named("dates")(dates=DateItems.parse("2026-06-03T17:00..2026-06-04T09:00"))
    yearly = kind_named("yearly")(yearly=YearlyItems.parse(["02-14", "12-31T12:00..01-01T12:00"]))
    for kind in (weekly, timed, yearly):
        problem = kind.refuses(Modifier.TIME)
        assert problem is not None
        assert problem.remedy
        assert kind.refuses(Modifier.MONTHS) is None
    for kind in (
        kind_named("dates")(dates=DateItems.parse("2026-06-03")),
        kind_named("weekdays")(weekdays=WeekdaySet.parse("saturday")),
        kind_named("holidays")(holidays=Categories.parse("public")),
        kind_named("every-day")(),
    ):
        assert all(kind.refuses(modifier) is None for modifier in Modifier)
