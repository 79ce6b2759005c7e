"""One-off days and ranges: ``dates: 2026-05-24``, ``dates: 2026-12-18T17:00..2027-01-04T09:00``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches, Modifier, WallRun
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import DateItem, DateItems
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates(RuleKind):
    """Matches the days named, whole, or from the one local time to the other."""

    KEY: ClassVar[str] = "dates"
    dates: DateItems

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the items that touch the stretch asked about."""
        near = [item for item in self.dates if item.first <= last and item.last >= first - timedelta(days=1)]
        return Matches(
            days=tuple(DayRun(item.first, item.last) for item in near if item.start is None),
            walls=tuple(WallRun(item.wall_start, item.wall_end) for item in near if item.start is not None),
        )

    def refuses(self, modifier: Modifier) -> SpellingError | None:
        """Refuse a time of day and bridge days where an item has times of its own."""
        if all(item.start is None for item in self.dates):
            return None
        if modifier is Modifier.TIME:
            return SpellingError('"dates" already has times', "write the times in one place: in dates: or in time:")
        if modifier is Modifier.BRIDGE:
            return SpellingError('"dates" has times, and bridge days are whole days', "drop the times, or bridge:")
        return None

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether no item starts in one of the months."""
        return months is not None and not any(_in_months(item, months) for item in self.dates)

    def since(self, day: date) -> Dates | None:
        """Return it without the items that ended before the date."""
        left = DateItems(item for item in self.dates if item.last >= day)
        return replace(self, dates=left) if left else None

    def words(self) -> str:
        """Say it for a person."""
        return ", ".join(str(item) for item in self.dates)


def _in_months(item: DateItem, months: frozenset[int]) -> bool:
    if item.start is not None:
        return item.first.month in months
    days = min((item.last - item.first).days, 366)
    return any((item.first + timedelta(days=day)).month in months for day in range(days + 1))


KIND = Dates
