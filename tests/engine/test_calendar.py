"""A calendar covers the whole local day of every market asked about, and no run is cut where that is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from wedgate.calendars.values import Span
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.configuration import Configuration
from wedgate.config.load import parse_configuration
from wedgate.engine.calendar import make_book, make_whole_book
from wedgate.errors import UsageError

TEXT = """
version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}, london: {zone: Europe/London, country: GB}}}
  asia: {markets: {sydney: {zone: Australia/Sydney, country: AU}}}
  west: {markets: {los-angeles: {zone: America/Los_Angeles, country: US}}}
  cairo: {markets: {cairo: {zone: Africa/Cairo, country: EG}}}
rules:
  saturdays: {where: [eu, asia, west], weekdays: saturday, effect: block}
  move: {where: cairo, dates: 2020-01-01..2030-12-31, effect: caution}
  asia-only: {where: asia, months: june, load: 4}
"""
ALMANAC = PinnedAlmanac()


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return parse_configuration(TEXT.encode(), name="wedgate.yml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def span_of(configuration: Configuration, start: date, end: date, *regions: str) -> tuple[datetime, datetime]:
    span = make_book(configuration, regions, start, end, almanac=ALMANAC, wedgate_version="1").span
    return span.start, span.end


def test_dates_are_whole_in_every_market_asked_about(configuration: Configuration) -> None:
    """June 2026 begins in Sydney (+10) and ends in Los Angeles (-7); in Europe alone in Berlin (+2) and London (+1)."""
    june = date(2026, 6, 1), date(2026, 6, 30)
    assert span_of(configuration, *june) == (at("2026-05-31T14:00:00Z"), at("2026-07-01T07:00:00Z"))
    assert span_of(configuration, *june, "eu") == (at("2026-05-31T22:00:00Z"), at("2026-06-30T23:00:00Z"))
    assert span_of(configuration, *june, "eu", "asia") == (at("2026-05-31T14:00:00Z"), at("2026-06-30T23:00:00Z"))


def test_a_day_begins_after_a_gap_and_ends_before_it(configuration: Configuration) -> None:
    """Cairo put its clock on at 00:00 on Friday 24 April 2026: that date begins at 01:00 (+03:00), 22:00Z."""
    day = date(2026, 4, 24)
    assert span_of(configuration, day, day, "cairo") == (at("2026-04-23T22:00:00Z"), at("2026-04-24T21:00:00Z"))


def test_instants_bound_half_open(configuration: Configuration) -> None:
    """And a date may stand beside an instant."""
    start, end = at("2026-06-06T12:00:00+02:00"), at("2026-06-06T13:00:00+02:00")
    assert span_of(configuration, start, end, "eu") == (start, end)
    assert span_of(configuration, date(2026, 6, 6), end, "eu") == (at("2026-06-05T22:00:00Z"), end)


def test_a_book_holds_only_what_was_asked_about(configuration: Configuration) -> None:
    """Other regions and their rules stay out; the versions and the service are named."""
    book = make_book(
        configuration, ("eu",), date(2026, 6, 1), date(2026, 6, 7), almanac=ALMANAC, wedgate_version="1.2.3"
    )
    assert [pages.name for pages in book.regions] == ["eu"]
    assert [rule.id for rule in book.rules] == ["saturdays"]
    assert (book.title, book.versions.wedgate, book.versions.config_digest) == (
        "venue-search", "1.2.3", configuration.digest,
    )  # fmt: skip


@pytest.mark.parametrize("year", [1, 1969, 2100, 9999])
def test_a_year_beyond_what_is_known_is_refused(configuration: Configuration, year: int) -> None:
    with pytest.raises(UsageError, match="answers for the years 1970 to 2099"):
        span_of(configuration, date(year, 1, 1), date(year, 12, 31))


def test_the_first_and_the_last_year_are_answered(configuration: Configuration) -> None:
    """Nothing is known before 1970 UTC, and the end of 2099 is local."""
    assert span_of(configuration, date(1970, 1, 1), date(1970, 12, 31))[0] == at("1970-01-01T00:00:00Z")
    assert span_of(configuration, date(2099, 1, 1), date(2099, 12, 31))[1] == at("2100-01-01T08:00:00Z")
    last = at("2099-12-31T00:00:00Z"), at("2100-01-01T00:00:00Z")
    assert span_of(configuration, *last) == last


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 6, 5), date(2026, 6, 4)),
        (at("2026-06-05T12:00:00Z"), at("2026-06-05T12:00:00Z")),
        (at("2026-06-05T12:00:00Z"), date(2026, 6, 4)),
    ],
)
def test_an_end_that_is_not_after_the_start_is_refused(configuration: Configuration, start: date, end: date) -> None:
    """Also where the world's zones make yesterday end after today began."""
    with pytest.raises(UsageError, match="is not after"):
        span_of(configuration, start, end)


def test_an_unknown_region_is_refused_with_the_nearest(configuration: Configuration) -> None:
    with pytest.raises(UsageError, match="did you mean asia"):
        span_of(configuration, date(2026, 6, 1), date(2026, 6, 1), "asai")


def test_a_whole_book_cuts_no_run_of_the_span_asked_about(configuration: Configuration) -> None:
    """A span in the middle of Berlin's Saturday sees all of it; eleven cautious years are whole too."""
    noon = at("2026-06-06T12:00:00Z")
    book = make_book(
        configuration, ("eu", "cairo"), noon, noon + timedelta(hours=1), almanac=ALMANAC, wedgate_version="1"
    )
    whole = make_whole_book(book, configuration, almanac=ALMANAC)
    eu, cairo = whole.regions
    closed = [Span(start=each.start, end=each.end) for each in eu.intervals if each.start <= noon < each.end]
    assert closed == [Span(start=at("2026-06-05T22:00:00Z"), end=at("2026-06-06T23:00:00Z"))]
    careful = [each for each in cairo.intervals if each.start <= noon < each.end]
    assert (careful[0].start, careful[0].end) == (at("2019-12-31T22:00:00Z"), at("2030-12-31T22:00:00Z"))
