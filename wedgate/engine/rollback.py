"""Rollback by hand: absolute weights from the rescue file, read back, then recorded if that can be done.

Asks nobody: no configuration, calendar, approval, metric or ledger stands in the way. It takes a fence above the one
found, so that a run that is still going cannot raise the weights again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wedgate.adapters.targets.interface import FenceError, Target
from wedgate.errors import ExitCode, UsageError, WedgateError
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import Fence, TargetSettings, Weights

if TYPE_CHECKING:
    from wedgate.engine.recording import Recorder

AHEAD = 1000
"""How far a rollback goes above the epoch of the rescue file: a run that took the lease since, whose rescue file or
fence nobody can see yet, must not write over it. Runs count by one, and the next one begins above what targets hold."""

FENCES = 5
"""How often a rollback goes above a fence that it could not see; each time another writer must have been faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionReturn:
    """One region: weights before (``None``: not known) and after (``None``: it failed, and ``trouble`` says how)."""

    region: str
    before: Weights | None
    after: Weights | None
    trouble: str = ""
    stable: str = ""
    """What is wrong with the stable version that has the traffic now; empty when it answers as it should."""

    @property
    def changed(self) -> bool:
        """Whether traffic was, or may have been, elsewhere before."""
        return self.after is not None and self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackEnd:
    """How a rollback by hand ended; ``recorded`` says where it was written down."""

    exit_code: ExitCode
    regions: tuple[RegionReturn, ...]
    recorded: str


def roll_back(
    rescue: Rescue,
    open_target: Callable[[TargetSettings], Target],
    *,
    clock: Callable[[], datetime],
    why: str,
    regions: Sequence[str] = (),
    record: Recorder | None = None,
    exposed: Callable[[Rescue], Collection[str]] = lambda rescue: (),
    observe: Callable[[RegionReturn], None] = lambda region: None,
) -> RollbackEnd:
    """Return the regions (all of the rescue file by default) to stable, each whatever happens to the others.

    A rollback ends the run that watches the rest, so regions not named that are ``exposed`` by the ledger, or found
    with a part of the traffic, return too. ``observe`` hears of each region as it returns. Raises ``UsageError`` for
    a region that the rescue file does not know. The exit code is 20 when a region could not be returned, 13 when the
    stable version does not answer as it should, 12 when something was rolled back, 0 when all was on stable already.
    """
    known = [region.region for region in rescue.regions]
    unknown = [region for region in regions if region not in known]
    if unknown:
        raise UsageError(f"region {unknown[0]} is not in the rescue file; it knows {', '.join(known)}")
    named = [region for region in rescue.regions if not regions or region.region in regions]
    rest = [region for region in rescue.regions if region not in named]
    done = _return_all(rescue, named, open_target, observe)
    if rest:
        # What the targets say comes first: a ledger may take long to answer, or never do.
        parted = _with_a_part(rest, open_target)
        done += _return_all(rescue, parted, open_target, observe)
        whole = [region for region in rest if region not in parted]
        unwatched = exposed(rescue) if whole else ()
        done += _return_all(rescue, [region for region in whole if region.region in unwatched], open_target, observe)
    returned = tuple(region for region, _ in done)
    changed = tuple(region.region for region in returned if region.changed)
    failed = any(region.after is None for region in returned)
    recorded = "nothing to record"
    if (changed or failed) and record is not None:
        # A write that was not confirmed may be in force all the same: the digest is poisoned either way.
        # Imported here: on a busy machine every module that is needed only later delays the return of traffic.
        from wedgate.rollout.events import ReturnedByHand

        epoch = max([rescue.epoch, *(used for _, used in done)])
        recorded = record(rescue, ReturnedByHand(at=clock(), regions=changed, why=why), epoch)
    code = ExitCode.ROLLED_BACK if changed else ExitCode.DONE
    if any(region.stable for region in returned):
        code = ExitCode.NEEDS_HUMAN
    if failed:
        code = ExitCode.EXTERNAL
    return RollbackEnd(exit_code=code, regions=returned, recorded=recorded)


def _return_all(
    rescue: Rescue,
    plans: Sequence[RegionPlan],
    open_target: Callable[[TargetSettings], Target],
    observe: Callable[[RegionReturn], None],
) -> list[tuple[RegionReturn, int]]:
    """Return some regions at the same time: one that does not answer must not keep the others waiting."""
    if not plans:
        return []

    def give_back(plan: RegionPlan) -> tuple[RegionReturn, int]:
        done = _return_region(rescue, plan, open_target)
        observe(done[0])
        return done

    with ThreadPoolExecutor(max_workers=len(plans)) as threads:
        return list(threads.map(give_back, plans))


def _with_a_part(plans: Sequence[RegionPlan], open_target: Callable[[TargetSettings], Target]) -> list[RegionPlan]:
    """Return the regions whose candidate has a part of the traffic, or may have: nobody watches it any more."""

    def has_a_part(plan: RegionPlan) -> bool:
        try:
            weights = open_target(plan.target).weights().weights
        except WedgateError:
            return True
        return weights not in (Weights.giving(plan.stable, 100), Weights.giving(plan.candidate, 100))

    with ThreadPoolExecutor(max_workers=len(plans)) as threads:
        return [plan for plan, parted in zip(plans, threads.map(has_a_part, plans), strict=True) if parted]


def _return_region(
    rescue: Rescue, plan: RegionPlan, open_target: Callable[[TargetSettings], Target]
) -> tuple[RegionReturn, int]:
    """Return one region to stable, and the epoch that was used."""
    before: Weights | None = None
    epoch = rescue.epoch + AHEAD
    try:
        target = open_target(plan.target)
        try:
            reading = target.weights()
            before = reading.weights
            epoch = max(epoch, (reading.fence.epoch if reading.fence is not None else 0) + 1)
        except WedgateError:
            # What is in force is not needed to say what should be.
            pass
        after, epoch = _written(target, rescue, rescue.weights_for(plan), epoch)
    except WedgateError as error:
        return RegionReturn(region=plan.region, before=before, after=None, trouble=str(error)), epoch
    if after != rescue.weights_for(plan):
        trouble = f"the target reports blue {after.blue} / green {after.green} after the write"
        return RegionReturn(region=plan.region, before=before, after=None, trouble=trouble), epoch
    stable = _trouble_of_stable(plan, target)
    return RegionReturn(region=plan.region, before=before, after=after, stable=stable), epoch


def _written(target: Target, rescue: Rescue, weights: Weights, epoch: int) -> tuple[Weights, int]:
    """Write weights, and return what was read back and the epoch that it took.

    A write that is not in force yet may hold a fence above every one that can be read: a rollback goes above it.
    """
    for _ in range(FENCES):
        try:
            return target.set_weights(weights, Fence(epoch=epoch, revision=0, rollout=rescue.rollout)).weights, epoch
        except FenceError as error:
            epoch = max(epoch, error.held.epoch) + 1
    return target.set_weights(weights, Fence(epoch=epoch, revision=0, rollout=rescue.rollout)).weights, epoch


def _trouble_of_stable(plan: RegionPlan, target: Target) -> str:
    """Say what is wrong with the version that has all traffic now; a rollback is not kept from happening by it."""
    wanted = plan.stable_release.digest
    try:
        found = target.digest(plan.stable)
    except WedgateError as error:
        return f"whether {plan.stable} answers {wanted} is not known: {error}"
    if found == wanted:
        return ""
    return f"{plan.stable} HAS ALL TRAFFIC AND ANSWERS {found or 'NOTHING HEALTHY'}, not {wanted}: look at it now"
