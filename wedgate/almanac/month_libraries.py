"""Months as the libraries made for them give them: only to write the shipped tables, and for the test that compares.

Nothing here is imported by a decision; the libraries are dependencies of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.metadata import version
from itertools import pairwise

from wedgate.calendars.tables import CalendarMonth

FIRST_KOREAN_YEAR, LAST_KOREAN_YEAR = 1969, 2050
LAST_JAPANESE_YEAR = 2033


def library_months(calendar: str) -> tuple[str, list[CalendarMonth]]:
    """Return the library's name with its version, and every month of a calendar whose length it knows."""
    if calendar == "chinese":
        return _named("borax"), list(_chinese())
    if calendar == "umm-al-qura":
        return _named("hijridate"), list(_umm_al_qura())
    last = LAST_KOREAN_YEAR if calendar == "korean" else LAST_JAPANESE_YEAR
    return _named("korean_lunar_calendar"), [month for month in _korean() if month.year <= last]


def _named(library: str) -> str:
    return f"{library} {version(library)}"


def _chinese() -> Iterator[CalendarMonth]:
    from borax.calendars.lunardate import LCalendars, LunarDate  # type: ignore[import-untyped]

    for year in range(1900, 2101):
        for month, length, leap in LCalendars.iter_year_month(year):
            first = LunarDate(year, month, 1, leap).to_solar_date()
            yield CalendarMonth(first=first, length=length, year=year, month=month, leap=bool(leap))


def _umm_al_qura() -> Iterator[CalendarMonth]:
    from hijridate import Hijri

    for year in range(1343, 1501):
        for month in range(1, 13):
            start = Hijri(year, month, 1)
            first = date.fromisoformat(start.to_gregorian().isoformat())
            yield CalendarMonth(first=first, length=start.month_length(), year=year, month=month)


@cache
def _korean() -> tuple[CalendarMonth, ...]:
    starts = [
        (found, (year, month, leap))
        for year in range(FIRST_KOREAN_YEAR, LAST_KOREAN_YEAR + 1)
        for month in range(1, 13)
        for leap in (False, True)
        if (found := _korean_start(year, month, leap)) is not None
    ]
    return tuple(
        CalendarMonth(first=first, length=(following - first).days, year=year, month=month, leap=leap)
        for (first, (year, month, leap)), (following, _) in pairwise(starts)
    )


def _korean_start(year: int, month: int, leap: bool) -> date | None:
    """Return the first day of a month, ``None`` if there is no such month or the library does not know it.

    Where it does not know, the library says False and keeps the date it was asked before: a new instance for each.
    """
    from korean_lunar_calendar import KoreanLunarCalendar  # type: ignore[import-untyped]

    asked = KoreanLunarCalendar()
    if not asked.setLunarDate(year, month, 1, leap) or asked.isIntercalation is not leap:
        return None
    return date(asked.solarYear, asked.solarMonth, asked.solarDay)
