"""A world for the rollout engine: simulated regions, a clock that only moves when the engine pauses, a calendar of
closed stretches, and a judge that answers what a test tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from wedgate.adapters.metrics.simulated import SimulatedMetrics
from wedgate.adapters.stores.memory import MemorySpool, MemoryStore
from wedgate.adapters.targets.simulated import SimulatedTarget
from wedgate.calendars.values import RegionAnswer, Verdict
from wedgate.engine.adopt import adopt
from wedgate.engine.audit import AuditBook
from wedgate.engine.beside import run_now
from wedgate.engine.orders import give_order
from wedgate.engine.progress import Progress
from wedgate.engine.returning import one_by_one
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Regression, RolloutParts, RunEnd
from wedgate.gate.decision import Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode
from wedgate.judge.slices import slice_between
from wedgate.judge.values import Judgement, JudgeSettings, Outcome, Slice
from wedgate.ledger.orders import Order
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.values import (
    Choice,
    Release,
    ReportFails,
    RolloutSettings,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    WindowCloses,
)

OLD = Release(commit="0" * 40, digest="sha256:old")
NEW = Release(commit="1" * 40, digest="sha256:new")
NOON = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)
HORIZON = timedelta(days=365)


@dataclass
class World:
    """Everything around one service. Change it between runs as a test needs."""

    names: tuple[str, ...] = ("r1", "r2", "r3", "r4")
    waves: tuple[tuple[str, ...], ...] = (("r1",), ("r2", "r3"), ("r4",))
    now: datetime = NOON
    in_flight: int = 1
    report_fails: ReportFails = ReportFails.ROLLBACK
    kind: StrategyKind = StrategyKind.CANARY
    steps: tuple[tuple[int, int], ...] = ((10, 2), (50, 3), (100, 2))
    reserve: timedelta = timedelta(minutes=1)
    window_closes: WindowCloses = WindowCloses.HOLD
    against_limits: bool = False
    max_unwatched: timedelta = timedelta(minutes=10)
    seen_limits: list[bool] = field(default_factory=list)
    closed: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    verdicts: dict[str, Outcome] = field(default_factory=dict)
    script: dict[str, Any] = field(default_factory=lambda: {"rate": 50})
    said: list[Progress] = field(default_factory=list)
    asked: list[tuple[str, datetime]] = field(default_factory=list)
    regressions: list[Regression] = field(default_factory=list)
    rescues: list[Rescue] = field(default_factory=list)
    on_pause: list[Callable[[World], None]] = field(default_factory=list)
    interrupt_at: datetime | None = None
    judge: Callable[..., Judgement] | None = None
    seen_levels: set[Decimal] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.store = MemoryStore()
        self.spool = MemorySpool()
        self.counters: dict[str, SimulatedMetrics] = {}
        self.targets = {name: SimulatedTarget(name, running=OLD.digest) for name in self.names}

    def parts(self) -> RolloutParts:
        """Wire the engine to this world."""
        steps = tuple(Step(weight=weight, bake=timedelta(minutes=bake)) for weight, bake in self.steps)
        strategy = Strategy(name="steady", kind=self.kind, steps=steps, against_limits=self.against_limits)
        careful = Strategy(
            name="careful", kind=StrategyKind.CANARY, steps=(Step(weight=1, bake=timedelta(minutes=5)), *steps)
        )
        return RolloutParts(
            service="venue-search",
            settings=RolloutSettings(
                waves=self.waves,
                in_flight=self.in_flight,
                window_closes=self.window_closes,
                max_unwatched=self.max_unwatched,
                reserve=self.reserve,
                strategies={"steady": strategy, "careful": careful},
                choose=(Choice(use="careful", verdict=Verdict.CAUTION), Choice(use="steady")),
                targets={name: TargetSettings(kind="simulated", region=name, options={}) for name in self.names},
                report_fails=self.report_fails,
            ),
            judge=JudgeSettings(slice_length=timedelta(seconds=30)),
            store=self.store,
            spool=self.spool,
            open_target=lambda settings: self.targets[settings.region],
            open_metrics=self.metrics,
            ask_gate=self.ask,
            clock=lambda: self.now,
            pause=self.pause,
            observe=self.said.append,
            save_rescue=self.save_rescue,
            slice_between=slice_between,
            judge_live=self.judge or self.judged,
            interrupted=self.interrupted,
            reports=lambda: tuple(self.regressions),
            run_beside=run_now,
            together=one_by_one,
            is_alive=lambda who: False,
        )

    def run(self, release: Release = NEW, *, wait: timedelta = timedelta(0), regions: Sequence[str] = ()) -> RunEnd:
        """Run the engine once."""
        return RolloutEngine(self.parts()).run(release, regions=regions, wait=wait)

    def metrics(self, region: str) -> SimulatedMetrics:
        """Return the counters of a region, which outlive the process that reads them."""
        if region not in self.counters:
            self.counters[region] = SimulatedMetrics(self.targets[region], self.script)
        return self.counters[region]

    def start(self, release: Release = NEW, *, regions: Sequence[str] = ()) -> RunEnd:
        """Write the start of a rollout down."""
        return RolloutEngine(self.parts()).start(release, regions=regions)

    def tick(self, *, after: timedelta = timedelta(0), regions: Sequence[str] = (), **parts: Any) -> RunEnd:
        """Do one tick in a process of its own, some time later."""
        self.now += after
        return RolloutEngine(replace(self.parts(), **parts)).tick(regions=regions)

    def order(self, order: Order, *, regions: Sequence[str] = ()) -> None:
        """Give an order, as `wedgate rollout pause` and the others do."""
        book = AuditBook(self.store, lambda pause: None)
        give_order(book, order, by="zoe", why="because", at=self.now, regions=regions)

    def adopt(self, release: Release = OLD) -> None:
        """Record what runs."""
        adopt(self.parts(), release)

    def save_rescue(self, rescue: Rescue) -> str:
        """Keep the rescue file."""
        self.rescues.append(rescue)
        return "rescue.json"

    def interrupted(self) -> str | None:
        """Say whether somebody pressed Ctrl-C."""
        return "Ctrl-C" if self.interrupt_at is not None and self.now >= self.interrupt_at else None

    def pause(self, duration: timedelta) -> None:
        """Let time pass."""
        assert duration > timedelta(0)
        self.now += duration
        assert self.now < NOON + timedelta(days=30), "the run never ends"
        for call in self.on_pause:
            call(self)

    def close(self, region: str, start: timedelta, end: timedelta) -> None:
        """Close a region from ``start`` to ``end`` after noon."""
        self.closed.setdefault(region, []).append((NOON + start, NOON + end))

    def ask(self, region: str, at: datetime, runway: timedelta | None) -> RegionDecision:
        """Answer as the gate does."""
        self.asked.append((region, at))
        stretches = sorted(self.closed.get(region, []))
        shut = next(((start, end) for start, end in stretches if start <= at < end), None)
        closes = at if shut else next((start for start, _ in stretches if start > at), None)
        verdict = Verdict.CLOSED if shut else Verdict.OPEN
        answer = RegionAnswer(
            region=region,
            verdict=verdict,
            load=Decimal(1),
            markets=(),
            causes=(),
            next_open=shut[1] if shut else at,
            next_close=closes,
            runway=None if closes is None else closes - at,
            horizon=at + HORIZON,
            has_rules=True,
        )
        reason = Reason(code=ReasonCode.RULE_BLOCKS, text="Saturday there") if shut else None
        short = not shut and runway is not None and closes is not None and closes < at + runway
        return RegionDecision(
            region=region,
            verdict=Verdict.CLOSED if short else verdict,
            reasons=(reason,) if reason else (),
            answer=answer,
        )

    def judged(
        self, slices: Sequence[Slice], settings: JudgeSettings, *, level: Decimal, final: bool, against_limits: bool
    ) -> Judgement:
        """Answer what the test said for the digest under observation; a pass only at the end."""
        self.seen_levels.add(level)
        self.seen_limits.append(against_limits)
        wanted = self.verdicts.get("all", Outcome.PASS)
        if wanted is Outcome.PASS and not final:
            wanted = Outcome.NOT_ENOUGH_DATA
        return Judgement(outcome=wanted, metrics=(), slices=len(slices), usable=len(slices), text=f"said {wanted}")

    def weights(self) -> dict[str, int]:
        """Return the percent on green for each region."""
        return {name: target.weights().weights.green for name, target in self.targets.items()}

    def changes(self, region: str) -> list[tuple[int, int]]:
        """Return every (blue, green) that was written to a region."""
        return [(call[1], call[2]) for call in self.targets[region].calls() if call[0] == "set_weights"]

    def whats(self) -> list[str]:
        """Return what was said, in short."""
        return [f"{said.region}: {said.what}" for said in self.said]


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Make a world; ``adopted=False`` leaves out the record of what runs."""

    def make(*, adopted: bool = True, **changes: Any) -> World:
        world = World(**changes)
        if adopted:
            world.adopt()
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A world in which the old version was adopted in all four regions."""
    return make_world()


@pytest.fixture
def new() -> Release:
    """The release under test."""
    return NEW


@pytest.fixture
def noon() -> datetime:
    """The instant at which every world begins."""
    return NOON
