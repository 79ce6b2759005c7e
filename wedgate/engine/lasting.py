"""What the ledger makes of a calendar's times: until when a grant keeps a region open, and when freezes let it open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, Cause, Span
from wedgate.engine.horizon import HORIZONS, answering_timeline, first_opening, opened_until, timeline_for
from wedgate.engine.parts import Almanac
from wedgate.ledger.audit import Frozen
from wedgate.overrides.grants import covers


def granted_until(
    calendar: Calendar,
    almanac: Almanac,
    region: str,
    at: datetime,
    until: datetime,
    *,
    rules: Collection[str],
    untouchable: Collection[str] = (),
    needed: timedelta = timedelta(0),
) -> datetime:
    """Return when a region that a grant for some rules opens closes first.

    Until the grant ends that is what it does not open; from then on whatever the calendar closes, which is looked at
    for two months at most, and for as long as is ``needed`` from ``at`` on.
    """

    def opens(cause: Cause) -> bool:
        return covers(rules, cause.kind.value, cause.rule) and cause.rule not in untouchable

    timeline = timeline_for(calendar, almanac, Span(start=at, end=until + timedelta(days=1)))
    closes = opened_until(timeline, region, at, until, opens)
    if closes < until:
        return closes
    last = max(until + HORIZONS[0], at + needed + timedelta(days=1))
    after = timeline_for(calendar, almanac, Span(start=until, end=last))
    return after.next_close((region,), until) or last


def opening_after_freezes(
    calendar: Calendar,
    almanac: Almanac,
    regions: tuple[str, ...],
    at: datetime,
    needed: timedelta | None,
    freezes: Sequence[Frozen],
) -> datetime | None:
    """Return the first instant from ``at`` on at which the calendar opens all regions and no freeze holds any of them.

    ``None`` if there is none as far as calendars are read.
    """

    def opening(timeline: Timeline) -> datetime | None:
        instant = at
        while True:
            holding = [each.until for each in freezes for region in regions if each.holds(region, instant)]
            instant = max([instant, *holding])
            if not holding:
                found = first_opening(timeline, regions, instant, needed)
                if found is None or found.start == instant:
                    return None if found is None else instant
                instant = found.start

    last = max((each.until for each in freezes), default=at)
    at_least = max(last - at, timedelta(0)) + (needed or timedelta(0))
    timeline = answering_timeline(calendar, almanac, at, lambda found: opening(found) is not None, at_least=at_least)
    return opening(timeline)
