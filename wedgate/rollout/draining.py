"""When an old colour may go: the first step that no machine takes back, with a gate of its own.

Nothing is taken down here. What is drained is recorded as the last good version, and a regression is for a person then.
"""

from __future__ import annotations

from datetime import datetime

from wedgate.ledger.copying import replace
from wedgate.rollout.effects import Announce, AskGate, Effect, ReadWeights
from wedgate.rollout.events import GateAnswered
from wedgate.rollout.guards import Refusal, refusal_of_gate
from wedgate.rollout.regions import Moved
from wedgate.rollout.state import Hold, HoldKind, RegionPhase, RegionState, RolloutState


def asked_before(state: RolloutState, region: RegionState) -> tuple[Effect, ...]:
    """Return what is asked before the old colour may go: the gate first. A rollout that is halted waits for nothing."""
    if state.keeps_old(region):
        return ()
    if state.halted is not None:
        return (ReadWeights(region=region.region),)
    return (AskGate(region=region.region, runway=state.plan.reserve),) if _waits_for_gate(state, region) else ()


def gate_answered(state: RolloutState, region: RegionState, event: GateAnswered) -> Moved:
    """Let a promoted region drain, or keep the old colour until its window has opened, with a rollback's time in it."""
    if not _waits_for_gate(state, region):
        return region, ()
    refusal = refusal_of_gate(event, state.plan.reserve)
    if refusal is None:
        return replace(region, verified=True, hold=None, why=""), (ReadWeights(region=region.region),)
    return keep_old(region, HoldKind.CLOSED, refusal, event.at)


def keep_old(region: RegionState, kind: HoldKind, refusal: Refusal, at: datetime) -> Moved:
    """Let a promoted region wait with draining. Waiting on for the same reason changes and says nothing."""
    before = region.hold
    since = before.since if before is not None and before.kind is kind else at
    why = f"promoted; the old colour stays: {refusal.why}"
    held = Hold(kind=kind, why=why, since=since, until=refusal.until, resume=RegionPhase.PROMOTED)
    waits = replace(region, verified=False, hold=held, why=why)
    if held == before:
        return waits, ()
    return waits, (Announce(region=region.region, what="not draining", why=refusal.why, until=refusal.until),)


def _waits_for_gate(state: RolloutState, region: RegionState) -> bool:
    """Whether nothing but its gate keeps a promoted region from draining: no pause, and no regression held anywhere."""
    held = any(each.holds_regression for each in state.regions)
    return region.paused is None and not held and state.halted is None and not state.keeps_old(region)
