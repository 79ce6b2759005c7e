"""The way back: to a colour that is there and large enough at once, to one that is not as soon as it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wedgate.adapters.targets.interface import Capacity, FenceError
from wedgate.adapters.targets.simulated import SimulatedTarget
from wedgate.engine.beside import Call, run_now
from wedgate.engine.book import Book
from wedgate.engine.recording import recorder_in
from wedgate.engine.returning import Means, Returns, ask_now, ask_within, in_threads
from wedgate.engine.rollback import RollbackEnd, roll_back
from wedgate.errors import ExitCode, ExternalSystemError, RefusedError
from wedgate.judge.values import Outcome
from wedgate.ledger.orders import Order
from wedgate.rollout.returns import LOOK_AGAIN, PART_WITHIN, reason_gone, way_of_capacity
from wedgate.rollout.state import RegionPhase, RegionPlan
from wedgate.rollout.values import Colour, Fence, Release, StrategyKind, TargetSettings

BLUE, GREEN = Colour.BLUE, Colour.GREEN
FENCED = ("set_weights", 0, 100)
"""The weights as they are, under the fence of the rollback."""
TEN, THREE = Capacity(ready=10, wanted=10), Capacity(ready=3, wanted=10)
Change = Callable[[SimulatedTarget], None]


def switched(make_world: Callable[..., Any], change: Change, **more: Any) -> Any:
    """Return a world of one region whose candidate got everything, and fails: then ``change`` happens to the target."""
    steps = more.pop("steps", ((100, 2),))
    kind = StrategyKind.CANARY if len(steps) > 1 else StrategyKind.BLUE_GREEN
    world = make_world(names=("r1",), waves=(("r1",),), kind=kind, steps=steps, **more)
    world.targets["r1"].put_capacity(BLUE, TEN)

    def happen(there: Any) -> None:
        if not happened and there.weights()["r1"] == steps[0][0]:
            happened.append(True)
            there.verdicts["all"] = Outcome.FAIL
            change(there.targets["r1"])

    happened: list[bool] = []
    world.on_pause.append(happen)
    return world


def small(target: SimulatedTarget) -> None:
    """Three of ten instances are left."""
    target.put_capacity(BLUE, THREE)


def stuck(target: SimulatedTarget) -> None:
    """Three are left, and nobody can have more."""
    small(target)
    target.fail("scale", "no machines left")


def gone(target: SimulatedTarget) -> None:
    """Nothing answers any more."""
    target.put_digest(BLUE, None)


def lost(target: SimulatedTarget) -> None:
    """Nothing answers any more, and it cannot be deployed."""
    gone(target)
    target.fail("deploy", "no such image")


def calls(world: Any) -> list[Any]:
    """Return what was done to the region, from the first switch of traffic on."""
    done = [tuple(call) for call in world.targets["r1"].calls()]
    return done[done.index(("set_weights", 0, 100)) + 1 :]


def by_hand(world: Any, *, at_once: bool = False, said: list[str] | None = None) -> RollbackEnd:
    """Roll back as the command does."""
    return roll_back(
        world.rescues[-1],
        lambda settings: world.targets[settings.region],
        clock=lambda: world.now,
        why="bookings fail",
        record=recorder_in(Book(world.store, world.spool)),
        say=(said if said is not None else []).append,
        means=Means(pause=world.pause, run_beside=run_now),
        at_once=at_once,
    )


# By its own.


def test_a_colour_that_is_too_small_takes_what_it_can_then_grows_then_takes_the_rest(
    make_world: Callable[..., Any],
) -> None:
    """30 % at once, because three of the ten instances are left that served everything at the start; then a scale."""
    world = switched(make_world, small)
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    assert calls(world) == [("set_weights", 30, 70), ("scale", "blue"), ("set_weights", 100, 0)]
    said = next(said for said in world.said if said.what == "not all back yet")
    assert said.why == "blue has 3 of the 10 instances that all traffic needs"


def test_a_colour_that_does_not_grow_gets_the_rest_all_the_same(make_world: Callable[..., Any]) -> None:
    """A rollback is never blocked: after 90 seconds, and what kept it from growing is said."""
    world = switched(make_world, stuck)
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    assert calls(world) == [("set_weights", 30, 70), ("set_weights", 100, 0)]
    parts = [said for said in world.said if said.weights is not None][-2:]
    assert PART_WITHIN <= parts[1].at - parts[0].at <= PART_WITHIN + 2 * LOOK_AGAIN
    assert any("could not be scaled: r1: scale: no machines left" in said.why for said in world.said)


def test_a_colour_that_grows_by_and_by_takes_more_by_and_by(make_world: Callable[..., Any]) -> None:
    """Never less than it has, also when an instance is lost on the way."""
    world = switched(make_world, stuck)
    counts = iter((5, 4, 8, 10))

    def grow(there: Any) -> None:
        if there.targets["r1"].weights().weights.blue >= 30 and (ready := next(counts, None)):
            there.targets["r1"].put_capacity(BLUE, Capacity(ready=ready, wanted=10))

    world.on_pause.append(grow)
    world.run()
    assert calls(world) == [("set_weights", blue, 100 - blue) for blue in (30, 50, 80, 100)]


@pytest.mark.parametrize("known", [None, Capacity(ready=12, wanted=12)])
def test_what_nobody_knows_and_what_is_enough_goes_at_once(make_world: Callable[..., Any], known: Any) -> None:
    """One call."""
    world = switched(make_world, lambda target: target.put_capacity(BLUE, known))
    world.run()
    assert calls(world) == [("set_weights", 100, 0)]


def test_a_colour_that_carries_most_of_it_already_gets_the_rest_at_once(make_world: Callable[..., Any]) -> None:
    """A canary's way back is one call, whatever is counted."""
    world = switched(make_world, small, steps=((10, 2), (100, 2)))
    world.run()
    assert world.changes("r1") == [(90, 10), (100, 0)]


def test_a_colour_that_is_gone_is_deployed_first(make_world: Callable[..., Any]) -> None:
    """The last good version, read back, and only then traffic."""
    world = switched(make_world, gone)
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    assert calls(world) == [("deploy", "blue", "sha256:old"), ("set_weights", 100, 0)]
    assert any(said.why.startswith("blue answers nothing healthy, not sha256:old") for said in world.said)


def test_a_colour_that_runs_something_else_is_deployed_first(make_world: Callable[..., Any]) -> None:
    """No traffic for a version that nobody released there."""
    world = switched(make_world, lambda target: target.put_digest(BLUE, "sha256:strange"))
    world.run()
    assert calls(world) == [("deploy", "blue", "sha256:old"), ("set_weights", 100, 0)]


def test_a_colour_that_cannot_be_deployed_gets_no_traffic_while_the_other_answers(
    make_world: Callable[..., Any],
) -> None:
    """Never both colours down: it is tried again, a person is called, and each new run tries once more."""
    world = switched(make_world, lost)
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert "could not be deployed there: r1: deploy: no such image" in end.text
    assert calls(world) == []
    world.targets["r1"].fail("deploy", None)
    world.run(Release(commit="3" * 40, digest="sha256:old"))
    assert calls(world) == [("deploy", "blue", "sha256:old"), ("set_weights", 100, 0)]


def test_where_nothing_answers_anywhere_it_goes_at_once(make_world: Callable[..., Any]) -> None:
    """The question may be what is broken, and there is nothing to lose."""

    def dark(target: SimulatedTarget) -> None:
        lost(target)
        target.put_digest(GREEN, None)

    world = switched(make_world, dark)
    world.run()
    assert calls(world) == [("set_weights", 100, 0)]


@pytest.mark.parametrize("call", ["digest", "capacity", "weights"])
def test_a_question_without_an_answer_keeps_nothing_back(make_world: Callable[..., Any], call: str) -> None:
    """What is not known is not waited for."""
    world = switched(make_world, lambda target: (small(target), target.fail(call, "timeout"))[0])
    world.run()
    assert ("set_weights", 100, 0) in calls(world)
    assert calls(world)[0] == ("set_weights", 100, 0) if call != "digest" else ("set_weights", 30, 70)


def test_a_run_that_dies_half_way_is_followed_by_one_that_ends_it(make_world: Callable[..., Any]) -> None:
    """What was found decides: 30 % on stable, the colour has grown, so the next one gives it the rest."""

    class DiedError(BaseException):
        pass

    def die(there: Any) -> None:
        if there.targets["r1"].weights().weights.blue == 30:
            raise DiedError

    world = switched(make_world, stuck)
    world.on_pause.append(die)
    with pytest.raises(DiedError):
        world.run()
    world.on_pause.clear()
    world.targets["r1"].put_capacity(BLUE, TEN)
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()
    assert world.weights() == {"r1": 0}
    book = Book(world.store, world.spool)
    state = book.rollout(book.refresh().latest)
    assert state is not None
    assert state.region("r1").phase is RegionPhase.ROLLED_BACK


def test_a_tick_does_not_wait_for_a_scale(make_world: Callable[..., Any]) -> None:
    """Instances that take 25 minutes to come: the rest goes back after its time, as it does in a run."""
    world = make_world(names=("r1",), waves=(("r1",),), steps=((10, 2), (90, 3), (100, 2)))
    world.targets["r1"].put_capacity(BLUE, TEN)
    world.start()
    while world.weights()["r1"] != 90:
        world.tick(after=timedelta(minutes=1))
    small(world.targets["r1"])
    world.order(Order.REPORT, regions=["r1"])
    parts, scaled = world.parts, [world.now + timedelta(minutes=25)]
    begun: list[Call] = []

    class Slow:
        def is_done(self) -> bool:
            return bool(world.now >= scaled[0])

    def start(call: Call) -> Slow:
        begun.append(call)
        return Slow()

    world.parts = lambda: replace(parts(), run_beside=start)
    began = world.now
    world.tick()
    assert begun
    assert world.weights()["r1"] == 0
    assert world.now - began <= PART_WITHIN + 2 * LOOK_AGAIN


def test_a_tick_brings_all_of_it_back(make_world: Callable[..., Any]) -> None:
    """It does not end with a part, because the next one may be late."""
    world = switched(make_world, small)
    world.start()
    for _ in range(30):
        world.tick(after=PART_WITHIN / 3)
        for call in world.on_pause:
            call(world)
    assert calls(world) == [("set_weights", 30, 70), ("scale", "blue"), ("set_weights", 100, 0)]


def test_traffic_is_not_sent_to_what_is_still_being_deployed() -> None:
    """The old version answers before its deploy has ended: what answers may still be replaced."""
    target = SimulatedTarget("r1", running="sha256:old")
    target.put_digest(BLUE, None)
    target.put_digest(GREEN, "sha256:new")
    target.set_weights(replace(target.weights().weights, blue=0, green=100), _fence())
    plan = RegionPlan(
        region="r1",
        wave=0,
        stable=BLUE,
        stable_release=Release(commit="0" * 40, digest="sha256:old"),
        target=TargetSettings(kind="simulated", region="r1", options={}),
    )
    ended = threading.Event()

    class Slow:
        def __init__(self, call: Call) -> None:
            call()

        def is_done(self) -> bool:
            return ended.is_set()

    at = datetime(2026, 6, 3, tzinfo=UTC)
    returns = Returns(Slow, ask_now, lambda region, why: None)
    ways = [returns.way(target, plan, at, is_late=False)[0] for _ in range(3)]
    assert [way.is_whole for way in ways] == [False, False, False]
    assert target.digest(BLUE) == "sha256:old"
    ended.set()
    assert returns.way(target, plan, at, is_late=False)[0].is_whole


def _fence() -> Fence:
    return Fence(epoch=1, revision=1, rollout="r")


# By hand.


@pytest.mark.parametrize(
    ("change", "done", "first"),
    [
        (small, [("set_weights", 30, 70), ("scale", "blue"), ("set_weights", 100, 0)], "the rest when it had grown"),
        (
            stuck,
            [("set_weights", 30, 70), ("set_weights", 100, 0)],
            "the rest after 90 s, although blue has 3",
        ),
        (
            gone,
            [FENCED, ("deploy", "blue", "sha256:old"), ("set_weights", 100, 0)],
            "sha256:old was deployed on blue first",
        ),
    ],
)
def test_a_rollback_by_hand_goes_the_same_way(
    make_world: Callable[..., Any], change: Change, done: list[Any], first: str
) -> None:
    """Exit 12, and what had to be done first is said."""
    world = switched(make_world, change)
    world.on_pause.clear()
    world.run()
    change(world.targets["r1"])
    end = by_hand(world)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert calls(world) == done
    assert first in end.regions[0].first
    assert end.regions[0].after == world.targets["r1"].weights().weights


def test_a_rollback_by_hand_leaves_traffic_where_something_answers(make_world: Callable[..., Any]) -> None:
    """Exit 20 and what to do; with `--at-once` everything goes all the same, in one call, and 13 says what it is."""
    world = switched(make_world, lost)
    world.on_pause.clear()
    world.run()
    lost(world.targets["r1"])
    end = by_hand(world)
    assert end.exit_code is ExitCode.EXTERNAL
    assert "traffic stays on green, which answers" in end.regions[0].trouble
    assert "--at-once" in end.regions[0].trouble
    assert calls(world) == [FENCED]
    again = by_hand(world, at_once=True)
    assert again.exit_code is ExitCode.NEEDS_HUMAN
    assert calls(world) == [FENCED, ("set_weights", 100, 0)]


def test_at_once_asks_nothing(make_world: Callable[..., Any]) -> None:
    """One call, whatever is counted."""
    world = switched(make_world, small)
    world.on_pause.clear()
    world.run()
    small(world.targets["r1"])
    assert by_hand(world, at_once=True).exit_code is ExitCode.ROLLED_BACK
    assert calls(world) == [("set_weights", 100, 0)]


def test_a_part_goes_above_a_fence_that_cannot_be_seen_too(make_world: Callable[..., Any]) -> None:
    """And the rest with what the part found out."""
    world = switched(make_world, stuck)
    world.on_pause.clear()
    world.run()
    target = world.targets["r1"]
    stuck(target)
    write, tried = target.set_weights, []

    def set_weights(weights: Any, fence: Any, **more: Any) -> Any:
        tried.append(fence.epoch)
        if fence.epoch < 5000:
            raise FenceError("somebody was faster", held=replace(fence, epoch=5000))
        return write(weights, fence)

    target.set_weights = set_weights
    assert by_hand(world).exit_code is ExitCode.ROLLED_BACK
    assert tried[1:] == [5001, 5001]


def test_what_needs_no_time_waits_for_nobody_who_does(make_world: Callable[..., Any]) -> None:
    """A region that is small waits for itself alone: the others, named or not, are back before it has grown."""
    world = make_world(names=("r1", "r2", "r3"), waves=(("r1",), ("r2",), ("r3",)))
    world.targets["r1"].put_capacity(BLUE, TEN)
    world.run()
    small(world.targets["r1"])
    fence = world.targets["r3"].weights().fence
    world.targets["r3"].set_weights(replace(world.targets["r3"].weights().weights, blue=90, green=10), fence)
    seen: list[dict[str, int]] = []
    world.on_pause.append(lambda there: seen.append(there.weights()))
    end = roll_back(
        world.rescues[-1],
        lambda settings: world.targets[settings.region],
        clock=lambda: world.now,
        why="bookings fail",
        regions=["r1", "r2"],
        means=Means(pause=world.pause, run_beside=run_now),
    )
    assert seen[0] == {"r1": 70, "r2": 0, "r3": 0}
    assert world.weights() == {"r1": 0, "r2": 0, "r3": 0}
    assert [region.region for region in end.regions] == ["r1", "r2", "r3"]


def test_a_run_that_goes_on_is_fenced_out_before_anything_is_waited_for(make_world: Callable[..., Any]) -> None:
    """While the old version is deployed the traffic is where it was, but under the fence of the rollback."""
    world = switched(make_world, gone)
    world.on_pause.clear()
    world.run()
    target = world.targets["r1"]
    gone(target)
    deploy, fences = target.deploy, []

    def slow(colour: Colour, release: Release) -> None:
        fences.append(target.weights())
        deploy(colour, release)

    target.deploy = slow
    by_hand(world)
    assert (fences[0].weights.green, fences[0].fence.is_by_hand) == (100, True)


# What is decided, and what is asked.


@pytest.mark.parametrize(
    ("has", "ready", "needed", "is_staged", "share"),
    [
        (0, 3, 10, False, 30),
        (0, 0, 10, False, 0),
        (0, 1, 3, False, 33),
        (10, 3, 10, False, 30),
        (0, 10, 10, False, 100),
        (0, 11, 10, False, 100),
        (0, None, 10, False, 100),
        (0, 3, None, False, 100),
        (0, 0, 0, False, 100),
        (50, 1, 10, False, 100),
        (49, 1, 10, False, 100),
        (60, 6, 10, True, 60),
        (60, 5, 10, True, 60),
        (60, 7, 10, True, 70),
    ],
)
def test_how_much_a_colour_takes(has: int, ready: int | None, needed: int | None, is_staged: bool, share: int) -> None:
    """Counted by hand."""
    way = way_of_capacity(colour="blue", has=has, ready=ready, needed=needed, is_staged=is_staged)
    assert (way.share, way.is_whole) == (share, share == 100)


@pytest.mark.parametrize(
    ("found", "other", "is_gone"),
    [("old", None, False), (None, None, False), (None, "new", True), ("strange", None, True), ("strange", "new", True)],
)
def test_when_a_colour_counts_as_gone(found: str | None, other: str | None, is_gone: bool) -> None:
    """Where something else answers, or nothing while the other colour does."""
    assert (reason_gone(colour="blue", wanted="old", found=found, other=other) != "") is is_gone


def test_a_question_is_asked_for_so_long_and_no_longer() -> None:
    """Half a second of a call that takes a minute; what fails is no answer either, and `None` is one."""
    began = time.monotonic()
    assert ask_within(lambda: threading.Event().wait(60), 0.2) is None
    assert time.monotonic() - began < 10
    told = ask_within(lambda: None, 5)
    assert told is not None
    assert told.value is None

    def fail() -> None:
        raise ExternalSystemError("refused")

    assert ask_within(fail, 5) is None


def test_a_run_returns_its_regions_at_the_same_time(make_world: Callable[..., Any]) -> None:
    """A switch that does not answer for long keeps no other region's users on the candidate."""
    names = ("r1", "r2", "r3")
    world = make_world(names=names, waves=(names,), in_flight=3)
    meet = threading.Barrier(len(names), timeout=20)
    met: list[str] = []

    def meeting(name: str) -> Callable[..., Any]:
        write = world.targets[name].set_weights

        def set_weights(weights: Any, fence: Any, **more: Any) -> Any:
            if weights.green == 0 and name not in met:
                meet.wait()
                met.append(name)
            return write(weights, fence, **more)

        return set_weights

    for name in names:
        world.targets[name].set_weights = meeting(name)
    world.start()
    while set(world.weights().values()) != {10}:
        world.tick(after=timedelta(seconds=30))
    world.order(Order.REPORT)
    world.tick(together=in_threads)
    assert sorted(met) == list(names)
    assert set(world.weights().values()) == {0}


@pytest.mark.parametrize("is_silent", [False, True])
def test_nothing_goes_back_to_a_colour_that_is_gone_though_the_weights_cannot_be_read(
    make_world: Callable[..., Any], is_silent: bool
) -> None:
    """A regression at a hundred per cent; the old version was lost meanwhile, and cannot be deployed."""
    world = make_world(steps=((10, 5), (100, 15)))
    world.start()
    while world.weights()["r1"] != 100:
        world.tick(after=timedelta(seconds=30))
    target = world.targets["r1"]
    target.put_digest(Colour.BLUE, None)
    target.fail("deploy", "no such image")
    if is_silent:
        target.fail("weights", "timed out")
    world.order(Order.REPORT)
    for _ in range(4):
        world.tick(after=timedelta(seconds=30))
    target.fail("weights", None)
    assert world.weights()["r1"] == 100
