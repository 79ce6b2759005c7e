"""How long a run may rest until the next tick, and when a tick cannot change anything any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from wedgate.engine.tick import ASK_AGAIN, OBEY_EVERY
from wedgate.rollout.regions import pause_before_return
from wedgate.rollout.state import PREPARING, HoldKind, RegionPhase, RegionState, RolloutState, RolloutStatus
from wedgate.rollout.waves import regions_to_begin

POLL = timedelta(seconds=1)
"""How long to wait before something outside is looked at again."""

SHORTEST = timedelta(milliseconds=10)

Due = Callable[[RegionState, datetime], timedelta]
"""How long until the next reading of a region is due."""


def rest(
    state: RolloutState, now: datetime, deadline: datetime, *, due: Due, is_deploying: Callable[[str], bool]
) -> timedelta | None:
    """Return how long until the next tick, ``None`` when a tick cannot change anything any more.

    ``deadline`` is until when closed calendars are waited for; ``is_deploying`` says where a region waits for something
    that runs beside the loop.
    """
    if state.is_over:
        return None
    phases = [region.phase for region in state.regions]
    if RegionPhase.ROLLING_BACK in phases:
        return until_return(state)
    if state.status is RolloutStatus.NEEDS_HUMAN or _holds(state, HoldKind.REGRESSION):
        return None
    if RegionPhase.PENDING in phases:
        begins = [state.region(name).phase for name in regions_to_begin(state)]
        if RegionPhase.PENDING in begins:
            return timedelta(0)
    moving = [region for region in state.regions if _moves_by_itself(state, region)]
    if moving:
        return min([_rest_of(region, now, due, is_deploying(region.region)) for region in moving])
    if state.halted is not None:
        return None
    if any(region.paused is not None for region in state.regions):
        return _rest_while_paused(state, now, deadline, due)
    return _rest_while_closed(state, now, deadline, due)


def until_return(state: RolloutState) -> timedelta:
    """Return how long until traffic that is not back yet is given back again."""
    back = [region for region in state.regions if region.phase is RegionPhase.ROLLING_BACK]
    return min((pause_before_return(region) for region in back), default=POLL)


def _rest_of(region: RegionState, now: datetime, due: Due, is_deploying: bool) -> timedelta:
    """Return how long until a region in motion has something to do."""
    if is_deploying:
        return POLL
    if region.phase is RegionPhase.BAKING:
        return due(region, now)
    looks = region.phase in (RegionPhase.SHIFTING, RegionPhase.PROMOTED)
    waits = region.phase is RegionPhase.PREPARING and region.deployed_at is not None
    return POLL if looks or waits else timedelta(0)


def _rest_while_paused(state: RolloutState, now: datetime, deadline: datetime, due: Due) -> timedelta | None:
    watched = [due(region, now) for region in state.regions if region.is_exposed]
    if not watched and now >= deadline:
        return None
    return max(min([*watched, OBEY_EVERY]), SHORTEST)


def _rest_while_closed(state: RolloutState, now: datetime, deadline: datetime, due: Due) -> timedelta | None:
    waiting = [region for region in state.regions if _waits_for_calendar(region)]
    until = [region.hold.until for region in waiting if region.hold is not None and region.hold.until is not None]
    if not waiting or now >= deadline or (len(until) == len(waiting) and min(until) > deadline):
        return None
    bounds = [ASK_AGAIN, deadline - now, *(instant - now for instant in until if instant > now)]
    bounds += [due(region, now) for region in waiting if region.is_exposed or state.still_judges(region)]
    return max(min(bounds), SHORTEST)


def _holds(state: RolloutState, kind: HoldKind) -> bool:
    """Whether some region is held for this kind of reason."""
    return any(region.hold is not None and region.hold.kind is kind for region in state.regions)


def _moves_by_itself(state: RolloutState, region: RegionState) -> bool:
    """Whether a tick may change a region without anything happening outside."""
    if region.phase is RegionPhase.HELD or not region.is_moving:
        return False
    idle = region.paused is not None and region.phase in PREPARING
    waits = region.phase is RegionPhase.PROMOTED and (region.hold is not None or region.paused is not None)
    return not idle and not waits and not state.keeps_old(region)


def _waits_for_calendar(region: RegionState) -> bool:
    """Whether a region is held until its calendar opens, or keeps its old colour until then."""
    waits = region.phase in (RegionPhase.HELD, RegionPhase.PROMOTED)
    return waits and region.hold is not None and region.hold.kind is HoldKind.CLOSED
