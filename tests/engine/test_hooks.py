"""Hooks: when they run, what one that fails keeps from happening, and what it never does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.engine.beside import run_beside
from wedgate.engine.book import Book
from wedgate.engine.rollout import RolloutEngine
from wedgate.errors import ExitCode
from wedgate.judge.values import Outcome
from wedgate.ledger.orders import Order
from wedgate.rollout.hooks import HookCall, HookEnd
from wedgate.rollout.state import HoldKind, RegionPhase, RolloutState
from wedgate.rollout.values import HookPoint, Release, WindowCloses

TICK = timedelta(minutes=1)


class Recorded:
    """Hooks at every point that keep what they are told, with the weights that the region has meanwhile."""

    def __init__(self, world: Any, *points: HookPoint) -> None:
        self.world = world
        self.known: Collection[HookPoint] = points or tuple(HookPoint)
        self.calls: list[tuple[str, int, int]] = []
        self.told: list[HookCall] = []
        self.trouble: dict[HookPoint, str] = {}
        self.wait = 0.0

    def points(self) -> Collection[HookPoint]:
        return self.known

    def limit(self, point: HookPoint) -> timedelta:
        return timedelta(seconds=1)

    def run(self, call: HookCall) -> HookEnd:
        time.sleep(self.wait)
        self.told.append(call)
        self.calls.append((str(call.point), call.weight, self.world.weights()[call.region]))
        return HookEnd(took=timedelta(seconds=2), output="a\nb", trouble=self.trouble.get(call.point, ""))


@pytest.fixture
def world(make_world: Callable[..., Any]) -> Any:
    """One region, two steps."""
    return make_world(names=("r1",), waves=(("r1",),), steps=((10, 2), (100, 2)))


def run(world: Any, hooks: Recorded, new: Release, **more: Any) -> Any:
    """Run the engine once with hooks."""
    return RolloutEngine(replace(world.parts(), hooks=hooks, **more)).run(new)


def ticks(world: Any, hooks: Recorded, count: int) -> None:
    """Do so many ticks."""
    for _ in range(count):
        world.tick(after=TICK, hooks=hooks)


def state_of(world: Any) -> RolloutState:
    """Return where the rollout stands by its journal."""
    book = Book(world.store, world.spool)
    state = book.rollout(book.refresh().latest)
    assert state is not None
    return state


def test_each_hook_runs_around_what_it_is_named_after(world: Any, new: Release) -> None:
    """In order, once, with the percent that is to be before a shift, and the one in force after it."""
    hooks = Recorded(world)
    assert run(world, hooks, new).exit_code is ExitCode.DONE
    assert hooks.calls == [
        ("before-deploy", 0, 0),
        ("after-deploy", 0, 0),
        ("before-shift", 10, 0),
        ("after-shift", 10, 10),
        ("before-shift", 100, 10),
        ("after-shift", 100, 100),
        ("before-promote", 100, 100),
        ("after-promote", 100, 100),
    ]
    facts = hooks.told[2]
    assert (facts.service, facts.region, facts.colour) == ("venue-search", "r1", "green")
    assert (facts.commit, facts.digest, facts.rollout) == (new.commit, new.digest, state_of(world).plan.rollout)


def test_hooks_of_a_rollback_run_around_it(world: Any, new: Release) -> None:
    """Before the weights are written, and after they were read back; the reason is told."""
    world.verdicts["all"] = Outcome.FAIL
    hooks = Recorded(world, HookPoint.BEFORE_ROLLBACK, HookPoint.AFTER_ROLLBACK)
    assert run(world, hooks, new).exit_code is ExitCode.ROLLED_BACK
    assert hooks.calls == [("before-rollback", 10, 10), ("after-rollback", 0, 0)]
    assert "said fail" in hooks.told[0].why


def test_what_a_hook_did_stands_in_the_journal(world: Any, new: Release) -> None:
    """Point, time taken, output and trouble, after what it led to is decided; a failed one is said too."""
    hooks = Recorded(world, HookPoint.AFTER_SHIFT)
    hooks.trouble[HookPoint.AFTER_SHIFT] = "'x' exited with 3"
    assert run(world, hooks, new).exit_code is ExitCode.DONE
    lines = [entry.body["event"] for entry in world.store.read() if entry.kind == "hook_ran"]
    assert len(lines) == 2
    assert lines[0]["point"] == "after-shift"
    assert (lines[0]["took"], lines[0]["output"], lines[0]["trouble"]) == (2.0, "a\nb", "'x' exited with 3")
    said = [each for each in world.said if each.what == "hook after-shift"]
    assert said[0].why == "failed: 'x' exited with 3: a / b"


@pytest.mark.parametrize(
    ("point", "weight"),
    [(HookPoint.BEFORE_DEPLOY, 0), (HookPoint.BEFORE_SHIFT, 0), (HookPoint.BEFORE_PROMOTE, 100)],
)
def test_a_condition_that_fails_holds_what_it_stands_before(
    world: Any, new: Release, point: HookPoint, weight: int
) -> None:
    """Tick by tick: the effect does not happen, the region keeps the traffic it had, and no tick tries it again."""
    hooks = Recorded(world, point)
    hooks.trouble[point] = "'ready' exited with 1"
    world.start(new)
    ticks(world, hooks, 16)
    region = state_of(world).region("r1")
    assert (region.phase, region.weight, world.weights()["r1"]) == (RegionPhase.HELD, weight, weight)
    assert region.hold is not None
    assert region.hold.kind is HoldKind.OUTSIDE
    assert f"the hook {point} failed: 'ready' exited with 1" in region.hold.why
    assert len(hooks.calls) == 1
    if point is HookPoint.BEFORE_DEPLOY:
        assert all(call[0] != "deploy" for call in world.targets["r1"].calls())


def test_a_held_region_goes_on_when_a_person_says_so(world: Any, new: Release) -> None:
    """`rollout resume` after the second shift was refused: the hook is asked again, with the traffic kept meanwhile."""
    hooks = Recorded(world, HookPoint.BEFORE_SHIFT)
    world.start(new)
    while world.weights()["r1"] == 0:
        world.tick(after=TICK, hooks=hooks)
    hooks.trouble[HookPoint.BEFORE_SHIFT] = "no"
    ticks(world, hooks, 8)
    assert state_of(world).region("r1").phase is RegionPhase.HELD
    assert world.weights()["r1"] == 10
    hooks.trouble.clear()
    world.order(Order.RESUME)
    ticks(world, hooks, 12)
    assert state_of(world).region("r1").phase is RegionPhase.DONE
    assert [call[:2] for call in hooks.calls] == [("before-shift", weight) for weight in (10, 100, 100)]


def test_a_run_that_is_held_by_a_hook_ends_with_20_and_traffic_on_stable(world: Any, new: Release) -> None:
    """Nobody would watch any more: the run settles as it does for every hold."""
    hooks = Recorded(world, HookPoint.BEFORE_PROMOTE)
    hooks.trouble[HookPoint.BEFORE_PROMOTE] = "no"
    end = run(world, hooks, new)
    assert (end.exit_code, world.weights()["r1"]) == (ExitCode.EXTERNAL, 0)
    assert "the hook before-promote failed: no" in end.text


def test_a_closed_gate_is_asked_before_the_hook(world: Any, new: Release) -> None:
    """No hook runs for a step that would not be taken; and `finish` promotes a passed region only past its hook."""
    hooks = Recorded(world, HookPoint.BEFORE_SHIFT, HookPoint.BEFORE_PROMOTE)
    world.window_closes = WindowCloses.FINISH
    hooks.trouble[HookPoint.BEFORE_PROMOTE] = "no"
    world.start(new)
    while world.weights()["r1"] == 0:
        world.tick(after=TICK, hooks=hooks)
    count = len(hooks.calls)
    world.closed["r1"] = [(world.now, world.now + timedelta(hours=1))]
    ticks(world, hooks, 10)
    assert len(hooks.calls) == count
    assert world.weights()["r1"] == 10
    world.closed.clear()
    while world.weights()["r1"] == 10:
        world.tick(after=TICK, hooks=hooks)
    world.closed["r1"] = [(world.now, world.now + timedelta(hours=1))]
    ticks(world, hooks, 10)
    assert hooks.calls[-1][0] == "before-promote"
    assert state_of(world).region("r1").phase is RegionPhase.HELD


def test_a_tick_killed_between_hook_and_effect_runs_the_hook_again(world: Any, new: Release) -> None:
    """What nobody wrote down did not happen."""

    class Killed(Recorded):
        def run(self, call: HookCall) -> HookEnd:
            super().run(call)
            raise KeyboardInterrupt

    world.start(new)
    hooks, killed = Recorded(world, HookPoint.BEFORE_SHIFT), Killed(world, HookPoint.BEFORE_SHIFT)
    with pytest.raises(KeyboardInterrupt):
        ticks(world, killed, 9)
    assert world.weights()["r1"] == 0
    ticks(world, hooks, 6)
    assert (len(killed.calls), hooks.calls[0]) == (1, ("before-shift", 10, 0))
    assert world.weights()["r1"] > 0


@pytest.mark.parametrize(("wait", "most"), [(0.5, 1.2), (30, 3.0)])
def test_a_hook_before_a_rollback_delays_it_by_its_limit_alone(
    make_world: Callable[..., Any], new: Release, wait: float, most: float
) -> None:
    """Three regions return: one moment for all of them, and then the weights are written whatever the hooks do."""
    world = make_world(names=("r1", "r2", "r3"), waves=(("r1", "r2", "r3"),), in_flight=3)
    hooks = Recorded(world, HookPoint.BEFORE_ROLLBACK)
    hooks.trouble[HookPoint.BEFORE_ROLLBACK] = "no"
    hooks.wait = wait
    world.start(new)
    while set(world.weights().values()) != {10}:
        world.tick(after=TICK, hooks=hooks)
    world.verdicts["all"] = Outcome.FAIL
    while set(world.weights().values()) == {10}:
        began = time.monotonic()
        end = world.tick(after=TICK, hooks=hooks)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert time.monotonic() - began < most
    assert len(hooks.calls) == (3 if wait < 1 else 0)
    assert set(world.weights().values()) == {0}


def test_a_condition_that_takes_long_keeps_no_other_region_waiting(
    make_world: Callable[..., Any], new: Release
) -> None:
    """While it runs beside the loop a regression elsewhere is found, and what is shown to nobody is not shifted."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    gone = threading.Event()

    class Slow(Recorded):
        def run(self, call: HookCall) -> HookEnd:
            if call.region == "r1" and call.weight == 50:
                gone.wait(20)
            return super().run(call)

    hooks = Slow(world, HookPoint.BEFORE_SHIFT)

    def regress(there: Any) -> None:
        if there.weights()["r2"] == 50:
            there.verdicts["all"] = Outcome.FAIL

    world.on_pause.append(regress)
    end = run(world, hooks, new, run_beside=run_beside)
    gone.set()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert set(world.weights().values()) == {0}
    assert (50, 50) not in world.changes("r1")
