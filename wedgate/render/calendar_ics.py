"""A calendar as iCalendar text (RFC 5545, with the properties of RFC 7986) that a client can subscribe to.

There is one event for each run of closed time of a region, and a transparent one for each run of caution. Their times
are exact: an all-day event would be another stretch of time for everybody who reads it in another zone, so there is
none. A region whose markets share one zone has local times in it, any other has UTC.

**UID**: derived from the service, the region and the instant at which the run begins, so that an export for another
span, or of another day, names the same event. A run that began before everything that was laid out is named by its end.

**SEQUENCE** can only be told from what was published before. Without that it is 0. With the file published last, an
event that is as it was keeps its number; one that is new or changed gets the number of this revision of the file, one
more than any before. So it never falls, also for an event that was away for a while.

**DTSTAMP** and **LAST-MODIFIED** are the instant of that revision. A first export takes the beginning of the year of
its zone data instead: the same inputs make the same bytes, and nothing is dated in the future.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from wedgate.almanac.zones import zone
from wedgate.calendars.book import Book, RegionPages
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.values import Interval, Span, Verdict
from wedgate.render.calendar_marks import closing_rules
from wedgate.render.calendar_revisions import Published, Revision
from wedgate.render.decision_words import clean
from wedgate.render.local import city_of, day_words, offset_words
from wedgate.render.vtimezone import vtimezone_lines

REFRESH = "PT6H"
"""How often a client is asked to look again. Data and configuration change on days, not in minutes."""

_MOST_OCTETS = 75
_COLOURS = {Verdict.CLOSED: "crimson", Verdict.CAUTION: "gold"}
_TRANSPARENCY = {Verdict.CLOSED: "OPAQUE", Verdict.CAUTION: "TRANSPARENT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One run of a region, its content lines (but for UID and revision), and the zone in which they tell the time."""

    uid: str
    span: Span
    lines: tuple[str, ...]
    zone: str | None

    @property
    def digest(self) -> str:
        """What tells whether the event is as it was."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:16]


def render_calendar_ics(
    book: Book, *, shown: Span | None = None, published: Published | None = None, now: datetime | None = None
) -> str:
    """Return the calendar as iCalendar text, its lines ended by CRLF.

    ``shown`` is the span whose events are wanted, of a book that reaches further so that no run is cut. ``published``
    is what was published last, and ``now`` the instant of a new revision of it.
    """
    events = [event for pages in book.regions for event in _events(book, pages, shown or book.span)]
    revisions, number = _revise(events, published, _data_date(book) if published is None or now is None else now)
    zones = sorted({event.zone for event in events if event.zone is not None})
    if not events:  # an iCalendar object holds something, also when nothing is closed
        zones = [book.regions[0].markets[0].market.zone]
    title = clean(book.title)
    versions = book.versions
    about = (
        f"When {title} must not be deployed, by region. Zones {versions.zone_data}, holidays {versions.holidays}, "
        f"configuration {versions.config_digest}."
    )
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//wedgate//wedgate {clean(versions.wedgate)}//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{escaped(f'{title}: closed and careful times')}",
        f"X-WR-CALNAME:{escaped(f'{title}: closed and careful times')}",
        f"DESCRIPTION:{escaped(about)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
        f"X-WEDGATE-REVISION:{number}",
        *(line for name in zones for line in vtimezone_lines(name, _reach(events) if events else book.span)),
    ]
    for event in events:
        revision = revisions[event.uid]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{event.uid}",
            f"SEQUENCE:{revision.sequence}",
            f"DTSTAMP:{_utc(revision.stamp)}",
            f"LAST-MODIFIED:{_utc(revision.stamp)}",
            *event.lines,
            f"X-WEDGATE-DIGEST:{event.digest}",
            "END:VEVENT",
        ]
    return "".join(f"{folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _events(book: Book, pages: RegionPages, shown: Span) -> list[Event]:
    found = []
    for verdict, run in groupby(pages.intervals, key=lambda each: each.verdict):
        intervals = list(run)
        if verdict is Verdict.OPEN or intervals[-1].end <= shown.start or intervals[0].start >= shown.end:
            continue
        found.append(_event(book, pages, verdict, intervals))
    return found


def _event(book: Book, pages: RegionPages, verdict: Verdict, intervals: Sequence[Interval]) -> Event:
    span = Span(start=intervals[0].start, end=intervals[-1].end)
    zones = tuple(dict.fromkeys(market.market.zone for market in pages.markets))
    rules = tuple(dict.fromkeys(rule for each in intervals for rule in each.rules))
    name = zones[0] if len(zones) == 1 and zones[0] != "UTC" and _is_plain(span, zones[0]) else None
    if name is None:
        times = (f"DTSTART:{_utc(span.start)}", f"DTEND:{_utc(span.end)}")
    else:
        times = (f"DTSTART;TZID={name}:{_local(span.start, name)}", f"DTEND;TZID={name}:{_local(span.end, name)}")
    deciding = closing_rules(book, intervals) if verdict is Verdict.CLOSED else rules
    summary = f"{pages.name} {verdict.value}: {', '.join(deciding)}"
    return Event(
        uid=_uid(book, pages, span),
        span=span,
        zone=name,
        lines=(
            *times,
            f"SUMMARY:{escaped(summary)}",
            f"DESCRIPTION:{escaped(_description(book, span, zones, rules, intervals))}",
            f"LOCATION:{escaped(', '.join(city_of(each) for each in zones))}",
            f"CATEGORIES:{verdict.value}",
            f"COLOR:{_COLOURS[verdict]}",
            f"TRANSP:{_TRANSPARENCY[verdict]}",
        ),
    )


def _uid(book: Book, pages: RegionPages, span: Span) -> str:
    """Name a run for good: by its beginning, or where that is not known by its end."""
    if span.start > book.span.start:
        when = f"from {_utc(span.start)}"
    else:
        when = f"until {_utc(span.end)}" if span.end < book.span.end else "always"
    named = "\n".join((book.title, pages.name, when))
    return f"{hashlib.sha256(named.encode()).hexdigest()[:32]}@wedgate"


def _description(
    book: Book, span: Span, zones: Sequence[str], rules: Sequence[str], intervals: Sequence[Interval]
) -> str:
    lines = [f"{_moment(span.start, name)} to {_moment(span.end, name)}" for name in zones]
    for rule_id in rules:
        rule = book.rule(rule_id)
        reason = f" ({rule.reason})" if rule.reason else ""
        lines.append(clean(f"{rule_id}: {rule_words(rule)}{reason}"))
    loads = max(each.load for each in intervals)
    return "\n".join([*lines, *([f"load: up to {loads.normalize():f} times base traffic"] if loads != 1 else [])])


def _moment(instant: datetime, name: str) -> str:
    local = instant.astimezone(zone(name))
    offset = local.utcoffset()
    assert offset is not None
    return f"{day_words(local)} {local:%Y %H:%M} {city_of(name)} ({offset_words(offset)})"


def _is_plain(span: Span, name: str) -> bool:
    """Whether both ends have local times that mean nothing else: iCalendar reads a repeated hour as its first."""
    return all(instant.astimezone(zone(name)).fold == 0 for instant in (span.start, span.end))


def _revise(events: Sequence[Event], published: Published | None, stamp: datetime) -> tuple[dict[str, Revision], int]:
    """Return the revision of each event, and the number of this revision of the file."""
    if published is None:
        return {event.uid: Revision(sequence=0, stamp=stamp, digest=event.digest) for event in events}, 0
    old = published.revisions
    same = {event.uid for event in events if event.uid in old and old[event.uid].digest == event.digest}
    is_same = len(same) == len(events) == len(old)
    number = published.number if is_same else published.number + 1
    return {
        event.uid: old[event.uid] if event.uid in same else Revision(sequence=number, stamp=stamp, digest=event.digest)
        for event in events
    }, number


def _data_date(book: Book) -> datetime:
    """Return the beginning of the year in which the zone data were published (``2026f``)."""
    found = re.match(r"(19|20)\d\d", book.versions.zone_data)
    return datetime(int(found[0]) if found else 1970, 1, 1, tzinfo=UTC)


def _reach(events: Sequence[Event]) -> Span:
    return Span(start=min(event.span.start for event in events), end=max(event.span.end for event in events))


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _local(instant: datetime, name: str) -> str:
    return f"{instant.astimezone(zone(name)):%Y%m%dT%H%M%S}"


def escaped(text: str) -> str:
    """Escape a value of type TEXT (RFC 5545 section 3.3.11)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """Fold a content line so that none is longer than 75 octets, and no character is cut (section 3.1)."""
    pieces: list[str] = []
    piece, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            pieces.append(piece)
            piece, octets = "", 1  # the space that a continued line begins with
        piece += character
        octets += size
    return "\r\n ".join([*pieces, piece])
