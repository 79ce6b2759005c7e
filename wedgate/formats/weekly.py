"""A calendar that is the same week over and over in one zone: the short form, taken only where it is proven exact.

The week is read off the closings and laid out again over the whole span; only if that gives the very same closings
does it count. It takes a year of them, so that one month's Fridays are not written as a rule for ever. And no change
may lie at a wall time that a clock change skips or repeats there: tools disagree about such times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from wedgate.calendars.book import RegionPages
from wedgate.calendars.values import Span

DAY = 24 * 60
EVIDENCE = timedelta(days=364)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MOST_WINDOWS = 7 * 24


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WeeklyWindow:
    """Closed from ``start`` to ``end``, in minutes of wall time after the midnight that begins ``weekday`` (0 Monday).

    ``end`` is beyond 1440 where the window ends on a later day.
    """

    weekday: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What is closed in every week of the span. ``always``: all of it."""

    zone: str
    windows: tuple[WeeklyWindow, ...]
    always: bool = False

    def day_parts(self) -> dict[int, tuple[tuple[int, int], ...]]:
        """Return the closed minutes of each weekday that has any, none of them past 24:00."""
        parts: dict[int, list[tuple[int, int]]] = {}
        for window in self.windows:
            for later in range((window.end - 1) // DAY + 1):
                part = (max(window.start - later * DAY, 0), min(window.end - later * DAY, DAY))
                parts.setdefault((window.weekday + later) % 7, []).append(part)
        return {weekday: tuple(sorted(parts[weekday])) for weekday in sorted(parts)}


def week_of(closings: Sequence[Span], span: Span, zones: Iterable[str]) -> Week | None:
    """Return the week that the closings repeat in the first of the zones that has one; ``None`` if none has."""
    if span.duration < EVIDENCE or not closings:
        return None
    if (closings[0].start, closings[-1].end, len(closings)) == (span.start, span.end, 1):
        days = tuple(WeeklyWindow(weekday=weekday, start=0, end=DAY) for weekday in range(7))
        return Week(zone="UTC", windows=days, always=True)
    for zone in zones:
        windows = _read_off(closings, span, _zone(zone))
        if windows and _laid_out(windows, span, _zone(zone)) == list(closings):
            return Week(zone=zone, windows=windows)
    return None


def zones_of(pages: RegionPages) -> tuple[str, ...]:
    """Return the zones in which a region's week may lie: UTC, and those of its markets."""
    return tuple(dict.fromkeys(("UTC", *(market.market.zone for market in pages.markets))))


def _zone(name: str) -> tzinfo:
    from wedgate.almanac.zones import zone

    return UTC if name == "UTC" else zone(name)


def _read_off(closings: Sequence[Span], span: Span, zone: tzinfo) -> tuple[WeeklyWindow, ...] | None:
    """Return every window that occurs; ``None`` if one is not made of whole minutes or there are too many."""
    windows: set[WeeklyWindow] = set()
    for each in closings:
        if each.start == span.start or each.end == span.end:
            continue
        first, last = (instant.astimezone(zone).replace(tzinfo=None) for instant in (each.start, each.end))
        midnight = datetime.combine(first.date(), datetime.min.time())
        start, end = first - midnight, last - midnight
        minute = timedelta(minutes=1)
        if start % minute or end % minute or end - start >= timedelta(days=7) or len(windows) > _MOST_WINDOWS:
            return None
        windows.add(WeeklyWindow(weekday=first.weekday(), start=start // minute, end=end // minute))
    return tuple(sorted(windows))


def _laid_out(windows: Iterable[WeeklyWindow], span: Span, zone: tzinfo) -> list[Span] | None:
    """Lay a week out over the span, clipped to it and merged; ``None`` if an odd wall time is met."""
    found: list[Span] = []
    for window in windows:
        for day in _days(window.weekday, span):
            start, end = (_plain(day, minutes, zone) for minutes in (window.start, window.end))
            if start is None or end is None:
                return None
            if start < span.end and end > span.start:
                found.append(Span(start=max(start, span.start), end=min(end, span.end)))
    merged: list[Span] = []
    for each in sorted(found, key=lambda each: each.start):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return merged


def _days(weekday: int, span: Span) -> Iterable[date]:
    """Yield every date of that weekday on which a window could begin that reaches into the span."""
    day = span.start.date() - timedelta(days=9)
    day += timedelta(days=(weekday - day.weekday()) % 7)
    while day <= span.end.date() + timedelta(days=1):
        yield day
        day += timedelta(days=7)


def _plain(day: date, minutes: int, zone: tzinfo) -> datetime | None:
    """Return the instant of a wall time; ``None`` if a clock change skips or repeats it."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first == second else None
