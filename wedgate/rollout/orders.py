"""What a person told the rollout, obeyed once and in the order in which it was written."""

from __future__ import annotations

from wedgate.ledger.copying import replace
from wedgate.ledger.orders import Order
from wedgate.rollout import regions
from wedgate.rollout.effects import Announce, Effect
from wedgate.rollout.endings import ended, given_up
from wedgate.rollout.events import Ordered
from wedgate.rollout.regress import regressed
from wedgate.rollout.state import HoldKind, RegionPhase, RegionState, RolloutState

Obeyed = tuple[RolloutState, tuple[Effect, ...]]


def obeyed(state: RolloutState, event: Ordered) -> Obeyed:
    """Obey an order; one that was obeyed before changes nothing."""
    if event.revision <= state.obeyed:
        return state, ()
    state = replace(state, obeyed=event.revision)
    said = f"{event.by}: {event.why}"
    match event.order:
        case Order.PAUSE:
            return _paused(state, event, said)
        case Order.RESUME:
            return _paused(state, event, None)
        case Order.ABORT if event.regions is not None:
            return given_up(state, event.regions, f"aborted by {said}", event.at)
        case Order.ABORT:
            return ended(state, f"aborted by {said}", event.at)
        case Order.REPORT:
            return _reported(state, event)
        case Order.DRAIN:
            return _drained(state, event, said)
        case Order.CLEAR:
            return state, ()


def _paused(state: RolloutState, event: Ordered, why: str | None) -> Obeyed:
    """Pause some regions, or let them go on. What was judged before the pause opens nothing after it."""
    effects: list[Effect] = []
    for region in state.regions:
        concerned = event.regions is None or region.region in event.regions
        if not concerned or region.is_final or (why is not None and region.paused is not None):
            continue
        moved = replace(region, paused=why, judged=None, verified=False)
        state = state.having(moved if why is not None else _tried_again(moved))
        what = "resumed" if why is None else "paused"
        effects.append(Announce(region=region.region, what=what, why=f"{event.by}: {event.why}"))
    return state, tuple(effects)


def _drained(state: RolloutState, event: Ordered, said: str) -> Obeyed:
    """Let promoted regions drain; one that is promoted later has not been seen."""
    effects: list[Effect] = []
    for region in state.regions:
        if (event.regions is None or region.region in event.regions) and state.awaits_drain(region):
            state = state.having(replace(region, drained_by=said))
            effects.append(Announce(region=region.region, what="may drain", why=said))
    return state, tuple(effects)


def _tried_again(region: RegionState) -> RegionState:
    """Let a region begin again that was held, or waits for a person, without traffic, whatever the reason: what is in
    force is looked at anew. One with traffic goes on where something outside stood in its way, such as a hook."""
    if region.phase is RegionPhase.NEEDS_HUMAN and region.weight == 0 and not region.owes_return:
        return regions.begin_again(region)
    if region.phase is RegionPhase.PROMOTED and region.holds_regression:
        return replace(region, hold=None, why="")
    if region.phase is not RegionPhase.HELD or region.hold is None:
        return region
    if region.weight == 0:
        return regions.begin_again(region)
    is_outside = region.hold.kind is HoldKind.OUTSIDE
    return replace(region, phase=region.hold.resume, hold=None, why="") if is_outside else region


def _reported(state: RolloutState, event: Ordered) -> Obeyed:
    """Act on a regression that was reported, in each region that it names."""
    effects: list[Effect] = []
    why = f"reported by {event.by}: {event.why}"
    for region in (None,) if event.regions is None else event.regions:
        if region is None or region in state.plan.places:
            state, wanted = regressed(state, region, why, event.at)
            effects += wanted
    return state, tuple(effects)
