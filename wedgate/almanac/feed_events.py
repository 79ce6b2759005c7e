"""The events of an iCalendar text as local dates, wall times and instants over a span.

Parsed by ``icalendar`` and expanded by ``recurring-ical-events`` (EXDATE, RDATE, RECURRENCE-ID), and all or nothing:
an event that cannot be placed puts the whole feed in trouble, because without it a day would be open that is not.

- An all-day event floats: it is that date in each market. A time without a zone floats too.
- A time with a TZID is an instant, by the pinned zones alone. What a VTIMEZONE in it says is not used; a TZID that
  the pinned database does not know is trouble. Names of Windows are those of the Unicode CLDR, as ``icalendar`` has
  them.
- A cancelled event, or a cancelled occurrence of one, does not take place. TRANSP does not matter: a fair is on,
  whether or not somebody is busy. An event with a time and no length has no time in which it could matter.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from time import monotonic
from typing import Any

from wedgate.almanac.feed_plain import PlainEvent, take_plain
from wedgate.almanac.zones import zone_of_feed
from wedgate.calendars.local_time import LocalTime, instant_of, seconds_of, wall_of
from wedgate.calendars.matches import DayRun, InstantRun, WallRun
from wedgate.calendars.recurrence import RecurrenceRule
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.values import Span

MARGIN = timedelta(days=130)
"""Occurrences this long before and after the span are given too: more than any pad and bridge reach."""
MOST_OCCURRENCES = 200_000
MOST_REPEATING = 5_000
MOST_SECONDS = 60
_WRITTEN = re.compile(r"^BEGIN[^:\n]*:\s*VEVENT\s*$", re.MULTILINE | re.IGNORECASE)
_ONE_PER_RULE = ("UNTIL", "BYHOUR", "BYMINUTE")
_LOCK = threading.RLock()
_DATES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")


class FeedError(Exception):
    """A feed that cannot be used: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrences:
    """What happens in a stretch of time; ``note`` of each is the event's title."""

    days: tuple[DayRun, ...] = ()
    walls: tuple[WallRun, ...] = ()
    instants: tuple[InstantRun, ...] = ()


def occurrences_of(content: bytes, span: Span) -> Occurrences:
    """Return what touches the span or ``MARGIN`` around it; ``FeedError`` for a text that cannot be trusted whole."""
    with _pinned_zones():
        try:
            return _sorted(_events(_parsed(content), span))
        except FeedError:
            raise
        except Exception as error:
            # Two libraries over a text from anywhere: whatever they stumble on, the feed cannot be told.
            raise FeedError(f"its events cannot be told ({type(error).__name__}: {str(error)[:120]})") from error


def check_text(content: bytes) -> None:
    """Refuse what is no whole iCalendar text; ``FeedError`` with words."""
    start = content[:2000].removeprefix(b"\xef\xbb\xbf").lstrip().upper()
    if start.startswith((b"<!DOCTYPE HTML", b"<HTML", b"<?XML", b"<HEAD")):
        raise FeedError("it is a web page, not a calendar; use the address that a calendar program subscribes to")
    if not start.startswith(b"BEGIN:VCALENDAR"):
        raise FeedError("it is not an iCalendar text (it does not begin with BEGIN:VCALENDAR)")
    if not content.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise FeedError("it is cut off (it does not end with END:VCALENDAR); fetch it again")


def one_line(text: str) -> str:
    """Return what others wrote as one printable line: it goes to terminals and logs, where lines may be commands."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:200]


@lru_cache(maxsize=4)
def _parsed(content: bytes) -> tuple[Any, list[PlainEvent]]:
    """Return the parsed calendar with every event checked, and the plain ones apart; the pinned zones are in place."""
    import icalendar

    check_text(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FeedError("it is not UTF-8; iCalendar texts are (RFC 5545, section 3.1.4)") from None
    plain, rest, left = take_plain(text)
    if left > MOST_REPEATING:
        raise FeedError(f"it has more than {MOST_REPEATING:,} events that repeat or change another")
    calendar = icalendar.Calendar.from_ical(rest)
    events = calendar.walk("VEVENT")
    if len(events) != len(_WRITTEN.findall(rest)):
        # Such as one with a space after its BEGIN:VEVENT, which the library takes for a part of another kind.
        raise FeedError("it has an event whose BEGIN:VEVENT line cannot be read; write it without spaces")
    for event in events:
        _check(event)
    return calendar, plain


def _check(event: Any) -> None:
    name = str(event.get("SUMMARY") or event.get("UID") or "an event")[:60]
    if event.errors:
        raise FeedError(f'the event "{name}" has a {event.errors[0][0]} that cannot be read')
    if "DTSTART" not in event:
        raise FeedError(f'the event "{name}" has no DTSTART')
    for key in _DATES:
        found = event.get(key)
        for value in found if isinstance(found, list) else [] if found is None else [found]:
            zone = value.params.get("TZID")
            if zone is not None and any(_is_naive(each) for each in _moments(value)):
                raise FeedError(
                    f'the event "{name}" is in the time zone "{str(zone)[:60]}", which is none of the pinned database'
                )
    if "DTEND" in event and _is_before(event["DTEND"].dt, event["DTSTART"].dt):
        raise FeedError(f'the event "{name}" ends before it starts')
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [] if rules is None else [rules]:
        _check_rule(rule.to_ical().decode(), name, event["DTSTART"].dt)


def _is_before(end: date, start: date) -> bool:
    if isinstance(end, datetime) and isinstance(start, datetime):
        return (end.tzinfo is None) == (start.tzinfo is None) and end < start
    return not isinstance(end, datetime) and not isinstance(start, datetime) and end < start


def _moments(value: Any) -> list[Any]:
    dates = [each.dt for each in value.dts] if hasattr(value, "dts") else [value.dt]
    return [part for each in dates for part in (each if isinstance(each, tuple) else (each,))]


def _is_naive(moment: object) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is None


def _check_rule(text: str, name: str, start: date) -> None:
    """Refuse what would be looked for without an end, and what the standard does not allow."""
    left = ";".join(part for part in text.split(";") if part.partition("=")[0].upper() not in _ONE_PER_RULE)
    try:
        rule = RecurrenceRule.parse(left)
    except SpellingError as error:
        raise FeedError(f'the event "{name}" repeats by {text[:80]}: {error.what}') from None
    if rule.never_occurs(start.date() if isinstance(start, datetime) else start, None):
        raise FeedError(f'the event "{name}" repeats by {text[:80]}, which never occurs')


def _events(parsed: tuple[Any, list[PlainEvent]], span: Span) -> Iterator[DayRun | WallRun | InstantRun]:
    import recurring_ical_events  # type: ignore[import-untyped]

    calendar, plain = parsed
    first, last = span.start - MARGIN, span.end + MARGIN
    for each in plain:
        run = _run_of(each.start, each.start if each.end is None else each.end, one_line(each.title))
        if run is not None and _is_near(run, first, last):
            yield run
    # The library adds every length to the clock; one in hours is exact time (RFC 5545, section 3.8.2.5).
    exact = {str(event.get("UID")) for event in calendar.walk("VEVENT") if "DURATION" in event}
    count, began = 0, monotonic()
    for series in recurring_ical_events.of(calendar).series:
        if monotonic() - began > MOST_SECONDS:
            raise FeedError(f"its recurrences take longer than {MOST_SECONDS} seconds to work out")
        for occurrence in series.between(first, last):
            count += 1
            if count > MOST_OCCURRENCES:
                raise FeedError(f"it has more than {MOST_OCCURRENCES:,} occurrences from {first:%Y} to {last:%Y}")
            event = occurrence.as_component(keep_recurrence_attributes=False)
            if str(event.get("STATUS", "")).upper() == "CANCELLED":
                continue
            is_exact = str(event.get("UID")) in exact
            run = _run_of(event["DTSTART"].dt, occurrence.end, one_line(str(event.get("SUMMARY", ""))), exact=is_exact)
            if run is not None:
                yield run


def _run_of(start: date, end: date, note: str, *, exact: bool = False) -> DayRun | WallRun | InstantRun | None:
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if not isinstance(end, datetime) else end.date()
        return DayRun(start, max(start, last), note)
    if not isinstance(end, datetime):
        end = datetime.combine(end, time(0), start.tzinfo)
    if start.tzinfo is None:
        return WallRun(start, end.replace(tzinfo=None), note) if start < end.replace(tzinfo=None) else None
    starts, ends = _readings(start), _readings(end)
    lasts = end.replace(tzinfo=None) - start.replace(tzinfo=None)
    if exact and lasts % timedelta(days=1):
        after = (each + lasts for each in starts)
        ends = min(ends[0], min(after)), max(ends[1], starts[0] + lasts)
    if starts[0] >= ends[1]:
        return None
    certain = (starts[1], ends[0])
    return InstantRun(starts[0], ends[1], note, None if certain == (starts[0], ends[1]) else certain)


def _readings(moment: datetime) -> tuple[datetime, datetime]:
    """Return the earlier and the later instant that a wall time in a zone may mean; equal nearly always."""
    first, second = (moment.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second or moment.tzinfo is None:
        return first, second
    # In a gap: its first instant, or the time moved on by the gap (RFC 5545, section 3.3.5).
    near = seconds_of(first)
    early, late = LocalTime(moment.tzinfo, near, near).wall(wall_of(moment.replace(tzinfo=None, fold=0)))
    return instant_of(early), instant_of(late)


def _is_near(run: DayRun | WallRun | InstantRun, first: datetime, last: datetime) -> bool:
    if isinstance(run, DayRun):
        return run.first <= last.date() and run.last >= first.date()
    start, end = run.start.replace(tzinfo=UTC), run.end.replace(tzinfo=UTC)
    return start < last and end > first


def _sorted(runs: Iterator[DayRun | WallRun | InstantRun]) -> Occurrences:
    days: list[DayRun] = []
    walls: list[WallRun] = []
    instants: list[InstantRun] = []
    for run in dict.fromkeys(runs):
        match run:
            case DayRun():
                days.append(run)
            case WallRun():
                walls.append(run)
            case InstantRun():
                instants.append(run)
    return Occurrences(
        days=tuple(sorted(days, key=lambda run: (run.first, run.last, run.note))),
        walls=tuple(sorted(walls, key=lambda run: (run.start, run.end, run.note))),
        instants=tuple(sorted(instants, key=lambda run: (run.start, run.end, run.note))),
    )


@contextmanager
def _pinned_zones() -> Iterator[None]:
    """Let ``icalendar`` take its zones from the pinned database alone, and give it back its own afterwards."""
    from icalendar.timezone import tzp
    from icalendar.timezone.zoneinfo import ZONEINFO

    class Pinned(ZONEINFO):
        @property
        def utc(self) -> Any:
            return zone_of_feed("UTC")

        def timezone(self, name: str) -> tzinfo | None:
            return zone_of_feed(name)

        def knows_timezone_id(self, tzid: str) -> bool:
            # So that no VTIMEZONE of a feed is ever taken for a zone.
            return True

    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tzp.use(Pinned())
        try:
            yield
        finally:
            tzp.use_default()
