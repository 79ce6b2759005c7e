"""Rollback by hand: absolute weights from the rescue file, read back, then recorded if that can be done.

Asks nobody: no configuration, calendar, approval, metric or ledger stands in the way. It takes a fence above the one
found, so that a run that is still going cannot raise the weights again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from wedgate.adapters.targets.interface import Target
from wedgate.engine.recording import Recorder
from wedgate.errors import ExitCode, UsageError, WedgateError
from wedgate.rollout.events import ReturnedByHand
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import Fence, TargetSettings, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionReturn:
    """One region: weights before (``None``: not known) and after (``None``: it failed, and ``trouble`` says how)."""

    region: str
    before: Weights | None
    after: Weights | None
    trouble: str = ""

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
) -> RollbackEnd:
    """Return the regions (all of the rescue file by default) to stable, each whatever happens to the others.

    Raises ``UsageError`` for a region that the rescue file does not know. The exit code is 20 when a region could
    not be returned, 12 when something was rolled back, 0 when all traffic was on stable already.
    """
    known = [region.region for region in rescue.regions]
    unknown = [region for region in regions if region not in known]
    if unknown:
        raise UsageError(f"region {unknown[0]} is not in the rescue file; it knows {', '.join(known)}")
    returned: list[RegionReturn] = []
    epoch = rescue.epoch
    for plan in rescue.regions:
        if not regions or plan.region in regions:
            done, used = _return_region(rescue, plan, open_target)
            returned.append(done)
            epoch = max(epoch, used)
    changed = tuple(region.region for region in returned if region.changed)
    recorded = "nothing to record"
    if changed and record is not None:
        recorded = record(rescue, ReturnedByHand(at=clock(), regions=changed, why=why), epoch)
    code = ExitCode.ROLLED_BACK if changed else ExitCode.DONE
    if any(region.after is None for region in returned):
        code = ExitCode.EXTERNAL
    return RollbackEnd(exit_code=code, regions=tuple(returned), recorded=recorded)


def _return_region(
    rescue: Rescue, plan: RegionPlan, open_target: Callable[[TargetSettings], Target]
) -> tuple[RegionReturn, int]:
    """Return one region to stable, and the epoch that was used."""
    before: Weights | None = None
    epoch = rescue.epoch + 1
    try:
        target = open_target(plan.target)
        try:
            reading = target.weights()
            before = reading.weights
            epoch = max(epoch, (reading.fence.epoch if reading.fence is not None else 0) + 1)
        except WedgateError:
            # What is in force is not needed to say what should be.
            pass
        fence = Fence(epoch=epoch, revision=0, rollout=rescue.rollout)
        after = target.set_weights(rescue.weights_for(plan), fence).weights
    except WedgateError as error:
        return RegionReturn(region=plan.region, before=before, after=None, trouble=str(error)), epoch
    if after != rescue.weights_for(plan):
        trouble = f"the target reports blue {after.blue} / green {after.green} after the write"
        return RegionReturn(region=plan.region, before=before, after=None, trouble=trouble), epoch
    return RegionReturn(region=plan.region, before=before, after=after), epoch
