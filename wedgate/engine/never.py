"""Whether a rollout could ever get through: asked before its start, and where it is held, for ever as it may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from wedgate.calendars.values import Calendar, Span
from wedgate.engine.horizon import timeline_for
from wedgate.engine.parts import Almanac
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.errors import WedgateError
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.state import HoldKind, RegionState, RolloutState
from wedgate.rollout.values import RolloutSettings
from wedgate.rollout.windows import never_fits

YEAR = timedelta(days=366)


def spell_never(parts: RolloutParts, state: RolloutState) -> str:
    """Say what is held by its calendar and will never get through, and what to do; nothing where each region can.

    What the rollout was started with counts, whatever the configuration says by now.
    """
    held = [each.region for each in state.regions if _waits(each)]
    if not held or state.halted is not None:
        return ""
    plan = state.plan
    ways = {each.name: each for each in plan.strategies}
    try:
        pinned = replace(parts.settings, strategies=ways, choose=plan.choose, reserve=plan.reserve)
        never = parts.fits_nowhere(pinned, held)
    except WedgateError:
        return ""
    if never is None:
        return ""
    but = " or let an override open it for long enough;" if never.may_be_opened else ""
    return f"it never gets through: {never.text};{but} `wedgate rollout abort` ends this one, to start it shorter"


def _waits(region: RegionState) -> bool:
    """Whether a region without traffic waits for its calendar."""
    return region.weight == 0 and region.hold is not None and region.hold.kind is HoldKind.CLOSED


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
