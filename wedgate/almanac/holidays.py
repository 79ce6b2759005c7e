"""Holidays of a country and subdivision as frozen tables, each with the dates between which it is verified.

The tables of common markets are generated (``python -m wedgate.almanac.generate``) and shipped; all others are asked
of the ``holidays`` package when they are needed. The package answers past the end of its data with fewer names or
none and no error, so wedgate keeps its own horizon:

- ``LAST_YEAR`` for all. Statutory holidays are rules of law, and laws change; a table ten years out is a guess.
- ``LAST_YEARS`` for countries that are certain for less long. China's days and its working weekends are decided a
  year at a time by the State Council, whose last notice (4 November 2025) is for 2026. India's data end with 2035.
- Days marked ``(estimated)`` wait for a moon to be sighted or a ministry to decide. The day itself and two days on
  either side are uncertain; the rest of that year is as good as any other.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TypedDict

from wedgate.calendars.facts import HolidayKey
from wedgate.calendars.tables import HolidayTable, UncertainDays
from wedgate.calendars.values import Span

FIRST_YEAR = 2020
LAST_YEAR = 2035
LAST_YEARS = {"CN": 2026, "IN": 2035}
UNCERTAIN_DAYS = 2
"""How far a moon sighting or a ministry may move an estimated day: at most two days have been seen."""

_ESTIMATED = "(estimated)"
_RESOURCES = Path(__file__).parent / "resources"


class _Generated(TypedDict):
    """What ``resources/holidays.json`` holds: dates by name, by table."""

    library: str
    tables: dict[str, dict[str, list[str]]]


class _Country(TypedDict):
    """What ``resources/countries.json`` holds for each country code."""

    subdivisions: list[str]
    categories: list[str]
    regional: list[str]
    weekend: list[int]


def holiday_table(key: HolidayKey, span: Span) -> HolidayTable:
    """Return the table of a key, complete for the span as far as it is verified; ``UsageError`` for no such key."""
    shipped = _shipped_table(key)
    if shipped is not None:
        return shipped
    from wedgate.almanac.library import library_dates, library_version

    end = LAST_YEARS.get(key.country, LAST_YEAR)
    first_year = max(FIRST_YEAR, min(span.start.year - 1, end))
    last_year = min(max(span.end.year + 1, first_year), end)
    return _table(
        key, library_dates(key, first_year, last_year), first_year, last_year, f"holidays {library_version()}"
    )


@cache
def _shipped_table(key: HolidayKey) -> HolidayTable | None:
    names = _generated()["tables"].get(table_name(key))
    if names is None:
        return None
    last_year = LAST_YEARS.get(key.country, LAST_YEAR)
    return _table(key, _by_date(names), FIRST_YEAR, last_year, f"generated from holidays {holidays_version()}")


def _table(key: HolidayKey, dates: dict[date, str], first_year: int, last_year: int, source: str) -> HolidayTable:
    return HolidayTable(
        dates=dates,
        verified_from=date(first_year, 1, 1),
        verified_until=date(last_year, 12, 31),
        source=source,
        uncertain=_uncertain(dates),
        partial=key.subdivision is None and not set(key.categories).isdisjoint(regional_categories(key.country)),
    )


def holidays_version() -> str:
    """Return the version of the ``holidays`` package that the shipped tables come from."""
    return _generated()["library"]


def countries() -> tuple[str, ...]:
    """Return the country codes (ISO 3166-1 alpha-2) that have holidays, sorted."""
    return tuple(_countries())


def subdivisions(country: str) -> tuple[str, ...]:
    """Return the subdivision codes of a country; ``KeyError`` for an unknown country."""
    return tuple(_countries()[country]["subdivisions"])


def categories(country: str) -> tuple[str, ...]:
    """Return the holiday categories of a country; ``KeyError`` for an unknown country."""
    return tuple(_countries()[country]["categories"])


def regional_categories(country: str) -> tuple[str, ...]:
    """Return the categories in which a subdivision has days that its country as a whole has not; ``KeyError``."""
    return tuple(_countries()[country]["regional"])


def weekend_of(country: str) -> frozenset[int]:
    """Return the days of rest of a country, Monday = 0; ``KeyError`` for an unknown country."""
    return frozenset(_countries()[country]["weekend"])


def table_name(key: HolidayKey) -> str:
    """Return how the generated file names a table: ``US-NY public``."""
    place = key.country if key.subdivision is None else f"{key.country}-{key.subdivision}"
    return f"{place} {' '.join(key.categories)}"


def _by_date(names: dict[str, list[str]]) -> dict[date, str]:
    found: dict[str, str] = {}
    for name, days in names.items():
        for day in days:
            found[day] = f"{found[day]}; {name}" if day in found else name
    return {date.fromisoformat(day): names for day, names in sorted(found.items())}


def _uncertain(dates: dict[date, str]) -> tuple[UncertainDays, ...]:
    around = timedelta(days=UNCERTAIN_DAYS)
    return tuple(
        UncertainDays(first=day - around, last=day + around, name=name)
        for day, names in dates.items()
        if _ESTIMATED in names
        for name in names.split("; ")
        if _ESTIMATED in name
    )


@cache
def _generated() -> _Generated:
    found: _Generated = json.loads(_RESOURCES.joinpath("holidays.json").read_bytes())
    return found


@cache
def _countries() -> dict[str, _Country]:
    found: dict[str, _Country] = json.loads(_RESOURCES.joinpath("countries.json").read_bytes())
    return found
