"""Days of every month by number, from its beginning or its end: ``month-days: 1``, ``1..15``, ``last``, ``last 3``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.spellings import MonthDayItem, MonthDayItems
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDays(RuleKind):
    """Matches whole local days of each month; a day that a month lacks is not moved to its end."""

    KEY: ClassVar[str] = "month-days"
    month_days: MonthDayItems

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return one run for each item in each month."""
        runs = [
            run
            for month in _months(first, last)
            for item in self.month_days
            if (run := _run(item, month)) is not None and run.first <= last and run.last >= first
        ]
        return Matches(days=tuple(runs))

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether no month asked about has such a day, February of a leap year included."""
        longest = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        asked = range(1, 13) if months is None else months
        # Days from the end (first < 0) are in every month.
        return all(item.first > longest[month - 1] for item in self.month_days for month in asked)

    def words(self) -> str:
        """Say it for a person."""
        return f"every month {', '.join(str(item) for item in self.month_days)}"


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _run(item: MonthDayItem, month: date) -> DayRun | None:
    end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if item.first < 0:
        return DayRun(end + timedelta(days=item.first + 1), end, f"{item} of the month")
    if item.first > end.day:
        return None
    return DayRun(month.replace(day=item.first), month.replace(day=min(item.last, end.day)), f"day {item} of the month")


KIND = MonthDays
