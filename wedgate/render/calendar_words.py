"""What a cell of a calendar page says in words: each stretch of one local date, here and in UTC, why and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from wedgate.calendars.book import Book
from wedgate.calendars.values import Interval, Span
from wedgate.render.calendar_days import LocalDay, Piece
from wedgate.render.local import city_of, day_words, offset_words


def day_text(day: LocalDay, zone_name: str) -> str:
    """Return a headline, a line for each stretch of the date, and until when its last verdict holds.

    Local times carry their offset: once in the headline, or each by itself on a date whose offset changes.
    """
    from wedgate.almanac.zones import zone

    head = f"{day_words(_noon(day))} {day.day.year}, {city_of(zone_name)}"
    if not day.exists:
        return f"{head}\nthis date did not exist here"
    local = zone(zone_name)
    offsets = (_offset(day.start.astimezone(local)), _offset((day.end - timedelta(seconds=1)).astimezone(local)))
    changes = offsets[0] != offsets[1]
    words = [f"{head}, UTC{' to UTC'.join(dict.fromkeys(map(offset_words, offsets)))}{_length(day)}"]
    if not day.pieces:
        return "\n".join([*words, "not covered by this page"])
    words += [_piece_text(piece, day, zone_name, changes=changes) for piece in day.pieces]
    last = day.pieces[-1]
    if not day.is_whole:
        words.append("the rest of this date is not covered by this page")
    if last.until is None:
        words.append(f"{last.verdict} until the end of this page or later")
    else:
        until = last.until.astimezone(local)
        year = f" {until.year}" if until.year != day.day.year else ""
        words.append(
            f"{last.verdict} until {day_words(until)}{year} {until:%H:%M} {offset_words(_offset(until))} "
            f"({day_words(last.until.astimezone(UTC))} {last.until.astimezone(UTC):%H:%M} UTC)"
        )
    return "\n".join(words)


def _piece_text(piece: Piece, day: LocalDay, zone_name: str, *, changes: bool) -> str:
    from wedgate.almanac.zones import zone

    local = zone(zone_name)
    start, end = piece.start.astimezone(local), piece.end.astimezone(local)
    first = f"{start:%H:%M}{offset_words(_offset(start)) if changes else ''}"
    last = "24:00" if piece.end == day.end and end.date() != day.day else f"{end:%H:%M}"
    if changes:
        last += offset_words(_offset((piece.end - timedelta(seconds=1)).astimezone(local)))
    rules = f": {', '.join(piece.interval.rules)}" if piece.interval.rules else ""
    load = "" if piece.interval.load == 1 else f", load {load_words(piece.interval.load)}"
    return f"{first}–{last} ({utc_range(piece)}) {piece.verdict}{load}{rules}"


def utc_range(span: Span | Interval | Piece) -> str:
    """Spell a stretch in UTC, the second date only where it is another: ``Fri 4 Jun 22:00–06:00 UTC``."""
    start, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
    second = "" if end.date() == start.date() else f"{day_words(end)} "
    return f"{day_words(start)} {start:%H:%M}–{second}{end:%H:%M} UTC"


def load_words(load: Decimal) -> str:
    """Spell a load without trailing zeros: ``4×``."""
    text = f"{load:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}×"


def hours_words(duration: timedelta) -> str:
    """Spell a duration in hours, with one decimal where it is no whole number: ``103.5 h``."""
    hours = duration / timedelta(hours=1)
    return f"{hours:.0f} h" if hours == round(hours) else f"{hours:.1f} h"


def span_words(book: Book) -> str:
    """Spell the span of a book in UTC."""
    start, end = book.span.start.astimezone(UTC), book.span.end.astimezone(UTC)
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def _length(day: LocalDay) -> str:
    length = day.end - day.start
    return "" if length == timedelta(days=1) else f", {hours_words(length)} long"


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None
    return offset


def _noon(day: LocalDay) -> datetime:
    return datetime(day.day.year, day.day.month, day.day.day, 12, tzinfo=UTC)
