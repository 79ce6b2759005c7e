"""The months of lunar calendars and of the Hijri calendar as frozen tables, from files that are shipped.

The files are generated (``python -m wedgate.almanac.generate``) from libraries that a decision never imports. Each line
holds one year: its first day, for each month the last digit of its length (0 for 30 days, 9 for 29), and the number of
the month that is followed by its leap month, 0 for none. Only the years around the span asked about become values.

What is not verified:

- Chinese months (UTC+8) end with 2100. The Hong Kong Observatory says of three new moons that they are too close to
  midnight for the day to be certain (hko.gov.hk/en/gts/time/conversion.htm).
- Korean months (UTC+9) end in 2050, where the tables of the Korea Astronomy and Space Science Institute do.
- Japanese months (UTC+9) are no public office's any more, and follow the rules of the Tenpo calendar of 1844. In 2033
  those rules leave more than one way to number the months from 25 August on, and nobody has decided between them.
- The Hijri months are those of Umm al-Qura, the civil calendar of Saudi Arabia, which is published to 1500 AH (2077).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

from wedgate.calendars.facts import MonthKey
from wedgate.calendars.tables import CalendarMonth, MonthTable, UncertainDays
from wedgate.calendars.values import Span

CALENDARS = ("chinese", "korean", "japanese", "umm-al-qura")
LAST_DAYS = {"japanese": date(2033, 8, 24)}
"""The last verified day of calendars whose rules run out before their tables do."""
UNCERTAIN_NEW_MOONS = {"chinese": (date(2057, 9, 28), date(2089, 9, 4), date(2097, 8, 7))}
"""New moons within minutes of midnight: the month may begin a day earlier or later."""
FOLDER = Path(__file__).parent / "resources" / "months"

_DAY = timedelta(days=1)
_LENGTHS = {str(length % 10): length for length in (28, 29, 30, 31)}
"""Umm al-Qura had months of 28 and 31 days in its first decades."""
_MARGIN = timedelta(days=800)
"""Two years on either side: a range of days may begin almost a year before the first day asked about."""


class WrittenMonths(TypedDict):
    """What ``resources/months/NAME.json`` holds; each year is ``[first day, lengths, leap month]``."""

    source: str
    years: dict[str, tuple[str, str, int]]


def month_table(key: MonthKey, span: Span) -> MonthTable:
    """Return the months around a span; those outside of the calendar's own horizon are left out."""
    written = _written(key.calendar)
    starts = _starts(key.calendar)
    first, last = (span.start.date() - _MARGIN).isoformat(), (span.end.date() + _MARGIN).isoformat()
    years = [year for year, start in starts.items() if first <= start <= last]
    whole_last = months_of(list(starts)[-1], written["years"])[-1].last
    return MonthTable(
        months=tuple(month for year in years for month in months_of(year, written["years"])),
        verified_from=date.fromisoformat(next(iter(starts.values()))),
        verified_until=LAST_DAYS.get(key.calendar, whole_last),
        source=f"generated from {written['source']}",
        uncertain=tuple(
            _around(new_moon, written, starts)
            for new_moon in UNCERTAIN_NEW_MOONS.get(key.calendar, ())
            if first <= new_moon.isoformat() <= last
        ),
    )


def months_of(year: str, years: Mapping[str, tuple[str, str, int]]) -> list[CalendarMonth]:
    """Return the months of one written year."""
    start, lengths, leap = years[year]
    first, found = date.fromisoformat(start), []
    for place, digit in enumerate(lengths, start=1):
        after_leap = 0 < leap < place
        month = CalendarMonth(
            first=first,
            length=_LENGTHS[digit],
            year=int(year),
            month=place - 1 if after_leap else place,
            leap=leap > 0 and place == leap + 1,
        )
        found.append(month)
        first += timedelta(days=month.length)
    return found


def _around(new_moon: date, written: WrittenMonths, starts: Mapping[str, str]) -> UncertainDays:
    """Return the days that an uncertain new moon may move: from the day before it to the next new moon."""
    (year,) = (
        year for (year, start), (_, following) in pairwise((*starts.items(), ("", "9999")))
        if start <= (new_moon - _DAY).isoformat() < following
    )  # fmt: skip
    months = months_of(year, written["years"])
    month = next(month for month in months if abs(month.first - new_moon) <= _DAY)
    return UncertainDays(first=new_moon - _DAY, last=month.last, name=f"the new moon of {new_moon}")


@cache
def _starts(calendar: str) -> dict[str, str]:
    return {year: start for year, (start, _, _) in _written(calendar)["years"].items()}


@cache
def _written(calendar: str) -> WrittenMonths:
    found: WrittenMonths = json.loads(FOLDER.joinpath(f"{calendar}.json").read_bytes())
    return found
