"""A book cut into local dates: which dates a page shows, and what each of them holds in one market.

A local date is 23, 24 or 25 hours long, may begin at 01:00, and may not exist at all (Pacific/Apia, 2011-12-30): it
runs from its first instant to the first instant of the next one, in the market's own zone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from wedgate.calendars.book import Book, MarketPages
from wedgate.calendars.local_time import LocalTime, instant_of, midnight_of, seconds_of
from wedgate.calendars.values import Interval, Span, Verdict

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The part of an interval that lies in one local date.

    ``until`` is the instant at which the verdict next changes, ``None`` if it does not within the book.
    """

    start: datetime
    end: datetime
    interval: Interval
    until: datetime | None

    @property
    def verdict(self) -> Verdict:
        """The verdict of the interval."""
        return self.interval.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDay:
    """One local date of one market: its bounds as instants, and its pieces, which may leave out what the book does.

    ``start == end`` for a date that the zone skipped.
    """

    day: date
    start: datetime
    end: datetime
    pieces: tuple[Piece, ...]

    @property
    def exists(self) -> bool:
        """Whether the zone had that date at all."""
        return self.start < self.end

    @property
    def is_whole(self) -> bool:
        """Whether the book covers all of it; its pieces follow one another."""
        return bool(self.pieces) and self.pieces[0].start == self.start and self.pieces[-1].end == self.end


def shown_dates(book: Book) -> tuple[date, ...]:
    """Return the dates that pages show, one after the other.

    A span is seldom whole dates everywhere. If the dates that it covers whole in every market are whole months, they
    are the ones; else those that are whole somewhere, be it in UTC only; else all that it touches.
    """
    zones = dict.fromkeys(pages.market.zone for region in book.regions for pages in region.markets)
    clocks = {name: _clock(_zone(name), book.span) for name in zones}
    covered = [set(_covered(book.span, clock)) for clock in (_clock(UTC, book.span), *clocks.values())]
    everywhere = set.intersection(*covered)
    somewhere = set.union(*covered)
    if everywhere and min(everywhere).day == 1 and (max(everywhere) + _DAY).day == 1:
        return _run(min(everywhere), max(everywhere))
    if somewhere:
        return _run(min(somewhere), max(somewhere))
    locals_ = [_touched(book.span, clock.zone) for clock in clocks.values()] or [_touched(book.span, UTC)]
    return _run(min(first for first, _ in locals_), max(last for _, last in locals_))


def local_days(pages: MarketPages, dates: Sequence[date]) -> tuple[LocalDay, ...]:
    """Cut one market's intervals into the given dates of its own zone."""
    clock = _clock(_zone(pages.market.zone), Span(start=_noon(dates[0]), end=_noon(dates[-1])))
    starts = [interval.start for interval in pages.intervals]
    untils = _untils(pages.intervals)
    days = []
    for day in dates:
        start, end = _bounds(clock, day)
        pieces = []
        place = max(0, bisect_right(starts, start) - 1)
        while place < len(starts) and starts[place] < end:
            interval = pages.intervals[place]
            low, high = max(start, interval.start), min(end, interval.end)
            if low < high:
                pieces.append(Piece(start=low, end=high, interval=interval, until=untils[place]))
            place += 1
        days.append(LocalDay(day=day, start=start, end=end, pieces=tuple(pieces)))
    return tuple(days)


def _untils(intervals: Sequence[Interval]) -> list[datetime | None]:
    """Return, for each interval, when its verdict next changes."""
    found: list[datetime | None] = []
    until: datetime | None = None
    following: Interval | None = None
    for interval in reversed(intervals):
        if following is not None and following.verdict is not interval.verdict:
            until = following.start
        found.append(until)
        following = interval
    return found[::-1]


def _bounds(clock: LocalTime, day: date) -> tuple[datetime, datetime]:
    return instant_of(clock.midnight(midnight_of(day))[0]), instant_of(clock.midnight(midnight_of(day + _DAY))[0])


def _covered(span: Span, clock: LocalTime) -> Iterator[date]:
    """Yield the dates that lie in the span as a whole; one that the zone skipped counts."""
    first, last = _touched(span, clock.zone)
    for day in _run(first, last):
        start, end = _bounds(clock, day)
        if span.start <= start and end <= span.end:
            yield day


def _touched(span: Span, zone: tzinfo) -> tuple[date, date]:
    return span.start.astimezone(zone).date(), (span.end - timedelta(microseconds=1)).astimezone(zone).date()


def _run(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


def _clock(zone: tzinfo, span: Span) -> LocalTime:
    return LocalTime(zone, seconds_of(span.start), seconds_of(span.end))


def _zone(name: str) -> tzinfo:
    from wedgate.almanac.zones import zone

    return zone(name)


def _noon(day: date) -> datetime:
    """Return about when a date is; wall times are known for two weeks around."""
    return datetime.combine(day, time(12), UTC)
