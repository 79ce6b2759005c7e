"""Recurrences in local time: dates worked out by hand, or by a second implementation, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest
import recurring_ical_events

from wedgate.almanac.recurrences import recurrence_table
from wedgate.calendars.facts import RecurrenceKey
from wedgate.calendars.kinds.rrule import Recurrence
from wedgate.calendars.recurrence import Lasting, LocalStart, RecurrenceRule
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Span
from wedgate.config.load import parse_configuration
from wedgate.config.warnings import warnings_of


def span(first: str, last: str) -> Span:
    return Span(
        start=datetime.combine(date.fromisoformat(first), time(0), UTC),
        end=datetime.combine(date.fromisoformat(last), time(0), UTC),
    )


def timeline(rule: str, first: str, last: str, zone: str = "Europe/Berlin") -> Timeline:
    from wedgate.almanac.gather import gather_facts
    from wedgate.calendars.facts import needs_of

    regions = f"{{r: {{markets: {{m: {{zone: {zone}, country: DE}}}}}}}}"
    text = f"version: 1\nservice: x\nregions: {regions}\nrules: {{a: {{where: all, {rule}}}}}"
    calendar = parse_configuration(text.encode(), name="f").calendar
    asked = span(first, last)
    return compile_timeline(calendar, gather_facts(needs_of(calendar), asked), asked)


def closed(rule: str, first: str, last: str, zone: str = "Europe/Berlin") -> list[tuple[str, str]]:
    runs = timeline(rule, first, last, zone).closed_runs("r")
    return [(f"{run.start:%Y-%m-%dT%H:%M}", f"{run.end:%Y-%m-%dT%H:%M}") for run in runs]


def test_third_saturdays_are_whole_local_days() -> None:
    """Third Saturdays of 2026: 17 January, 21 February, 21 March; Berlin is at UTC+1 then."""
    rule = 'rrule: "FREQ=MONTHLY;BYDAY=3SA", from: 2026-01-01, effect: block'
    assert closed(rule, "2026-01-01", "2026-04-01") == [
        ("2026-01-16T23:00", "2026-01-17T23:00"),
        ("2026-02-20T23:00", "2026-02-21T23:00"),
        ("2026-03-20T23:00", "2026-03-21T23:00"),
    ]


def test_hours_and_minutes_of_a_length_add_up() -> None:
    """An hour and a half from nine is half past ten."""
    rule = 'rrule: "FREQ=YEARLY", from: 2026-01-05T09:00, lasts: 1h30m, effect: block'
    assert closed(rule, "2026-01-01", "2026-02-01") == [("2026-01-05T08:00", "2026-01-05T09:30")]


def test_a_start_in_a_gap_begins_with_the_gap_and_ends_in_wall_time() -> None:
    """On 29 March 2026 Berlin has no 02:30: the block begins at 01:00 UTC, with the gap, and ends at 04:30 CEST."""
    rule = 'rrule: "FREQ=YEARLY", from: 2026-03-29T02:30, lasts: 2h, effect: block'
    assert closed(rule, "2026-03-01", "2026-05-01") == [("2026-03-29T01:00", "2026-03-29T02:30")]


def test_exceptions_counts_and_an_until_that_is_a_day() -> None:
    """Four Fridays from 2 January 2026, less the 16th; UNTIL names a day, and that day counts whole."""
    days = [("2026-01-02T21:00", "2026-01-03T01:00"), ("2026-01-09T21:00", "2026-01-10T01:00"),
            ("2026-01-23T21:00", "2026-01-24T01:00")]  # fmt: skip
    for ending in ("COUNT=4", "UNTIL=20260123"):
        rule = f'rrule: "FREQ=WEEKLY;BYDAY=FR;{ending}", from: 2026-01-02T22:00, lasts: 4h, except: 2026-01-16'
        assert closed(f"{rule}, effect: block", "2026-01-01", "2026-03-01") == days


def test_an_occurrence_that_began_before_the_span_still_closes_in_it() -> None:
    rule = 'rrule: "FREQ=YEARLY", from: 2026-01-01, lasts: 60d, effect: block'
    assert closed(rule, "2027-02-20", "2027-03-20") == [("2027-02-20T00:00", "2027-03-01T23:00")]


def test_dates_in_2100_are_answered() -> None:
    """1 January 2098 is a Wednesday, so the first Saturday is the 4th: a recurrence has no horizon."""
    rule = 'rrule: "FREQ=MONTHLY;BYDAY=1SA", from: 2026-01-01, effect: block'
    assert closed(rule, "2098-01-01", "2098-01-31") == [("2098-01-03T23:00", "2098-01-04T23:00")]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=DAILY;INTERVAL=5;BYMONTH=6,7",
        "FREQ=YEARLY;BYYEARDAY=1,100,-1",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=DAILY;COUNT=40",
    ],
)
def test_another_implementation_finds_the_same_dates(rule: str) -> None:
    """recurring-ical-events expands an all-day event with the same RRULE. An event also has its first date."""
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\n"
        f"RRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(date(2026, 1, 2), date(2030, 1, 1))
    expected = sorted({event["DTSTART"].dt for event in found} - {date(2026, 1, 1)})
    table = recurrence_table(
        RecurrenceKey(rule=rule, start=datetime.combine(date(2026, 1, 1), time(0))), span("2026-01-01", "2030-01-01")
    )
    assert [run.first for run in table.days if date(2026, 1, 1) < run.first < date(2030, 1, 1)] == expected
    assert expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FREQ=DAILY;COUNT=0", "COUNT=0 is not a whole number from 1"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 is not a whole number from 1"),
        ("FREQ=SECONDLY", "use FREQ=DAILY with time:"),
        ("FREQ=MINUTELY", "use FREQ=DAILY with time:"),
        ("FREQ=HOURLY", "use FREQ=DAILY with time:"),
        ("FREQ=FORTNIGHTLY", "there is no FREQ=FORTNIGHTLY"),
        ("FREQ=WEEKLY;BYDAI=SA", 'did you mean "BYDAY"?'),
        ("FREQ=WEEKLY;BYDAY=3SA", "counts weekdays, which FREQ=WEEKLY has not"),
        ("FREQ=MONTHLY;BYDAY=6SA", "no month has 6 of one weekday"),
        ("FREQ=MONTHLY;BYDAY=SAT", '"SAT" is not a weekday'),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "write 1 to 31, or -1 to -31"),
        ("FREQ=YEARLY;BYMONTH=13", "write 1 to 12"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "write it without the Z"),
        ("FREQ=DAILY;UNTIL=20270231", "is not a day"),
        ("FREQ=DAILY;UNTIL=20270101;COUNT=3", "keep one of them"),
        ("FREQ=DAILY;BYHOUR=9", "the time of day is that of from:"),
        ("DTSTART:20260101\nRRULE:FREQ=DAILY", "write its first date in from:"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is given twice"),
        ("BYDAY=SA", "has no FREQ"),
        ("weekly", "is not a part of a recurrence"),
        ("FREQ=WEEKLY;BYDAY=SA;BYSETPOS=2", "picks from at most 1 of each week"),
        ("FREQ=DAILY;BYSETPOS=1", "there are none"),
        (7, "expected a recurrence, got 7"),
    ],
)
def test_a_bad_recurrence_says_what_is_wrong(text: object, words: str) -> None:
    with pytest.raises(SpellingError) as raised:
        RecurrenceRule.parse(text)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("start", "lasts", "words"),
    [
        (None, None, "has no from"),
        ("2026-01-01T22:00", None, "add lasts"),
        ("2026-01-01", "4h", "from has no time to start at"),
    ],
)
def test_keys_that_do_not_go_together(start: str | None, lasts: str | None, words: str) -> None:
    with pytest.raises(SpellingError, match=words):
        Recurrence(
            rrule=RecurrenceRule.parse("FREQ=DAILY"),
            from_=None if start is None else LocalStart.parse(start),
            lasts=None if lasts is None else Lasting.parse(lasts),
        )


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=-31",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    ],
)
def test_what_never_occurs_is_a_warning_and_ends(rule: str) -> None:
    """1 January 2026 is a Thursday, and every seventh day from it is one."""
    text = f"""version: 1
service: x
regions: {{r: {{markets: {{m: {{zone: Europe/Berlin, country: DE}}}}}}}}
rules: {{a: {{where: all, rrule: "{rule}", from: 2026-01-01, effect: block}}}}
"""
    found = warnings_of(parse_configuration(text.encode(), name="f"), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert "this rule never matches" in str(found[0])


def test_a_recurrence_that_is_over_says_so() -> None:
    kind = Recurrence(rrule=RecurrenceRule.parse("FREQ=DAILY;UNTIL=20260131"), from_=LocalStart.parse("2026-01-01"))
    assert kind.since(date(2026, 1, 31)) is kind
    assert kind.since(date(2026, 1, 31) + timedelta(days=1)) is None
