"""Hooks: at which points of a region's way commands of the user run, and what they are told. What they do is theirs.

A hook before an increase is a condition for it: it decides nothing else. One around a rollback never keeps it from
happening.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from wedgate.rollout.regions import is_ready, next_step
from wedgate.rollout.state import Plan, RegionPhase, RegionState
from wedgate.rollout.values import HookPoint

LONGEST_OUTPUT = 4096
"""Characters of a hook's output that are kept: the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """What a hook is told: where, for which release, and the candidate's percent in force (before a shift: to be)."""

    point: HookPoint
    service: str
    region: str
    rollout: str
    commit: str
    digest: str
    colour: str
    weight: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEnd:
    """How a hook ended: ``trouble`` is empty when it did what it should; ``output`` is bounded and inert."""

    took: timedelta
    output: str
    trouble: str = ""


def condition_of(region: RegionState) -> HookPoint | None:
    """Return the hook that must end well before the region does what it waits for the gate for."""
    if not is_ready(region):
        return None
    return HookPoint.BEFORE_PROMOTE if next_step(region) is None else HookPoint.BEFORE_SHIFT


def point_passed(before: RegionState, after: RegionState) -> HookPoint | None:
    """Return the hook that follows what just became of a region."""
    was, now = before.phase, after.phase
    if was is RegionPhase.PREPARING and before.deployed_at is None and after.deployed_at is not None:
        return HookPoint.AFTER_DEPLOY
    if was is RegionPhase.SHIFTING and now is RegionPhase.BAKING and before.at_step == after.at_step:
        return HookPoint.AFTER_SHIFT
    if now is RegionPhase.PROMOTED and was is not RegionPhase.PROMOTED:
        return HookPoint.AFTER_PROMOTE
    if was is RegionPhase.ROLLING_BACK and now in (RegionPhase.ROLLED_BACK, RegionPhase.HELD):
        return HookPoint.AFTER_ROLLBACK
    return None


def begins_to_return(before: RegionState, after: RegionState) -> bool:
    """Whether a region begins to give its traffic back: not when that is only tried again."""
    return after.phase is RegionPhase.ROLLING_BACK and before.phase is not RegionPhase.ROLLING_BACK


def call_of(plan: Plan, region: RegionState, point: HookPoint) -> HookCall:
    """Return what a hook is told."""
    weight = region.weight
    if point is HookPoint.BEFORE_SHIFT:
        step = next_step(region)
        weight = region.weight if step is None else step.weight
    return HookCall(
        point=point,
        service=plan.service,
        region=region.region,
        rollout=plan.rollout,
        commit=plan.release.commit,
        digest=plan.release.digest,
        colour=plan.region(region.region).candidate.value,
        weight=weight,
        why=region.why,
    )
