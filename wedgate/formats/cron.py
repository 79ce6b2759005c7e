"""Cron lines of five fields: dates of one month on one line, weekdays on one line.

A day of the month and a weekday are never named together: cron then takes either of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.calendars.values import Span
from wedgate.formats.weekly import DAY, Week


@dataclass(frozen=True, slots=True, kw_only=True)
class CronPair:
    """Closed from each time that ``start`` names until the next that ``end`` names, in ``zone``."""

    start: str
    end: str
    zone: str


def on_dates(instants: Sequence[datetime]) -> str:
    """Return the line for instants of one month that share their time of day."""
    first = instants[0]
    days = ",".join(str(day) for day in sorted({instant.day for instant in instants}))
    return f"{first.minute} {first.hour} {days} {first.month} *"


def on_weekdays(minutes: int, weekdays: Iterable[int]) -> str:
    """Return the line for some weekdays (0 Monday), ``minutes`` after the midnights that begin them."""
    later, minute = divmod(minutes, DAY)
    numbers = sorted({(weekday + later + 1) % 7 for weekday in weekdays})
    days = "*" if len(numbers) == 7 else ",".join(map(str, numbers))
    return f"{minute % 60} {minute // 60} * * {days}"


def dated_pairs(closings: Iterable[Span]) -> tuple[CronPair, ...]:
    """Write closings of a year or less as pairs, in UTC; those that begin and end in the same month share one.

    Stretches on one pair never touch, so that its starts and ends alternate. Months of different years are kept apart,
    and so is the stretch of a whole year, which would begin and end on one line.
    """
    groups: dict[tuple[object, ...], list[Span]] = {}
    for each in closings:
        for part in _two_parts(each):
            key = tuple((at.year, at.month, at.hour, at.minute) for at in (part.start, part.end))
            groups.setdefault(key, []).append(part)
    return tuple(
        CronPair(start=on_dates([part.start for part in parts]), end=on_dates([part.end for part in parts]), zone="UTC")
        for parts in groups.values()
    )


def weekly_pairs(week: Week) -> tuple[CronPair, ...]:
    """Write a week as pairs; windows with the same times of day share one."""
    if week.always:
        # A start that is its own end means nothing anywhere, so two overlapping halves make the day.
        return (
            CronPair(start="0 0 * * *", end="0 13 * * *", zone=week.zone),
            CronPair(start="0 12 * * *", end="0 1 * * *", zone=week.zone),
        )
    groups: dict[tuple[int, int], list[int]] = {}
    for window in week.windows:
        groups.setdefault((window.start, window.end), []).append(window.weekday)
    return tuple(
        CronPair(start=on_weekdays(start, weekdays), end=on_weekdays(end, weekdays), zone=week.zone)
        for (start, end), weekdays in groups.items()
    )


def _two_parts(closing: Span) -> tuple[Span, ...]:
    """Return a closing, in two overlapping parts if its end falls on the date and time of its start a year later."""
    if f"{closing.start:%m-%dT%H:%M}" != f"{closing.end:%m-%dT%H:%M}":
        return (closing,)
    middle = closing.start + timedelta(days=1)
    return (
        Span(start=closing.start, end=middle),
        Span(start=middle - timedelta(minutes=1), end=closing.end),
    )
