"""What a regression does: back to stable where it was found, nothing more anywhere, and the digest is poisoned."""

from __future__ import annotations

from datetime import datetime

from wedgate.ledger.copying import replace
from wedgate.rollout import draining, regions
from wedgate.rollout.effects import Announce, Effect, Poison
from wedgate.rollout.guards import Refusal
from wedgate.rollout.promises import not_promised
from wedgate.rollout.state import ADVANCED, HoldKind, RegionPhase, RegionState, RolloutState
from wedgate.rollout.values import ReportFails


def regressed(
    state: RolloutState, source: str | None, why: str, at: datetime, *, keep_promoted: bool = False
) -> tuple[RolloutState, tuple[Effect, ...]]:
    """Return every region in flight to stable, the one named first; poison the digest and halt.

    ``source`` is the region in which the regression was found, ``None`` for the release as such. Regions that are
    done stay as they are, and so do promoted ones unless the regression is theirs: returning those is a person's
    decision (``wedgate rollback``). With ``report-fails: retreat`` promoted ones go back too, the last first. With
    ``report-fails: hold`` nothing is returned, and nothing increases.
    """
    if state.plan.report_fails is ReportFails.HOLD and not keep_promoted:
        return _held(state, source, why, at)
    effects: list[Effect] = []
    retreats = state.plan.report_fails is ReportFails.RETREAT and not keep_promoted
    for name in _in_order(state, source, retreats=retreats):
        region = state.region(name)
        everywhere = retreats and region.phase in ADVANCED
        if not everywhere and not _is_returned(region, source, keep_promoted=keep_promoted):
            continue
        here = why if source in (None, name) else f"regression in {source}: {why}"
        moved, wanted = regions.give_back(state.plan.region(name), region, here, then=RegionPhase.ROLLED_BACK)
        state = state.having(moved)
        effects += wanted
    effects.append(Poison(digest=state.plan.release.digest, why=why))
    stays = [region.region for region in state.regions if region.phase in (RegionPhase.DONE, *ADVANCED)]
    if stays:
        effects.append(
            Announce(
                region=None,
                what="stays on the new version",
                why=f"{', '.join(stays)}: done before the regression was found; `wedgate rollback --region {stays[0]}`"
                " returns it",
            )
        )
    effects.append(Announce(region=None, what="halted", why=why))
    if state.plan.migration.limits_rollback:
        effects.append(Announce(region=None, what="not promised", why=not_promised(state.plan.migration)))
    return replace(state, halted=why, retreats=retreats), tuple(effects)


def _in_order(state: RolloutState, source: str | None, *, retreats: bool) -> list[str]:
    """Return the regions, the one in which it was found first; in a retreat the others from the last to the first."""
    names = [region.region for region in state.regions]
    return sorted(reversed(names) if retreats else names, key=lambda name: name != source)


def _is_returned(region: RegionState, source: str | None, *, keep_promoted: bool) -> bool:
    """Whether a regression found in ``source`` returns this region to stable."""
    if region.phase in ADVANCED:
        return not keep_promoted and source in (None, region.region)
    if region.phase is RegionPhase.NEEDS_HUMAN:
        return source in (None, region.region) or region.is_stranded
    return region.is_in_flight


def _held(state: RolloutState, source: str | None, why: str, at: datetime) -> tuple[RolloutState, tuple[Effect, ...]]:
    """Hold the regions concerned at their present weight, those too that have not begun.

    A promoted one keeps its traffic, and its old colour. Where the region in which it was found is past holding, the
    others are held: nothing increases behind a regression.
    """
    effects: list[Effect] = []
    for region in state.regions:
        concerned = source in (None, region.region) and not region.is_final
        leaves_alone = region.phase in (RegionPhase.NEEDS_HUMAN, RegionPhase.DRAINING) and region.returning is None
        if not concerned or leaves_alone or region.holds_regression:
            continue
        if region.returning is not None:
            state = state.having(regions.returns_for_regression(region, why))
            continue
        resume = RegionPhase.BAKING if region.weight > 0 else RegionPhase.PENDING
        if region.phase is RegionPhase.PROMOTED:
            moved, wanted = draining.keep_old(region, HoldKind.REGRESSION, Refusal(why=why), at)
        elif region.phase is RegionPhase.SHIFTING:
            # Half a step is no place to stay: what is in force is not known.
            moved, wanted = regions.give_back(
                state.plan.region(region.region), region, why, then=RegionPhase.HELD, kind=HoldKind.REGRESSION
            )
        else:
            moved, wanted = regions.hold(region, HoldKind.REGRESSION, Refusal(why=why), at, resume=resume)
        state = state.having(moved)
        effects += wanted
    if source is not None and not any(region.holds_regression for region in state.regions):
        return _held(state, None, f"regression in {source}: {why}", at)
    return state, tuple(effects)
