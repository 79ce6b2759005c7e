"""Weekdays, matched on the local date: ``weekdays: saturday``, ``third sunday`` of a month, ``wedding-days``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import ClassVar

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.spellings import NthWeekday, WeekdayItems
from wedgate.calendars.values import Market
from wedgate.calendars.words import WEEKDAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekdays(RuleKind):
    """Matches each local date that falls on one of the weekdays; which the wedding days are is the market's to say."""

    KEY: ClassVar[str] = "weekdays"
    weekdays: WeekdayItems

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the matching dates, one run for each weekday of each week or month."""
        chosen = self.weekdays.every | (market.wedding_days if self.weekdays.wedding_days else frozenset())
        runs = [run for weekday in sorted(chosen) for run in _each_week(weekday, first, last)]
        for item in self.weekdays.nth:
            note = f"{item} of the month"
            runs.extend(DayRun(day, day, note) for day in _each_month(item, first, last) if first <= day <= last)
        return Matches(days=tuple(runs))

    def words(self) -> str:
        """Say it for a person."""
        spelled = self.weekdays.spell()
        return spelled if isinstance(spelled, str) else ", ".join(map(str, spelled))  # type: ignore[call-overload]


@lru_cache(maxsize=64)
def _each_week(weekday: int, first: date, last: date) -> tuple[DayRun, ...]:
    """Return one weekday of every week; the same for every rule that names it."""
    note = WEEKDAYS[weekday].capitalize()
    begin = first.toordinal() + (weekday - first.weekday()) % 7
    return tuple(DayRun(day, day, note) for day in map(date.fromordinal, range(begin, last.toordinal() + 1, 7)))


def _each_month(item: NthWeekday, first: date, last: date) -> Iterator[date]:
    """Yield the day of each month that has it; not every month has a fifth of each weekday."""
    month = first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=31)).replace(day=1)
        if item.nth > 0:
            day = month + timedelta(days=(item.weekday - month.weekday()) % 7 + 7 * (item.nth - 1))
        else:
            end = following - timedelta(days=1)
            day = end - timedelta(days=(end.weekday() - item.weekday) % 7)
        if day < following:
            yield day
        month = following


KIND = Weekdays
