"""Expand an RFC 5545 recurrence over a span, as local dates or wall times, by ``dateutil``.

A recurrence has no horizon: it is a rule, and its answer for any date is certain. What never occurs is never found,
and ``dateutil`` looks for it until the year 9999, a few seconds at most; the rule of a calendar whose months and days
name no date at all is answered before it is asked.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from wedgate.calendars.facts import RecurrenceKey
from wedgate.calendars.matches import DayRun, WallRun
from wedgate.calendars.recurrence import RecurrenceRule
from wedgate.calendars.tables import OccurrenceTable
from wedgate.calendars.values import Span

MARGIN = timedelta(days=200)
"""Occurrences this long before and after the span are given too: more than any length, pad and bridge reach."""


@lru_cache(maxsize=64)
def recurrence_table(key: RecurrenceKey, span: Span) -> OccurrenceTable:
    """Return the occurrences that begin within ``MARGIN`` of a span."""
    first = max(key.start, span.start.replace(tzinfo=None) - MARGIN)
    starts = _starts(key, first, span.end.replace(tzinfo=None) + MARGIN)
    days = () if key.length is not None else tuple(DayRun(day.date(), day.date()) for day in starts)
    walls = () if key.length is None else tuple(WallRun(start, start + key.length) for start in starts)
    return OccurrenceTable(
        verified_from=date.min, verified_until=date.max, source="RFC 5545 recurrence", days=days, walls=walls
    )


def _starts(key: RecurrenceKey, first: datetime, last: datetime) -> list[datetime]:
    from dateutil.rrule import rrulestr

    rule = RecurrenceRule.parse(key.rule)
    if rule.never_occurs(key.start.date(), None):
        return []
    # UNTIL is compared here: dateutil takes a day without a time for its midnight.
    text = ";".join(f"{name}={value}" for name, value in rule.parts if name != "UNTIL")
    end = last if rule.until is None else min(last, rule.until)
    found = []
    for start in rrulestr(text, dtstart=key.start):
        if start > end:
            break
        if start >= first:
            found.append(start)
    return found
