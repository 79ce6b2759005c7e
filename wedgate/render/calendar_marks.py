"""A book by local days: which dates it shows, and what each part of a day is like in a region.

A region's markets live by different clocks. A part of a day (its first six hours, say) is looked at by the clock of
each of them, and is as bad as by the worst: nobody who reads a grid by the clock of one market is told that the region
is open while it is closed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from wedgate.almanac.zones import zone
from wedgate.calendars.book import Book, RegionPages
from wedgate.calendars.local_time import DAY_SECONDS, LocalTime, instant_of, midnight_of
from wedgate.calendars.values import Effect, Interval, Span, Verdict

DAY = timedelta(days=1)


class Shade(StrEnum):
    """What a part of a day is like. ``NONE``: it is outside of the book, or does not exist."""

    NONE = "none"
    OPEN = "open"
    CAUTION = "caution"
    PARTLY = "partly"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local date of a region: its parts in order, and the lowest and the highest load in it."""

    day: date
    parts: tuple[Shade, ...]
    loads: tuple[Decimal, Decimal]


def shown_dates(book: Book) -> tuple[date, ...]:
    """Return the dates that a book was asked for, or those that it touches where it was asked for instants."""
    zones = tuple(market.market.zone for pages in book.regions for market in pages.markets)
    clocks = _clocks(zones, book.span.start.date(), book.span.end.date())
    inside = book.span.end - timedelta(seconds=1)
    firsts = sorted({book.span.start.astimezone(clock.zone).date() for clock in clocks})
    lasts = sorted({inside.astimezone(clock.zone).date() for clock in clocks}, reverse=True)
    first = next((day for day in firsts if _first_instant(day, clocks) == book.span.start), firsts[0])
    last = next((day for day in lasts if _last_instant(day, clocks) == book.span.end), lasts[0])
    return tuple(first + DAY * number for number in range((last - first).days + 1))


def span_of_dates(pages: RegionPages, dates: Sequence[date]) -> Span:
    """Return from when to when the dates are somewhere in a region."""
    clocks = _clocks(tuple(market.market.zone for market in pages.markets), dates[0], dates[-1])
    return Span(start=_first_instant(dates[0], clocks), end=_last_instant(dates[-1], clocks))


def region_days(pages: RegionPages, dates: Sequence[date], parts: int) -> tuple[Day, ...]:
    """Return each date of a region in so many parts of equal local time."""
    clocks = _clocks(tuple(market.market.zone for market in pages.markets), dates[0], dates[-1])
    found = _Stretches(pages.intervals)
    return tuple(_day(day, parts, clocks, found) for day in dates)


def common_days(book: Book, dates: Sequence[date], parts: int) -> tuple[Day, ...]:
    """Return each UTC date for all regions together: closed while any of them is."""
    clock = _clock(UTC, dates[0], dates[-1])
    regions = [_Stretches(pages.intervals) for pages in book.regions]
    days = []
    for day in dates:
        shades = tuple(_common_shade(book, start, end, regions) for start, end in _parts_of(day, parts, clock))
        days.append(Day(day=day, parts=shades, loads=(Decimal(1), Decimal(1))))
    return tuple(days)


class _Stretches:
    """Intervals that can be asked for those of a stretch of time."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._intervals = intervals
        self._starts = [each.start for each in intervals]

    def between(self, start: datetime, end: datetime) -> Sequence[Interval]:
        first = max(bisect_right(self._starts, start) - 1, 0)
        return [
            each
            for each in self._intervals[first : bisect_right(self._starts, end)]
            if each.start < end and each.end > start
        ]


def _day(day: date, parts: int, clocks: Sequence[LocalTime], found: _Stretches) -> Day:
    by_clock = [[found.between(start, end) for start, end in _parts_of(day, parts, clock)] for clock in clocks]
    shades = tuple(
        _shade([each.verdict for stretches in part for each in stretches]) for part in zip(*by_clock, strict=True)
    )
    loads = [each.load for clock in by_clock for stretches in clock for each in stretches] or [Decimal(1)]
    return Day(day=day, parts=shades, loads=(min(loads), max(loads)))


def _parts_of(day: date, parts: int, clock: LocalTime) -> list[tuple[datetime, datetime]]:
    """Return the stretches of a local date; one that a clock change leaves out has no length."""
    midnight = midnight_of(day)
    edges = [clock.midnight(midnight)[0]]
    for number in range(1, parts):
        edges.append(max(clock.wall(midnight + DAY_SECONDS * number // parts)[0], edges[-1]))
    edges.append(max(clock.midnight(midnight + DAY_SECONDS)[1], edges[-1]))
    return [(instant_of(start), instant_of(end)) for start, end in pairwise(edges)]


def _shade(verdicts: Sequence[Verdict]) -> Shade:
    if not verdicts:
        return Shade.NONE
    if Verdict.CLOSED in verdicts:
        return Shade.CLOSED if set(verdicts) == {Verdict.CLOSED} else Shade.PARTLY
    return Shade.CAUTION if Verdict.CAUTION in verdicts else Shade.OPEN


def _common_shade(book: Book, start: datetime, end: datetime, regions: Sequence[_Stretches]) -> Shade:
    low, high = max(start, book.span.start), min(end, book.span.end)
    if low >= high:
        return Shade.NONE
    is_open = sum((span.duration for span in clipped(book.together, low, high)), timedelta(0))
    if is_open < high - low:
        return Shade.PARTLY if is_open else Shade.CLOSED
    verdicts = [each.verdict for region in regions for each in region.between(low, high)]
    return Shade.CAUTION if Verdict.CAUTION in verdicts else Shade.OPEN


def closing_rules(book: Book, closed: Sequence[Interval]) -> tuple[str, ...]:
    """Return the rules that close some closed intervals: the first of each does, and every other one that blocks."""
    every = dict.fromkeys(rule for each in closed for rule in each.rules)
    first = {each.rules[0] for each in closed}
    return tuple(rule for rule in every if rule in first or book.rule(rule).effect is Effect.BLOCK)


def clipped(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    """Return what lies of some spans, which follow one another, between two instants."""
    found: list[Span] = []
    for place in range(bisect_right(spans, start, key=lambda each: each.end), len(spans)):
        span = spans[place]
        if span.start >= end:
            break
        found.append(Span(start=max(span.start, start), end=min(span.end, end)))
    return found


def _clocks(zones: Sequence[str], first: date, last: date) -> list[LocalTime]:
    return [_clock(zone(name), first, last) for name in dict.fromkeys(zones)]


def _clock(found: tzinfo, first: date, last: date) -> LocalTime:
    """Return a clock for some dates; it knows two weeks more on either side."""
    return LocalTime(found, midnight_of(first), midnight_of(last) + DAY_SECONDS)


def _first_instant(day: date, clocks: Sequence[LocalTime]) -> datetime:
    return instant_of(min(clock.midnight(midnight_of(day))[0] for clock in clocks))


def _last_instant(day: date, clocks: Sequence[LocalTime]) -> datetime:
    return instant_of(max(clock.midnight(midnight_of(day + DAY))[1] for clock in clocks))
