"""Every local date: the kind of a rule that states only a time of day, or months, and no key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryDay(RuleKind):
    """Matches each local date."""

    KEY: ClassVar[str] = "every-day"

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the whole stretch asked about."""
        return Matches(days=(DayRun(first, last),))

    def words(self) -> str:
        """Say it for a person."""
        return "every day"


KIND = EveryDay
