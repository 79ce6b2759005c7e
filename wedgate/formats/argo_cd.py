"""Argo CD: deny windows for an AppProject (``spec.syncWindows``; its user guide, page "Sync Windows").

A window is a cron time and a duration in hours and minutes. It cannot say a local day: Argo CD takes the offset that a
zone has *now* for every instant, so that a Saturday is 24 hours even where it has 25. So every window here is in UTC,
where that does not matter, and longer stretches are pieces of at most 24 hours. Pieces overlap by a minute, because
Argo CD takes a window as inactive at the very instant at which it begins.

There is no year: windows with dates come again every year, so that a file holds a year at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from wedgate.calendars.book import Book
from wedgate.calendars.values import Span
from wedgate.formats.closings import (
    MINUTE,
    a_year_after,
    closings_of,
    in_whole_minutes,
    minutes_around,
    only_region,
    refuse_over_a_year,
)
from wedgate.formats.cron import on_dates, on_weekdays
from wedgate.formats.heading import REPEATS_WEEKLY, REPEATS_YEARLY, comment
from wedgate.formats.loss import LossError
from wedgate.formats.weekly import DAY, Week, week_of
from wedgate.formats.yaml_text import yaml_of

HELP = "Argo CD sync windows: deny windows to merge into an AppProject; one region, at most a year"

_NAME = "argo-cd"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    schedule: str
    duration: timedelta


def write(book: Book) -> str:
    """Write the closings of the only region as ``spec.syncWindows``, for ``kubectl patch --type merge``."""
    pages = only_region(_NAME, book)
    week = week_of(closings_of(pages), book.span, ("UTC",))
    closings = in_whole_minutes(_NAME, book, pages)
    if week is not None:
        windows, after = _weekly(week), REPEATS_WEEKLY
    else:
        refuse_over_a_year(_NAME, book)
        windows, after = _dated(closings, minutes_around(book.span), pages.name), REPEATS_YEARLY
    spec = {"spec": {"syncWindows": [_spelled(window) for window in windows]}}
    return comment(_NAME, book, after) + yaml_of(spec)


def _spelled(window: _Window) -> dict[str, object]:
    hours, minutes = divmod(window.duration // MINUTE, 60)
    duration = f"{hours}h" * (hours > 0) + f"{minutes}m" * (minutes > 0)
    return {
        "kind": "deny",
        "schedule": window.schedule,
        "duration": duration,
        "timeZone": "UTC",
        "applications": ["*"],
        "manualSync": False,
    }


def _weekly(week: Week) -> list[_Window]:
    if week.always:  # two halves that overlap, for windows are inactive where they begin
        return [_Window(schedule=f"0 {hour} * * *", duration=DAY * MINUTE) for hour in (0, 12)]
    groups: dict[tuple[int, int], list[int]] = {}
    for window in week.windows:
        for offset, length in _pieces(window.end - window.start):
            groups.setdefault((window.start + offset, length), []).append(window.weekday)
    return [
        _Window(schedule=on_weekdays(start, weekdays), duration=length * MINUTE)
        for (start, length), weekdays in groups.items()
    ]


def _dated(closings: Sequence[Span], span: Span, region: str) -> list[_Window]:
    groups: dict[tuple[object, ...], list[Span]] = {}
    for closing in closings:
        for offset, length in _pieces(closing.duration // MINUTE):
            start = closing.start + offset * MINUTE
            piece = Span(start=start, end=start + length * MINUTE)
            _refuse_to_come_again(piece, closings, span, region)
            groups.setdefault((start.year, start.month, start.hour, start.minute, length), []).append(piece)
    return [
        _Window(schedule=on_dates([piece.start for piece in pieces]), duration=pieces[0].duration)
        for pieces in groups.values()
    ]


def _pieces(length: int) -> Iterable[tuple[int, int]]:
    """Cut minutes into pieces (offset, length) of at most a day; each overlaps the one before it by a minute."""
    offset = 0
    while length - offset > DAY:
        yield offset, DAY
        offset += DAY - 1
    yield offset, length - offset


def _refuse_to_come_again(piece: Span, closings: Sequence[Span], span: Span, region: str) -> None:
    """Raise ``LossError`` if the piece, a year earlier, closes what is open.

    Only a piece over the 29th of February can: it ends a day later in a year without one.
    """
    start = a_year_after(piece.start, -1)
    if start.day != piece.start.day:
        return
    end = start + piece.duration
    if end > span.start and not any(each.start <= span.start and end <= each.end for each in closings):
        raise LossError(
            _NAME,
            "in which year a stretch over the 29th of February lies",
            region=region,
            at=piece.start,
            remedy="export a span that ends before it, and one that begins there",
        )
