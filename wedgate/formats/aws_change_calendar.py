"""AWS Systems Manager Change Calendar: an iCalendar text, open by default, with an event for each closing.

Written as the events of a ``DEFAULT_OPEN`` calendar (the pages "AWS Systems Manager Change Calendar" and
"AWS::SSM::Document"), in UTC and without recurrence, since Change Calendar refuses series that have exceptions. Events
have dates and seconds, so nothing is lost; after its span the calendar is open. A document may have 64 KB ("Systems
Manager endpoints and quotas"), about 400 closings. iCalendar itself is RFC 5545.
"""

from __future__ import annotations

from datetime import datetime

from wedgate.calendars.book import Book
from wedgate.calendars.values import Span
from wedgate.formats.closings import closings_of, only_region
from wedgate.formats.heading import SAYS_NOTHING, heading_lines
from wedgate.formats.loss import LossError

HELP = "AWS Change Calendar: an iCalendar document, open by default, closed in its events; one region"

_NAME = "aws-change-calendar"
_MOST_BYTES = 64 * 1024


def write(book: Book) -> str:
    """Write the closings of the only region as the content of a document of type ``ChangeCalendar``."""
    pages = only_region(_NAME, book)
    stamp = _stamp(book.span.start)  # no clock here: the same calendar gives the same text
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//AWS//Change Calendar 1.0//EN",
        "VERSION:2.0",
        "X-CALENDAR-TYPE:DEFAULT_OPEN",
        f"X-WR-CALDESC:{_text(' '.join(heading_lines(_NAME, book, SAYS_NOTHING)))}",
    ]
    closings = closings_of(pages)
    parts = [_event(pages.name, each, stamp) for each in closings]
    if not closings:  # a calendar must have a part; AWS puts this one into an empty calendar
        parts = [_lines("BEGIN:VTODO", f"DTSTAMP:{stamp}", f"UID:{pages.name}@wedgate", "SUMMARY:None", "END:VTODO")]
    head, foot = _lines(*lines), _lines("END:VCALENDAR")
    size = len((head + foot).encode())
    for place, part in enumerate(parts):
        size += len(part.encode())
        if size > _MOST_BYTES:
            raise LossError(
                _NAME,
                f"{len(closings)} closings in a document of 64 KB",
                region=pages.name,
                at=closings[place].start,
                remedy="export a span that ends there or before, and a second calendar from there on",
            )
    return head + "".join(parts) + foot


def _event(region: str, closing: Span, stamp: str) -> str:
    return _lines(
        "BEGIN:VEVENT",
        f"DTSTAMP:{stamp}",
        f"DTSTART:{_stamp(closing.start)}",
        f"DTEND:{_stamp(closing.end)}",
        f"UID:{region}-{_stamp(closing.start)}@wedgate",
        f"SUMMARY:{_text(f'{region} closed')}",
        "END:VEVENT",
    )


def _lines(*lines: str) -> str:
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """Escape text (RFC 5545 section 3.3.11)."""
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return words.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Fold a line at 75 octets, between characters (RFC 5545 section 3.1)."""
    parts, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            parts.append(" ")
            size = 1
        parts[-1] += character
        size += octets
    return "\r\n".join(parts)
