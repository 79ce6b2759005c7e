"""How a run ended, as an exit code and one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.engine.holder import utc
from wedgate.engine.rollout_parts import RunEnd
from wedgate.errors import ExitCode
from wedgate.rollout.promises import not_promised, spell_undrained
from wedgate.rollout.state import PROMOTED, HoldKind, RegionPhase, RegionState, RolloutState, RolloutStatus

_BACK = RegionPhase.ROLLED_BACK

_OF_HOLD = {
    HoldKind.REGRESSION: ExitCode.NEEDS_HUMAN,
    HoldKind.EVIDENCE: ExitCode.NEEDS_HUMAN,
    HoldKind.OUTSIDE: ExitCode.EXTERNAL,
    HoldKind.INTERRUPTED: ExitCode.UNEXPECTED,
    HoldKind.CLOSED: ExitCode.CLOSED,
}
"""Exit codes of held regions; the first in this order that applies is the run's."""


def end_of(state: RolloutState, interrupted: str | None, rescue: str | None, *, never: str = "") -> RunEnd:
    """Return how the run ended, given where the rollout stands and whether it was interrupted.

    ``never`` says of what is held that waiting is of no use.
    """
    code, text = _end_of(state, interrupted, never)
    return RunEnd(exit_code=code, text=text, state=state, rescue=rescue)


def _handed_over(state: RolloutState, rescue: str | None, never: str) -> RunEnd:
    """Return the end of a run that leaves the rest to the next one."""
    where = ", ".join(f"{region.region} {_place(region)}" for region in state.regions)
    text = f"handed over: rollout {state.plan.rollout} of {state.plan.release.digest}: {where}; "
    then = never or "the next tick goes on"
    return RunEnd(exit_code=ExitCode.DONE, text=text + then, state=state, rescue=rescue)


def tick_end(state: RolloutState, rescue: str | None = None, *, never: str = "") -> RunEnd:
    """Return how a run ended that leaves the rest to the next one: waiting is no failure."""
    end = end_of(state, None, rescue, never=never)
    is_waiting = end.exit_code in (ExitCode.CLOSED, ExitCode.UNEXPECTED)
    return _handed_over(state, rescue, never) if is_waiting else end


def _place(region: RegionState) -> str:
    """Say where a region stands, in short."""
    what = f"{region.phase} at {region.weight} %" if region.weight else str(region.phase)
    why = f"{region.why}{_until(region)}" if region.hold is not None or region.phase is _BACK else ""
    if region.paused is not None and not region.is_final:
        why = f"paused by {region.paused}"
    return f"{what} ({why})" if why else what


def _end_of(state: RolloutState, interrupted: str | None, never: str) -> tuple[ExitCode, str]:
    """Choose the code and the sentence."""
    if state.status is RolloutStatus.DONE:
        names = ", ".join(region.region for region in state.regions)
        return ExitCode.DONE, f"done: {state.plan.release.digest} runs in {names}"
    stuck = [region for region in state.regions if region.phase is RegionPhase.NEEDS_HUMAN]
    if stuck:
        return ExitCode.NEEDS_HUMAN, "needs a human: " + "; ".join(f"{each.region}: {each.why}" for each in stuck)
    if state.halted is not None:
        return ExitCode.ROLLED_BACK, _spell_halted(state, state.halted)
    if interrupted is not None:
        return ExitCode.UNEXPECTED, (
            f"interrupted: {interrupted}; every region in motion is back on stable; run the same command again to go on"
        )
    if all(region.phase in PROMOTED and not region.holds_regression for region in state.regions):
        waits = [
            region for region in state.regions if not region.is_final and (region.hold or region.paused) is not None
        ]
        if waits:
            return ExitCode.DONE, _spell_waiting(state, waits)
    for kind, code in _OF_HOLD.items():
        held = [each for each in state.regions if each.hold is not None and each.hold.kind is kind]
        if held:
            return code, _spell_holds(kind, held, never)
    if all(region.is_final or state.awaits_drain(region) for region in state.regions):
        return ExitCode.NEEDS_HUMAN, f"needs a human: {spell_undrained(state)}"
    return ExitCode.UNEXPECTED, f"the rollout stopped while {state.status}"


def _spell_halted(state: RolloutState, why: str) -> str:
    """Say where traffic went back, where it stays on the new version, and which given up regions had none of it."""
    kept = [each.region for each in state.regions if each.phase in PROMOTED]
    owed = [each.region for each in state.regions if each.phase is RegionPhase.ROLLING_BACK]
    back = [each.region for each in state.regions if each.phase not in PROMOTED and each.had_traffic]
    back = [region for region in back if region not in owed]
    spared = [each.region for each in state.regions if each.phase is RegionPhase.ROLLED_BACK and not each.had_traffic]
    parts = [f"{', '.join(back)} back on stable"] if back else []
    parts += [f"not back yet: {', '.join(owed)}, by the next tick there or `wedgate rollback`"] if owed else []
    parts += [f"{', '.join(spared)} had no traffic of it"] if spared else []
    parts += [f"{', '.join(kept)} {'keeps' if len(kept) == 1 else 'keep'} it"] if kept else []
    parts = parts or ["no region had traffic of it"]
    lost = not_promised(state.plan.migration) if back or owed else ""
    parts += [each for each in (why, lost, spell_undrained(state)) if each]
    return f"{'rolled back' if back or owed else 'ended'}: {'; '.join(parts)}"


def _spell_waiting(state: RolloutState, waits: Sequence[RegionState]) -> str:
    """Say that all traffic is on the new version, and which old colours wait for what."""
    names = ", ".join(region.region for region in state.regions)
    regions = "; ".join(f"{region.region}: {_why_old_stays(region)}" for region in waits)
    return f"{state.plan.release.digest} runs in {names}; {regions}; run the same command again, or tick, after that"


def _why_old_stays(region: RegionState) -> str:
    """Say what a promoted region waits for."""
    if region.paused is not None:
        return f"promoted; the old colour stays: paused by {region.paused}, until `wedgate rollout resume`"
    return f"{region.why}{_until(region)}"


def _spell_holds(kind: HoldKind, held: Sequence[RegionState], never: str) -> str:
    """Say which regions are held, until when where that is known, and what to do."""
    regions = "; ".join(f"{region.region}: {region.why}{_until(region)}" for region in held)
    if kind is HoldKind.CLOSED and never:
        return f"held, {regions}; {never}"
    if kind is HoldKind.CLOSED:
        return f"held, {regions}; run the same command again when it is open, or wait with --wait"
    return f"held, {regions}; run the same command again to begin there anew"


def _until(region: RegionState) -> str:
    """Say until when a region is held, if that is known."""
    return "" if region.hold is None or region.hold.until is None else f" (until {utc(region.hold.until)})"
