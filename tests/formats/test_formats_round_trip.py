"""What is written means, to the tool that reads it, the very stretches that a check answers from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wedgate.calendars.values import Verdict
from wedgate.formats import FORMATS, write
from wedgate.formats.loss import LossError

READ = tuple(name for name in FORMATS if name != "github-cron")
Pair = tuple[datetime, datetime]

CALENDARS = {
    "saturdays in New York": (["America/New_York"], ["where: all, weekdays: saturday, effect: block"]),
    "a Saturday of 25 hours in Beirut": (["Asia/Beirut"], ["where: all, weekdays: saturday, effect: block"]),
    "a Saturday of 23 hours in Nuuk": (["America/Nuuk"], ["where: all, weekdays: saturday, effect: block"]),
    "nightly": (["Europe/Berlin"], ["where: all, time: 22:00..06:00, effect: block"]),
    "nightly, ending in the gap": (["America/New_York"], ["where: all, time: 22:00..02:30, effect: block"]),
    "the turn of the year": (["Europe/London"], ["where: all, yearly: 12-23..01-03, effect: block"]),
    "three zones": (
        ["Asia/Singapore", "Asia/Kolkata", "Australia/Sydney"],
        ["where: all, weekdays: saturday, effect: block"],
    ),
    "Friday to Monday": (
        ["UTC", "Europe/London"],
        [
            "where: all, weekdays: [saturday, sunday], effect: block",
            "where: all, dates: 2026-08-01..2026-09-30, effect: block",
        ],
    ),
    "always": (
        ["Asia/Kathmandu"],
        ["where: all, weekdays: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], effect: block"],
    ),
    "never": (["Asia/Kathmandu"], ["where: all, weekdays: saturday, load: 3"]),
}
SPANS = {
    "2026": (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    "a year over the turn": (datetime(2026, 7, 1, 5, tzinfo=UTC), datetime(2027, 7, 1, 5, tzinfo=UTC)),
    "a month": (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
}
TRIED = [
    *((calendar, "2026") for calendar in CALENDARS),
    *((calendar, "a month") for calendar in CALENDARS),
    *((calendar, "a year over the turn") for calendar in ("the turn of the year", "three zones", "Friday to Monday")),
]
NEEDS_A_CLOSING = ("keda", "google-cloud-deploy")
WITHOUT_YEARS = ("argo-cd", "keda", "gitlab")


@pytest.mark.parametrize(("calendar", "span"), TRIED)
@pytest.mark.parametrize("name", READ)
def test_the_tool_reads_what_the_calendar_says(
    name: str, calendar: str, span: str, book_of: Callable[..., Any], disagreement: Callable[..., str | None]
) -> None:
    zones, rules = CALENDARS[calendar]
    book = book_of({"eu": zones}, rules, *SPANS[span])
    if name in NEEDS_A_CLOSING and not any(each.verdict is Verdict.CLOSED for each in book.regions[0].intervals):
        with pytest.raises(LossError, match="nothing is closed"):
            write(name, book)
        return
    assert disagreement(name, write(name, book), book, "eu") is None


@st.composite
def closings(draw: st.DrawFn, start: datetime, end: datetime, *, seconds: bool = False) -> list[Pair]:
    """Disjoint stretches in a span that do not touch, to the minute or the second, some reaching its edges."""
    unit = timedelta(seconds=1) if seconds else timedelta(minutes=1)
    size = (end - start) // unit
    edges = draw(st.lists(st.integers(0, size), max_size=24, unique=True).filter(lambda drawn: len(drawn) % 2 == 0))
    instants = [start + edge * unit for edge in sorted(edges)]
    return list(zip(instants[::2], instants[1::2], strict=True))


STARTS = st.sampled_from(
    [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 10, 20, 7, 31, tzinfo=UTC),
        datetime(2027, 3, 1, tzinfo=UTC),
        datetime(2028, 2, 28, 23, tzinfo=UTC),
    ]
)
LENGTHS = st.sampled_from([timedelta(days=2), timedelta(days=40), timedelta(days=365)])


@pytest.mark.parametrize("name", READ)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), start=STARTS, length=LENGTHS)
def test_any_closings_at_all_are_read_as_they_are(
    name: str,
    data: st.DataObject,
    start: datetime,
    length: timedelta,
    plain_book: Callable[..., Any],
    disagreement: Callable[..., str | None],
) -> None:
    """Or refused, for what a format really cannot say."""
    seconds = name in ("prometheus", "aws-change-calendar")
    drawn = data.draw(closings(start, start + length, seconds=seconds))
    book = plain_book(start, start + length, {"eu": drawn})
    try:
        text = write(name, book)
    except LossError as loss:
        refused = str(loss)
        text = ""
    else:
        refused = ""
    if refused:
        empty = name in NEEDS_A_CLOSING and not drawn
        assert empty or (name in WITHOUT_YEARS and "29th of February" in refused), refused
        return
    assert disagreement(name, text, book, "eu") is None


@pytest.mark.parametrize("name", READ)
def test_what_the_edges_of_a_span_cut_off_is_closed_to_the_very_second(
    name: str, plain_book: Callable[..., Any], disagreement: Callable[..., str | None]
) -> None:
    """A span may begin and end between two minutes, as one from now on does."""
    start, end = datetime(2026, 6, 1, 12, 34, 56, tzinfo=UTC), datetime(2026, 6, 9, 3, 2, 1, tzinfo=UTC)
    middle = datetime(2026, 6, 3, tzinfo=UTC)
    book = plain_book(start, end, {"eu": [(start, middle), (middle + timedelta(days=4), end)]})
    assert disagreement(name, write(name, book), book, "eu") is None


@pytest.mark.parametrize("name", ["alertmanager", "google-cloud-deploy", "prometheus", "aws-change-calendar"])
def test_formats_with_years_hold_several(
    name: str, book_of: Callable[..., Any], disagreement: Callable[..., str | None]
) -> None:
    zones, rules = CALENDARS["three zones"]
    book = book_of({"eu": zones}, rules, datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 3, 10, tzinfo=UTC))
    assert disagreement(name, write(name, book), book, "eu") is None


@pytest.mark.parametrize("calendar", [name for name in CALENDARS if name not in ("always", "never")])
def test_a_schedule_runs_at_every_opening_and_closing_and_at_no_other_time(
    calendar: str, book_of: Callable[..., Any], readers: Any
) -> None:
    import yaml

    zones, rules = CALENDARS[calendar]
    start, end = SPANS["2026"]
    book = book_of({"eu": zones}, rules, start, end)
    intervals = book.regions[0].intervals
    changes = [
        after.start
        for before, after in pairwise(intervals)
        if (before.verdict is Verdict.CLOSED) != (after.verdict is Verdict.CLOSED)
    ]
    entries = yaml.safe_load(write("github-cron", book))[True]["schedule"]  # YAML 1.1 takes the key `on` for true
    runs = [time for each in entries for time in readers.fires(each["cron"], each.get("timezone", "UTC"), start, end)]
    assert sorted(time for time in runs if start < time < end) == changes
