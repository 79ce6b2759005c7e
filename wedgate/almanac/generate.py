"""Write the shipped tables: ``python -m wedgate.almanac.generate``, after each new version of their libraries.

Tests regenerate the files and compare, so that they cannot drift from the pinned packages.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from wedgate.almanac.holidays import FIRST_YEAR, LAST_YEAR, LAST_YEARS, table_name
from wedgate.almanac.library import library_dates, library_version
from wedgate.almanac.month_libraries import library_months
from wedgate.almanac.months import CALENDARS, FOLDER
from wedgate.calendars.facts import HolidayKey

MARKETS = (
    *(("US", "NY"), ("US", "IL"), ("US", "CA"), ("US", "AZ"), ("DE", "BE"), ("GB", "ENG")),
    *(("SG", None), ("IN", "MH"), ("AU", "NSW")),
)
"""Country and subdivision of the markets that the starter configuration names."""

REGIONAL_YEARS = (2026, 2030)
"""Laws that make a holiday of one region hold every year, but for a few: five years show them all."""

RESOURCES = Path(__file__).parent / "resources"


def generated_tables() -> str:
    """Return ``holidays.json``: for each market the dates of each public holiday, by name."""
    tables: dict[str, dict[str, list[str]]] = {}
    for country, subdivision in MARKETS:
        key = HolidayKey(country=country, subdivision=subdivision)
        names: dict[str, list[str]] = {}
        for day, joined in library_dates(key, FIRST_YEAR, LAST_YEARS.get(country, LAST_YEAR)).items():
            for name in joined.split("; "):
                names.setdefault(name, []).append(day.isoformat())
        tables[table_name(key)] = dict(sorted(names.items()))
    return _written({"library": library_version(), "tables": tables})


def generated_countries() -> str:
    """Return ``countries.json``: for each country that has holidays its subdivisions and categories.

    ``weekend`` are the days of rest, Monday = 0; ``regional`` the categories in which some subdivision has days that
    the country as a whole has not.
    """
    import holidays

    known: dict[str, object] = {}
    for country, codes in sorted(holidays.list_supported_countries(include_aliases=False).items()):
        found = holidays.country_holidays(country)
        kinds = found.supported_categories
        known[country] = {
            "subdivisions": sorted(codes),
            "categories": sorted(kinds),
            "regional": [kind for kind in sorted(kinds) if _differs(country, sorted(codes), kind)],
            "weekend": sorted(found.weekend),
        }
    return _written(known)


def _differs(country: str, codes: list[str], category: str) -> bool:
    """Whether, in five years, any subdivision has a day of the category that the country as a whole has not."""

    def days(subdivision: str | None) -> set[date]:
        key = HolidayKey(country=country, subdivision=subdivision, categories=(category,))
        return set(library_dates(key, *REGIONAL_YEARS))

    whole = days(None)
    return any(days(code) - whole for code in codes)


def generated_months(calendar: str) -> str:
    """Return ``months/NAME.json``: for each year its first day, the lengths of its months, and its leap month."""
    source, months = library_months(calendar)
    years: dict[int, tuple[str, str, int]] = {}
    for month in months:
        start, lengths, leap = years.get(month.year, (month.first.isoformat(), "", 0))
        years[month.year] = start, lengths + str(month.length)[-1], month.month if month.leap else leap
    body = ",\n".join(f'"{year}":{json.dumps(entry, separators=(",", ":"))}' for year, entry in years.items())
    return f'{{"source": {json.dumps(source)},\n"years": {{\n{body}\n}}}}\n'


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for calendar in CALENDARS:
        FOLDER.joinpath(f"{calendar}.json").write_text(generated_months(calendar), encoding="utf-8")
    RESOURCES.joinpath("holidays.json").write_text(generated_tables(), encoding="utf-8")
    RESOURCES.joinpath("countries.json").write_text(generated_countries(), encoding="utf-8")


def _written(data: dict[str, object]) -> str:
    """One line for each first-level entry keeps differences readable, and the file small."""
    lines = []
    for name, value in data.items():
        lines.append(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}")
    return "{" + ",\n".join(lines) + "}\n"


if __name__ == "__main__":
    main()
