"""Stretches of the local week with a time at both ends: ``weekly: friday 17:00..monday 09:00``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import Matches, Modifier, WallRun
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import WeeklyItem, WeeklyItems
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly(RuleKind):
    """Matches the stretch in every week; a stretch belongs to the month in which it starts."""

    KEY: ClassVar[str] = "weekly"
    weekly: WeeklyItems

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return each week's stretch; the earliest began at most eight days before ``first``."""
        runs: list[WallRun] = []
        for item in self.weekly:
            begin = first - timedelta(days=8)
            day = begin + timedelta(days=(item.first - begin.weekday()) % 7)
            while day <= last:
                runs.append(_run(item, day))
                day += timedelta(days=7)
        return Matches(walls=tuple(runs))

    def refuses(self, modifier: Modifier) -> SpellingError | None:
        """Refuse a time of day and bridge days: the stretch has its own times."""
        if modifier is Modifier.TIME:
            return SpellingError('"weekly" has its own times', "use weekdays: with time:, or drop time:")
        if modifier is Modifier.BRIDGE:
            return SpellingError('"weekly" has times, and bridge days are whole days', "drop bridge:")
        return None

    def words(self) -> str:
        """Say it for a person."""
        return ", ".join(str(item) for item in self.weekly)


def _run(item: WeeklyItem, day: date) -> WallRun:
    last = day + timedelta(days=item.nights)
    end = datetime.combine(last + timedelta(days=1), time(0)) if item.end is None else datetime.combine(last, item.end)
    return WallRun(datetime.combine(day, item.start), end)


KIND = Weekly
