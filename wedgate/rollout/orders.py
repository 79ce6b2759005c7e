"""What a person told the rollout, obeyed once and in the order in which it was written."""

from __future__ import annotations

from collections.abc import Sequence

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
            return _resumed(state, event, said)
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


def resumes_nothing(state: RolloutState, asked: Sequence[str] | None) -> bool:
    """Whether a resume of some regions, or of all for ``None``, would find none that it lets go on."""
    return all(_gone_on(region) is None for region in _concerned(state, asked))


def _concerned(state: RolloutState, asked: Sequence[str] | None) -> list[RegionState]:
    """Return the regions that are asked about and not over yet."""
    return [each for each in state.regions if not each.is_final and (asked is None or each.region in asked)]


def _paused(state: RolloutState, event: Ordered, said: str) -> Obeyed:
    """Pause regions. What was judged before the pause opens nothing after it."""
    effects: list[Effect] = []
    for region in _concerned(state, event.regions):
        if region.paused is None:
            state = state.having(replace(region, paused=said, judged=None, verified=False))
            effects.append(Announce(region=region.region, what="paused", why=said))
    return state, tuple(effects)


def _resumed(state: RolloutState, event: Ordered, said: str) -> Obeyed:
    """Let regions go on that were paused, or held for want of something; where none was, that is said."""
    effects: list[Effect] = []
    for region in _concerned(state, event.regions):
        moved = _gone_on(region)
        if moved is not None:
            state = state.having(moved)
            what = "tried again" if region.paused is None else "resumed"
            effects.append(Announce(region=region.region, what=what, why=said))
    if not effects:
        effects.append(Announce(region=None, what="nothing to resume", why=said))
    return state, tuple(effects)


def _gone_on(region: RegionState) -> RegionState | None:
    """Return what a resume makes of a region; ``None`` where nothing was paused, nor waits for a person."""
    moved = region if region.paused is None else replace(region, paused=None, judged=None, verified=False)
    moved = _tried_again(moved)
    return None if moved == region else moved


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
