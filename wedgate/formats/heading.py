"""The words at the top of every file: for when it is exact, what it was made from, and what comes after."""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.calendars.book import Book

REPEATS_YEARLY = "Its dates have no year and come again every year: replace it before then."
REPEATS_WEEKLY = "After that it goes on repeating its week, whatever the calendar says: replace it before then."
SAYS_NOTHING = "After that it closes nothing, whatever the calendar says: replace it before then."


def heading_lines(form: str, book: Book, after: str) -> tuple[str, ...]:
    """Return the lines, without the signs of a comment. ``after`` says what the file does after its span."""
    versions = book.versions
    title = " ".join(book.title.split())
    regions = ", ".join(pages.name for pages in book.regions)
    return (
        f"{form} for {title} ({regions}), written by wedgate {versions.wedgate}: do not edit, write it anew.",
        f"Exact from {book.span.start:%Y-%m-%dT%H:%M:%SZ} to {book.span.end:%Y-%m-%dT%H:%M:%SZ}. {after}",
        f"Made from configuration {versions.config_digest}, zones {versions.zone_data}, holidays {versions.holidays}.",
    )


def comment(form: str, book: Book, after: str) -> str:
    """Return the heading as lines that begin with ``#``."""
    return "".join(f"# {line}\n" for line in heading_lines(form, book, after))


def after_each(book: Book, is_weekly: Sequence[bool]) -> str:
    """Say what a file does after its span where regions differ: some are written as a week, others with years."""
    if len(set(is_weekly)) == 1:
        return REPEATS_WEEKLY if is_weekly[0] else SAYS_NOTHING
    weekly = ", ".join(pages.name for pages, each in zip(book.regions, is_weekly, strict=True) if each)
    return (
        f"After that it goes on repeating the week of {weekly} and closes nothing elsewhere, "
        "whatever the calendar says: replace it before then."
    )
