"""How a run or a rollout ends before every region is done: nothing may be left that somebody would have to watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wedgate.ledger.copying import replace
from wedgate.rollout import regions
from wedgate.rollout.effects import Announce, Effect
from wedgate.rollout.guards import Refusal
from wedgate.rollout.state import PROMOTED, HoldKind, RegionPhase, RegionState, RolloutState


def interrupted(
    state: RolloutState, why: str, at: datetime, *, names: Sequence[str] | None = None
) -> tuple[RolloutState, tuple[Effect, ...]]:
    """Leave regions (all by default) in a state that needs no watching; another run goes on from there."""
    effects: list[Effect] = []
    for region in state.regions:
        if names is not None and region.region not in names:
            continue
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


def ended(
    state: RolloutState, why: str, at: datetime, *, seen: Sequence[str] = ()
) -> tuple[RolloutState, tuple[Effect, ...]]:
    """End the rollout for good: what is in flight goes back to stable, what is done stays, nothing is poisoned.

    A candidate that a person was called for goes back too: nobody looks at a rollout that is over. Where somebody has
    ``seen`` to it there is nothing to give back.
    """
    after, effects = interrupted(state, why, at)
    for region in [each for each in after.regions if each.is_stranded and each.region not in seen]:
        plan, said = after.plan.region(region.region), f"{why}; {region.why}"
        moved, wanted = regions.give_back(plan, region, said, then=RegionPhase.HELD, kind=HoldKind.INTERRUPTED)
        after, effects = after.having(moved), (*effects, *wanted)
    return replace(after, halted=why), effects


def given_up(
    state: RolloutState, names: Sequence[str], why: str, at: datetime
) -> tuple[RolloutState, tuple[Effect, ...]]:
    """End the rollout in some regions: what has traffic there goes back, and they take no more part.

    What is promoted there stays. So does what needs a human, where the traffic may be somebody else's.
    """
    effects: list[Effect] = []
    for region in state.regions:
        if region.region not in names or region.phase in _STAY or _is_left_alone(region):
            continue
        plan = state.plan.region(region.region)
        if region.phase is RegionPhase.ROLLING_BACK and region.returning is not None:
            then = replace(region.returning, why=why, then=RegionPhase.ROLLED_BACK, kind=None, until=None)
            moved, wanted = regions.give_back_again(plan, replace(region, returning=then, why=why), at)
        elif region.is_exposed or region.is_stranded or region.owes_return:
            moved, wanted = regions.give_back(plan, region, why, then=RegionPhase.ROLLED_BACK)
        else:
            moved = replace(regions.begin_again(region), phase=RegionPhase.ROLLED_BACK, why=why)
            wanted = (Announce(region=region.region, what="given up", why=why),)
        state = state.having(moved)
        effects += wanted
    return state, tuple(effects)


_STAY = PROMOTED | {RegionPhase.ROLLED_BACK}


def _is_left_alone(region: RegionState) -> bool:
    """Whether the traffic that a region has is not known to be this rollout's, and a person was called for it."""
    is_known = region.weight == 0 or region.is_stranded or region.owes_return
    return region.phase is RegionPhase.NEEDS_HUMAN and not is_known


def why_over(state: RolloutState) -> str | None:
    """Say why a rollout is over in which regions were given up and no other can go on; ``None`` while one can."""
    waves = {plan.region: plan.wave for plan in state.plan.regions}
    given = [region for region in state.regions if region.phase is RegionPhase.ROLLED_BACK]
    rest = [region for region in state.regions if region.phase not in _STAY]
    if not given or any(region.phase is RegionPhase.NEEDS_HUMAN for region in state.regions):
        return None
    # A later wave waits for every region of an earlier one, and so for ever.
    reached = min(waves[region.region] for region in given)
    if any(waves[region.region] <= reached or region.is_moving for region in rest):
        return None
    where = ", ".join(region.region for region in given)
    return f"{where}: {given[0].why}"
