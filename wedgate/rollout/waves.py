"""Which regions may begin: waves in order, and no more in flight than allowed."""

from __future__ import annotations

from wedgate.rollout.state import PROMOTED, HoldKind, RegionPhase, RegionState, RolloutState, RolloutStatus


def regions_to_begin(state: RolloutState) -> tuple[str, ...]:
    """Return the regions that may ask the gate now to begin, in the plan's order.

    A wave begins only when every region of every earlier wave is promoted in this rollout. A region that waits for
    its calendar does not keep the others of its wave from going first, and takes no place in flight.
    """
    if state.halted is not None or state.status is RolloutStatus.NEEDS_HUMAN:
        return ()
    free = state.plan.in_flight
    for region in state.regions:
        if region.holds_regression:
            # Where a regression is held, no other region begins or increases either.
            return ()
        free -= region.is_in_flight
        if free <= 0:
            return ()
    current: int | None = None
    waiting: list[RegionState] = []
    for plan, region in zip(state.plan.regions, state.regions, strict=True):
        if region.phase in PROMOTED:
            continue
        if current is None or plan.wave < current:
            current, waiting = plan.wave, []
        if plan.wave == current and _may_begin(region):
            waiting.append(region)
    if len(waiting) > 1:
        # A region whose calendar is known to be closed must not take the place of one that could go now.
        waiting.sort(key=lambda region: region.phase is RegionPhase.HELD)
    return tuple([region.region for region in waiting])


def _may_begin(region: RegionState) -> bool:
    """Whether a region has not begun, or waits for its calendar before beginning; not one that is paused."""
    if region.paused is not None:
        return False
    if region.phase is RegionPhase.PENDING:
        return True
    hold = region.hold
    return (
        region.phase is RegionPhase.HELD
        and hold is not None
        and hold.kind is HoldKind.CLOSED
        and hold.resume is RegionPhase.PENDING
    )
