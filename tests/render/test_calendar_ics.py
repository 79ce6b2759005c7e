"""The iCalendar text: two other parsers find every closed and careful run in it, and an event keeps its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby

import icalendar
import pytest
import vobject

from wedgate.calendars.book import Book
from wedgate.calendars.values import Span, Verdict
from wedgate.errors import ConfigurationError
from wedgate.render.calendar_ics import escaped, folded, render_calendar_ics
from wedgate.render.calendar_revisions import parse_published

REGIONS = {
    "berlin": {"berlin": "Europe/Berlin"},
    "asia": {"kolkata": "Asia/Kolkata", "sydney": "Australia/Sydney"},
    "new-york": {"new-york": "America/New_York"},
}
REASON = "weddings; parties, and Ümläute – daß die Zeile länger wird"
RULES = f"""
  saturday: {{where: all, weekdays: saturday, effect: block, reason: "{REASON}"}}
  season: {{where: [berlin, asia], months: [october], load: 4}}
  lost-hour: {{where: new-york, dates: 2026-11-01T00:00..2026-11-01T01:30, effect: caution}}
"""
NOW = datetime(2026, 9, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def book(book_of: Callable[..., Book]) -> Book:
    return book_of(REGIONS, RULES, "2026-09-20", "2026-11-10")


def runs_of(book: Book) -> dict[tuple[str, str], list[tuple[datetime, datetime]]]:
    """Return the runs of each region and verdict, from the intervals."""
    found: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for pages in book.regions:
        for verdict, run in groupby(pages.intervals, key=lambda each: each.verdict):
            intervals = list(run)
            if verdict is not Verdict.OPEN:
                found.setdefault((pages.name, verdict.value), []).append((intervals[0].start, intervals[-1].end))
    return found


def test_icalendar_finds_every_run_at_its_instants(book: Book) -> None:
    """Zones are the file's own: icalendar is made to read the VTIMEZONE instead of a database."""
    calendar = icalendar.Calendar.from_ical(render_calendar_ics(book))
    zones = {str(each["TZID"]): each.to_tz(lookup_tzid=False) for each in calendar.walk("VTIMEZONE")}
    assert set(zones) == {"Europe/Berlin", "America/New_York"}
    found: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for event in calendar.walk("VEVENT"):
        ends = []
        for key in ("DTSTART", "DTEND"):
            moment, name = event[key].dt, event[key].params.get("TZID")
            assert (name is None) == event[key].to_ical().endswith(b"Z")
            ends.append((moment if name is None else moment.replace(tzinfo=zones[name])).astimezone(UTC))
        region = str(event["SUMMARY"]).split(" ", 1)[0]
        found.setdefault((region, str(event["CATEGORIES"].cats[0])), []).append((ends[0], ends[1]))
        assert event["TRANSP"] == ("OPAQUE" if event["CATEGORIES"].cats[0] == "closed" else "TRANSPARENT")
    assert found == runs_of(book)


def test_vobject_finds_every_run_too(book: Book) -> None:
    """The second parser."""
    events = vobject.readOne(render_calendar_ics(book)).vevent_list
    found: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for event in events:
        start, end = event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC)
        found.setdefault((event.summary.value.split(" ")[0], event.categories.value[0]), []).append((start, end))
    assert found == runs_of(book)
    assert len({event.uid.value for event in events}) == len(events)


def test_a_local_time_that_comes_twice_is_written_in_utc(book: Book) -> None:
    """New York's caution of 1 November 2026 ends at the second 01:30, 06:30Z; iCalendar would read the first."""
    calendar = icalendar.Calendar.from_ical(render_calendar_ics(book))
    (event,) = [each for each in calendar.walk("VEVENT") if "lost-hour" in str(each["SUMMARY"])]
    assert event["DTEND"].to_ical() == b"20261101T063000Z"


def test_the_words_are_the_rules_and_the_local_times(book: Book) -> None:
    """With the reason, unescaped and unfolded again."""
    calendar = icalendar.Calendar.from_ical(render_calendar_ics(book))
    event = next(
        each
        for each in calendar.walk("VEVENT")
        if each["DTSTART"].dt.month == 10 and "berlin closed" in each["SUMMARY"]
    )
    assert event["SUMMARY"] == "berlin closed: saturday"
    assert str(event["DESCRIPTION"]).splitlines() == [
        "Sat 3 Oct 2026 00:00 Berlin (+02:00) to Sun 4 Oct 2026 00:00 Berlin (+02:00)",
        f"saturday: saturday ({REASON})",
        "season: every day, in october",
        "load: up to 4 times base traffic",
    ]
    assert (event["LOCATION"], event["COLOR"]) == ("Berlin", "crimson")


def test_lines_are_folded_and_ended_as_the_standard_says(book: Book) -> None:
    """At most 75 octets, CRLF, no character cut, text escaped; and a client is told when to look again."""
    text = render_calendar_ics(book)
    lines = text.encode().split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert [line.decode() for line in lines]
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\nX-PUBLISHED-TTL:PT6H\r\n" in text
    assert folded("x" * 76) == "x" * 75 + "\r\n x"
    assert folded("ü" * 38) == "ü" * 37 + "\r\n ü"
    assert escaped("a\\b;c,d\ne") == r"a\\b\;c\,d\ne"


def test_the_same_inputs_make_the_same_bytes(book: Book) -> None:
    """DTSTAMP is the year of the zone data, whenever it is exported."""
    assert render_calendar_ics(book) == render_calendar_ics(book, now=NOW)
    calendar = icalendar.Calendar.from_ical(render_calendar_ics(book))
    assert {each["DTSTAMP"].dt for each in calendar.walk("VEVENT")} == {
        datetime(int(book.versions.zone_data[:4]), 1, 1, tzinfo=UTC)
    }


def events_of(text: str) -> dict[str, tuple[datetime, int, datetime]]:
    """Return start, SEQUENCE and DTSTAMP by UID."""
    calendar = icalendar.Calendar.from_ical(text)
    return {
        str(each["UID"]): (each["DTSTART"].dt.astimezone(UTC), int(each["SEQUENCE"]), each["DTSTAMP"].dt)
        for each in calendar.walk("VEVENT")
    }


def test_an_event_keeps_its_name_in_every_export(book: Book, book_of: Callable[..., Book]) -> None:
    """Another span, and other rules on the same day: the same run begins at the same instant. Another region's, and
    another service's, is another event."""
    shown = Span(start=datetime(2026, 10, 10, 12, tzinfo=UTC), end=datetime(2026, 10, 10, 13, tzinfo=UTC))
    one_hour = events_of(render_calendar_ics(book, shown=shown))
    everything = events_of(render_calendar_ics(book))
    assert len(one_hour) == 3
    assert one_hour.items() <= everything.items()
    longer = book_of(
        REGIONS, RULES.replace("weekdays: saturday,", "weekdays: [saturday, sunday],"), "2026-09-20", "2026-11-10"
    )
    closed = {uid for uid, (start, *_) in everything.items() if start == datetime(2026, 10, 9, 22, tzinfo=UTC)}
    assert closed
    assert closed <= set(events_of(render_calendar_ics(longer)))


def test_a_run_that_began_before_everything_known_is_named_by_its_end(book_of: Callable[..., Book]) -> None:
    """So two exports, cut on two days, name it alike."""
    first, second = (
        book_of(
            {"berlin": {"berlin": "Europe/Berlin"}},
            "  freeze: {where: all, months: june, effect: block}",
            day,
            "2026-07-10",
        )
        for day in ("2026-06-10", "2026-06-11")
    )
    one, two = (list(events_of(render_calendar_ics(each))) for each in (first, second))
    assert one == two
    assert len(one) == 1


def test_a_sequence_grows_exactly_when_the_event_changes(book: Book, book_of: Callable[..., Book]) -> None:
    """The file published last is the state: nothing changed keeps every byte; a change of Saturdays raises theirs."""
    first = render_calendar_ics(book)
    assert render_calendar_ics(book, published=parse_published(first, "f"), now=NOW) == first
    changed_rules = RULES.replace("where: all, weekdays: saturday", "where: berlin, weekdays: saturday")
    changed_rules = changed_rules.replace("effect: block, reason", "time: '00:00..20:00', effect: block, reason")
    changed = render_calendar_ics(
        book_of(REGIONS, changed_rules, "2026-09-20", "2026-11-10"), published=parse_published(first, "f"), now=NOW
    )
    old, new = events_of(first), events_of(changed)
    for uid, (start, sequence, stamp) in new.items():
        same_text = text_of_event(first, uid) == text_of_event(changed, uid)
        assert (sequence, stamp) == ((0, old[uid][2]) if same_text else (1, NOW)), start
    assert {sequence for _, sequence, _ in new.values()} == {0, 1}
    # And back again: an event that was away for a revision does not begin at 0 anew.
    later = NOW + timedelta(days=1)
    back = events_of(render_calendar_ics(book, published=parse_published(changed, "f"), now=later))
    for uid in old.keys() - new.keys():
        assert back[uid][1:] == (2, later)
    assert all(back[uid][1] >= new[uid][1] for uid in back.keys() & new.keys())


def text_of_event(text: str, uid: str) -> str | None:
    """Return what an event says, without the lines that number it."""
    calendar = icalendar.Calendar.from_ical(text)
    for event in calendar.walk("VEVENT"):
        if event["UID"] == uid:
            keys = ("DTSTART", "DTEND", "SUMMARY", "DESCRIPTION")
            return "|".join(event[key].to_ical().decode() for key in keys)
    return None


@pytest.mark.parametrize(
    "text", ["<html>", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "BEGIN:VCALENDAR\r\nX-WEDGATE-REVISION:1"]
)
def test_a_file_of_somebody_else_is_not_taken_for_the_last_state(text: str) -> None:
    """A page, another program's calendar, half a file."""
    with pytest.raises(ConfigurationError, match=r"cal\.ics: is there already, and is no calendar that wedgate wrote"):
        parse_published(text, "cal.ics")


def test_a_calendar_without_events_is_one_still(book_of: Callable[..., Book]) -> None:
    """RFC 5545 asks for at least one component; nothing closes here."""
    text = render_calendar_ics(book_of({"berlin": {"berlin": "Europe/Berlin"}}, "  {}", "2026-06-01", "2026-06-02"))
    calendar = icalendar.Calendar.from_ical(text)
    assert [each.name for each in calendar.subcomponents] == ["VTIMEZONE"]
