"""Books from a few lines of wedgate.yml or from closings drawn at random, and how the tools read what is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from modules import module_at

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.book import Book, DataVersions, MarketPages, RegionPages, lay_out
from wedgate.calendars.facts import needs_of
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import Interval, Market, Span, Verdict
from wedgate.config.load import parse_configuration

VERSIONS = DataVersions(config_digest="sha256:c0ffee", zone_data="2026f", holidays="0.109", wedgate="1.2.3")


@pytest.fixture(scope="session")
def instant() -> Callable[[str], datetime]:
    """Read ``2026-06-05T12:00``, in UTC."""
    return lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="session")
def readers() -> ModuleType:
    """The module beside this one."""
    return module_at(Path(__file__).with_name("readers.py"))


@pytest.fixture(scope="session")
def book_of() -> Callable[..., Book]:
    """``book_of({"eu": ["Europe/Berlin"]}, ["weekdays: saturday, effect: block"], start, end)``."""

    def build(regions: Mapping[str, Sequence[str]], rules: Sequence[str], start: datetime, end: datetime) -> Book:
        lines = ["version: 1", "service: venue-search", "regions:"]
        for name, zones in regions.items():
            lines += [f"  {name}:", "    markets:"]
            lines += [
                f"      {zone.rpartition('/')[2].lower().replace('_', '-')}: {{zone: {zone}, country: US}}"
                for zone in zones
            ]
        lines.append("rules:" if rules else "rules: {}")
        lines += [f"  rule-{number}: {{{rule}}}" for number, rule in enumerate(rules)]
        calendar = parse_configuration("\n".join(lines).encode(), name="wedgate.yml").calendar
        span = Span(start=start, end=end)
        timeline = compile_timeline(calendar, gather_facts(needs_of(calendar), span), span)
        return lay_out(timeline, calendar, tuple(regions), "venue-search", VERSIONS)

    return build


@pytest.fixture(scope="session")
def plain_book() -> Callable[..., Book]:
    """A book of given closings, ``plain_book(start, end, {"eu": [(start, end), ...]})``; open in between."""

    def pages_of(name: str, span: Span, closings: Sequence[tuple[datetime, datetime]], zone: str) -> RegionPages:
        edges = [span.start, *(edge for pair in closings for edge in pair), span.end]
        intervals = tuple(
            Interval(
                start=start,
                end=end,
                verdict=Verdict.CLOSED if number % 2 else Verdict.OPEN,
                load=Decimal(1),
                rules=(),
            )
            for number, (start, end) in enumerate(pairwise(edges))
            if start < end
        )
        market = Market(name="market", zone=zone, country="US")
        pages = MarketPages(market=market, intervals=intervals)
        return RegionPages(name=name, intervals=intervals, markets=(pages,))

    def build(
        start: datetime,
        end: datetime,
        closings: Mapping[str, Sequence[tuple[datetime, datetime]]],
        zone: str = "America/New_York",
    ) -> Book:
        span = Span(start=start, end=end)
        regions = tuple(pages_of(name, span, pairs, zone) for name, pairs in closings.items())
        return Book(title="x", span=span, regions=regions, together=(), rules=(), versions=VERSIONS)

    return build


@pytest.fixture(scope="session")
def disagreement(readers: ModuleType) -> Callable[[str, str, Book, str], str | None]:
    """Say at which instant a tool, reading a file, differs from the book; ``None`` if nowhere within the span."""

    def find(name: str, text: str, book: Book, region: str) -> str | None:
        (pages,) = [pages for pages in book.regions if pages.name == region]
        reading = readers.read(name, text, region, book.span.start, book.span.end)
        second = timedelta(seconds=1)
        starts = [each.start for each in pages.intervals]
        closed = [each.verdict is Verdict.CLOSED for each in pages.intervals]
        begins = {
            start for number, start in enumerate(starts) if closed[number] and not (number and closed[number - 1])
        }
        tried = {
            near for edge in (*reading.edges, *starts, book.span.end) for near in (edge - second, edge, edge + second)
        }
        place = 0
        for at in sorted(at for at in tried if book.span.start <= at < book.span.end):
            while place + 1 < len(starts) and starts[place + 1] <= at:
                place += 1
            if reading.blinks and at in begins:
                continue
            if reading.closed(at) is not closed[place]:
                return f"{name} says {reading.closed(at)} at {at.isoformat()}, the book {closed[place]}"
        return None

    return find
