"""Days counted from Easter Sunday, as the western and the orthodox churches reckon it: ``easter: western, days: -2``.

Both are computed, so no source can run out. The western date follows the Gregorian computus in the arithmetic of
"Anonymous" (*Nature*, 20 April 1876; Meeus, *Astronomical Algorithms*, chapter 8), the orthodox one the Julian computus
of the same chapter, as a date of the Gregorian calendar. Finland's orthodox church keeps the western date.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar, assert_never

from wedgate.calendars.choices import Choice
from wedgate.calendars.day_offsets import FURTHEST, DayOffsets, OffsetItem
from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.values import Market

_YEARS = range(1970, 2100)
"""The years that answers are given for."""


class Church(Choice):
    """Whose Easter."""

    WESTERN = "western"
    ORTHODOX = "orthodox"

    @classmethod
    def noun(cls) -> str:
        """Say what the words are."""
        return "way to reckon Easter"


_SUNDAY = DayOffsets((OffsetItem(0, 0),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Easter(RuleKind):
    """Matches whole local days; a range is one run each year."""

    KEY: ClassVar[str] = "easter"
    easter: Church = field(metadata={"description": "Easter Sunday, `western` or `orthodox`; `days` counts from it."})
    days: DayOffsets = field(
        default=_SUNDAY,
        metadata={"description": "With `easter`: days after Easter Sunday, with a minus before it; 0 by default."},
    )

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the runs of each year that can reach into the stretch."""
        far = timedelta(days=FURTHEST)
        runs = (
            DayRun(sunday + timedelta(days=item.first), sunday + timedelta(days=item.last), _note(item, self.easter))
            for year in range((first - far).year, (last + far).year + 1)
            for sunday in (easter_sunday(year, self.easter),)
            for item in self.days
        )
        return Matches(days=tuple(run for run in runs if run.first <= last and run.last >= first))

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether no year of those that answers are given for has such a day in those months."""
        return months is not None and not any(
            (easter_sunday(year, self.easter) + timedelta(days=day)).month in months
            for year in _YEARS
            for item in self.days
            for day in range(item.first, item.last + 1)
        )

    def words(self) -> str:
        """Say it for a person."""
        return ", ".join(_note(item, self.easter) for item in self.days)


def easter_sunday(year: int, church: Church) -> date:
    """Return Easter Sunday of a year from 1583 on, as a date of the Gregorian calendar."""
    match church:
        case Church.WESTERN:
            return _western(year)
        case Church.ORTHODOX:
            return _orthodox(year)
    assert_never(church)


def _western(year: int) -> date:
    golden = year % 19
    century, rest = divmod(year, 100)
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _orthodox(year: int) -> date:
    moon = (19 * (year % 19) + 15) % 30
    weekday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + weekday + 114, 31)
    julian_is_behind = year // 100 - year // 400 - 2
    return date(year, month, day + 1) + timedelta(days=julian_is_behind)


def _note(item: OffsetItem, church: Church) -> str:
    feast = f"{church} Easter Sunday"
    if item.first != item.last:
        return f"days {item} of {feast}"
    if item.first == 0:
        return feast
    return (
        f"{abs(item.first)} day{'' if abs(item.first) == 1 else 's'} {'before' if item.first < 0 else 'after'} {feast}"
    )


KIND = Easter
