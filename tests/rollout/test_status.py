"""The status of a rollout, which is worked out anew only where a phase changed, is what the regions amount to."""

from __future__ import annotations

from collections import Counter

from wedgate.rollout.events import Started
from wedgate.rollout.journal import event_of
from wedgate.rollout.state import RegionPhase, RolloutState, RolloutStatus
from wedgate.rollout.step import begin, step
from wedgate.simulation.faults import Fault, FaultKind
from wedgate.simulation.run import simulate


def amounts_to(state: RolloutState) -> RolloutStatus:
    """Work the status out from nothing but the regions."""
    phases = Counter(region.phase for region in state.regions)
    if state.halted is not None and state.retreats:
        return RolloutStatus.RETREATING if phases[RegionPhase.ROLLING_BACK] else RolloutStatus.RETREATED
    if state.halted is not None:
        return RolloutStatus.HALTED
    if set(phases) == {RegionPhase.DONE}:
        return RolloutStatus.DONE
    if phases[RegionPhase.NEEDS_HUMAN]:
        return RolloutStatus.NEEDS_HUMAN
    return RolloutStatus.PLANNED if set(phases) == {RegionPhase.PENDING} else RolloutStatus.RUNNING


def test_after_each_event_the_status_is_what_the_regions_amount_to() -> None:
    """In journals of worlds in which everything happens, each line after line."""
    ended = [Fault(point=point, kind=FaultKind.ABORTED_REGION, pick=pick) for point in (60, 200) for pick in (0.1, 0.9)]
    found: Counter[RolloutStatus] = Counter()
    for outcome in [
        *map(simulate, (*range(60), 61, 172, 223)),
        *(simulate(seed, [fault]) for seed in (0, 6) for fault in ended),
    ]:
        assert outcome.world is not None
        state: RolloutState | None = None
        for line in outcome.world.known.ledger(outcome.world.store.read()).journals.values():
            for each in line:
                event = event_of(each)
                if isinstance(event, Started):
                    state = begin(event)
                elif state is not None:
                    state, _ = step(state, event)
                    found[state.status] += 1
                    assert state.status is amounts_to(state), (outcome.seed, each.kind, each.at)
    assert set(found) == set(RolloutStatus)
