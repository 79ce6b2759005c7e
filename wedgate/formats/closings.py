"""When a region is closed, as the stretches that every format is written from, and the limits that formats share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wedgate.calendars.book import Book, RegionPages
from wedgate.calendars.values import Span, Verdict
from wedgate.formats.loss import LossError

MINUTE = timedelta(minutes=1)


def closings_of(pages: RegionPages) -> tuple[Span, ...]:
    """Return the merged stretches in which the region is closed; none of them touches another."""
    found: list[Span] = []
    for each in pages.intervals:
        if each.verdict is not Verdict.CLOSED:
            continue
        if found and found[-1].end == each.start:
            found[-1] = Span(start=found[-1].start, end=each.end)
        else:
            found.append(Span(start=each.start, end=each.end))
    return tuple(found)


def in_whole_minutes(form: str, book: Book, pages: RegionPages) -> tuple[Span, ...]:
    """Return the closings for a format that knows no seconds; ``LossError`` where a change lies between two minutes.

    An edge of the span is no change: what is cut off there is widened to the minute, outside of the span.
    """
    span = minutes_around(book.span)
    found = closings_of(pages)
    for each in found:
        for instant in (each.start, each.end):
            if floor(instant) != instant and instant not in (book.span.start, book.span.end):
                raise LossError(
                    form, "seconds", region=pages.name, at=instant, remedy="let the rule there change at a full minute"
                )
    return tuple(
        Span(
            start=span.start if each.start == book.span.start else each.start,
            end=span.end if each.end == book.span.end else each.end,
        )
        for each in found
    )


def only_region(form: str, book: Book) -> RegionPages:
    """Return the region of a book that has one; ``LossError`` for several, where a format has no place for a name."""
    if len(book.regions) != 1:
        names = ", ".join(pages.name for pages in book.regions)
        raise LossError(form, f"several regions in one file ({names})", remedy="export one with --region, for each")
    return book.regions[0]


def refuse_over_a_year(form: str, book: Book) -> None:
    """Raise ``LossError`` for a span of more than a year: without a year, a date comes again inside of it."""
    span = minutes_around(book.span)
    limit = a_year_after(span.start)
    if span.end > limit:
        raise LossError(
            form,
            "in which year a date lies, so that it would come again",
            at=limit,
            remedy="export a year or less, and replace it every year",
        )


def a_year_after(instant: datetime, years: int = 1) -> datetime:
    """Return the same date and time in another year; the 29th of February becomes the 28th."""
    leap = (instant.month, instant.day) == (2, 29)
    return instant.replace(year=instant.year + years, day=28 if leap else instant.day)


def minutes_around(span: Span) -> Span:
    """Return the span widened to whole minutes."""
    last = floor(span.end)
    return Span(start=floor(span.start), end=last if last == span.end else last + MINUTE)


def floor(instant: datetime) -> datetime:
    """Return the minute that the instant lies in."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)
