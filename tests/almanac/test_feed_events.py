"""What the events of a feed are in time, against lists written by hand, and what makes a feed unusable."""

from __future__ import annotations

import re
import shutil
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.almanac import feed_events
from wedgate.almanac.feed_events import FeedError, check_text, occurrences_of
from wedgate.almanac.zones import zone
from wedgate.calendars.values import Span

SPAN = Span(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 8, 1, tzinfo=UTC))


def feed(*events: str, before: str = "") -> bytes:
    listed = "".join(f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{before}{listed}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def told(*events: str, before: str = "") -> list[str]:
    """Return what happens in June and July 2026, as a person would write it down."""
    found = occurrences_of(feed(*events, before=before), SPAN)
    lines = [f"{run.first}..{run.last} {run.note}".strip() for run in found.days]
    lines += [f"{run.start:%Y-%m-%d %H:%M}..{run.end:%H:%M} {run.note}".strip() for run in found.walls]
    lines += [f"{run.start:%Y-%m-%d %H:%M}Z..{run.end:%H:%M}Z {run.note}".strip() for run in found.instants]
    return [line for line in lines if line.startswith(("2026-06", "2026-07"))]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("SUMMARY:fair\nDTSTART;VALUE=DATE:20260606", ["2026-06-06..2026-06-06 fair"]),
        # The end of an all-day event is the day after its last.
        ("DTSTART;VALUE=DATE:20260606\nDTEND;VALUE=DATE:20260608", ["2026-06-06..2026-06-07"]),
        ("DTSTART;VALUE=DATE:20260606\nDURATION:P2D", ["2026-06-06..2026-06-07"]),
        ("DTSTART:20260606T100000\nDTEND:20260606T110000", ["2026-06-06 10:00..11:00"]),
        ("DTSTART:20260606T100000Z\nDTEND:20260606T110000Z", ["2026-06-06 10:00Z..11:00Z"]),
        ("DTSTART;TZID=Europe/Berlin:20260606T100000\nDURATION:PT90M", ["2026-06-06 08:00Z..09:30Z"]),
        # Names that are older than the common ones, of Windows, and with a vendor before them.
        ("DTSTART;TZID=Asia/Calcutta:20260606T100000\nDTEND;TZID=Asia/Calcutta:20260606T110000",
         ["2026-06-06 04:30Z..05:30Z"]),
        ("DTSTART;TZID=W. Europe Standard Time:20260606T100000\nDURATION:PT1H", ["2026-06-06 08:00Z..09:00Z"]),
        ("DTSTART;TZID=/example.org/Europe/Berlin:20260606T100000\nDURATION:PT1H", ["2026-06-06 08:00Z..09:00Z"]),
        ("DTSTART;VALUE=DATE:20260606\nSTATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=WEEKLY\nSTATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20260606\nTRANSP:TRANSPARENT", ["2026-06-06..2026-06-06"]),
        ("DTSTART:20260606T100000Z", []),
        ("DTSTART;VALUE=DATE:20260706\nRRULE:FREQ=MONTHLY;COUNT=2\nRDATE;VALUE=DATE:20260710",
         ["2026-07-06..2026-07-06", "2026-07-10..2026-07-10"]),
        ("DTSTART;TZID=Europe/Berlin:20260701T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260703T070000Z\n"
         "EXDATE;TZID=Europe/Berlin:20260702T090000", ["2026-07-01 07:00Z..08:00Z", "2026-07-03 07:00Z..08:00Z"]),
    ],
)  # fmt: skip
def test_events(event: str, expected: list[str]) -> None:
    assert told(event) == expected


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=DAILY;COUNT=2",
        "DTSTART;VALUE=DATE:20260606\nDTEND;VALUE=DATE:20260608",
        "DTSTART;VALUE=DATE:20260606\nDURATION:P2D",
        "DTSTART;VALUE=DATE:20260606\nRDATE;VALUE=DATE:20260607",
        "DTSTART;VALUE=DATE:20260606\nSTATUS:CANCELLED",
    ],
)
def test_names_of_properties_are_the_same_in_any_case(event: str) -> None:
    first, second = event.split("\n")
    name = re.split("[;:]", second)[0]
    for spelt in (name.lower(), name.title()):
        assert told(f"{first}\n{second.replace(name, spelt)}") == told(event)


def test_an_occurrence_deleted_moved_and_cancelled() -> None:
    """T64 and its like: Saturdays from 6 June 2026; 13 June deleted, 20 June moved to Sunday, 27 June cancelled."""
    series = "DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;VALUE=DATE:20260613"
    moved = "RECURRENCE-ID;VALUE=DATE:20260620\nDTSTART;VALUE=DATE:20260621\nSUMMARY:moved"
    gone = "RECURRENCE-ID;VALUE=DATE:20260627\nDTSTART;VALUE=DATE:20260627\nSTATUS:CANCELLED"
    text = feed(series, moved, gone).replace(b"UID:1", b"UID:0").replace(b"UID:2", b"UID:0")
    found = occurrences_of(text, SPAN)
    assert [str(run.first) for run in found.days] == ["2026-06-06", "2026-06-21", "2026-07-04"]


def test_a_recurrence_without_end_is_expanded_for_the_span_only() -> None:
    days = told("DTSTART;VALUE=DATE:20200104\nRRULE:FREQ=WEEKLY;BYDAY=SA")
    assert days == [f"{day}..{day}" for day in (
        "2026-06-06", "2026-06-13", "2026-06-20", "2026-06-27", "2026-07-04", "2026-07-11", "2026-07-18", "2026-07-25"
    )]  # fmt: skip


@pytest.mark.parametrize("ending", ["DTEND;TZID=Europe/Berlin:20260606T110000", "DURATION:PT1H"])
def test_the_pinned_zones_decide_not_the_machine_and_not_the_feed(tmp_path: Path, ending: str) -> None:
    """The machine takes Berlin for Tokyo, the feed for five hours east: it is two hours east in June all the same."""
    (tmp_path / "Europe").mkdir()
    pinned = Path(zone("Europe/Berlin").key)
    shutil.copy(Path(_pytz()) / "Asia" / "Tokyo", tmp_path / pinned)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert datetime(2026, 6, 6, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset() == timedelta(hours=9)
        wrong = (
            "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0500\n"
            "TZOFFSETTO:+0500\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
        found = told(f"DTSTART;TZID=Europe/Berlin:20260606T100000\n{ending}", before=wrong)
    finally:
        zoneinfo.reset_tzpath(before)
        zoneinfo.ZoneInfo.clear_cache()
    assert found == ["2026-06-06 08:00Z..09:00Z"]


def _pytz() -> str:
    import pytz

    return str(Path(pytz.__file__).parent / "zoneinfo")


CUSTOM = (
    "BEGIN:VTIMEZONE\nTZID:Venue Time\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\n"
    "TZOFFSETTO:+0200\nEND:STANDARD\nEND:VTIMEZONE\n"
)


@pytest.mark.parametrize("written", ["BEGIN:VEVENT ", "BEGIN: VEVENT", "BEGIN:VEVENT\t", "begin:vevent "])
def test_an_event_that_the_library_would_leave_out_makes_the_feed_unusable(written: str) -> None:
    content = feed("DTSTART;VALUE=DATE:20260606", "DTSTART;VALUE=DATE:20260607")
    with pytest.raises(FeedError, match="BEGIN:VEVENT"):
        occurrences_of(content.replace(b"BEGIN:VEVENT", written.encode(), 1), SPAN)


@pytest.mark.parametrize("written", ["begin:vevent", "Begin:VEvent"])
def test_an_event_may_begin_in_any_case(written: str) -> None:
    content = feed("DTSTART;VALUE=DATE:20260606").replace(b"BEGIN:VEVENT", written.encode())
    assert len(occurrences_of(content, SPAN).days) == 1


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("DTSTART;TZID=Mars/Phobos:20260606T100000\nDTEND;TZID=Mars/Phobos:20260606T110000", 'zone "Mars/Phobos"'),
        ("DTSTART;TZID=Venue Time:20260606T100000\nDURATION:PT1H", 'zone "Venue Time"'),
        ("DTSTART;TZID=EST:20260606T100000\nDURATION:PT1H", 'zone "EST"'),
        ("DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=DAILY\nEXDATE;TZID=Mars/Phobos:20260607T000000", "Mars/Phobos"),
        ("DTSTART:20260606T100000Z\nDTEND:20260606T110000Z\nRRULE:FREQ=SECONDLY", "finer than a calendar of days"),
        ("DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=DAILY;COUNT=0", "COUNT=0"),
        ("DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("DTSTART;VALUE=DATE:20261306", "cannot be read"),
        ("SUMMARY:no start", "has no DTSTART"),
        ("DTSTART:20260606T100000Z\nDTEND:20260605T110000Z", "ends before it starts"),
    ],
)
def test_one_event_that_cannot_be_placed_makes_the_feed_unusable(event: str, words: str) -> None:
    """Never silently UTC, and never left out: a day would be open that somebody meant to close."""
    with pytest.raises(FeedError) as raised:
        told("DTSTART;VALUE=DATE:20260606", event, before=CUSTOM)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html></html>", "it is a web page"),
        (b'  <?xml version="1.0"?>', "it is a web page"),
        (b"", "not an iCalendar text"),
        (b"\x89PNG\r\n", "not an iCalendar text"),
        (feed("DTSTART;VALUE=DATE:20260606")[:-20], "it is cut off"),
    ],
)
def test_what_is_no_calendar_is_refused_with_words(content: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        check_text(content)


def test_a_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(FeedError, match="it is not UTF-8"):
        occurrences_of(feed("SUMMARY:fête\nDTSTART;VALUE=DATE:20260606").decode().encode("latin-1"), SPAN)


def test_a_hundred_thousand_events_are_read() -> None:
    """Twenty-eight days of June, each of them 100,000 / 28 times: the first day has 3,572."""
    one = "BEGIN:VEVENT\r\nUID:{0}\r\nSUMMARY:e{0}\r\nDTSTART;VALUE=DATE:202606{1:02}\r\nEND:VEVENT\r\n"
    many = "".join(one.format(number, number % 28 + 1) for number in range(100_000))
    found = occurrences_of(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{many}END:VCALENDAR".encode(), SPAN)
    assert sum(run.first.day == 1 for run in found.days) == 3572


def test_more_occurrences_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five daily events in more than 300 days are more than 1,500."""
    monkeypatch.setattr(feed_events, "MOST_OCCURRENCES", 1500)
    with pytest.raises(FeedError, match="more than 1,500 occurrences"):
        told(*("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY" for _ in range(5)))


def test_more_repeating_events_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_events, "MOST_REPEATING", 3)
    with pytest.raises(FeedError, match="more than 3 events"):
        told(*("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=DAILY" for _ in range(5)))


def test_a_title_is_one_printable_line_whatever_it_holds() -> None:
    """A line of a CI log that begins with two colons is a command, and an escape colours a terminal."""
    start = "DTSTART;VALUE=DATE:20260606"
    assert told(f"SUMMARY:a\\n::error::b\n{start}", f"SUMMARY:c\x1b[31md\n{start}") == [
        "2026-06-06..2026-06-06 a ::error::b",
        "2026-06-06..2026-06-06 c [31md",
    ]


def test_recurrences_that_take_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_events, "MOST_SECONDS", -1)
    with pytest.raises(FeedError, match="take longer than"):
        told("DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=WEEKLY")
