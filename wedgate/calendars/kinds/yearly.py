"""Days of every year, and ranges that may wrap into the next: ``yearly: 02-14``, ``yearly: 12-23..01-03``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches, Modifier, WallRun
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import YearlyItem, YearlyItems
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Yearly(RuleKind):
    """Matches the days in every year that has them: 02-29 in leap years only, 02-30 never."""

    KEY: ClassVar[str] = "yearly"
    yearly: YearlyItems

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return each year's run; one that wraps began in the year before."""
        days: list[DayRun] = []
        walls: list[WallRun] = []
        for item in self.yearly:
            for year in range(first.year - 1, last.year + 1):
                run = _run(item, year)
                if isinstance(run, DayRun):
                    days.append(run)
                elif run is not None:
                    walls.append(run)
        return Matches(days=tuple(days), walls=tuple(walls))

    def refuses(self, modifier: Modifier) -> SpellingError | None:
        """Refuse a time of day and bridge days where an item has times of its own."""
        if all(item.start is None for item in self.yearly):
            return None
        if modifier is Modifier.TIME:
            return SpellingError('"yearly" already has times', "write the times in one place: in yearly: or in time:")
        if modifier is Modifier.BRIDGE:
            return SpellingError('"yearly" has times, and bridge days are whole days', "drop the times, or bridge:")
        return None

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether eight years, among them two leap years, hold no matching date."""
        for item in self.yearly:
            for year in range(2020, 2028):
                run = _run(item, year)
                if isinstance(run, WallRun):
                    starts = [run.start.month]
                elif run is not None:
                    starts = [(run.first + timedelta(days=day)).month for day in range((run.last - run.first).days + 1)]
                else:
                    starts = []
                if any(months is None or month in months for month in starts):
                    return False
        return True

    def words(self) -> str:
        """Say it for a person."""
        return f"every year {', '.join(str(item) for item in self.yearly)}"


def _run(item: YearlyItem, year: int) -> DayRun | WallRun | None:
    """Return the run that begins in a year. A day the year lacks counts for nothing: ends move inwards over it."""
    first, first_exists = _on_or_after(year, *item.first)
    last, last_exists = _on_or_before(year + 1 if item.wraps else year, *item.last)
    if item.start is None:
        return DayRun(first, last) if first <= last else None
    start = datetime.combine(first, item.start if first_exists else time(0))
    if item.end is None or not last_exists:
        end = datetime.combine(last, time(0)) + timedelta(days=1)
    else:
        end = datetime.combine(last, item.end)
    return WallRun(start, end) if start < end else None


def _on_or_after(year: int, month: int, day: int) -> tuple[date, bool]:
    length = _days_in(year, month)
    if day <= length:
        return date(year, month, day), True
    return date(year, month, length) + timedelta(days=1), False


def _on_or_before(year: int, month: int, day: int) -> tuple[date, bool]:
    length = _days_in(year, month)
    return date(year, month, min(day, length)), day <= length


def _days_in(year: int, month: int) -> int:
    following = date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)
    return (following - timedelta(days=1)).day


KIND = Yearly
