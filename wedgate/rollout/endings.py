"""How a run or a rollout ends before every region is done: nothing may be left that somebody would have to watch."""

from __future__ import annotations

from datetime import datetime

from wedgate.ledger.copying import replace
from wedgate.rollout import regions
from wedgate.rollout.effects import Effect
from wedgate.rollout.guards import Refusal
from wedgate.rollout.state import HoldKind, RegionPhase, RolloutState


def interrupted(state: RolloutState, why: str, at: datetime) -> tuple[RolloutState, tuple[Effect, ...]]:
    """Leave every region in a state that needs no watching; another run goes on from there."""
    effects: list[Effect] = []
    for region in state.regions:
        if region.phase is RegionPhase.ROLLING_BACK:
            moved, wanted = regions.give_back_again(state.plan.region(region.region), region, at)
            state = state.having(moved)
            effects += wanted
        elif region.is_exposed:
            plan = state.plan.region(region.region)
            kind = region.hold.kind if region.hold is not None else HoldKind.INTERRUPTED
            said = f"{why}; {region.hold.why}" if region.hold is not None else why
            moved, wanted = regions.give_back(plan, region, said, then=RegionPhase.HELD, kind=kind)
            state = state.having(moved)
            effects += wanted
        elif region.phase in (RegionPhase.GATED, RegionPhase.PREPARING, RegionPhase.VERIFIED):
            held, wanted = regions.hold(region, HoldKind.INTERRUPTED, Refusal(why=why), at, resume=RegionPhase.PENDING)
            state = state.having(held)
            effects += wanted
    return state, tuple(effects)


def ended(state: RolloutState, why: str, at: datetime) -> tuple[RolloutState, tuple[Effect, ...]]:
    """End the rollout for good: what is in flight goes back to stable, what is done stays, nothing is poisoned."""
    after, effects = interrupted(state, why, at)
    return replace(after, halted=why), effects
