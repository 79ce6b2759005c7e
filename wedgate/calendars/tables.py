"""What a source answers, frozen: tables of dates, each with the dates between which it is known to be complete.

A date outside of a table's own horizon is never taken for a free day; ``beyond`` says which dates those are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from wedgate.calendars.matches import DayRun, InstantRun, WallRun

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedSource:
    """A source of dates. ``verified_from``/``verified_until`` bound (both included) what it is complete for.

    ``source`` names it with its version. ``digest`` is ``sha256:`` of what was read, where it was a file or a page.
    ``trouble`` says why it could not be read, if it could not; nothing is verified then.
    """

    verified_from: date
    verified_until: date
    source: str
    digest: str | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainDays:
    """Local dates ``first`` to ``last`` on one of which a holiday will fall, not settled yet on which."""

    first: date
    last: date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayTable(DatedSource):
    """The public holidays of one country (and subdivision, and categories), frozen.

    ``dates`` is complete inside the horizon but for the ``uncertain`` days. Several holidays on one date are joined by
    ``"; "``. ``partial`` says that it is for a country as a whole, parts of which have other holidays besides.
    """

    dates: Mapping[date, str]
    uncertain: tuple[UncertainDays, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """One month of a lunar or lunisolar calendar: its first day, its length in days, and its place in its year.

    ``month`` counts from 1; a ``leap`` month has the number of the month before it. ``year`` is that of its own era:
    for East Asian calendars the Gregorian year in which the lunar year began, for the Hijri calendar the Hijri year.
    """

    first: date
    length: int
    year: int
    month: int
    leap: bool = False

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first + timedelta(days=self.length - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTable(DatedSource):
    """The months of a lunar or lunisolar calendar, one after another; ``uncertain`` are months not settled yet."""

    months: tuple[CalendarMonth, ...]
    uncertain: tuple[UncertainDays, ...] = ()


@dataclass(frozen=True, slots=True)
class TableRow:
    """Local dates ``first`` to ``last``, both included, what they are, and the load that they bring, if any."""

    first: date
    last: date
    name: str = ""
    load: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTable(DatedSource):
    """Rows of dates that somebody keeps."""

    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceTable(DatedSource):
    """What a feed or a recurrence holds for the span that was asked about, already expanded."""

    days: tuple[DayRun, ...] = ()
    walls: tuple[WallRun, ...] = ()
    instants: tuple[InstantRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekendTable:
    """The days of rest of a country, Monday = 0."""

    days: frozenset[int]


def beyond(source: DatedSource, name: str, first: date, last: date) -> list[DayRun]:
    """Return the dates from ``first`` to ``last`` for which a source cannot say; ``name`` is plural."""
    if source.trouble is not None:
        return [DayRun(first, last, f"{name}: {source.trouble}")]
    runs: list[DayRun] = []
    if first < source.verified_from:
        note = f"{name} are verified from {source.verified_from}"
        runs.append(DayRun(first, min(last, source.verified_from - _DAY), note))
    if last > source.verified_until:
        note = f"{name} are verified until {source.verified_until}"
        runs.append(DayRun(max(first, source.verified_until + _DAY), last, note))
    return runs


NEVER_VERIFIED = (date.max, date.min)
"""The horizon of a source that could not be read: from a day after its end."""
