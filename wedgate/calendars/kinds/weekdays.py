"""Weekdays, matched on the local date: ``weekdays: saturday``, ``weekdays: friday..sunday``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.spellings import WeekdaySet
from wedgate.calendars.values import Market
from wedgate.calendars.words import WEEKDAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekdays(RuleKind):
    """Matches each local date that falls on one of the weekdays."""

    KEY: ClassVar[str] = "weekdays"
    weekdays: WeekdaySet

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the matching dates, one run for each weekday of each week."""
        runs: list[DayRun] = []
        for weekday in self.weekdays:
            day = first + timedelta(days=(weekday - first.weekday()) % 7)
            while day <= last:
                runs.append(DayRun(day, day, WEEKDAYS[weekday].capitalize()))
                day += timedelta(days=7)
        return Matches(days=tuple(runs))

    def words(self) -> str:
        """Say it for a person."""
        spelled = self.weekdays.spell()
        return spelled if isinstance(spelled, str) else ", ".join(WEEKDAYS[day] for day in sorted(self.weekdays))


KIND = Weekdays
