"""A calendar over a span of time as a use case: the local dates or instants asked for, laid out as a book.

Local dates begin and end at other instants in every market, so a span of dates reaches from the earliest of their
beginnings to the latest of their ends: no market's day is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from wedgate.calendars.book import Book, DataVersions, RegionPages, lay_out
from wedgate.calendars.facts import Needs
from wedgate.calendars.local_time import LocalTime, instant_of, midnight_of, seconds_of
from wedgate.calendars.timeline import EARLIEST
from wedgate.calendars.values import Calendar, Span, Verdict
from wedgate.config.configuration import Configuration
from wedgate.engine.check import instant_to_answer, regions_to_ask
from wedgate.engine.horizon import HORIZONS, timeline_for
from wedgate.engine.parts import Almanac
from wedgate.errors import UsageError
from wedgate.gate.clock import EARLIEST as FIRST
from wedgate.gate.clock import LATEST as END

_DAY = timedelta(days=1)
_WIDEST_OFFSET = timedelta(days=2)
"""More than any zone is, or was, away from UTC."""


def make_book(
    configuration: Configuration,
    regions: Sequence[str] | None,
    start: date | datetime,
    end: date | datetime,
    *,
    almanac: Almanac,
    wedgate_version: str,
) -> Book:
    """Lay some regions (none: all of them) out from ``start`` to ``end``.

    An instant bounds half-open; a date is included, in the local time of every market. ``UsageError`` for an unknown
    region, for bounds beyond the years that wedgate answers for, and for an end that is not after the start.
    """
    calendar = configuration.calendar
    names = regions_to_ask(calendar, regions)
    span = asked_span(calendar, names, start, end, almanac)
    return _book(configuration, names, span, almanac, wedgate_version)


def make_whole_book(book: Book, configuration: Configuration, *, almanac: Almanac) -> Book:
    """Lay the regions of a book out so far beyond its span that no run of closed or cautious time is cut by it.

    What goes on for longer than twelve years is cut all the same.
    """
    names = tuple(pages.name for pages in book.regions)
    whole = book
    for margin in HORIZONS:
        span = Span(start=max(book.span.start - margin, EARLIEST), end=book.span.end + margin)
        whole = _book(configuration, names, span, almanac, book.versions.wedgate)
        if not any(_is_cut(pages, book.span) for pages in whole.regions):
            break
    return whole


def asked_span(
    calendar: Calendar, names: Sequence[str], start: date | datetime, end: date | datetime, almanac: Almanac
) -> Span:
    """Return the span from one bound to the other over all markets of some regions; ``UsageError`` as above."""
    zones = frozenset(market.zone for name in names for market in calendar.region(name).markets)
    return span_in(zones, start, end, almanac)


def span_in(zones: frozenset[str], start: date | datetime, end: date | datetime, almanac: Almanac) -> Span:
    """Return the span from one bound to the other over some zones; ``UsageError`` as above."""
    rough = Span(start=_rough(start) - _WIDEST_OFFSET, end=_rough(end) + _WIDEST_OFFSET)
    bounds = seconds_of(rough.start), seconds_of(rough.end)
    clocks = [LocalTime(found, *bounds) for found in almanac.gather(Needs(zones=zones), rough).zones.values()]
    # Before 1970 nothing is answered for, also where a market's 1970 began before it did in UTC.
    first = max(_first_instant(start, clocks), EARLIEST)
    last = _last_instant(end, clocks)
    is_backwards = not isinstance(start, datetime) and not isinstance(end, datetime) and end < start
    if last <= first or is_backwards:
        raise UsageError(f"{end.isoformat()} is not after {start.isoformat()}; name the earlier one first")
    return Span(start=first, end=last)


def _first_instant(bound: date | datetime, clocks: Sequence[LocalTime]) -> datetime:
    if isinstance(bound, datetime):
        return instant_to_answer(bound)
    return instant_of(min(clock.midnight(midnight_of(bound))[0] for clock in clocks))


def _last_instant(bound: date | datetime, clocks: Sequence[LocalTime]) -> datetime:
    if not isinstance(bound, datetime):
        return instant_of(max(clock.midnight(midnight_of(bound + _DAY))[1] for clock in clocks))
    return END if bound == END else instant_to_answer(bound)


def _rough(bound: date | datetime) -> datetime:
    """Return about when a bound is; ``UsageError`` for one beyond what can be answered for."""
    if isinstance(bound, datetime):
        return bound.astimezone(UTC) if bound == END else instant_to_answer(bound)
    if not FIRST.year <= bound.year < END.year:
        raise UsageError(
            f"wedgate answers for the years {FIRST.year} to {END.year - 1}, not for {bound.isoformat()}; "
            "name a date between them"
        )
    return datetime.combine(bound, time(0), tzinfo=UTC)


def _book(
    configuration: Configuration, names: tuple[str, ...], span: Span, almanac: Almanac, wedgate_version: str
) -> Book:
    versions = DataVersions(
        config_digest=configuration.digest,
        zone_data=almanac.zone_data_version(),
        holidays=almanac.holidays_version(),
        wedgate=wedgate_version,
    )
    # Only what is asked about is compiled.
    calendar = replace(configuration.calendar, regions=tuple(configuration.calendar.region(name) for name in names))
    return lay_out(timeline_for(calendar, almanac, span), calendar, names, configuration.service, versions)


def _is_cut(pages: RegionPages, asked: Span) -> bool:
    """Whether one run that overlaps the span asked about reaches an end of what was laid out."""
    first, last = pages.intervals[0], pages.intervals[-1]
    runs_from_start = next((each.start for each in pages.intervals if each.verdict is not first.verdict), last.end)
    runs_to_end = next(
        (each.end for each in reversed(pages.intervals) if each.verdict is not last.verdict), first.start
    )
    return (first.verdict is not Verdict.OPEN and runs_from_start > asked.start) or (
        last.verdict is not Verdict.OPEN and runs_to_end < asked.end
    )
