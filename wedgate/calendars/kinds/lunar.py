"""Days of the East Asian lunar calendars: ``lunar: chinese, date: 07-07``.

The Chinese calendar is reckoned at UTC+8, the Korean and the Japanese one at UTC+9: they differ by a whole month in
parts of 2026, 2027 and 2028, so a rule says whose it means. Festivals fall in the regular month and only there, so the
days of leap months do not count unless ``leap`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from wedgate.calendars.choices import Choice
from wedgate.calendars.facts import Facts, MonthKey, Needs
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import Matches
from wedgate.calendars.month_date_items import MonthDateItem, MonthDateItems
from wedgate.calendars.month_runs import LeapMonths, month_matches
from wedgate.calendars.values import Market


class LunarCalendar(Choice):
    """Whose calendar."""

    CHINESE = "chinese"
    KOREAN = "korean"
    JAPANESE = "japanese"

    @classmethod
    def noun(cls) -> str:
        """Say what the words are."""
        return "lunar calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lunar(RuleKind):
    """Matches whole local days by their month and day in a lunar year; the date is that of each market's own clock."""

    KEY: ClassVar[str] = "lunar"
    lunar: LunarCalendar = field(metadata={"description": "A lunar calendar, whose days `date` names."})
    date_: MonthDateItems = field(metadata={"description": "With `lunar`: month and day of the lunar year."})
    leap: LeapMonths = field(
        default=LeapMonths.EXCLUDE,
        metadata={"description": "With `lunar`: whether days of leap months count; `exclude` by default."},
    )

    def needs(self, market: Market) -> Needs:
        """Ask for the months of the calendar."""
        return Needs.of(MonthKey(calendar=self.lunar))

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the runs of the stretch, and the days of it that the table of months cannot answer for."""
        key = MonthKey(calendar=self.lunar)
        return month_matches(self.date_, facts.of(key), (self.lunar, str(key)), (first, last), leap=self.leap)

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether no lunar year can have such a day in those months."""
        return months is not None and not any(months & _months_of(item, self.leap) for item in self.date_)

    def words(self) -> str:
        """Say it for a person."""
        days = ", ".join(str(item) for item in self.date_)
        leap = {
            LeapMonths.EXCLUDE: "",
            LeapMonths.INCLUDE: ", leap months too",
            LeapMonths.ONLY: ", in leap months only",
        }
        return f"{days} of the {self.lunar} calendar{leap[self.leap]}"


def _months_of(item: MonthDateItem, leap: LeapMonths) -> set[int]:
    """Return the months of the Gregorian year that the days can touch, perhaps one too many.

    Month m holds the sun's m-th principal term, which falls on 18 to 21 of each month from February on; a leap month
    follows. So month m begins at most thirty days before the 18th, and its leap month ends at most sixty days after
    the 21st. (Reingold and Dershowitz, *Calendrical Calculations*, chapter 19.)
    """
    numbers = [item.first[0]]
    while numbers[-1] != item.last[0]:
        numbers.append(numbers[-1] % 12 + 1)
    found: set[int] = set()
    for number in numbers:
        term = date(2027 + number // 12, number % 12 + 1, 18)
        first_day = item.first[1] if number == item.first[0] else 1
        last_day = item.last[1] if number == item.last[0] else 30
        start = term + timedelta(days=first_day - 31)
        end = term + timedelta(days=last_day + (2 if leap is LeapMonths.EXCLUDE else 32))
        found |= {(start + timedelta(days=step)).month for step in range((end - start).days + 1)}
    return found


KIND = Lunar
