"""Days that custom holds to be good or bad for a wedding: ``auspicious: tai-an, load: 2``.

They say how many people are likely to come, not what a person believes, and lists of them contradict one another. So
they are a load and nothing else: no effect may stand beside them, and where a list ends there is only a caution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from wedgate.calendars.auspicious_days import ROKUYO, SON_EOMNEUN_NAL, AuspiciousDays, is_table
from wedgate.calendars.facts import Facts, MonthKey, Needs, TableKey
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches, Modifier
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.tables import CalendarMonth, DateTable, MonthTable, beyond
from wedgate.calendars.values import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Auspicious(RuleKind):
    """Matches whole local days of one list or several; a row of a table may state a load of its own."""

    KEY: ClassVar[str] = "auspicious"
    EXPIRES_SOFTLY: ClassVar[bool] = True
    auspicious: AuspiciousDays = field(
        metadata={"description": "Days by custom, as a load: `tai-an`, `son-eomneun-nal`, `muhurta`, or a table."}
    )

    def needs(self, market: Market) -> Needs:
        """Ask for the months or the table of each list."""
        keys = [_key_of(name) for name in self.auspicious]
        months = (key for key in keys if isinstance(key, MonthKey))
        tables = (key for key in keys if isinstance(key, TableKey))
        return Needs.of(*months) | Needs.of(*tables)

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the days of the stretch, and those of it that a list cannot answer for."""
        days: list[DayRun] = []
        unverified: list[DayRun] = []
        for name in self.auspicious:
            key = _key_of(name)
            if isinstance(key, MonthKey):
                months = facts.of(key)
                days.extend(_in_months(name, months, first, last))
                unverified.extend(beyond(months, str(key), first, last))
            else:
                table = facts.of(key)
                days.extend(_in_rows(table, first, last))
                highest = max((row.load for row in table.rows if row.load is not None), default=None)
                unverified.extend(run._replace(load=highest) for run in beyond(table, str(key), first, last))
        return Matches(days=tuple(days), unverified=tuple(unverified))

    def refuses(self, modifier: Modifier) -> SpellingError | None:
        """Refuse an effect: custom closes nothing, and opens nothing."""
        if modifier is Modifier.EFFECT:
            return SpellingError('"auspicious" days are a load, not an effect', "drop effect:, and write load:")
        return None

    def words(self) -> str:
        """Say it for a person."""
        return " or ".join(f"the days of {name}" if is_table(name) else f"{name} days" for name in self.auspicious)


def _key_of(name: str) -> MonthKey | TableKey:
    if name in ROKUYO:
        return MonthKey(calendar="japanese")
    if name == SON_EOMNEUN_NAL:
        return MonthKey(calendar="korean")
    return TableKey(path=name if is_table(name) else f"shipped:{name}")


def _in_months(name: str, table: MonthTable, first: date, last: date) -> Iterator[DayRun]:
    """Yield each day of a list that goes by the lunar date; a leap month counts as the month before it."""
    calendar = "korean" if name == SON_EOMNEUN_NAL else "japanese"
    begin, end = max(first, table.verified_from), min(last, table.verified_until)
    for month in table.months:
        if month.last < begin or month.first > end:
            continue
        note = f"{name}, {'leap ' if month.leap else ''}{month.month:02}"
        for number in _numbers(name, month):
            day = month.first + timedelta(days=number - 1)
            if begin <= day <= end:
                yield DayRun(day, day, f"{note}-{number:02} of the {calendar} calendar")


def _numbers(name: str, month: CalendarMonth) -> Iterable[int]:
    """Return the numbers of the month's days that are in a list."""
    if name == SON_EOMNEUN_NAL:
        return (number for number in (9, 10, 19, 20, 29, 30) if number <= month.length)
    return range((ROKUYO.index(name) - month.month - 1) % 6 + 1, month.length + 1, 6)


def _in_rows(table: DateTable, first: date, last: date) -> Iterator[DayRun]:
    begin, end = max(first, table.verified_from), min(last, table.verified_until)
    for row in table.rows:
        if row.first <= end and row.last >= begin:
            yield DayRun(max(row.first, begin), min(row.last, end), row.name, row.load)


KIND = Auspicious
