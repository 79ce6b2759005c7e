"""GitHub Actions: ``on.schedule`` entries at which a region opens or closes (page "Events that trigger workflows").

For a workflow that refreshes what it posted. Cron there has no year and no seconds: entries with dates come again every
year, so that a file holds a year at most. It is in UTC, unless one region's week is proven exact in a zone. GitHub runs
nothing more often than every five minutes, and late under load: the workflow must ask ``wedgate check``, and never take
the time of its start for an answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from wedgate.calendars.book import Book
from wedgate.formats.closings import closings_of, in_whole_minutes, refuse_over_a_year
from wedgate.formats.cron import on_dates, on_weekdays
from wedgate.formats.heading import REPEATS_WEEKLY, REPEATS_YEARLY, comment
from wedgate.formats.loss import LossError
from wedgate.formats.weekly import Week, week_of, zones_of

HELP = "GitHub Actions schedule entries at every opening and closing; at most a year"

_NAME = "github-cron"
_SHORTEST = timedelta(minutes=5)


def write(book: Book) -> str:
    """Write ``on.schedule`` for all regions together; an instant at which several change is one entry."""
    changes = _changes(book)
    if not changes:
        raise LossError(
            _NAME, "a schedule without an entry, and nothing opens or closes", remedy="leave on.schedule out"
        )
    for before, after in pairwise(changes):
        if after - before < _SHORTEST:
            raise LossError(
                _NAME,
                f"two runs less than five minutes apart ({' and '.join(changes[before] + changes[after])})",
                at=before,
                remedy="let the rules there leave at least five minutes between",
            )
    week = _only_week(book)
    if week is not None:
        return comment(_NAME, book, REPEATS_WEEKLY) + _schedule(_weekly(week, book.regions[0].name))
    refuse_over_a_year(_NAME, book)
    return comment(_NAME, book, REPEATS_YEARLY) + _schedule(_dated(changes))


def _changes(book: Book) -> dict[datetime, list[str]]:
    """Return what opens and closes, by instant; the edges of the span are no change."""
    found: dict[datetime, list[str]] = {}
    for pages in book.regions:
        in_whole_minutes(_NAME, book, pages)
        for each in closings_of(pages):
            for instant, what in ((each.start, "closes"), (each.end, "opens")):
                if book.span.start < instant < book.span.end:
                    found.setdefault(instant, []).append(f"{pages.name} {what}")
    return {instant: found[instant] for instant in sorted(found)}


def _only_week(book: Book) -> Week | None:
    if len(book.regions) != 1:
        return None
    return week_of(closings_of(book.regions[0]), book.span, zones_of(book.regions[0]))


def _schedule(entries: list[tuple[str, str, str]]) -> str:
    lines = ["on:", "  schedule:"]
    for cron, zone, words in entries:
        lines.append(f'    - cron: "{cron}"  # {words}')
        if zone != "UTC":
            lines.append(f'      timezone: "{zone}"')
    return "\n".join(lines) + "\n"


def _weekly(week: Week, region: str) -> list[tuple[str, str, str]]:
    groups: dict[tuple[int, str], list[int]] = {}
    for window in week.windows:
        groups.setdefault((window.start, f"{region} closes"), []).append(window.weekday)
        groups.setdefault((window.end, f"{region} opens"), []).append(window.weekday)
    return [(on_weekdays(minutes, weekdays), week.zone, what) for (minutes, what), weekdays in groups.items()]


def _dated(changes: dict[datetime, list[str]]) -> list[tuple[str, str, str]]:
    groups: dict[tuple[object, ...], list[datetime]] = {}
    for at, what in changes.items():
        groups.setdefault((at.year, at.month, at.hour, at.minute, ", ".join(what)), []).append(at)
    return [(on_dates(instants), "UTC", ", ".join(changes[instants[0]])) for instants in groups.values()]
