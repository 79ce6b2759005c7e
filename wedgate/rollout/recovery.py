"""What a new run makes of what an earlier one left, before it looks at the world.

A region without candidate traffic begins again: everything is asked and verified anew. One that may have traffic is
looked at first (``shifting``) or observed anew (``baking``); a candidate that nobody watched for too long, or that
could not be returned before, goes back to stable.
"""

from __future__ import annotations

from wedgate.ledger.copying import replace
from wedgate.rollout import regions
from wedgate.rollout.effects import Announce, Effect
from wedgate.rollout.events import RunBegan
from wedgate.rollout.state import HoldKind, RegionPhase, RegionState, RolloutState


def resumed(state: RolloutState, event: RunBegan) -> tuple[RolloutState, tuple[Effect, ...]]:
    """Return the state from which a new run goes on, and what to say about it."""
    effects: list[Effect] = []
    for region in state.regions:
        if not event.concerns(region.region):
            continue
        moved, wanted = _region_resumed(state, region, event)
        if moved is region and not wanted:
            continue
        if moved != region or wanted:
            effects.append(Announce(region=region.region, what="found", why=_spell(region)))
        state = state.having(moved)
        effects += wanted
    return state, tuple(effects)


def _region_resumed(
    state: RolloutState, region: RegionState, event: RunBegan
) -> tuple[RegionState, tuple[Effect, ...]]:
    """Return where one region goes on."""
    plan = state.plan.region(region.region)
    match region.phase:
        case RegionPhase.GATED | RegionPhase.PREPARING | RegionPhase.VERIFIED:
            return (region if event.handed_over else regions.begin_again(region)), ()
        case RegionPhase.PROMOTED if region.verified or (event.anew and region.hold is not None):
            rested = replace(region, verified=False)
            return (replace(rested, hold=None, why="") if event.anew else rested), ()
        case RegionPhase.ROLLING_BACK | RegionPhase.NEEDS_HUMAN if region.returning is not None:
            back = region.returning
            return regions.give_back(plan, region, back.why, then=back.then, kind=back.kind)
        case RegionPhase.HELD if region.weight == 0:
            return (region if _stays_held(region, event) else regions.begin_again(region)), ()
        case RegionPhase.HELD | RegionPhase.BAKING | RegionPhase.SHIFTING:
            if regions.is_unwatched(region, event.at, state.plan.max_unwatched):
                why = "nobody watched the candidate since the last run ended"
                return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=HoldKind.INTERRUPTED)
            if region.phase is RegionPhase.SHIFTING:
                return region, ()
            if region.evidence is not None or (region.phase is RegionPhase.HELD and not event.anew):
                return replace(region, verified=False, judged=None), ()
            # What was observed before is gone with the process that observed it.
            # But who watched it last is not: a candidate must not go unwatched because runs come and go.
            again = replace(regions.bake(region, event.at), watched_at=region.watched_at)
            return replace(again, hold=None, verified=False, why=""), ()
        case _:
            return region, ()


def _stays_held(region: RegionState, event: RunBegan) -> bool:
    """Whether a region without traffic waits on: for its calendar, or until somebody asks for another try."""
    kind = None if region.hold is None else region.hold.kind
    if kind is HoldKind.CLOSED:
        return event.handed_over
    return not event.anew and kind is not HoldKind.INTERRUPTED


def _spell(region: RegionState) -> str:
    """Say in words where the earlier run left the region."""
    where = f"{region.phase} at {region.weight} %" if region.weight else str(region.phase)
    return f"an earlier run left it {where}{f' ({region.why})' if region.why else ''}"
