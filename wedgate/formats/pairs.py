"""What formats of cron pairs without a year share: the week where there is one, else the dates of a year at most."""

from __future__ import annotations

from wedgate.calendars.book import Book, RegionPages
from wedgate.calendars.values import Span
from wedgate.formats.closings import closings_of, in_whole_minutes, refuse_over_a_year
from wedgate.formats.cron import CronPair, dated_pairs, weekly_pairs
from wedgate.formats.heading import REPEATS_WEEKLY, REPEATS_YEARLY
from wedgate.formats.loss import LossError
from wedgate.formats.weekly import week_of, zones_of


def pairs_of(form: str, book: Book, pages: RegionPages) -> tuple[tuple[CronPair, ...], str]:
    """Return a region's closings as cron pairs, and what they do after the span; ``LossError`` if they cannot be."""
    closings = in_whole_minutes(form, book, pages)
    week = week_of(closings_of(pages), book.span, zones_of(pages))
    if week is not None:
        return weekly_pairs(week), REPEATS_WEEKLY
    refuse_over_a_year(form, book)
    for each in closings:
        _refuse_to_begin_on_leap_day(form, book, pages.name, each)
    return dated_pairs(closings), REPEATS_YEARLY


def _refuse_to_begin_on_leap_day(form: str, book: Book, region: str, closing: Span) -> None:
    """Raise ``LossError`` for a start on the 29th of February that the span goes on after.

    The pair's next end is then a year away and its next start four, which reads as closed until that end.
    """
    if (closing.start.month, closing.start.day) == (2, 29) and closing.end < book.span.end:
        raise LossError(
            form,
            "a start on the 29th of February, for it would stay closed for a year",
            region=region,
            at=closing.start,
            remedy=f"export a span that ends at {closing.end:%Y-%m-%dT%H:%M:%SZ}, and then one that begins there",
        )
