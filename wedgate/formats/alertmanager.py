"""Alertmanager: ``time_intervals`` that are active while a region is closed (page "Alerting configuration").

An interval is minutes of a day, half-open, and cannot wrap midnight; a day ends at 24:00. It knows years, so that one
file may hold many, and says nothing after them. Closings are cut at midnight; days with the same hours share a line.
``location`` needs Alertmanager 0.25, and is written only where a week in a zone is proven exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from wedgate.calendars.book import Book
from wedgate.calendars.values import Span
from wedgate.formats.closings import MINUTE, closings_of, in_whole_minutes
from wedgate.formats.heading import after_each, comment
from wedgate.formats.weekly import DAY, WEEKDAYS, Week, week_of, zones_of
from wedgate.formats.yaml_text import yaml_of

HELP = "Alertmanager time_intervals, one for each region, active while it is closed"

_NAME = "alertmanager"
_Hours = tuple[tuple[int, int], ...]


def write(book: Book) -> str:
    """Write every region as the time interval ``closed-REGION``."""
    entries, is_weekly = [], []
    for pages in book.regions:
        closings = in_whole_minutes(_NAME, book, pages)
        week = week_of(closings_of(pages), book.span, zones_of(pages))
        intervals = _dated(closings) if week is None else _weekly(week)
        entries.append({"name": f"closed-{pages.name}", "time_intervals": intervals})
        is_weekly.append(week is not None)
    return comment(_NAME, book, after_each(book, is_weekly)) + yaml_of({"time_intervals": entries})


def _weekly(week: Week) -> list[dict[str, object]]:
    if week.always:
        return [{"weekdays": ["sunday:saturday"]}]
    groups: dict[_Hours, list[str]] = {}
    for weekday, hours in week.day_parts().items():
        groups.setdefault(hours, []).append(WEEKDAYS[weekday])
    return [
        {"weekdays": weekdays, **_times(hours), **({} if week.zone == "UTC" else {"location": week.zone})}
        for hours, weekdays in groups.items()
    ]


def _dated(closings: Iterable[Span]) -> list[dict[str, object]]:
    """Group the days of a month that have the same hours."""
    days: dict[date, list[tuple[int, int]]] = {}
    for each in closings:
        for day, part in _day_parts(each):
            days.setdefault(day, []).append(part)
    groups: dict[tuple[int, int, _Hours], list[int]] = {}
    for day, parts in days.items():
        groups.setdefault((day.year, day.month, tuple(parts)), []).append(day.day)
    return [
        {"years": [str(year)], "months": [str(month)], "days_of_month": _ranges(numbers), **_times(hours)}
        for (year, month, hours), numbers in groups.items()
    ]


def _day_parts(closing: Span) -> Iterable[tuple[date, tuple[int, int]]]:
    day = closing.start.date()
    while (midnight := datetime.combine(day, datetime.min.time(), tzinfo=closing.start.tzinfo)) < closing.end:
        start, end = max(closing.start, midnight), min(closing.end, midnight + timedelta(days=1))
        yield day, ((start - midnight) // MINUTE, (end - midnight) // MINUTE)
        day += timedelta(days=1)


def _ranges(numbers: Sequence[int]) -> list[str]:
    """Spell days of a month, runs of them as ``5:9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}:{run[-1]}" for run in runs]


def _times(hours: _Hours) -> dict[str, object]:
    """Spell the hours; the whole day by leaving them out."""
    if hours == ((0, DAY),):
        return {}
    return {"times": [{"start_time": _clock(start), "end_time": _clock(end)} for start, end in hours]}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
