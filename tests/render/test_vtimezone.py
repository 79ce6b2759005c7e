"""A VTIMEZONE agrees with the pinned database at every instant of its stretch, in the eyes of two other parsers."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import icalendar
import pytest
import pytz
from dateutil.tz import tzical

from wedgate.almanac.zones import common_zones, zone
from wedgate.calendars.values import Span
from wedgate.render.vtimezone import clock_changes, offset_text, vtimezone_lines

STRETCH = Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2029, 1, 1, tzinfo=UTC))
# Half hours, other halves of the year, an hour that goes back for a month (with the moon), no change at all.
ODD = [
    "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Santiago", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Africa/Casablanca", "Africa/Cairo", "Asia/Gaza", "Asia/Singapore", "Pacific/Apia",
]  # fmt: skip


def text_of(name: str, span: Span = STRETCH) -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *vtimezone_lines(name, span), "END:VCALENDAR", ""]
    )


def by_dateutil(name: str, span: Span = STRETCH) -> tzinfo:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of dateutil's own calls
        found = tzical(io.StringIO(text_of(name, span))).get(name)
    assert found is not None
    return found


def by_icalendar(name: str, span: Span = STRETCH) -> tzinfo:
    calendar = icalendar.Calendar.from_ical(text_of(name, span))
    (component,) = calendar.walk("VTIMEZONE")
    return component.to_tz(lookup_tzid=False)


def instants(name: str, span: Span) -> Iterator[datetime]:
    """Yield instants at random, and those around each clock change that pytz knows."""
    rng = random.Random(name)  # noqa: S311 - the same instants in every run
    for _ in range(200):
        yield span.start + timedelta(seconds=rng.randrange(int(span.duration.total_seconds())))
    for change in pytz_changes(name, span):
        for seconds in (-7200, -1, 0, 1, 7200):
            yield change + timedelta(seconds=seconds)


def pytz_changes(name: str, span: Span) -> list[datetime]:
    """Return the instants in a span at which anything changes, from the table that pytz itself reads."""
    found = pytz.timezone(name)
    times = [each.replace(tzinfo=UTC) for each in getattr(found, "_utc_transition_times", [])]
    infos = getattr(found, "_transition_info", [])
    return [
        at
        for before, info, at in zip(infos, infos[1:], times[1:], strict=False)
        if span.start < at <= span.end and (before[0], before[2]) != (info[0], info[2])
    ]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("parse", [by_dateutil, by_icalendar])
def test_another_parser_reads_the_same_local_times(name: str, parse: object) -> None:
    """Wall times to instants, as a client reads DTSTART;TZID: all that occur once, and the first of two."""
    read = parse(name)  # type: ignore[operator]
    checked = 0
    for instant in instants(name, STRETCH):
        wall = instant.astimezone(zone(name))
        if wall.fold:
            continue  # iCalendar cannot spell it; wedgate writes UTC then
        offset = wall.replace(tzinfo=read).utcoffset()
        assert offset == wall.utcoffset(), (name, instant)
        checked += 1
    assert checked > 190


def test_every_zone_changes_when_pytz_says_so() -> None:
    """Every sixth zone and the odd ones over ten years: instants, offsets and names are those of pytz."""
    span = Span(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2030, 1, 1, tzinfo=UTC))
    for name in (*common_zones()[::6], *ODD):
        changes = clock_changes(zone(name), span.start, span.end)
        assert [change.at for change in changes] == pytz_changes(name, span), name
        for change in changes:
            there = change.at.astimezone(pytz.timezone(name))
            assert (change.after, change.name) == (there.utcoffset(), there.tzname()), name
            before = (change.at - timedelta(seconds=1)).astimezone(pytz.timezone(name))
            assert change.before == before.utcoffset(), name


def test_berlins_observances_by_hand() -> None:
    """Summer from the last Sunday of March at 02:00 (+01:00), winter from the last Sunday of October at 03:00."""
    lines = vtimezone_lines("Europe/Berlin", Span(start=STRETCH.start, end=datetime(2027, 1, 1, tzinfo=UTC)))
    assert lines[:2] == ["BEGIN:VTIMEZONE", "TZID:Europe/Berlin"]
    summer = lines.index("BEGIN:DAYLIGHT")
    assert lines[summer : summer + 7] == [
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "RDATE:20260329T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
    ]
    assert "DTSTART:20251026T030000" in lines
    assert "RDATE:20261025T030000" in lines


def test_an_offset_is_spelled_as_in_icalendar() -> None:
    """Liberia was at -00:44:30 until 1972."""
    assert offset_text(timedelta(hours=5, minutes=30)) == "+0530"
    assert offset_text(-timedelta(minutes=44, seconds=30)) == "-004430"
    assert offset_text(timedelta(0)) == "+0000"
    year = Span(start=datetime(1971, 6, 1, tzinfo=UTC), end=datetime(1972, 6, 1, tzinfo=UTC))
    lines = vtimezone_lines("Africa/Monrovia", year)
    assert "TZOFFSETFROM:-004430" in lines
