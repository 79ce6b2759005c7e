"""Books from a few words: markets by zone, rules as they stand in wedgate.yml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

import pytest

from wedgate.calendars.book import Book
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import parse_configuration
from wedgate.engine.calendar import make_book

COUNTRIES = {"Europe/London": "GB", "Europe/Berlin": "DE", "Asia/Kolkata": "IN", "Asia/Singapore": "SG"}


@pytest.fixture(scope="session")
def book_of() -> Callable[..., Book]:
    """``book_of({"eu": {"berlin": "Europe/Berlin"}}, "  saturday: {...}", "2026-06-01", "2026-06-30")``."""

    def build(regions: Mapping[str, Mapping[str, str]], rules: str, start: str, end: str) -> Book:
        places = "\n".join(
            f"  {name}: {{markets: {{"
            + ", ".join(
                f"{market}: {{zone: {zone}, country: {COUNTRIES.get(zone, 'US')}}}" for market, zone in markets.items()
            )
            + "}}"
            for name, markets in regions.items()
        )
        text = f"version: 1\nservice: venue-search\nregions:\n{places}\nrules:\n{rules}"
        configuration = parse_configuration(text.encode(), name="wedgate.yml")
        bounds = (
            date.fromisoformat(each) if len(each) == 10 else datetime.fromisoformat(each) for each in (start, end)
        )
        return make_book(configuration, None, *bounds, almanac=PinnedAlmanac(), wedgate_version="1.2.3")

    return build
