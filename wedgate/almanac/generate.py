"""Write the shipped tables: ``python -m wedgate.almanac.generate``, after each new version of ``holidays``.

A test regenerates both files and compares, so that they cannot drift from the pinned package.
"""

from __future__ import annotations

import json
from pathlib import Path

from wedgate.almanac.holidays import FIRST_YEAR, LAST_YEAR, LAST_YEARS, table_name
from wedgate.almanac.library import library_dates, library_version
from wedgate.calendars.facts import HolidayKey

MARKETS = (
    *(("US", "NY"), ("US", "IL"), ("US", "CA"), ("US", "AZ"), ("DE", "BE"), ("GB", "ENG")),
    *(("SG", None), ("IN", "MH"), ("AU", "NSW")),
)
"""Country and subdivision of the markets that the starter configuration names."""

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
    """Return ``countries.json``: for each country that has holidays its subdivisions and categories."""
    import holidays

    known: dict[str, object] = {}
    for country, codes in sorted(holidays.list_supported_countries(include_aliases=False).items()):
        kinds = holidays.country_holidays(country).supported_categories
        known[country] = {"subdivisions": sorted(codes), "categories": sorted(kinds)}
    return _written(known)


def main() -> None:
    """Write both files."""
    RESOURCES.mkdir(exist_ok=True)
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
