"""The shipped engine beside the small model: its events, states and effects in the model's words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import small_model as model

from wedgate.calendars.values import Verdict
from wedgate.judge.values import (
    Bucket,
    ColourSample,
    ErrorLimits,
    Judgement,
    JudgeSettings,
    LatencyLimits,
    Outcome,
    Reading,
)
from wedgate.ledger.orders import Order
from wedgate.rollout import effects as fx
from wedgate.rollout import events as ev
from wedgate.rollout import step as machine
from wedgate.rollout.state import Plan, RegionPhase, RegionPlan, RolloutState
from wedgate.rollout.values import (
    Choice,
    Colour,
    Fence,
    Release,
    ReportFails,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    Weights,
    WindowCloses,
)

START = datetime(2027, 6, 3, 9, tzinfo=UTC)
LONG = timedelta(minutes=11)
"""Longer than anything may take: a read-back, a return to stable, the time without anybody who watches."""
BAKE, RESERVE = timedelta(minutes=10), timedelta(minutes=5)
OLD, NEW = Release(commit="0" * 40, digest="sha256:old"), Release(commit="1" * 40, digest="sha256:new")
NAME = "only"


def begun(policy: model.Policy) -> RolloutState:
    """Return a rollout that was just planned: one region, three steps."""
    steps = tuple(Step(weight=w, bake=bakes * BAKE) for w, bakes in zip(model.WEIGHTS, model.BAKES, strict=True))
    plan = Plan(
        rollout="r-1",
        service="shop",
        release=NEW,
        regions=(
            RegionPlan(
                region=NAME,
                wave=0,
                stable=Colour.BLUE,
                stable_release=OLD,
                target=TargetSettings(kind="simulated", region=NAME, options={}),
            ),
        ),
        in_flight=1,
        reserve=RESERVE,
        report_fails=ReportFails(policy.fails),
        strategies=(Strategy(name="way", kind=StrategyKind.CANARY, steps=steps, is_complete=True),),
        choose=(Choice(use="way"),),
        judge=JudgeSettings(
            slice_length=timedelta(seconds=30),
            errors=ErrorLimits(requests=50),
            latency=LatencyLimits(slices=4),
            false_alarms=Decimal("0.9"),
        ),
        window_closes=WindowCloses(policy.closes),
    )
    return machine.begin(ev.Started(at=START, plan=plan))


def event_of(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    """Return the engine's event for one of the model's."""
    return _EVENTS[str(event[0])](event, state, at)


def _gate(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    closed = event[1] == "closed"
    return ev.GateAnswered(
        at=at,
        region=NAME,
        verdict=Verdict.CLOSED if closed else Verdict.OPEN,
        closes=at + timedelta(minutes=1) if event[1] == "short" else None,
        reopens=None,
        why="closed there" if closed else "",
    )


def _deployed(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    if event[1] == "well":
        return ev.Deployed(at=at, region=NAME)
    return ev.DeployFailed(at=at, region=NAME, why="no space left")


def _digest(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    digest = None if event[1] is None else f"sha256:{event[1]}"
    return ev.DigestRead(at=at, region=NAME, colour=Colour.GREEN, digest=digest)


_FENCES = {
    "us": Fence(epoch=3, revision=7, rollout="r-1"),
    "hand": Fence(epoch=3, revision=0, rollout="r-1"),
    "another": Fence(epoch=3, revision=7, rollout="r-2"),
    "somebody": None,
}


def _weights(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    percent: Any = event[1]
    fence = _FENCES[str(event[2])]
    return ev.WeightsRead(at=at, region=NAME, weights=Weights.giving(Colour.GREEN, percent), fence=fence)


def _judged(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    region, outcome = state.regions[0], Outcome(str(event[1]))
    return ev.Judged(
        at=at,
        region=NAME,
        step=region.at_step,
        observed=region.bake_needed if event[2] else timedelta(0),
        final=bool(event[2]),
        judgement=Judgement(outcome=outcome, metrics=(), slices=4, usable=4, text=f"it is {outcome}"),
    )


def _ordered(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    revision = state.obeyed + (1 if event[2] else 0)
    return ev.Ordered(at=at, revision=revision, order=Order(str(event[1])), by="zoe", why="because")


def _observed(event: model.Event, state: RolloutState, at: datetime) -> ev.Event:
    region = state.regions[0]
    nothing = ColourSample(requests=0, errors=0, timeouts=0, latency=(Bucket(lower_ms=1, upper_ms=2, count=0),))
    last = Reading(at=at, since=START, colours={colour.value: nothing for colour in Colour})
    since = region.bake_from or at
    return ev.Observed(at=at, region=NAME, step=region.at_step, since=since, last=last, slices=())


_EVENTS: dict[str, Callable[[model.Event, RolloutState, datetime], ev.Event]] = {
    "tick": lambda event, state, at: ev.Ticked(at=at),
    "gate": _gate,
    "deployed": _deployed,
    "digest": _digest,
    "weights": _weights,
    "failed": lambda event, state, at: ev.TargetFailed(at=at, region=NAME, asked="it", why="no answer"),
    "judged": _judged,
    "reported": lambda event, state, at: ev.RegressionReported(at=at, region=NAME, why="slow"),
    "by-hand": lambda event, state, at: ev.ReturnedByHand(at=at, regions=(NAME,) if event[1] else (), why="bad"),
    "interrupted": lambda event, state, at: ev.Interrupted(at=at, why="the run ended"),
    "superseded": lambda event, state, at: ev.Superseded(at=at, why="another release"),
    "ordered": _ordered,
    "began": lambda event, state, at: ev.RunBegan(at=at, epoch=4, handed_over=bool(event[1]), anew=bool(event[2])),
    "observed": _observed,
}


def seen(state: RolloutState, now: datetime) -> model.State:
    """Return an engine's state in the model's words. Texts are left out, and what only matters in another phase."""
    region = state.regions[0]
    hold, back = region.hold, region.returning
    bakes = region.bake_from is not None
    return model.State(
        phase=str(region.phase),
        step=region.at_step,
        weight=region.weight,
        has_way=region.strategy is not None,
        verified=region.verified,
        passed=region.judged is Outcome.PASS,
        deployed=_age(region.deployed_at, now) if region.phase is RegionPhase.PREPARING else model.NEVER,
        bakes=bakes,
        longer=region.extensions if bakes else 0,
        watched=_age(region.watched_at, now),
        hold=None if hold is None else model.Hold(str(hold.kind), "", str(hold.resume)),
        back=None
        if back is None
        else model.Back(
            str(back.then), None if back.kind is None else str(back.kind), "", _age(back.failing_since, now)
        ),
        tries=region.attempts if region.phase is RegionPhase.PROMOTED else 0,
        paused=region.paused is not None,
        evidence=region.evidence is not None,
        halted=state.halted is not None,
        retreats=state.retreats,
    )


def without_causes(state: model.State) -> model.State:
    """Return a model's state without what stands only in the engine's texts."""
    hold, back = state.hold, state.back
    return state._replace(hold=hold and hold._replace(cause=""), back=back and back._replace(cause=""))


def _age(at: datetime | None, now: datetime) -> int:
    if at is None:
        return model.NEVER
    return model.LONG_AGO if now - at >= LONG else model.NOW


def did(effects: tuple[fx.Effect, ...]) -> model.Did:
    """Return effects in the model's words; that something was found is said, and does nothing."""
    return tuple(_did(each) for each in effects if not (isinstance(each, fx.Announce) and each.what == "found"))


def _did(effect: fx.Effect) -> tuple[object, ...]:
    match effect:
        case fx.AskGate(runway=runway):
            return "gate", runway if runway is None else _bakes(runway)
        case fx.Deploy(colour=colour, release=release):
            return ("deploy",) if (colour, release) == (Colour.GREEN, NEW) else ("deploy", colour, release)
        case fx.ReadDigest(colour=colour):
            return ("digest",) if colour is Colour.GREEN else ("digest", colour)
        case fx.ReadWeights():
            return ("read",)
        case fx.SetWeights(weights=weights, is_decrease=is_decrease):
            assert weights.blue + weights.green == 100
            return "set", weights.green, "decrease" if is_decrease else "increase"
        case fx.Judge(step=step, weight=weight, bake=bake):
            return "judge", step, weight, max(1, bake // BAKE)
        case fx.HoldRegion(kind=kind):
            return "hold", str(kind)
        case fx.Poison():
            return ("poison",)
        case fx.RecordGood(colour=colour, release=release):
            return ("good",) if (colour, release) == (Colour.GREEN, NEW) else ("good", colour, release)
        case fx.Announce(what=what):
            return "say", what


def _bakes(runway: timedelta) -> int:
    return 0 if not runway else 1 + (runway - RESERVE) // BAKE


class DisagreementError(AssertionError):
    """The engine does something else than the model."""


class Comparison:
    """Follows the model with the engine: ``after`` answers as the model does, once the engine has done the same.

    For each state of the model one of the engine's is kept, the first that led there, with its instant.
    """

    def __init__(self, policy: model.Policy) -> None:
        self._policy = policy
        self._known: dict[model.State, tuple[RolloutState, datetime]] = {model.State(): (begun(policy), START)}
        self._done: dict[tuple[model.State, model.Event], tuple[model.State, model.Did]] = {}

    @property
    def counted(self) -> tuple[int, int]:
        """How many states and transitions were compared."""
        return len({state for state, _ in self._done}), len(self._done)

    def after(self, state: model.State, event: model.Event) -> tuple[model.State, model.Did]:
        """Return what follows; ``DisagreementError`` where the engine does not agree."""
        known = self._done.get((state, event))
        if known is None:
            known = self._done[state, event] = self._compared(state, event)
        return known

    def _compared(self, state: model.State, event: model.Event) -> tuple[model.State, model.Did]:
        then, wanted = model.after(state, event, self._policy)
        before, at = self._known[state]
        if event[0] == "time":
            found, effects, at = before, (), at + LONG
        else:
            found, effects = machine.step(before, event_of(event, before, at))
        here = seen(found, at), did(effects), str(found.status), found.is_over
        there = without_causes(then), wanted, model.status(then), model.is_over(then)
        if here != there:
            raise DisagreementError(f"{event} in {state}\n  the engine: {here}\n  the model:  {there}")
        self._known.setdefault(then, (found, at))
        return then, wanted


def compared(policy: model.Policy) -> Comparison:
    """Compare every transition from every state that any order of events leads to."""
    comparison = Comparison(policy)
    for _ in model.reachable(comparison.after):
        pass
    return comparison
