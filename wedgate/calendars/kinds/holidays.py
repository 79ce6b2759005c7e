"""Public and other holidays of each market's country and subdivision, less some names, plus some dates.

The dates come from the almanac, with the horizon up to which they are verified. A date outside of it, or near a day
that is only estimated (a moon still to be sighted), is unverified: the algebra never takes it for a free day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts, HolidayKey, Needs
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.spellings import Categories, Days, Names
from wedgate.calendars.tables import HolidayTable, beyond
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays(RuleKind):
    """Matches the holidays of the market, whole local days; ``except_`` drops names, ``also`` adds days."""

    KEY: ClassVar[str] = "holidays"
    holidays: Categories
    except_: Names = field(default_factory=Names)
    also: Days = field(default_factory=Days)

    def needs(self, market: Market) -> Needs:
        """Ask for the table of the market."""
        return Needs.of(self.key_of(market))

    def key_of(self, market: Market) -> HolidayKey:
        """Return which table the market takes."""
        return HolidayKey(country=market.country, subdivision=market.subdivision, categories=tuple(self.holidays))

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the holidays of the stretch, and the days of it that the table cannot answer for."""
        table = facts.of(self.key_of(market))
        dropped = {name.casefold() for name in self.except_}
        moving = _moving(table)
        days = [
            DayRun(day, day, "; ".join(settled))
            for day, names in table.dates.items()
            if first <= day <= last and (settled := _settled(_kept(names, dropped), moving.get(day, frozenset())))
        ]
        days.extend(DayRun(item.first, item.last, "added here") for item in self.also)
        return Matches(days=tuple(days), unverified=tuple(self._unverified(table, market, dropped, first, last)))

    def _unverified(
        self, table: HolidayTable, market: Market, dropped: set[str], first: date, last: date
    ) -> list[DayRun]:
        runs = beyond(table, str(self.key_of(market)), first, last)
        runs.extend(
            DayRun(days.first, days.last, f"{days.name} is not settled yet")
            for days in table.uncertain
            if days.first <= last and days.last >= first and _kept(days.name, dropped)
        )
        return runs

    def words(self) -> str:
        """Say it for a person."""
        less = f" except {', '.join(self.except_)}" if self.except_ else ""
        more = f" and {', '.join(str(item) for item in self.also)}" if self.also else ""
        return f"{' and '.join(self.holidays)} holidays{less}{more}"


def _kept(names: str, dropped: set[str]) -> list[str]:
    """Return the names of a day that are not dropped; ``Boxing Day (observed)`` goes with ``Boxing Day``."""
    each = [name for name in names.split("; ") if name]
    return [name for name in each if not dropped & {name.casefold(), name.partition(" (")[0].casefold()}]


def _settled(names: list[str], moving: frozenset[str]) -> list[str]:
    """Return the names that are certain to fall on a day: one that may move matches on none of its days."""
    return [name for name in names if name not in moving]


def _moving(table: HolidayTable) -> dict[date, frozenset[str]]:
    """Return, for each date on which a holiday may fall that is not settled yet, the names of such holidays."""
    found: dict[date, frozenset[str]] = {}
    for days in table.uncertain:
        for step in range((days.last - days.first).days + 1):
            day = days.first + timedelta(days=step)
            found[day] = found.get(day, frozenset()) | {days.name}
    return found


KIND = Holidays
