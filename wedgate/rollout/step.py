"""The machine: ``step(state, event) -> (state, effects)``. Pure, total, and the only maker of states.

The order of one region's life: its wave comes up and the gate is asked (``pending``); the way through fits before
the calendar closes (``gated``); weights are read, the new version is deployed on the colour without traffic
(``preparing``) and answers with the right digest (``verified``); then for each step digest and gate are asked again,
weights written (``shifting``), read back, and the judge asked until it says pass (``baking``).

An event that finds nothing to change returns the state as it is: a tick may be run again at any time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from wedgate.calendars.values import Verdict
from wedgate.judge.values import Outcome
from wedgate.ledger.copying import replace
from wedgate.rollout import draining, regions
from wedgate.rollout.effects import (
    Announce,
    AskGate,
    Deploy,
    Effect,
    Judge,
    Poison,
    ReadDigest,
    ReadWeights,
    RecordGood,
)
from wedgate.rollout.endings import ended, interrupted, why_over
from wedgate.rollout.events import (
    Deployed,
    DeployFailed,
    DigestRead,
    Event,
    GateAnswered,
    HookRan,
    Interrupted,
    Judged,
    Observed,
    Ordered,
    RegressionReported,
    ReturnedByHand,
    ReturnWaits,
    RunBegan,
    Started,
    Superseded,
    TargetFailed,
    Ticked,
    WeightsRead,
)
from wedgate.rollout.guards import Refusal, refusal_of_gate, refusal_to_increase, spell_duration
from wedgate.rollout.orders import obeyed
from wedgate.rollout.recovery import resumed
from wedgate.rollout.regions import Moved
from wedgate.rollout.regress import regressed
from wedgate.rollout.state import (
    PREPARING,
    Evidence,
    HoldKind,
    RegionPhase,
    RegionPlan,
    RegionState,
    RolloutState,
    RolloutStatus,
    step_in_force,
    weights_expected,
)
from wedgate.rollout.values import HookPoint, Weights, WindowCloses
from wedgate.rollout.waves import regions_to_begin

_WAITING = frozenset({RegionPhase.PENDING, RegionPhase.DONE, RegionPhase.ROLLED_BACK, RegionPhase.NEEDS_HUMAN})
"""Phases in which a tick does nothing with a region."""

Stepped = tuple[RolloutState, tuple[Effect, ...]]


def begin(started: Started) -> RolloutState:
    """Return the state of a rollout that was just planned."""
    return RolloutState(
        plan=started.plan,
        status=RolloutStatus.PLANNED,
        regions=tuple(RegionState(region=plan.region) for plan in started.plan.regions),
    )


def step(state: RolloutState, event: Event) -> Stepped:
    """Return the state after ``event`` and what is to be done now. A rollout that is over never changes."""
    if state.is_over:
        return state, ()
    after, effects = _stepped(state, event)
    if after is state:
        return state, effects
    if after.is_stale:
        has_returned = any(region.phase is RegionPhase.ROLLED_BACK for region in after.regions)
        after = replace(after, has_returned=has_returned)
    if after.halted is None and after.has_returned:
        after = replace(after, halted=why_over(after))
    if after.is_stale or (after.halted, after.retreats) != (state.halted, state.retreats):
        after = replace(after, status=_status(after), is_stale=False)
    if after.status is RolloutStatus.DONE:
        effects = (*effects, Announce(region=None, what="done", why="every region runs the new version"))
    return after, effects


def _status(state: RolloutState) -> RolloutStatus:
    """Return the status that the regions amount to."""
    phases = [region.phase for region in state.regions]
    if state.halted is not None and state.retreats:
        return RolloutStatus.RETREATED if RegionPhase.ROLLING_BACK not in phases else RolloutStatus.RETREATING
    if state.halted is not None:
        return RolloutStatus.HALTED
    if phases.count(RegionPhase.DONE) == len(phases):
        return RolloutStatus.DONE
    if RegionPhase.NEEDS_HUMAN in phases:
        return RolloutStatus.NEEDS_HUMAN
    if phases.count(RegionPhase.PENDING) == len(phases):
        return RolloutStatus.PLANNED
    return RolloutStatus.RUNNING


def _stepped(state: RolloutState, event: Event) -> Stepped:
    """Dispatch one event."""
    match event:
        case WeightsRead() if _was_returned_by_hand(state, event):
            why = f"{event.region} was found on stable, written by hand ({event.fence})"
            found, effects = _returned_by_hand(state, ReturnedByHand(at=event.at, regions=(event.region,), why=why))
            return found, tuple(replace(each, is_found=True) if isinstance(each, Poison) else each for each in effects)
        case (
            WeightsRead() | DigestRead() | GateAnswered() | Deployed() | DeployFailed() | TargetFailed() | ReturnWaits()
        ):
            return _found(state, event)
        case Ticked():
            return _ticked(state, event)
        case Judged():
            return _judged(state, event)
        case Started():
            return state, ()
        case RunBegan():
            return resumed(state, event)
        case RegressionReported():
            return regressed(state, event.region, event.why, event.at)
        case Interrupted():
            return interrupted(state, event.why, event.at, names=event.regions)
        case ReturnedByHand():
            return _returned_by_hand(state, event)
        case Superseded():
            return ended(state, event.why, event.at, seen=event.seen)
        case Ordered():
            return obeyed(state, event)
        case HookRan():
            return _hook_ran(state, event)
        case Observed():
            return _observed(state, event), ()
        case unknown:
            assert_never(unknown)


def _found(
    state: RolloutState,
    event: GateAnswered | Deployed | DeployFailed | DigestRead | WeightsRead | TargetFailed | ReturnWaits,
) -> Stepped:
    """Let one region take in what was found there; facts about other regions are not ours."""
    place = state.plan.places.get(event.region)
    if place is None:
        return state, ()
    plan, region = state.plan.regions[place], state.regions[place]
    match event:
        case WeightsRead():
            moved, effects = (
                _late_switch(state, plan, region, event.at)
                or _strayed(state, plan, region, event)
                or _weights_read(state, plan, region, event)
            )
        case DigestRead():
            moved, effects = _digest_read(state, plan, region, event)
        case GateAnswered():
            moved, effects = _gate_answered(state, plan, region, event)
        case Deployed():
            moved, effects = _deployed(plan, region, event)
        case DeployFailed():
            moved, effects = _deploy_failed(region, event)
        case TargetFailed():
            moved, effects = _target_failed(plan, region, event)
        case ReturnWaits():
            moved, effects = regions.return_waits(region, event)
        case unknown:
            assert_never(unknown)
    return state if moved is region else state.having(moved), effects


def _ticked(state: RolloutState, event: Ticked) -> Stepped:
    """Let every region take its next step."""
    effects: list[Effect] = []
    beginning = dict.fromkeys(regions_to_begin(state))
    for plan, region in zip(state.plan.regions, state.regions, strict=True):
        if region.region in beginning or not event.concerns(region.region):
            continue
        moved, wanted = _region_ticked(state, plan, region, event.at)
        state = state if moved is region else state.having(moved)
        effects += wanted
    # In the order of the waiting list, so that a region known to be closed asks after one that may go.
    effects += [AskGate(region=name, runway=None) for name in beginning if event.concerns(name)]
    return state, tuple(effects)


def _region_ticked(state: RolloutState, plan: RegionPlan, region: RegionState, at: datetime) -> Moved:
    """Return what one region does on a tick."""
    name = region.region
    if region.is_stranded and regions.is_unwatched(region, at, state.plan.max_unwatched):
        return region, (ReadWeights(region=name),)
    if region.phase in _WAITING or (region.paused is not None and region.phase in PREPARING):
        return region, ()
    match region.phase:
        case RegionPhase.BAKING:
            return _baking_ticked(state, plan, region, at)
        case RegionPhase.GATED:
            # A halted rollout prepares nothing more.
            return region, () if state.halted is not None else (ReadWeights(region=name),)
        case RegionPhase.PREPARING:
            if region.deployed_at is None:
                return region, (Deploy(region=name, colour=plan.candidate, release=state.plan.release),)
            return region, (ReadDigest(region=name, colour=plan.candidate),)
        case RegionPhase.VERIFIED:
            return region, (ReadWeights(region=name), ReadDigest(region=name, colour=plan.candidate))
        case RegionPhase.SHIFTING:
            return region, (ReadWeights(region=name),)
        case RegionPhase.ROLLING_BACK:
            return regions.give_back_again(plan, region, at)
        case RegionPhase.HELD:
            return _held_ticked(state, plan, region, at)
        case RegionPhase.PROMOTED:
            watched = regions.watch_effects(state, plan, region) if state.still_judges(region) else ()
            judge = tuple([each for each in watched if isinstance(each, Judge)])
            # An open gate lets through what is read next, and nothing later.
            rested = replace(region, verified=False) if region.verified else region
            return rested, (*judge, *draining.asked_before(state, region))
        case RegionPhase.DRAINING:
            good = RecordGood(region=name, colour=plan.candidate, release=state.plan.release)
            return replace(region, phase=RegionPhase.DONE), (good, Announce(region=name, what="done"))
        case RegionPhase.PENDING | RegionPhase.DONE | RegionPhase.ROLLED_BACK | RegionPhase.NEEDS_HUMAN:
            return region, ()
        case unknown:
            assert_never(unknown)


def _unwatched(state: RolloutState, plan: RegionPlan, region: RegionState, at: datetime) -> Moved | None:
    """Give traffic back when nobody judged for too long; ``None`` while somebody does."""
    if region.watched_at is None or not regions.is_unwatched(region, at, state.plan.max_unwatched):
        return None
    why = f"nobody could judge the candidate since {region.watched_at:%H:%M:%SZ}"
    if at < region.watched_at:
        why = f"it was judged last by a clock that was ahead, at {region.watched_at:%Y-%m-%d %H:%M:%SZ}"
    return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=HoldKind.EVIDENCE)


def _late_switch(state: RolloutState, plan: RegionPlan, region: RegionState, at: datetime) -> Moved | None:
    """Give traffic back where a switch is read back too late: whatever is in force, nobody judged it since."""
    if region.phase is not RegionPhase.SHIFTING or not regions.is_unwatched(region, at, state.plan.max_unwatched):
        return None
    why = f"the switch was not read back for longer than {spell_duration(state.plan.max_unwatched)}"
    return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=HoldKind.INTERRUPTED)


def _baking_ticked(state: RolloutState, plan: RegionPlan, region: RegionState, at: datetime) -> Moved:
    """Watch the candidate; a last step without a bake of its own rests on the judgement before it."""
    if (unwatched := _unwatched(state, plan, region, at)) is not None:
        return unwatched
    effects = tuple(regions.watch_effects(state, plan, region))
    if region.judged is Outcome.PASS:
        # A hook or a gate may take its time: what fails meanwhile goes back all the same.
        looks = (ReadWeights(region=region.region), ReadDigest(region=region.region, colour=plan.candidate))
        return region, (*[each for each in effects if isinstance(each, Judge)], *looks)
    if state.plan.window_closes is WindowCloses.RETREAT and state.halted is None:
        effects = (*effects, AskGate(region=region.region, runway=None))
    return region, effects


def _held_ticked(state: RolloutState, plan: RegionPlan, region: RegionState, at: datetime) -> Moved:
    """Keep watching what has traffic, and ask a closed gate again."""
    effects: tuple[Effect, ...] = ()
    if region.weight > 0:
        if (unwatched := _unwatched(state, plan, region, at)) is not None:
            return unwatched
        effects = tuple(regions.watch_effects(state, plan, region))
    waits = region.hold is not None and region.hold.kind is HoldKind.CLOSED and state.halted is None
    if waits and regions.resumes_at(region) is not RegionPhase.PENDING:
        effects = (*effects, AskGate(region=region.region, runway=regions.runway_needed(state.plan, region)))
    return region, effects


def _gate_answered(state: RolloutState, plan: RegionPlan, region: RegionState, event: GateAnswered) -> Moved:
    """Take the gate's answer where one was asked for."""
    resume = regions.resumes_at(region)
    if region.phase is RegionPhase.PENDING or resume is RegionPhase.PENDING:
        return _begin_region(state, region, event)
    if region.phase is RegionPhase.PROMOTED:
        return draining.gate_answered(state, region, event)
    if _retreats(state, region, event):
        why = f"the window closed: {event.why}"
        closed = HoldKind.CLOSED
        return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=closed, until=event.reopens)
    if (late := _answered_late(state, plan, region, event.at)) is not None:
        return late
    needed = regions.runway_needed(state.plan, region)
    refusal = refusal_of_gate(event, needed)
    if region.phase is RegionPhase.HELD and region.hold is not None and region.hold.kind is HoldKind.CLOSED:
        if refusal is not None:
            return regions.hold(region, HoldKind.CLOSED, refusal, event.at, resume=region.hold.resume)
        return replace(region, phase=region.hold.resume, hold=None, verified=False, judged=None, why=""), ()
    if not regions.is_ready(region):
        return region, ()
    is_last = regions.next_step(region) is None
    finishes = is_last and state.plan.window_closes is WindowCloses.FINISH
    if refusal is not None and not finishes:
        return regions.hold(region, HoldKind.CLOSED, refusal, event.at, resume=region.phase)
    if refusal_to_increase(state, region, evidence_needed=region.weight > 0) is not None:
        return region, ()
    if is_last:
        promoted = replace(region, phase=RegionPhase.PROMOTED, why="", hold=None, verified=False, evidence=None)
        waits = "the old colour stays until `wedgate rollout drain`" if state.awaits_drain(promoted) else ""
        return promoted, (Announce(region=region.region, what="promoted", why=waits),)
    return regions.shift(plan, region, event.at)


def _answered_late(state: RolloutState, plan: RegionPlan, region: RegionState, at: datetime) -> Moved | None:
    """Judge a candidate anew whose evidence became too old while the gate was asked; ``None`` where it did not.

    Nothing increases on it, and it is no reason to give traffic back before somebody has looked again.
    """
    waits = region.phase is RegionPhase.HELD and region.hold is not None and region.hold.kind is HoldKind.CLOSED
    concerned = region.weight > 0 and (region.phase is RegionPhase.BAKING or waits)
    if not concerned or not regions.is_unwatched(region, at, state.plan.max_unwatched):
        return None
    again = tuple(regions.watch_effects(state, plan, region))
    if not waits and not regions.is_ready(region):
        return region, again
    longer = spell_duration(state.plan.max_unwatched)
    refusal = Refusal(why=f"nobody judged the candidate for longer than {longer} when the gate had answered")
    held, said = regions.hold(region, HoldKind.CLOSED, refusal, at, resume=RegionPhase.BAKING)
    return held, (*said, *again)


def would_go_on(state: RolloutState, region: RegionState, answer: GateAnswered) -> bool:
    """Whether a region that waits for the gate would take its next step, or be promoted, on this answer."""
    stepped, _ = _gate_answered(state, state.plan.region(region.region), region, answer)
    return stepped.phase in (RegionPhase.SHIFTING, RegionPhase.PROMOTED)


def _begin_region(state: RolloutState, region: RegionState, event: GateAnswered) -> Moved:
    """Begin a region whose turn it is, if the whole way through it fits before it closes."""
    if region.region not in regions_to_begin(state):
        return region, ()
    plan = state.plan
    strategy = regions.chosen_strategy(plan.strategies, plan.choose, region.region, event.verdict, event.strategy)
    begun = replace(region, strategy=strategy)
    refusal = refusal_of_gate(event, regions.runway_needed(state.plan, begun))
    if refusal is not None:
        return regions.hold(region, HoldKind.CLOSED, refusal, event.at, resume=RegionPhase.PENDING)
    gated = replace(begun, phase=RegionPhase.GATED, hold=None, why="")
    return gated, (Announce(region=region.region, what="open", why=f"strategy {strategy.name}"),)


def _retreats(state: RolloutState, region: RegionState, event: GateAnswered) -> bool:
    """Whether a region gives its traffic back because its window closed, or will before the next step could end."""
    if state.plan.window_closes is not WindowCloses.RETREAT or event.verdict is not Verdict.CLOSED:
        return False
    return region.weight > 0 and region.phase in (RegionPhase.BAKING, RegionPhase.HELD)


def _deployed(plan: RegionPlan, region: RegionState, event: Deployed) -> Moved:
    """Read back what was deployed."""
    if region.phase is not RegionPhase.PREPARING or region.deployed_at is not None:
        return region, ()
    return replace(region, deployed_at=event.at), (ReadDigest(region=region.region, colour=plan.candidate),)


def _deploy_failed(region: RegionState, event: DeployFailed) -> Moved:
    """Hold a region whose deploy command failed; the colour has no traffic, so nobody is harmed."""
    if region.phase is not RegionPhase.PREPARING:
        return region, ()
    refusal = Refusal(why=f"the deploy failed: {event.why}")
    return regions.hold(region, HoldKind.OUTSIDE, refusal, event.at, resume=RegionPhase.PENDING)


def _digest_read(state: RolloutState, plan: RegionPlan, region: RegionState, event: DigestRead) -> Moved:
    """Compare what answers on the candidate colour with what was released."""
    if event.colour is not plan.candidate:
        return region, ()
    release = state.plan.release
    matches = event.digest == release.digest
    if matches and region.phase is RegionPhase.BAKING and region.judged is not Outcome.PASS:
        return region, ()
    found = f"{plan.candidate} answers {event.digest or 'nothing healthy'}, the release is {release.digest}"
    if region.phase is RegionPhase.GATED:
        if matches:
            return replace(region, phase=RegionPhase.VERIFIED), ()
        deploy = Deploy(region=region.region, colour=plan.candidate, release=release)
        return replace(region, phase=RegionPhase.PREPARING, deployed_at=None), (deploy,)
    if region.phase is RegionPhase.PREPARING and region.deployed_at is not None:
        if matches:
            return replace(region, phase=RegionPhase.VERIFIED), (Announce(region=region.region, what="verified"),)
        if event.at - region.deployed_at < regions.VERIFY_WITHIN:
            return region, ()
        return regions.hold(region, HoldKind.OUTSIDE, Refusal(why=found), event.at, resume=RegionPhase.PENDING)
    if region.phase is RegionPhase.PROMOTED:
        if matches and (state.keeps_old(region) or (region.hold is not None and state.halted is None)):
            return region, ()
        if matches:
            drains = Announce(region=region.region, what="draining", why="the old colour stays up")
            return replace(region, phase=RegionPhase.DRAINING, hold=None, attempts=0), (drains,)
        return regions.not_confirmed(region, found), ()
    if region.is_exposed and event.digest is not None and not matches:
        if region.phase is RegionPhase.ROLLING_BACK:
            return region, ()
        return regions.give_back(plan, region, found, then=RegionPhase.HELD, kind=HoldKind.OUTSIDE)
    if not regions.is_ready(region):
        return region, ()
    if matches:
        ask = AskGate(region=region.region, runway=regions.runway_needed(state.plan, region))
        return replace(region, verified=True), (ask,)
    if region.phase is RegionPhase.VERIFIED:
        return regions.hold(region, HoldKind.OUTSIDE, Refusal(why=found), event.at, resume=RegionPhase.PENDING)
    return regions.extend_or_hold(region, found, event.at)


def _weights_read(state: RolloutState, plan: RegionPlan, region: RegionState, event: WeightsRead) -> Moved:
    """Compare the weights in force with what was asked for and with what was there before."""
    expected, is_strangers = weights_expected(plan, region), _is_strangers(state, plan, event)
    if region.phase is RegionPhase.BAKING and event.weights == expected and not is_strangers:
        return region, ()
    at_stable = Weights.giving(plan.stable, 100)
    foreign = f"weights are {spell_weights(event.weights)}, written by {event.fence or 'somebody unknown'}"
    match region.phase:
        case RegionPhase.GATED:
            if event.weights == at_stable:
                return region, (ReadDigest(region=region.region, colour=plan.candidate),)
            why = f"{foreign}; expected {spell_weights(at_stable)} before the start"
            return _found_otherwise(state, plan, region, event, why)
        case RegionPhase.PREPARING | RegionPhase.VERIFIED if event.weights != at_stable:
            why = f"{foreign}; expected {spell_weights(at_stable)} before the first step"
            return _found_otherwise(state, plan, region, event, why)
        case RegionPhase.SHIFTING if is_strangers:
            return _found_otherwise(state, plan, region, event, f"{foreign}, which is not this rollout")
        case RegionPhase.SHIFTING:
            wanted = step_in_force(region)
            if wanted is not None and event.weights == Weights.giving(plan.candidate, wanted.weight):
                judged = region.judged
                baked = replace(regions.bake(region, event.at), judged=judged)
                return _rest_on_earlier_judgement(baked), ()
            if event.weights == expected:
                return _not_shifted(region, event.at), ()
            why = f"{foreign}; neither the old nor the new weights of this step"
            return _found_otherwise(state, plan, region, event, why)
        case RegionPhase.BAKING | RegionPhase.HELD:
            if event.weights == expected and not is_strangers:
                return region, ()
            if region.phase is RegionPhase.HELD and region.weight == 0:
                return region, ()
            why = f"{foreign}; expected {region.weight} % on {plan.candidate}"
            return _found_otherwise(state, plan, region, event, why)
        case RegionPhase.ROLLING_BACK:
            if region.returning is not None and region.returning.waits and event.weights != at_stable:
                return replace(region, weight=event.weights.of(plan.candidate)), ()
            if event.weights == at_stable:
                back = regions.given_back(region, event.at)
                return back, (Announce(region=region.region, what="back on stable", why=region.why),)
            return regions.return_failed(region, foreign, event.at)
        case RegionPhase.PROMOTED:
            if event.weights == Weights.giving(plan.candidate, 100):
                may_drain = region.verified or state.halted is not None
                return region, (ReadDigest(region=region.region, colour=plan.candidate),) if may_drain else ()
            return regions.needs_human(region, f"{foreign}; it was promoted, and had all traffic"), ()
        case RegionPhase.NEEDS_HUMAN if region.is_stranded:
            return _looked_after(state, plan, region, event)
        case _:
            return region, ()


def _is_strangers(state: RolloutState, plan: RegionPlan, event: WeightsRead) -> bool:
    """Whether another rollout gave the candidate what it has: a share that is as high as ours is not ours for that."""
    fence = event.fence
    return fence is not None and fence.rollout != state.plan.rollout and event.weights.of(plan.candidate) > 0


def _found_otherwise(state: RolloutState, plan: RegionPlan, region: RegionState, event: WeightsRead, why: str) -> Moved:
    """Give back what was written under our own fence and is not what was asked for; else call a person.

    A balancer that took a switch in part, late, or lost it has nobody else who would look after it. What a person
    is called for is not touched, but if it is not known to be another rollout's the time that nobody watches it counts.
    """
    fence, has = event.fence, event.weights.of(plan.candidate)
    is_ours = fence is not None and fence.rollout == state.plan.rollout
    if fence is not None and is_ours and not fence.is_by_hand:
        return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=HoldKind.OUTSIDE)
    stuck = regions.needs_human(region, why)
    if has == 0 or (fence is not None and not is_ours):
        return stuck, ()
    return replace(stuck, weight=has, watched_at=region.watched_at or event.at), ()


def _looked_after(state: RolloutState, plan: RegionPlan, region: RegionState, event: WeightsRead) -> Moved:
    """Give back a candidate for which a person was called, and nobody came within ``max_unwatched``.

    That nobody came is no reason to go on: until somebody has looked (``resume``, ``adopt``) nothing begins anywhere.
    """
    has, fence = event.weights.of(plan.candidate), event.fence
    if has == 0 or (fence is not None and fence.rollout != state.plan.rollout):
        return replace(region, weight=has, watched_at=None), ()
    if not regions.is_unwatched(region, event.at, state.plan.max_unwatched):
        return region, ()
    why = f"{region.why}; nobody watched it for longer than {spell_duration(state.plan.max_unwatched)}"
    then = RegionPhase.HELD if region.holds_regression else RegionPhase.NEEDS_HUMAN
    return regions.give_back(plan, region, why, then=then)


def _strayed(state: RolloutState, plan: RegionPlan, region: RegionState, event: WeightsRead) -> Moved | None:
    """Give back what a run of this rollout that was overtaken raised where no candidate should have traffic."""
    at_rest = region.phase in PREPARING or region.phase is RegionPhase.PENDING
    at_rest = at_rest or (region.phase is RegionPhase.HELD and region.weight == 0)
    is_own = event.fence is not None and event.fence.rollout == state.plan.rollout
    if not at_rest or not is_own or event.weights.of(plan.candidate) == 0:
        return None
    hold, why = region.hold, f"{spell_weights(event.weights)} was written late, by {event.fence}"
    kind, until = (HoldKind.INTERRUPTED, None) if hold is None else (hold.kind, hold.until)
    return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=kind, until=until)


def _rest_on_earlier_judgement(region: RegionState) -> RegionState:
    """A step without a bake of its own, after a judged one, is as good as the judgement before it."""
    if region.bake_needed == timedelta(0) and region.at_step > 0:
        return replace(region, judged=Outcome.PASS)
    return replace(region, judged=None)


def _not_shifted(region: RegionState, at: datetime) -> RegionState:
    """Take back a step that never reached the data plane: gates and evidence are asked anew."""
    if region.at_step <= 0:
        return replace(region, phase=RegionPhase.VERIFIED, at_step=-1, verified=False, watched_at=None)
    return regions.bake(replace(region, at_step=region.at_step - 1, verified=False), at)


def _target_failed(plan: RegionPlan, region: RegionState, event: TargetFailed) -> Moved:
    """Decide what a silent or disobedient target means: an increase is taken back, a return is tried again."""
    why = f"{event.asked} failed: {event.why}"
    if region.phase is RegionPhase.ROLLING_BACK:
        return regions.return_failed(region, why, event.at)
    if region.phase is RegionPhase.PROMOTED:
        return regions.not_confirmed(region, why), ()
    if region.phase is RegionPhase.SHIFTING:
        return regions.give_back(plan, region, why, then=RegionPhase.HELD, kind=HoldKind.OUTSIDE)
    if region.is_exposed:
        # Looking failed, nothing was changed: evidence and time decide (see ``max_unwatched``).
        return region, ()
    if region.phase in PREPARING:
        return regions.hold(region, HoldKind.OUTSIDE, Refusal(why=why), event.at, resume=RegionPhase.PENDING)
    return region, ()


def _judged(state: RolloutState, event: Judged) -> Stepped:
    """Take the judge's answer: only a final pass over the whole bake advances, a fail acts at once."""
    if event.region not in state.plan.places:
        return state, ()
    region = state.region(event.region)
    outcome = event.judgement.outcome
    if state.still_judges(region) and outcome is Outcome.FAIL and event.step == region.at_step:
        return regressed(state, region.region, event.judgement.text, event.at)
    watching = region.phase is RegionPhase.BAKING or (region.phase is RegionPhase.HELD and region.weight > 0)
    if not watching or event.step != region.at_step:
        return state, ()
    marked = region.watched_at
    often = min(regions.WATCH_MARK, state.plan.max_unwatched / 4)
    is_new = marked is None or event.at < marked or event.at - marked >= often
    if outcome is not Outcome.ERROR and is_new:
        region = replace(region, watched_at=event.at)
    if outcome is Outcome.FAIL:
        state = state.having(region)
        return (
            (state, ()) if region.holds_regression else regressed(state, region.region, event.judgement.text, event.at)
        )
    waits = region.phase is RegionPhase.HELD or region.paused is not None or region.judged is Outcome.PASS
    if waits or not event.final or event.observed < region.bake_needed:
        return state.having(region), ()
    if outcome is Outcome.PASS:
        passed = replace(region, judged=Outcome.PASS, verified=False, watched_at=event.at)
        said = Announce(region=region.region, what="passed", why=event.judgement.text)
        plan = state.plan.region(region.region)
        return state.having(passed), (said, ReadDigest(region=region.region, colour=plan.candidate))
    region, effects = regions.extend_or_hold(region, f"{outcome}: {event.judgement.text}", event.at)
    said = Announce(region=region.region, what=str(outcome), why=region.why)
    return state.having(region), (said, *effects)


def _hook_ran(state: RolloutState, event: HookRan) -> Stepped:
    """Hold a region whose next step has a condition that failed, with the traffic it has; the rest is only told."""
    region = next((each for each in state.regions if each.region == event.region), None)
    conditions = (HookPoint.BEFORE_SHIFT, HookPoint.BEFORE_PROMOTE)
    if region is None or not event.trouble or event.point not in conditions or not regions.is_ready(region):
        return state, ()
    refusal = Refusal(why=f"the hook {event.point} failed: {event.trouble}")
    resume = RegionPhase.BAKING if region.weight > 0 else RegionPhase.PENDING
    held, effects = regions.hold(region, HoldKind.OUTSIDE, refusal, event.at, resume=resume)
    return state.having(held), effects


def _observed(state: RolloutState, event: Observed) -> RolloutState:
    """Keep what was observed of the step in force for the run that goes on."""
    if event.region not in state.plan.places:
        return state
    region = state.region(event.region)
    if region.bake_from != event.since or region.at_step != event.step:
        return state
    before = () if region.evidence is None else region.evidence.slices
    return state.having(replace(region, evidence=Evidence(last=event.last, slices=(*before, *event.slices))))


def _returned_by_hand(state: RolloutState, event: ReturnedByHand) -> Stepped:
    """Take note of a rollback by hand, return what else is in flight, and halt."""
    why = f"rolled back by hand: {event.why}"
    for region in state.regions:
        if region.region in event.regions and not region.is_final:
            rested = replace(regions.begin_again(region), phase=RegionPhase.ROLLED_BACK, why=why, had_traffic=True)
            state = state.having(rested)
    return regressed(state, None, why, event.at, keep_promoted=True)


def _was_returned_by_hand(state: RolloutState, event: WeightsRead) -> bool:
    """Whether ``wedgate rollback`` gave stable all traffic back, and could not or did not yet record it."""
    fence = event.fence
    if fence is None or not fence.is_by_hand or event.region not in state.plan.places:
        return False
    here = state.region(event.region)
    return (
        (here.is_exposed or here.phase is RegionPhase.PROMOTED)
        and here.phase is not RegionPhase.ROLLING_BACK
        and fence.rollout == state.plan.rollout
        and event.weights == Weights.giving(state.plan.region(event.region).stable, 100)
    )


def spell_weights(weights: Weights) -> str:
    """``blue 95 % / green 5 %``."""
    return f"blue {weights.blue} % / green {weights.green} %"
