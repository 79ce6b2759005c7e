"""Dates that somebody keeps in a file of their own, with their source and the day they expire: ``calendars/fairs.yml``.

A row may state a load of its own. Past the table's expiry, and when it cannot be read, its days are unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from wedgate.calendars.facts import Facts, Needs, TableKey
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.source_items import FilePath
from wedgate.calendars.tables import beyond
from wedgate.calendars.values import Market

UNKNOWN_LOAD = Decimal(10_000)
"""What a table that cannot be read may bring: its loads are not known, so the highest that a rule may state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(RuleKind):
    """Matches the rows of a table, whole local days in each market's own zone."""

    KEY: ClassVar[str] = "table"
    BRINGS_LOADS: ClassVar[bool] = True
    table: FilePath

    def needs(self, market: Market) -> Needs:
        """Ask for the table: the same for every market."""
        return Needs.of(TableKey(path=str(self.table)))

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the rows that touch the stretch, and the days that the table cannot answer for."""
        key = TableKey(path=str(self.table))
        found = facts.of(key)
        days = tuple(DayRun(row.first, row.last, row.name, row.load) for row in found.rows)
        unknown = beyond(found, str(key), first, last)
        # A row without a load of its own has the rule's, so what is not known may be either.
        loads = [row.load for row in found.rows if row.load is not None]
        highest = UNKNOWN_LOAD if found.trouble is not None else max(loads, default=None)
        if highest is not None:
            unknown += [run._replace(load=highest) for run in unknown]
        return Matches(
            days=tuple(run for run in days if run.first <= last and run.last >= first), unverified=tuple(unknown)
        )

    def words(self) -> str:
        """Say it for a person."""
        return f"the days of {self.table}"


KIND = Table
