"""One process of the engine in a virtual world: everything that it does passes a point, at which it may die.

A process that is dead cannot do anything any more, not even what stands in a ``finally``: every call raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from wedgate.adapters.metrics.interface import MetricSource
from wedgate.adapters.stores.interface import StoreUnreachableError
from wedgate.adapters.targets.interface import Capacity, FenceError, Target, WeightsReading, refuse_changed, refuse_live
from wedgate.calendars.values import RegionAnswer, Verdict
from wedgate.engine.beside import run_now
from wedgate.engine.progress import Progress
from wedgate.engine.returning import ask_now, one_by_one
from wedgate.engine.rollout_parts import Passage, RolloutParts
from wedgate.errors import ExternalSystemError
from wedgate.gate.decision import Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode
from wedgate.judge.slices import slice_between
from wedgate.judge.values import ErrorLimits, JudgeSettings, LatencyLimits, Reading
from wedgate.ledger.appending import Draft
from wedgate.ledger.chain import Entry
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import Plan
from wedgate.rollout.values import Colour, Fence, Release, RolloutSettings, TargetSettings, Weights
from wedgate.simulation.world import Region, World

PAUSE = "pause"
"""The points at which time passes."""

SLICE = timedelta(seconds=30)
SCALE_TAKES = timedelta(seconds=40)
"""How long a region needs to have all instances of a colour after it was asked for them."""
JUDGE = JudgeSettings(
    slice_length=SLICE,
    errors=ErrorLimits(requests=50),
    latency=LatencyLimits(slices=4),
    false_alarms=Decimal("0.9"),
)
"""A judge that can say pass after a few slices: virtual regions have traffic without noise."""


class Eyes(Protocol):
    """Who watches what a process asks and does."""

    def asked(self, region: Region, at: datetime, *, began: datetime) -> None:
        """The gate was asked about a region at ``began``."""

    def read_digest(self, region: Region, colour: Colour, digest: str | None) -> None:
        """A digest was read back."""

    def read_evidence(self, region: Region) -> None:
        """A reading was had."""

    def deployed(self, region: Region, colour: Colour) -> None:
        """A version is about to be put on a colour."""


class Unseeing:
    """Eyes that watch nothing: of a process that no fault meets, and of a scenario, which says itself what is true."""

    def asked(self, region: Region, at: datetime, *, began: datetime) -> None:
        """Nothing."""

    def read_digest(self, region: Region, colour: Colour, digest: str | None) -> None:
        """Nothing."""

    def read_evidence(self, region: Region) -> None:
        """Nothing."""

    def deployed(self, region: Region, colour: Colour) -> None:
        """Nothing."""


class DeadError(BaseException):
    """The process is dead. No code of the engine may catch it and go on."""


@dataclass
class Process:
    """A process: its view of the world, and whether it lives.

    ``at_point`` is called wherever time passes, and at every point from the world's ``due`` on.
    """

    world: World
    settings: RolloutSettings
    at_point: Callable[[Process, str], None]
    eyes: Eyes
    name: str
    others_live: bool | None = False
    alive: bool = True
    rescues: list[Rescue] = field(default_factory=list)
    judge: JudgeSettings = JUDGE

    def parts(self) -> RolloutParts:
        """Return the engine's parts, every one of them a way into the world."""
        return RolloutParts(
            service="virtual",
            settings=self.settings,
            judge=self.judge,
            store=ProcessStore(self),
            spool=ProcessSpool(self),
            open_target=self.open_target,
            open_metrics=self.open_metrics,
            ask_gate=self.ask_gate,
            clock=self.clock,
            pause=self.pause,
            observe=self.observe,
            save_rescue=self.save_rescue,
            slice_between=slice_between,
            judge_live=self.world.judging.judge_live,
            let_through=self.let_through,
            run_beside=run_now,
            ask=ask_now,
            together=one_by_one,
            known=self.world.known,
            who=f"{self.name}:1",
            is_alive=lambda who: self.others_live,
        )

    def passes(self, what: str) -> None:
        """Pass a point: the place where a fault may wait."""
        if not self.alive:
            raise DeadError(self.name)
        world = self.world
        world.point += 1
        if world.point < world.due and what != PAUSE:
            return
        self.at_point(self, what)
        if not self.alive:
            raise DeadError(self.name)

    def needs_life(self) -> None:
        """Raise ``DeadError`` in a process that is dead."""
        if not self.alive:
            raise DeadError(self.name)

    def clock(self) -> datetime:
        """Return the present instant."""
        if not self.alive:
            raise DeadError(self.name)
        return self.world.now

    def pause(self, duration: timedelta) -> None:
        """Let time pass."""
        self.passes(PAUSE)
        self.advance(duration)

    def advance(self, duration: timedelta) -> None:
        """Let time pass in the world."""
        self.world.advance(duration)

    def observe(self, progress: Progress) -> None:
        """Keep what the engine says, for the trace."""
        self.world.say(f"{self.name} {progress.region or '-'} {progress.what} {progress.why}"[:160])

    def save_rescue(self, rescue: Rescue) -> str:
        """Keep the rescue file."""
        self.passes("rescue")
        self.rescues.append(rescue)
        return "rescue.json"

    def open_target(self, settings: TargetSettings) -> Target:
        """Return a region's target as this process reaches it."""
        return ProcessTarget(self, self.world.regions[settings.region])

    def open_metrics(self, region: str) -> MetricSource:
        """Return a region's evidence."""
        return ProcessMetrics(self, self.world.regions[region])

    def ask_gate(self, region: str, at: datetime, runway: timedelta | None) -> RegionDecision:
        """Answer as the gate does, from the world's calendar."""
        began = self.world.now
        self.passes("gate")
        place = self.world.regions[region]
        self.eyes.asked(place, at, began=began)
        opens, closes = place.shut(at), place.closes(at)
        is_short = opens is None and runway is not None and closes is not None and closes < at + runway
        verdict = Verdict.OPEN if opens is None else Verdict.CLOSED
        answer = RegionAnswer(
            region=region,
            verdict=verdict,
            load=Decimal(1),
            markets=(),
            causes=(),
            next_open=opens or at,
            next_close=closes,
            runway=None if closes is None else closes - at,
            horizon=at + timedelta(days=60),
            has_rules=True,
        )
        reasons = () if opens is None else (Reason(code=ReasonCode.RULE_BLOCKS, text="closed there"),)
        return RegionDecision(
            region=region, verdict=Verdict.CLOSED if is_short else verdict, reasons=reasons, answer=answer
        )

    def let_through(self, decision: RegionDecision, plan: Plan, at: datetime) -> Passage | None:
        """Let a rollout through what is closed while an override holds; it never opens what is frozen."""
        self.passes("override")
        until = self.world.granted_until
        frozen = any(reason.code is ReasonCode.FROZEN for reason in decision.reasons)
        return Passage(until=until, words="an override") if until is not None and at < until and not frozen else None


class ProcessTarget:
    """A region's target as one process reaches it."""

    def __init__(self, process: Process, region: Region) -> None:
        self._process = process
        self._place = region
        self.region = region.name

    def deploy(self, colour: Colour, release: Release) -> None:
        """Put a release on a colour."""
        self._process.passes(f"deploy {self.region}")
        world = self._process.world
        refuse_live(WeightsReading(weights=self._place.weights, fence=self._place.fence), colour, self.region)
        if world.next_deploy_fails:
            world.next_deploy_fails = False
            raise ExternalSystemError(f"{self.region}: no space left")
        self._process.eyes.deployed(self._place, colour)
        world.say(f"{self.region}: {release.digest} on {colour}")
        world.settle()
        self._place.digests[colour] = release.digest
        for each in world.switched:
            each(self._place, self._place.weights)

    def digest(self, colour: Colour) -> str | None:
        """Return what answers on a colour."""
        self._process.passes(f"digest {self.region}")
        self._process.eyes.read_digest(self._place, colour, self._place.digests[colour])
        return self._place.digests[colour]

    def capacity(self, colour: Colour) -> Capacity | None:
        """Return how many instances of a colour could serve; ``None`` where the region does not say."""
        self._process.passes(f"capacity {self.region}")
        return self._place.capacity.get(colour)

    def scale(self, colour: Colour) -> bool:
        """Make every instance of a colour ready, as soon as the region can."""
        self._process.passes(f"scale {self.region}")
        known = self._place.capacity.get(colour)
        if known is None:
            return False
        self._place.scales_at = self._place.scales_at or self._process.world.now + SCALE_TAKES
        return True

    def weights(self) -> WeightsReading:
        """Return the weights in force."""
        self._process.passes(f"weights {self.region}")
        return WeightsReading(weights=self._place.weights, fence=self._place.fence)

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Write weights, unless a newer writer was here; the balancer may refuse, be late, or lose its answer."""
        self._process.passes(f"switch {self.region}")
        world, place = self._process.world, self._place
        self._late_return(fence)
        held = place.fence if place.coming is None else place.coming[2]
        if held is not None and (fence.epoch, fence.revision) < (held.epoch, held.revision):
            words = f"{self.region}: {held} wrote the weights since; {fence} may not write any more"
            raise FenceError(words, held=held)
        last = WeightsReading(weights=place.weights, fence=place.fence)
        if place.coming is not None:
            last = WeightsReading(weights=place.coming[1], fence=held)
        refuse_changed(self.region, over, last)
        how, world.next_switch = world.next_switch, None
        if how == "refuses" or (place.stuck_until is not None and world.now < place.stuck_until):
            raise ExternalSystemError(f"{self.region}: the balancer does not answer")
        if how == "late":
            place.coming = world.now + timedelta(seconds=20), weights, fence
            raise ExternalSystemError(f"{self.region}: not confirmed")
        world.apply(place, weights, fence)
        if how == "answer-lost":
            raise ExternalSystemError(f"{self.region}: the answer was lost")
        self._process.passes(f"switched {self.region}")
        return WeightsReading(weights=place.weights, fence=place.fence)

    def _late_return(self, fence: Fence) -> None:
        """Let an overtaken process return what it raised, just before a newer one puts its fence there."""
        world, place, own = self._process.world, self._place, self._place.fence
        if own is None or own.is_by_hand or own.epoch != world.returns_late or own.rollout != fence.rollout:
            return
        if fence.epoch > own.epoch and 0 < place.candidate < 100 and place.coming is None:
            world.returns_late = 0
            world.apply(place, Weights.giving(Colour.BLUE, 100), own)


class ProcessMetrics:
    """A region's evidence as one process reaches it."""

    def __init__(self, process: Process, region: Region) -> None:
        self._process = process
        self._region = region

    def read(self, at: datetime) -> Reading:
        """Return the counters."""
        self._process.passes(f"evidence {self._region.name}")
        until = self._region.silent_until
        if until is not None and self._process.world.now < until:
            raise ExternalSystemError(f"{self._region.name}: no evidence")
        self._process.eyes.read_evidence(self._region)
        return self._process.world.read(self._region)


class ProcessStore:
    """The ledger as one process reaches it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def read(self) -> tuple[Entry, ...]:
        """Return every entry."""
        if not self._process.alive:
            raise DeadError(self._process.name)
        return self._process.world.store.read()

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append, unless the store refuses; the answer may be lost."""
        self._process.passes("append")
        world = self._process.world
        how, world.next_write = world.next_write, None
        if how == "refuses":
            raise StoreUnreachableError("the store does not answer")
        world.store.append(entries, revision=revision)
        if how == "answer-lost":
            raise StoreUnreachableError("the answer was lost")
        self._process.passes("appended")

    def notices(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()


class ProcessSpool:
    """The spool as one process reaches it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def keep(self, drafts: Sequence[Draft]) -> str | None:
        """Keep drafts."""
        self._process.passes("spool")
        return self._process.world.spool.keep(drafts)

    def waiting(self) -> tuple[Draft, ...]:
        """Return the drafts that wait."""
        self._process.needs_life()
        return self._process.world.spool.waiting()

    def clear(self) -> None:
        """Forget the drafts."""
        self._process.passes("spool cleared")
        self._process.world.spool.clear()
