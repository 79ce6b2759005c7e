"""From days of a lunar or Hijri year to local dates, by a table of months: what two rule kinds have in common.

An edge of a run that may lie some days earlier or later makes those days unverified instead of guessed: they are
neither matched nor free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from wedgate.calendars.choices import Choice
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.month_date_items import LAST, MonthDateItem
from wedgate.calendars.tables import CalendarMonth, MonthTable, beyond

_DAY = timedelta(days=1)


class LeapMonths(Choice):
    """What days of a leap month count for: nothing, the same as those of the month before it, or they alone."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"

    @classmethod
    def noun(cls) -> str:
        """Say what the words are."""
        return "choice for leap months"


def month_matches(
    items: Iterable[MonthDateItem],
    table: MonthTable,
    names: tuple[str, str],
    stretch: tuple[date, date],
    *,
    leap: LeapMonths = LeapMonths.EXCLUDE,
    loose: int = 0,
) -> Matches:
    """Return what matches in a stretch of dates, both included, and what of it cannot be known.

    ``names`` are those of the calendar (for notes) and of its table (plural). The edges of each run may be ``loose``
    days off, and one more where the table says that their month is uncertain.
    """
    calendar, table_name = names
    if loose:
        inwards = loose * _DAY
        table = replace(
            table, verified_from=table.verified_from + inwards, verified_until=table.verified_until - inwards
        )
    days: list[DayRun] = []
    unverified: list[DayRun] = []
    for item in items:
        note = f"{item} of the {calendar} calendar"
        for whole in _runs(item, table.months, leap):
            run = _within(whole, table.verified_from, table.verified_until)
            if run is not None:
                certain, doubtful = _settled(run._replace(note=note), table, loose)
                days.extend(certain)
                unverified.extend(doubtful)
    unverified.extend(beyond(table, table_name, *stretch))
    return Matches(days=_touching(days, stretch), unverified=_touching(unverified, stretch))


def _runs(item: MonthDateItem, months: Sequence[CalendarMonth], leap: LeapMonths) -> Iterator[DayRun]:
    """Yield the run of each year. A range goes on through a leap month between its ends, whatever ``leap`` says.

    Where the table begins or ends in the middle of a run, the run has no edge there.
    """
    if leap is not LeapMonths.ONLY and months:
        regular = {(month.year, month.month): month for month in months if not month.leap}
        for year in range(months[0].year - 1, months[-1].year + 1):
            first, last = regular.get((year, item.first[0])), regular.get((year + item.wraps, item.last[0]))
            if first is not None or last is not None:
                yield DayRun(
                    date.min if first is None else _day_in(first, item.first[1]),
                    date.max if last is None else _day_in(last, item.last[1]),
                )
    if leap is not LeapMonths.EXCLUDE:
        for month in months:
            if month.leap and item.touches(month.month):
                first_day = item.first[1] if month.month == item.first[0] else 1
                last_day = item.last[1] if month.month == item.last[0] else LAST
                yield DayRun(_day_in(month, first_day), _day_in(month, last_day))


def _day_in(month: CalendarMonth, day: int) -> date:
    """Return the date of a day; day 30 of a month of 29 is its last."""
    return month.first + (min(day, month.length) - 1) * _DAY


def _settled(run: DayRun, table: MonthTable, loose: int) -> tuple[list[DayRun], list[DayRun]]:
    """Return the days that match for certain, and those on either side of an edge that may move."""
    before, after = (_play(edge, table, loose) for edge in (run.first, run.last))
    if not before and not after:
        return [run], []
    first, last = run.first + before * _DAY, run.last - after * _DAY
    note = f"{run.note} may be a day earlier or later" if max(before, after) == 1 else f"{run.note} may move"
    if first > last:
        return [], [DayRun(run.first - before * _DAY, run.last + after * _DAY, note)]
    doubtful = []
    if before:
        doubtful.append(DayRun(run.first - before * _DAY, first - _DAY, note))
    if after:
        doubtful.append(DayRun(last + _DAY, run.last + after * _DAY, note))
    return [run._replace(first=first, last=last)], doubtful


def _play(edge: date, table: MonthTable, loose: int) -> int:
    """Return how many days an edge may move either way; one that the horizon made is no edge."""
    if edge in (table.verified_from, table.verified_until):
        return loose
    return loose + any(days.first <= edge <= days.last for days in table.uncertain)


def _within(run: DayRun, first: date, last: date) -> DayRun | None:
    """Return the part of a run between two dates, both included."""
    begin, end = max(run.first, first), min(run.last, last)
    return run._replace(first=begin, last=end) if begin <= end else None


def _touching(runs: Iterable[DayRun], stretch: tuple[date, date]) -> tuple[DayRun, ...]:
    return tuple(run for run in runs if run.first <= stretch[1] and run.last >= stretch[0])
