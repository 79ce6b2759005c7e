"""The ``holidays`` package, asked in one way: English names, actual and observed days both, nothing silently empty.

It is imported inside the functions that need it, because it costs more than the rest of a check. What it is known to
say wrongly is put right here, with the source, for the generated tables and for direct questions alike.
"""

from __future__ import annotations

import warnings
from datetime import date
from typing import TYPE_CHECKING

from wedgate.calendars.facts import HolidayKey
from wedgate.errors import UsageError

if TYPE_CHECKING:
    from holidays import HolidayBase

CORRECTIONS: dict[tuple[str, date], tuple[date, str]] = {
    # Deepavali 2028 is the new moon of 17 October (the package's own table for India, and every Indian almanac
    # consulted); its table for these three countries says 15 November, a lunar month late, without any mark.
    (country, date(2028, 11, 15)): (date(2028, 10, 17), "Diwali")
    for country in ("SG", "MY", "TT")
}
"""(country, wrong date) -> (right date, name that the wrong entry holds). The right day is marked as estimated."""


def library_version() -> str:
    """Return the version of the installed ``holidays`` package."""
    from holidays.version import __version__

    return __version__


def library_dates(key: HolidayKey, first_year: int, last_year: int) -> dict[date, str]:
    """Return the holidays of a key by date, names joined by ``"; "``; ``UsageError`` if the package has no such key.

    A holiday that is observed on another day counts on both: guests use the real day, and the Monday.
    """
    found: dict[date, list[str]] = {}
    years = range(first_year, last_year + 1)
    for observed in (True, False):
        for day, names in _table(key, years, observed=observed).items():
            for name in names.split("; "):
                if name not in found.setdefault(day, []):
                    found[day].append(name)
    return {day: "; ".join(names) for day, names in sorted(_corrected(key.country, found).items())}


def _table(key: HolidayKey, years: range, *, observed: bool) -> HolidayBase:
    import holidays

    with warnings.catch_warnings():
        # The package warns past its data and goes on; wedgate keeps horizons of its own (see the module holidays).
        warnings.simplefilter("ignore")
        try:
            languages = holidays.country_holidays(key.country).supported_languages
            return holidays.country_holidays(
                key.country,
                subdiv=key.subdivision,
                years=years,
                observed=observed,
                categories=key.categories,
                language="en_US" if "en_US" in languages else None,
            )
        except (NotImplementedError, ValueError) as error:
            raise UsageError(f"there is no table of the {key}: {error}; correct country, subdivision or kind") from None


def _corrected(country: str, found: dict[date, list[str]]) -> dict[date, list[str]]:
    for (place, wrong), (right, name) in CORRECTIONS.items():
        moved = [each for each in found.get(wrong, ()) if each.startswith((name, "Deepavali"))]
        if place != country or not moved:
            continue
        found[wrong] = [each for each in found[wrong] if each not in moved]
        found.setdefault(right, []).extend(f"{each.partition(' (')[0]} (estimated)" for each in moved)
        if not found[wrong]:
            del found[wrong]
    return found
