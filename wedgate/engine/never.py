"""Whether a rollout could ever get through: asked before its start, because it would be held for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from wedgate.calendars.values import Calendar, Span
from wedgate.engine.horizon import timeline_for
from wedgate.engine.parts import Almanac
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.values import RolloutSettings
from wedgate.rollout.windows import never_fits

YEAR = timedelta(days=366)


def fits_nowhere(
    calendar: Calendar, almanac: Almanac, settings: RolloutSettings, regions: Iterable[str], at: datetime
) -> str | None:
    """Say which of some regions no rollout gets through in the year from ``at`` on, and what to shorten."""
    timeline = timeline_for(calendar, almanac, Span(start=at, end=at + YEAR))
    found = next(filter(None, (never_fits(settings, timeline, region) for region in regions)), None)
    if found is None:
        return None
    if not found.longest:
        return f"{found.region} opens at no instant of the coming year; look at its rules (`wedgate next`)"
    return f"{found.words('the coming year')}; shorten them by {spell_duration(found.needs - found.longest)}"
