"""Two runs of one service: a live one is left alone, a dead one is taken over, and what it left is finished first."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from wedgate.adapters.targets.interface import ChangedError, WeightsReading
from wedgate.engine import holder
from wedgate.engine.book import Book, LeaseLostError
from wedgate.engine.holder import LEASE_LASTS, is_alive, own_name
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Regression, RunEnd
from wedgate.errors import ExitCode, NeedsHumanError, RefusedError
from wedgate.rollout.state import RegionPhase
from wedgate.rollout.values import Colour, Fence, Release, Weights

NEW = Release(commit="1" * 40, digest="sha256:new")
OTHER = Release(commit="2" * 40, digest="sha256:other")
MIN = timedelta(minutes=1)
STABLE = Weights(blue=100, green=0)


class KilledError(BaseException):
    """Stands for SIGKILL."""


def run_as(world: Any, who: str, release: Release = NEW, *, alive: bool | None = True, regions: Any = ()) -> RunEnd:
    """Run the engine under a name, taking any other to be alive, dead, or out of sight."""
    parts = replace(world.parts(), who=who, is_alive=lambda name: alive)
    return RolloutEngine(parts).run(release, regions=regions)


def leave_behind(world: Any, when: Callable[[Any], bool]) -> None:
    """Run as ``a:1`` until ``when``, then die without any clean-up."""
    dead: list[bool] = []

    def die(there: Any) -> None:
        if when(there):
            dead.append(True)
            raise KilledError

    def refused(*args: Any) -> Any:
        if dead:
            raise KilledError
        return originals[0](*args)

    originals = [world.spool.keep, world.store.append]
    append = world.store.append
    world.spool.keep = refused
    world.store.append = lambda entries, revision: (_raise_if(dead), append(entries, revision=revision))[1]
    world.on_pause.append(die)
    with pytest.raises(KilledError):
        run_as(world, "a:1")
    world.on_pause.clear()
    world.spool.keep = originals[0]
    world.store.append = originals[1]


def _raise_if(dead: list[bool]) -> None:
    if dead:
        raise KilledError


def at_ten(world: Any) -> bool:
    """Whether r1 has 10 % on the candidate."""
    return bool(world.weights()["r1"] == 10)


@pytest.mark.parametrize("release", [NEW, OTHER])
@pytest.mark.parametrize("regions", [(), ("r2",)])
def test_live_run_is_left_alone(world: Any, release: Release, regions: tuple[str, ...]) -> None:
    """Same release or another, same regions or not: exit 11 names the holder, and its run ends well."""
    refused: list[str] = []

    def second(there: Any) -> None:
        if at_ten(there) and not refused:
            with pytest.raises(RefusedError, match=r"of a:1 is running there since .*Ctrl-C there") as error:
                run_as(there, "b:2", release, regions=regions)
            refused.append(str(error.value))

    world.on_pause.append(second)
    assert run_as(world, "a:1").exit_code is ExitCode.DONE
    assert refused


def test_run_that_has_nothing_to_say_still_renews_its_lease(world: Any) -> None:
    """Hours of waiting for a calendar are no death: the lease is never older than its renewal allows."""
    world.close("r1", -MIN, timedelta(hours=3))
    silent: list[timedelta] = []

    def look(there: Any) -> None:
        book = Book(there.store, there.spool)
        lease = book.refresh().lease
        assert lease is not None
        silent.append(there.now - lease.seen)

    world.on_pause.append(look)
    assert world.run(wait=timedelta(hours=4)).exit_code is ExitCode.DONE
    assert timedelta(0) < max(silent) < LEASE_LASTS


def test_run_on_a_machine_out_of_sight_counts_as_alive_until_its_lease_ran_out(world: Any) -> None:
    """Nobody can look at the process: wait for the lease, which the message names; then take over."""
    leave_behind(world, at_ten)
    world.now += MIN
    with pytest.raises(RefusedError, match="if that machine is gone, run this again after"):
        run_as(world, "b:2", alive=None)
    world.now += LEASE_LASTS
    assert run_as(world, "b:2", alive=None).exit_code is ExitCode.DONE


def test_run_that_is_known_to_be_dead_is_taken_over_at_once(world: Any) -> None:
    """On the same machine a dead process is known."""
    leave_behind(world, at_ten)
    assert run_as(world, "b:2", alive=False).exit_code is ExitCode.DONE


def test_process_names_tell_who_is_alive() -> None:
    """This process's parent is alive, a number that no process has is not; another machine's, and an earlier life
    of this very number, nobody knows."""
    host = own_name().rpartition(":")[0]
    assert is_alive(f"{host}:{os.getppid()}") is True
    assert is_alive(f"{host}:{2**22 + 1}") is False
    assert is_alive(own_name()) is None
    assert is_alive("elsewhere:1") is None


def test_two_machines_of_one_image_are_two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hosted runners may have one host name: a process that is not here may well run on the other one."""
    holder.machine.cache_clear()
    (tmp_path / "boot").write_text("0123456789abcdef\n")
    with monkeypatch.context() as there:
        there.setattr(holder, "_BOOT", str(tmp_path / "boot"))
        other = holder.machine()
        assert other.endswith("/01234567")
    holder.machine.cache_clear()
    assert holder.machine() != other
    assert is_alive(f"{other}:{2**22 + 1}") is None
    assert is_alive(f"{holder.machine()}:{2**22 + 1}") is (False if os.name == "posix" else None)


def test_a_system_that_does_not_say_is_known_by_its_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS and Windows."""
    holder.machine.cache_clear()
    with monkeypatch.context() as there:
        there.setattr(holder, "_BOOT", "/nowhere/boot_id")
        assert holder.machine() == socket.gethostname()
    holder.machine.cache_clear()


def test_takeover_puts_its_fence_on_every_target_before_it_decides(world: Any) -> None:
    """A writer that was only slow cannot raise traffic after the takeover, in no region of the plan."""
    leave_behind(world, at_ten)
    slow = {name: target.weights().fence for name, target in world.targets.items()}
    fence = slow["r1"]
    asked: list[str] = []
    ask = world.ask

    def check_fences(region: str, at: Any, runway: Any) -> Any:
        if not asked:
            for name, target in world.targets.items():
                held = target.weights().fence
                assert held is not None, name
                assert held.epoch > fence.epoch, name
        asked.append(region)
        return ask(region, at, runway)

    world.ask = check_fences
    assert run_as(world, "b:2", alive=False).exit_code is ExitCode.DONE
    assert asked


def test_poisoned_release_is_refused_only_after_its_traffic_went_back(world: Any) -> None:
    """Killed between the verdict and the weights: the next run returns traffic, then refuses and says where it is."""
    set_weights = world.targets["r1"].set_weights

    def die(weights: Weights, fence: Fence, **more: Any) -> Any:
        if weights == STABLE:
            raise KilledError
        return set_weights(weights, fence, **more)

    def regress(there: Any) -> None:
        if at_ten(there):
            there.regressions.append(Regression(region="r1", why="bookings fail"))
            there.targets["r1"].set_weights = die

    world.on_pause.append(regress)
    with pytest.raises(KilledError):
        run_as(world, "a:1")
    assert world.weights()["r1"] == 10
    assert world.spool.waiting()
    world.on_pause.clear()
    world.regressions.clear()
    world.targets["r1"].set_weights = set_weights
    with pytest.raises(RefusedError, match=r"poisoned.*Traffic now: r1 blue 100 % / green 0 %"):
        run_as(world, "b:2", alive=False)
    assert world.weights()["r1"] == 0


def test_return_that_failed_is_tried_again_by_the_next_run(world: Any) -> None:
    """The traffic switch was gone for longer than a run tries: the next run returns traffic, then refuses."""

    def break_target(there: Any) -> None:
        if at_ten(there) and not there.regressions:
            there.targets["r1"].fail("set_weights", "the proxy does not answer")
            there.regressions.append(Regression(region="r1", why="errors"))

    world.on_pause.append(break_target)
    started = world.now
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert "each new run tries it again" in end.text
    assert world.now - started >= 5 * MIN
    assert any(said.what == "not back yet" and said.until is not None for said in world.said)
    with pytest.raises(NeedsHumanError):
        world.run()
    world.targets["r1"].fail("set_weights", None)
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()
    assert world.weights()["r1"] == 0


def test_loser_says_who_took_over_and_what_it_just_raised(world: Any) -> None:
    """Between a run's own increase and its record somebody else takes the lease: the message says what is where."""
    set_weights = world.targets["r1"].set_weights

    def slow(weights: Weights, fence: Fence, **more: Any) -> Any:
        reading = set_weights(weights, fence, **more)
        if weights.green == 10:
            book = Book(world.store, world.spool)
            book.take_lease(world.now, above=0, who="b:2")
        return reading

    world.targets["r1"].set_weights = slow
    with pytest.raises(LeaseLostError) as error:
        run_as(world, "a:1")
    text = str(error.value)
    assert "r1 was just raised to blue 90 % / green 10 %" in text
    assert "b:2 took over at 2026-06-03 12:00:00Z" in text
    assert "candidate traffic: r1 blue 90 % / green 10 %; b:2 watches it" in text


def test_a_rollout_that_waits_keeps_its_place(make_world: Callable[..., Any]) -> None:
    """Another over other regions is refused, and leaves it as it is."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),))
    world.close("r1", -MIN, timedelta(hours=2))
    assert world.run(regions=("r1",)).exit_code is ExitCode.CLOSED
    with pytest.raises(RefusedError, match="under way in r1"):
        world.run(regions=("r2",))
    book = Book(world.store, world.spool)
    waiting = book.rollout(book.refresh().running)
    assert [region.phase for region in waiting.regions] == [RegionPhase.HELD]
    assert waiting.halted is None
    world.now += timedelta(hours=2)
    assert world.run(regions=("r1",)).exit_code is ExitCode.DONE
    assert world.run(regions=("r2",)).exit_code is ExitCode.DONE


def test_job_of_another_region_returns_what_a_dead_run_left(make_world: Callable[..., Any]) -> None:
    """A candidate that nobody watches goes back with whichever run comes next, and its rollout can go on."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),))
    leave_behind(world, at_ten)
    book = Book(world.store, world.spool)
    assert book.rollout(book.refresh().running).region("r1").phase is RegionPhase.BAKING
    end = run_as(world, "b:2", OTHER, alive=False, regions=("r2",))
    assert end.exit_code is ExitCode.DONE
    assert world.weights() == {"r1": 0, "r2": 100}


def test_stable_found_under_a_hand_s_fence_is_a_rollback_by_hand(world: Any) -> None:
    """``wedgate rollback`` returned traffic and could not record it: halted, poisoned, and nobody else is needed."""

    def by_hand(there: Any) -> None:
        if at_ten(there):
            target = there.targets["r1"]
            fence = target.weights().fence
            target.set_weights(STABLE, Fence(epoch=fence.epoch + 1, revision=0, rollout=fence.rollout))

    world.on_pause.append(by_hand)
    end = world.run()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert "by hand" in end.text
    world.on_pause.clear()
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()


class Slow:
    """A deploy that ends when a test says so."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self.ends = False

    def is_done(self) -> bool:
        """Make the call once it may end."""
        if self.ends:
            self._call()
        return self.ends


@pytest.fixture
def deploying(make_world: Callable[..., Any]) -> tuple[Any, list[Slow]]:
    """A world with two regions at once, in which every deploy after the first does not end by itself."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    started: list[Slow] = []

    def start(call: Callable[[], None]) -> Slow:
        started.append(Slow(call))
        started[-1].ends = len(started) == 1
        return started[-1]

    parts = world.parts
    world.parts = lambda: replace(parts(), run_beside=start)
    return world, started


def test_deploy_does_not_keep_a_regression_elsewhere_from_being_seen(deploying: tuple[Any, list[Slow]]) -> None:
    """While r2 deploys, r1 is watched: a report returns it to stable before the deploy is done."""
    world, started = deploying

    def report(there: Any) -> None:
        if at_ten(there) and len(started) == 2:
            there.regressions.append(Regression(region="r1", why="bookings fail"))

    world.on_pause.append(report)
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    assert world.changes("r1") == [(90, 10), (100, 0)]
    assert not started[1].ends


def test_interruption_waits_for_no_deploy(deploying: tuple[Any, list[Slow]]) -> None:
    """Ctrl-C while r2 deploys: r1 goes back at once, and the run ends."""
    world, started = deploying
    world.interrupt_at = world.now + MIN
    assert world.run().exit_code is ExitCode.UNEXPECTED
    assert world.changes("r1") == [(90, 10), (100, 0)]
    assert world.now <= world.interrupt_at + timedelta(seconds=30)
    assert len(started) == 2


def test_deploy_that_takes_its_time_is_started_once(deploying: tuple[Any, list[Slow]]) -> None:
    """Every tick looks, none starts it again; when it is done the region goes on."""
    world, started = deploying

    def end_it(there: Any) -> None:
        if there.now > there.interrupt_free_at:
            started[1].ends = True

    world.interrupt_free_at = world.now + 2 * MIN
    world.on_pause.append(end_it)
    assert world.run().exit_code is ExitCode.DONE
    assert len(started) == 2
    assert world.targets["r2"].digest(Colour.GREEN) == NEW.digest


def test_closed_region_is_asked_and_said_at_its_own_pace(make_world: Callable[..., Any]) -> None:
    """While r1 bakes, a closed r2 is asked each half minute at most, and said once."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.close("r2", -MIN, timedelta(days=1))
    parts = world.parts
    world.parts = lambda: replace(parts(), judge=replace(parts().judge, slice_length=timedelta(seconds=1)))
    end = world.run()
    assert end.exit_code is ExitCode.CLOSED
    assert world.whats().count("r2: held") == 1
    moments = [at for region, at in world.asked if region == "r2"]
    assert all(later - at >= timedelta(seconds=30) for at, later in pairwise(moments))
    assert len(moments) < 40


def test_a_run_that_finds_a_newer_one_of_its_rollout_stops_and_keeps_nothing_to_be_written_later(world: Any) -> None:
    """It stood still while another went on: what it reads is the other's work, and nothing to give back."""
    target, seen = world.targets["r1"], []

    def overtaken(there: Any) -> None:
        held = target.weights().fence
        if there.weights()["r1"] == 10 and not seen:
            book = Book(world.store, world.spool)
            book.take_lease(world.now, above=0, who="b:2")
            seen.append(book.fence(held.rollout))
            target.set_weights(Weights(blue=50, green=50), seen[0])

    world.on_pause.append(overtaken)
    with pytest.raises(LeaseLostError):
        world.run()
    assert (target.weights().weights.green, target.weights().fence) == (50, seen[0])
    assert world.spool.waiting() == ()


@pytest.mark.parametrize("by_region", [True, False], ids=["a tick per region", "a tick whose look at r2 failed"])
def test_a_slow_run_is_held_off_in_each_region_whatever_became_of_the_others(
    make_world: Callable[..., Any], by_region: bool
) -> None:
    """It stands still before it raises r2; r1 is taken over, r2 closes, and is only then taken over: r2 keeps 0 %."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.start()
    world.tick(after=MIN)
    switch = world.targets["r2"].set_weights
    stood: list[Weights] = []

    def stands_still(weights: Weights, fence: Fence, **more: Any) -> Any:
        if weights.green == 10 and not stood:
            stood.append(weights)
            world.now += 5 * MIN
            world.close("r2", timedelta(0), timedelta(hours=30))
            if not by_region:
                world.targets["r2"].fail("weights", "no answer")
            world.tick(regions=["r1"] if by_region else (), who="b:1")
            world.targets["r2"].fail("weights", None)
            world.tick(regions=["r2"] if by_region else (), who="c:1")
        return switch(weights, fence, **more)

    world.targets["r2"].set_weights = stands_still
    with pytest.raises(LeaseLostError, match="r2"):
        world.tick(who="a:1")
    assert stood
    assert world.weights()["r2"] == 0


def test_what_an_overtaken_run_raised_all_the_same_goes_back(make_world: Callable[..., Any]) -> None:
    """A region that is held without traffic, and has some under a fence of this rollout, is returned by the tick."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.start()
    world.close("r1", 2 * MIN, timedelta(hours=30))
    for _ in range(4):
        world.tick(after=MIN)
    fence = world.store.read()[-1].epoch
    rollout = Book(world.store, world.spool).refresh().latest
    world.targets["r1"].set_weights(Weights(blue=90, green=10), Fence(epoch=fence, revision=1, rollout=rollout))
    world.tick(after=MIN)
    assert world.weights() == {"r1": 0}
    assert world.whats()[-3:] == ["r1: weights", "r1: back on stable", "r1: held"]
    world.tick(after=MIN)
    book = Book(world.store, world.spool)
    book.refresh()
    state = book.rollout(rollout)
    assert state is not None
    assert (state.region("r1").phase, state.region("r1").hold.kind) == (RegionPhase.HELD, "closed")


def test_a_take_over_never_raises_what_the_overtaken_run_returned_meanwhile(make_world: Callable[..., Any]) -> None:
    """Between the look and the fence the slow run gives its traffic back: it stays back."""
    world = make_world(names=("r1",), waves=(("r1",),))
    leave_behind(world, at_ten)
    target, looks = world.targets["r1"], []
    look = target.weights

    def returned_after_the_look() -> Any:
        found = look()
        looks.append(found)
        if len(looks) == 2:
            target.set_weights(STABLE, found.fence)
        return found

    target.weights = returned_after_the_look
    run_as(world, "b:2", alive=False)
    assert world.changes("r1")[:3] == [(90, 10), (100, 0), (100, 0)]


def test_a_take_over_keeps_its_fence_off_what_somebody_else_has_begun(make_world: Callable[..., Any]) -> None:
    """With it, 60 % of a stranger would be ours when r2's turn comes, and would be taken away from him."""
    world = make_world(names=("r1", "r2"), waves=(("r1",), ("r2",)))
    leave_behind(world, at_ten)
    theirs = Weights(blue=40, green=60), Fence(epoch=0, revision=1, rollout="theirs")
    world.targets["r2"].set_weights(*theirs)
    end = run_as(world, "b:2", alive=False)
    found = world.targets["r2"].weights()
    assert (found.weights, found.fence) == theirs
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert "r2: weights are blue 40 % / green 60 %, written by theirs" in end.text


@pytest.mark.parametrize("times", [1, 99])
def test_an_own_fence_that_is_in_force_late_is_no_strangers(make_world: Callable[..., Any], times: int) -> None:
    """The same weights, and a fence that the look before did not see: it is written over, and not asked for ever."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.start()
    switch, asked = world.targets["r1"].set_weights, []

    def late(weights: Weights, fence: Fence, *, over: Any = None) -> Any:
        if weights.green == 10 and len(asked) < times:
            asked.append(over)
            raise ChangedError(
                "r1: written since", found=WeightsReading(weights=STABLE, fence=replace(fence, revision=0))
            )
        return switch(weights, fence)

    world.targets["r1"].set_weights = late
    for _ in range(3):
        world.tick(after=timedelta(seconds=30))
    assert world.weights() == {"r1": 10 if times == 1 else 0}
    assert len(asked) < 20
    assert any("is not what was written" in each.why for each in world.said) is (times > 1)


@pytest.mark.parametrize(("lives", "is_held"), [(None, False), (True, True), (False, False)])
def test_a_run_whose_clock_was_ahead_keeps_nobody_away_for_longer(
    world: Any, lives: bool | None, is_held: bool
) -> None:
    """It renewed its lease ten hours ahead, and died on another machine; one that lives here counts."""
    world.now += timedelta(hours=10)
    leave_behind(world, at_ten)
    world.now -= timedelta(hours=10)
    book = Book(world.store, world.spool)
    assert (holder.live_holder(book.refresh(), world.now, lambda who: lives) is not None) is is_held
    if not is_held:
        world.tick(after=MIN, is_alive=lambda who: lives, who="b:2")
        world.tick(after=MIN, is_alive=lambda who: lives, who="b:2")
        assert world.weights()["r1"] == 0
