"""Holiday tables are right where others published the truth, complete up to a horizon, and doubtful beyond it."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest

from wedgate.almanac import generate
from wedgate.almanac.gather import gather_facts
from wedgate.almanac.holidays import (
    UNCERTAIN_DAYS,
    categories,
    countries,
    holiday_table,
    holidays_version,
    subdivisions,
)
from wedgate.almanac.library import library_dates
from wedgate.calendars.facts import HolidayKey, Needs
from wedgate.calendars.values import Span
from wedgate.errors import UsageError

SPAN = Span(start=datetime(2026, 6, 1, tzinfo=UTC), end=datetime(2026, 8, 1, tzinfo=UTC))


def key(place: str, *kinds: str) -> HolidayKey:
    country, _, subdivision = place.partition("-")
    return HolidayKey(country=country, subdivision=subdivision or None, categories=kinds or ("public",))


def test_the_shipped_tables_are_what_the_pinned_package_says() -> None:
    assert generate.generated_tables() == generate.RESOURCES.joinpath("holidays.json").read_text(encoding="utf-8")
    assert generate.generated_countries() == generate.RESOURCES.joinpath("countries.json").read_text(encoding="utf-8")
    assert holidays_version() == holidays.__version__


# Statute and gazette, not the package: 5 U.S.C. 6103, the German Unification Treaty and Easter, gov.uk bank holidays,
# the Ministry of Manpower of Singapore, NSW Public Holidays Act 2010, the Indian DoPT list.
@pytest.mark.parametrize(
    ("place", "day"),
    [
        ("US-NY", "2027-05-31"),  # Memorial Day
        ("US-CA", "2028-05-29"),
        ("US-IL", "2030-09-02"),  # Labor Day
        ("US-AZ", "2028-11-23"),  # Thanksgiving
        ("DE-BE", "2025-04-21"),  # Ostermontag
        ("DE-BE", "2025-06-09"),  # Pfingstmontag
        ("DE-BE", "2027-05-01"),
        ("DE-BE", "2027-10-03"),
        ("GB-ENG", "2026-12-28"),  # Boxing Day, substitute
        ("GB-ENG", "2026-12-26"),  # and the day itself
        ("GB-ENG", "2026-04-03"),
        ("SG", "2023-06-02"),  # Vesak Day
        ("SG", "2024-06-17"),  # Hari Raya Haji
        ("SG", "2025-05-12"),
        ("SG", "2026-05-31"),
        ("SG", "2027-02-06"),
        ("SG", "2028-10-17"),  # Deepavali
        ("IN-MH", "2027-10-29"),  # Diwali
        ("AU-NSW", "2026-04-04"),  # Easter Saturday
        ("AU-NSW", "2027-06-14"),  # King's Birthday
        ("AU-NSW", "2027-10-04"),  # Labour Day
    ],
)
def test_a_published_holiday_is_in_the_table(place: str, day: str) -> None:
    assert date.fromisoformat(day) in holiday_table(key(place), SPAN).dates


@pytest.mark.parametrize("place", ["SG", "TT", "MY-14"])
def test_deepavali_2028_is_not_a_month_late(place: str) -> None:
    span = Span(start=datetime(2028, 9, 1, tzinfo=UTC), end=datetime(2028, 12, 1, tzinfo=UTC))
    found = holiday_table(key(place), span)
    assert date(2028, 11, 15) not in found.dates
    assert found.dates[date(2028, 10, 17)].endswith("(estimated)")
    assert any(days.first == date(2028, 10, 15) and days.last == date(2028, 10, 19) for days in found.uncertain)


@pytest.mark.parametrize("place", ["SG", "MY-14", "TT"])
def test_no_other_deepavali_differs_from_india(place: str) -> None:
    """The package has two tables of one new moon: a difference of more than two days is another error of that kind."""

    def dates_in(where: str) -> dict[int, date]:
        found = library_dates(key(where), 2026, 2035).items()
        days = [day for day, names in found if ("Diwali" in names or "Deepavali" in names) and "Bali" not in names]
        return {day.year: day for day in reversed(days)}

    here, india = dates_in(place), dates_in("IN-MH")
    assert set(here) == set(range(2026, 2036))
    assert all(abs(here[year] - india[year]) <= timedelta(days=2) for year in here)


def test_every_estimated_day_is_uncertain_with_its_neighbours() -> None:
    found = holiday_table(key("SG"), SPAN)
    estimated = [day for day, names in found.dates.items() if "(estimated)" in names]
    assert estimated
    for day in estimated:
        around = timedelta(days=UNCERTAIN_DAYS)
        assert any(days.first == day - around and days.last == day + around for days in found.uncertain)
    assert not [days for days in found.uncertain if days.last.year < 2028], "Singapore has gazetted 2027"
    assert holiday_table(key("US-NY"), SPAN).uncertain == ()


@pytest.mark.parametrize(
    ("place", "until"),
    [("US-NY", date(2035, 12, 31)), ("IN-MH", date(2035, 12, 31)), ("CN", date(2026, 12, 31))],
)
def test_the_horizon_is_ours_and_not_the_package_s(place: str, until: date) -> None:
    far = Span(start=datetime(2041, 6, 1, tzinfo=UTC), end=datetime(2041, 8, 1, tzinfo=UTC))  # V21
    found = holiday_table(key(place), far)
    assert found.verified_until == until
    assert max(found.dates) <= until


def test_a_market_that_is_not_shipped_is_asked_of_the_package_for_the_span() -> None:
    found = holiday_table(key("FR"), SPAN)
    assert found.dates[date(2026, 7, 14)] == "National Day"
    assert found.verified_from <= date(2026, 1, 1)
    assert found.verified_until >= date(2026, 12, 31)
    unofficial = holiday_table(key("US", "unofficial"), SPAN)
    assert date(2026, 2, 14) in unofficial.dates


@pytest.mark.parametrize("wanted", [key("XX"), key("US-XX"), key("SG", "bank")])
def test_a_table_that_does_not_exist_is_refused(wanted: HolidayKey) -> None:
    with pytest.raises(UsageError, match="there is no table of the"):
        holiday_table(wanted, SPAN)


def test_countries_subdivisions_and_categories_are_known_without_the_package() -> None:
    assert {"US", "DE", "GB", "SG", "IN", "AU"} <= set(countries())
    assert "NSW" in subdivisions("AU")
    assert categories("SG") == ("public",)
    assert set(countries()) == set(holidays.list_supported_countries(include_aliases=False))


def test_facts_hold_exactly_what_is_needed() -> None:
    needs = Needs(zones=frozenset({"Asia/Singapore"})) | Needs.of(key("SG"))
    facts = gather_facts(needs, SPAN)
    assert set(facts.zones) == needs.zones
    assert set(facts.sources) == needs.sources
