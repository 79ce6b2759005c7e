"""One virtual rollout from a seed: the real engine, one process after another, with what goes wrong on the way."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from wedgate.adapters.targets.interface import Capacity
from wedgate.engine.adopt import adopt
from wedgate.engine.audit import AuditBook
from wedgate.engine.beside import run_now
from wedgate.engine.book import Book
from wedgate.engine.orders import freeze, give_order, thaw
from wedgate.engine.recording import open_in, recorder_in
from wedgate.engine.returning import Means, ask_now, one_by_one
from wedgate.engine.rollback import roll_back
from wedgate.engine.rollout import RolloutEngine
from wedgate.errors import WedgateError
from wedgate.ledger.audit import Frozen
from wedgate.ledger.orders import Order
from wedgate.rollout.promises import Declared, undrained
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPhase, RolloutState, RolloutStatus
from wedgate.rollout.values import (
    Choice,
    Colour,
    Fence,
    Migration,
    ReportFails,
    RolloutSettings,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    Weights,
    WindowCloses,
)
from wedgate.simulation.faults import LATEST_POINT, PER_REGION, RETURNS_LATE, Fault, FaultKind, draw_faults
from wedgate.simulation.invariants import Checker, ViolationError
from wedgate.simulation.judging import Judging
from wedgate.simulation.process import PAUSE, DeadError, Process, ProcessSpool, ProcessStore, Unseeing
from wedgate.simulation.world import MONDAY, NEW, OLD, STRANGE, STRANGER, Region, World

NAMES = ("us-west", "eu-central", "asia-pacific", "us-east")
MOST_TICKS, MOST_RUNS = 100, 8
"""So many runs or ticks one rollout gets; those that wait for a person end there."""

MOST_POINTS = 20_000
"""A rollout passes some hundreds, and one that waits for hours some thousands."""

MINUTE = timedelta(minutes=1)

_JUDGING = Judging()
"""What the judge answered in the worlds of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a virtual rollout went: its status, what was broken (``None``: nothing), and the world that it left."""

    seed: int
    faults: tuple[Fault, ...]
    status: RolloutStatus | None
    violation: str | None
    points: int
    world: World | None = field(default=None, repr=False, compare=False)

    @property
    def trace(self) -> tuple[str, ...]:
        """What happened, line by line; nothing of a world that is gone."""
        return () if self.world is None else tuple(self.world.trace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a seed chooses before anything happens."""

    by_ticks: bool
    budget: timedelta | None
    rate: float
    closed: Mapping[str, tuple[timedelta, timedelta]]
    """When regions close by their calendars, after the start."""
    rollout: RolloutSettings
    faults: tuple[Fault, ...]
    migration: Migration


def setting_of(seed: int) -> Setting:
    """Draw a setting from a seed; in three of four the rollout is one long run, because ticks cost more to simulate."""
    rng = random.Random(seed)  # noqa: S311 (a simulation, no secret)
    by_ticks = rng.random() < 0.25
    budget = rng.choice((None, None, timedelta(minutes=12)))
    kind = rng.choice((StrategyKind.CANARY, StrategyKind.CANARY, StrategyKind.BLUE_GREEN))
    canary = (Step(weight=10, bake=3 * MINUTE), Step(weight=100, bake=3 * MINUTE))
    steps = canary if kind is StrategyKind.CANARY else (Step(weight=100, bake=4 * MINUTE),)
    waves = rng.choice(
        (
            (NAMES[:1], NAMES[1:3], NAMES[3:]),
            (NAMES[:2], NAMES[2:]),
            tuple((name,) for name in NAMES),
            (NAMES,),
        )
    )
    settings = RolloutSettings(
        waves=waves,
        in_flight=rng.choice((1, 1, 2)),
        window_closes=rng.choice(tuple(WindowCloses)),
        reserve=MINUTE,
        strategies={"only": Strategy(name="only", kind=kind, steps=steps, is_complete=True)},
        choose=(Choice(use="only"),),
        targets={name: TargetSettings(kind="virtual", region=name, options={}) for name in NAMES},
        report_fails=rng.choice((ReportFails.ROLLBACK, ReportFails.ROLLBACK, ReportFails.RETREAT, ReportFails.HOLD)),
    )
    closed = {name: _window(rng) for name in NAMES if rng.random() < 0.3}
    rate = rng.choice((200.0, 200.0, 200.0, 200.0, 0.3))
    faults = draw_faults(rng)
    migration = rng.choice((*[Migration.NONE] * 5, *Migration))
    return Setting(
        by_ticks=by_ticks,
        budget=budget,
        rate=rate,
        closed=closed,
        rollout=settings,
        faults=faults,
        migration=migration,
    )


def _window(rng: random.Random) -> tuple[timedelta, timedelta]:
    begins = rng.randrange(40) * MINUTE
    return begins, begins + rng.randrange(5, 60) * MINUTE


def simulate(seed: int, faults: Sequence[Fault] | None = None, *, judging: Judging | None = None) -> Outcome:
    """Run the rollout of a seed, with other ``faults`` than its own where they are given.

    ``judging`` remembers what the judge answered in other worlds.
    """
    setting = setting_of(seed)
    drawn = setting.faults if faults is None else tuple(faults)
    story = _Story(seed, setting, drawn, judging)
    violation = None
    try:
        story.tell()
    except ViolationError as broken:
        violation = str(broken)
    violation = story.checker.broken or violation
    if violation is not None:
        story.world.say(f"BROKEN {violation}")
    # Nothing holds itself: what nobody asks for any more goes at once.
    story.world.switched.clear()
    state = story.state()
    return Outcome(
        seed=seed,
        faults=drawn,
        status=None if state is None else state.status,
        violation=violation,
        points=story.world.point,
        world=story.world,
    )


def end_of(seed: int) -> Outcome:
    """Run one world, and leave it behind: of most of them only how they ended is asked for."""
    return replace(simulate(seed, judging=_JUDGING), world=None)


def shrink(outcome: Outcome) -> Outcome:
    """Return the failure with as few of its faults as it needs, found by leaving them out one after another."""
    found, index = outcome, 0
    while index < len(found.faults):
        fewer = (*found.faults[:index], *found.faults[index + 1 :])
        again = simulate(found.seed, fewer)
        if again.violation is not None:
            found = again
        else:
            index += 1
    return found


class _Story:
    """A world and its processes."""

    def __init__(self, seed: int, setting: Setting, faults: Sequence[Fault], judging: Judging | None) -> None:
        self.setting = setting
        self.world = World(random.Random(seed + 1), NAMES, rate=setting.rate, judging=judging)  # noqa: S311
        for name, (begins, ends) in setting.closed.items():
            self.world.regions[name].closed.append((MONDAY + begins, MONDAY + ends))
        self.checker = Checker(world=self.world, settings=setting.rollout, migration=setting.migration)
        self.world.switched.append(self.checker.switched)
        self.faults = list(faults)
        self.rescues: list[Rescue] = []
        self.depth = 0
        self.count = 0
        self.hindered = False
        self.book = AuditBook(self.world.store, lambda pause: None, self.world.known)

    def tell(self) -> None:
        """Let processes come and go until the rollout is over, and then once more."""
        adopt(self._quiet("adopter").parts(), OLD)
        for number in range(MOST_TICKS if self.setting.by_ticks else MOST_RUNS):
            self._process(is_first=number == 0, others_live=False)
            self.world.advance(timedelta(seconds=self.world.rng.choice((5, 20, 30, 30, 45))))
            state = self.state()
            if state is not None and state.is_over:
                self._once_more()
                return
            if state is not None and undrained(state) and self.world.rng.random() < 0.5:
                self._order(Order.DRAIN)

    def state(self) -> RolloutState | None:
        """Return where the rollout stands, by the ledger."""
        book = Book(self.world.store, self.world.spool, self.world.known)
        return book.rollout(book.refresh().latest)

    def _process(self, *, is_first: bool = False, others_live: bool | None, regions: Sequence[str] = ()) -> None:
        """Run one process from its beginning to its end, whatever that is; with ``regions`` a tick for these."""
        self.count += 1
        process = Process(
            world=self.world,
            settings=self.setting.rollout,
            at_point=partial(self._at_point, regions or NAMES),
            eyes=self.checker,
            name=f"p{self.count}",
            others_live=others_live,
            rescues=self.rescues,
        )
        self.hindered = False
        self.checker.late = None
        ended_well = False
        try:
            engine = RolloutEngine(process.parts(), Declared(migration=self.setting.migration, accepted_by="zoe"))
            goes_on = not is_first and self.state() is not None
            if regions:
                engine.tick(regions=regions)
            elif not self.setting.by_ticks and self.setting.budget is not None and goes_on:
                engine.go_on(wait=timedelta(hours=1), budget=self.setting.budget)
            elif not self.setting.by_ticks:
                engine.run(NEW, wait=timedelta(hours=1), budget=self.setting.budget)
            elif not goes_on:
                engine.start(NEW)
            else:
                engine.tick()
            ended_well = True
        except DeadError:
            self.world.say(f"{process.name} is dead")
        except WedgateError as error:
            self.world.say(f"{process.name} ended: {type(error).__name__}: {error}"[:200])
        process.alive = False
        if self.checker.broken is not None:
            raise ViolationError(self.checker.broken)
        if ended_well:
            self.checker.looked_after(regions or NAMES, f"{process.name}:1")
        was_hindered = self.hindered or self._is_anothers(process)
        self.checker.after_process(regions or NAMES, ended_well=ended_well, was_hindered=was_hindered)

    def _is_anothers(self, process: Process) -> bool:
        """Whether another process holds the lease: this one has left everything to it."""
        lease = self.world.known.ledger(self.world.store.read()).lease
        return lease is not None and not lease.ended and lease.who != f"{process.name}:1"

    def _at_point(self, regions: Sequence[str], process: Process, what: str) -> None:
        if self.world.point > MOST_POINTS:
            raise ViolationError("it never ends")
        if what == PAUSE and not self.hindered:
            self.checker.while_running(regions)
        while self.faults and self.faults[0].point <= self.world.point:
            fault = self.faults.pop(0)
            self.world.say(f"FAULT {fault.kind} while {process.name} is at: {what}")
            self._happens(fault, process, what)
        self.world.due = min(self.faults[0].point if self.faults else MOST_POINTS, MOST_POINTS)

    def _happens(self, fault: Fault, process: Process, what: str) -> None:
        """Let a fault happen."""
        world, kind = self.world, fault.kind
        region = world.regions[NAMES[int(fault.pick * len(NAMES))]]
        match kind:
            case FaultKind.CRASH:
                process.alive = False
                lease = world.known.ledger(world.store.read()).lease
                if fault.pick >= RETURNS_LATE and lease is not None and lease.who == f"{process.name}:1":
                    world.returns_late = lease.epoch
            case FaultKind.ZOMBIE if fault.pick >= PER_REGION:
                self._region_by_region(region)
            case FaultKind.ZOMBIE | FaultKind.DOUBLE:
                self._beside(others_live=False if kind is FaultKind.ZOMBIE else None)
            case FaultKind.BY_HAND:
                self._return_by_hand()
            case (
                FaultKind.SWITCH_REFUSES
                | FaultKind.SWITCH_LATE
                | FaultKind.SWITCH_PARTLY
                | FaultKind.SWITCH_ANSWER_LOST
            ):
                self.hindered = True
                world.next_switch = kind.value.removeprefix("switch-")
            case FaultKind.STORE_REFUSES | FaultKind.STORE_ANSWER_LOST:
                world.next_write = kind.value.removeprefix("store-")
            case FaultKind.EVIDENCE_MISSING:
                region.silent_until = world.now + fault.pick * 30 * MINUTE
            case FaultKind.COUNTERS_RESET:
                world.reset(region)
            case FaultKind.DEPLOY_FAILS:
                world.next_deploy_fails = True
            case FaultKind.COLOUR_CHANGES:
                world.settle()
                region.digests[Colour.GREEN] = STRANGE
            case FaultKind.STRANGER:
                self._stranger_writes(region, fault, what)
            case FaultKind.OLD_GONE:
                self._old_goes(fault, what)
            case FaultKind.OLD_SMALL:
                region.capacity[Colour.BLUE] = Capacity(ready=int(fault.pick * 10), wanted=10)
            case FaultKind.GOES_BAD:
                world.settle()
                world.bad_from = world.now
            case FaultKind.CALENDAR_CLOSES:
                region.closed.append((world.now, world.now + fault.pick * 60 * MINUTE))
            case FaultKind.GRANTED:
                world.granted_until = world.now + fault.pick * 60 * MINUTE
            case FaultKind.REVOKED:
                world.granted_until = None
            case FaultKind.CLOCK_JUMPS:
                self.hindered = True
                world.advance(fault.pick * 20 * MINUTE)
            case FaultKind.CLOCK_AHEAD:
                self.hindered = True
                process.ahead = fault.pick * 600 * MINUTE
            case FaultKind.NO_TICKS:
                process.alive = False
                world.advance(fault.pick * 600 * MINUTE)
            case FaultKind.FROZEN:
                self._freeze(NAMES, None, fault)
            case FaultKind.FROZEN_REGION:
                self._freeze((region.name,), (region.name,), fault)
                self._later(FaultKind.THAWED_REGION, fault.pick)
            case FaultKind.THAWED:
                self._thaw(NAMES, ())
            case FaultKind.THAWED_REGION:
                self._thaw((region.name,), (region.name,))
            case FaultKind.PAUSED:
                self._order(Order.PAUSE)
                # Nobody pauses for ever, and a run that is paused waits as long as it must.
                self._later(FaultKind.RESUMED, 0)
            case FaultKind.ABORTED_REGION:
                self._order(Order.ABORT, region.name)
            case FaultKind.REPORTED | FaultKind.RESUMED | FaultKind.ABORTED:
                self._order(_ORDERS[kind])

    def _stranger_writes(self, region: Region, fault: Fault, what: str) -> None:
        """Let somebody who is no process of this rollout switch a region that has no candidate traffic.

        Nobody can see what happens between the last look and the switch, so it happens later then; and not before a
        switch is read back, which a return is until it shows.
        """
        if region.candidate or region.coming is not None:
            return
        if what == f"switched {region.name}":
            self._insert(replace(fault, point=self.world.point + 1))
            return
        state = self.state()
        here = None if state is None or region.name not in state.plan.places else state.region(region.name)
        is_looked_at = what == PAUSE or what == f"weights {region.name}"
        if here is not None and here.phase in (RegionPhase.VERIFIED, RegionPhase.SHIFTING) and not is_looked_at:
            if self.world.point < LATEST_POINT:
                self._insert(replace(fault, point=self.world.point + 1))
            return
        epoch = 0 if region.fence is None else region.fence.epoch
        self.world.apply(region, Weights.giving(Colour.GREEN, 60), Fence(epoch=epoch, revision=1, rollout=STRANGER))

    def _old_goes(self, fault: Fault, what: str) -> None:
        """Let a region that is switched over lose its old colour; later, where none is that far.

        Nobody can see what happens between the last look and the switch, so it does not happen there.
        """
        ready = [each for each in self.world.regions.values() if each.candidate == 100 and each.coming is None]
        if ready and not what.startswith(("capacity", "switch")):
            ready[int(fault.pick * len(ready))].digests[Colour.BLUE] = None
        elif self.world.point < LATEST_POINT:
            self._insert(replace(fault, point=self.world.point + 1))

    def _region_by_region(self, closing: Region) -> None:
        """Let one tick per region take over from a process that stands still, in any order; one closes meanwhile."""
        names = self.world.rng.sample(NAMES, len(NAMES))
        for name in names:
            self._beside(others_live=False, regions=[name])
            if name == names[0]:
                closing.closed.append((self.world.now, self.world.now + 30 * MINUTE))

    def _beside(self, *, others_live: bool | None, regions: Sequence[str] = ()) -> None:
        """Let another process run while one stands still; not inside of such a one."""
        if self.depth or not self.rescues:
            return
        self.depth += 1
        hindered, began = self.hindered, self.world.now
        self._process(others_live=others_live, regions=regions)
        self.hindered = hindered or self.world.now - began > self.setting.rollout.max_unwatched
        self.depth -= 1

    def _order(self, order: Order, *regions: str) -> None:
        with suppress(WedgateError):
            give_order(self.book, order, by="zoe", why="because", at=self.world.now, regions=regions)

    def _freeze(self, names: Sequence[str], regions: tuple[str, ...] | None, fault: Fault) -> None:
        """Freeze ``names``, which ``regions`` say as a person does."""
        now = self.world.now
        until = now + fault.pick * 60 * MINUTE + MINUTE
        freeze(self.book, Frozen(regions=regions, until=until, reason="frozen", by="zoe", since=now), known=NAMES)
        for place in map(self.world.regions.__getitem__, names):
            place.frozen_until = max(until, place.frozen_until or until)

    def _thaw(self, names: Sequence[str], regions: Sequence[str]) -> None:
        """Thaw ``names``, which ``regions`` say as a person does; nothing where they are not frozen."""
        with suppress(WedgateError):
            thaw(self.book, by="zoe", why="because", at=self.world.now, regions=regions, is_for_all=True)
            for place in map(self.world.regions.__getitem__, names):
                place.frozen_until = None

    def _later(self, kind: FaultKind, pick: float) -> None:
        """Let something happen a while from now, whatever else does."""
        self._insert(Fault(point=self.world.point + 40, kind=kind, pick=pick))

    def _insert(self, fault: Fault) -> None:
        self.faults = sorted([*self.faults, fault], key=lambda each: each.point)

    def _return_by_hand(self) -> None:
        """Run `wedgate rollback` with nothing but the rescue file; what would hinder a switch is not there now."""
        if not self.rescues:
            return
        process = self._quiet("by-hand")
        process.rescues = self.rescues
        book = Book(ProcessStore(process), ProcessSpool(process), self.world.known)
        rescue = self.rescues[-1]
        hindrance, self.world.next_switch = self.world.next_switch, None
        self.world.next_deploy_fails = False
        for region in rescue.regions:
            # One by one: threads would make the order of things depend on more than the seed.
            end = roll_back(
                rescue,
                process.open_target,
                clock=process.clock,
                why="by hand",
                regions=[region.region],
                record=recorder_in(book),
                open_in=open_in(book),
                means=Means(pause=process.pause, ask=ask_now, together=one_by_one, run_beside=run_now),
            )
            self.world.say(f"by hand: {'; '.join(each.trouble for each in end.regions if each.trouble) or 'done'}")
        self.world.next_switch = hindrance
        self.checker.after_return(self.world.regions)

    def _once_more(self) -> None:
        """Tick a rollout that is over, and roll a poisoned version out again: nothing may happen."""
        before = {name: region.weights for name, region in self.world.regions.items()}
        state = self.checker.state()
        with suppress(WedgateError):
            RolloutEngine(self._quiet("late").parts()).tick()
        if NEW.digest in self.checker.ledger.poisoned:
            process = self._quiet("again")
            process.eyes = self.checker
            with suppress(WedgateError):
                RolloutEngine(process.parts()).run(NEW)
        self.checker.after_everything(before, state)

    def _quiet(self, name: str) -> Process:
        """Return a process that no fault meets."""
        return Process(
            world=self.world,
            settings=self.setting.rollout,
            at_point=lambda process, what: None,
            eyes=Unseeing(),
            name=name,
            others_live=False,
        )


_ORDERS = {
    FaultKind.REPORTED: Order.REPORT,
    FaultKind.RESUMED: Order.RESUME,
    FaultKind.ABORTED: Order.ABORT,
}
