"""Answer everything that a calendar needs at once, as frozen facts.

Each kind of key has one reader here; a reader's module is imported only when a calendar has such a key.
"""

from __future__ import annotations

from wedgate.almanac.files import Shelf
from wedgate.almanac.zones import zone
from wedgate.calendars.facts import (
    Facts,
    FeedKey,
    HolidayKey,
    MonthKey,
    Needs,
    RecurrenceKey,
    SourceKey,
    TableKey,
    WeekendKey,
)
from wedgate.calendars.tables import DatedSource, WeekendTable
from wedgate.calendars.values import Span


def gather_facts(needs: Needs, span: Span, shelf: Shelf | None = None) -> Facts:
    """Return zones and tables for a span; ``UsageError`` for a zone or a holiday table that does not exist.

    ``shelf`` is where files and pages are read. What it cannot give is in trouble, and never raises; so is every file
    where there is no shelf.
    """
    shelf = shelf or Shelf()
    return Facts(
        zones={name: zone(name) for name in sorted(needs.zones)},
        sources={key: _read(key, span, shelf) for key in sorted(needs.sources, key=str)},
    )


def _read(
    key: SourceKey[DatedSource] | SourceKey[WeekendTable], span: Span, shelf: Shelf
) -> DatedSource | WeekendTable:
    match key:
        case HolidayKey():
            from wedgate.almanac.holidays import holiday_table

            return holiday_table(key, span)
        case MonthKey():
            from wedgate.almanac.months import month_table

            return month_table(key, span)
        case WeekendKey():
            from wedgate.almanac.holidays import weekend_of

            return WeekendTable(days=weekend_of(key.country))
        case RecurrenceKey():
            from wedgate.almanac.recurrences import recurrence_table

            return recurrence_table(key, span)
        case TableKey():
            from wedgate.almanac.tables import date_table

            return date_table(key, span, shelf)
        case FeedKey():
            from wedgate.almanac.feeds import feed_table

            return feed_table(key, span, shelf)
    raise TypeError(f"no reader for {type(key).__name__}")
