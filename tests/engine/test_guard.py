"""The guard: kill the driver in the middle of a bake, and traffic is back within the bound, whatever else is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.engine.book import Book
from wedgate.engine.guard import Guard, GuardParts, Looked
from wedgate.engine.recording import recorder_in
from wedgate.engine.rollback import roll_back
from wedgate.errors import ConfigurationError, ExitCode, ExternalSystemError, Problem
from wedgate.rollout.state import HoldKind
from wedgate.rollout.values import Fence, Release, StrategyKind, Weights

TICK = timedelta(seconds=30)
LOOK = timedelta(seconds=5)
MIN = timedelta(minutes=1)


def guard_of(world: Any, said: list[str], parts: Callable[[], Any] | None = None, *, is_once: bool = False) -> Guard:
    """Put a guard beside a world."""
    return Guard(
        GuardParts(
            parts=parts or world.parts,
            rescue=lambda: world.rescues[-1] if world.rescues else None,
            open_target=lambda settings: world.targets[settings.region],
            clock=lambda: world.now,
            say=said.append,
            is_once=is_once,
        )
    )


def baking(world: Any) -> None:
    """Bring the first region to 10 % by ticks, which then come no more."""
    world.start()
    while world.weights()["r1"] != 10:
        world.tick(after=TICK)


def looks(world: Any, guard: Guard, until: timedelta) -> list[Looked]:
    """Let the guard look every five seconds for so long."""
    end, seen = world.now + until, []
    while world.now < end:
        world.now += LOOK
        seen.append(guard.look())
    return seen


def test_a_candidate_that_nobody_watches_goes_back_within_the_bound(world: Any) -> None:
    """Ten minutes and a look; the region is held, nothing is poisoned, and the next tick begins it again."""
    baking(world)
    guard, began = guard_of(world, []), world.now
    seen = looks(world, guard, 10 * MIN)
    assert world.weights()["r1"] == 10
    assert seen[-1].unwatched["r1"] >= 9 * MIN
    assert looks(world, guard, MIN)[0].returned == ("r1",)
    assert world.weights()["r1"] == 0
    assert world.now - began <= 11 * MIN
    book = Book(world.store, world.spool)
    state = book.rollout(book.refresh().latest)
    assert state.region("r1").hold.kind is HoldKind.INTERRUPTED
    assert book.state.poisoned == {}
    for _ in range(10):
        world.tick(after=TICK)
    assert world.weights()["r1"] >= 10


def test_a_candidate_that_ticks_watch_is_left_alone(world: Any) -> None:
    """The guard looks twenty times between two ticks, and touches nothing."""
    baking(world)
    guard = guard_of(world, [])
    for _ in range(12):
        world.tick(after=TICK)
        assert all(not each.returned for each in looks(world, guard, TICK))
    assert (100, 0) not in world.changes("r1")
    assert world.weights()["r1"] > 10


def test_a_rollout_at_rest_is_nothing_to_guard(world: Any) -> None:
    """Before the first, and after one that is done."""
    guard = guard_of(world, [])
    assert guard.look().weights == {}
    world.run()
    seen = looks(world, guard, 15 * MIN)
    assert all(not each.unwatched and not each.returned for each in seen)
    assert world.weights() == dict.fromkeys(world.names, 100)


@pytest.mark.parametrize("broken", ["configuration", "store"])
def test_what_cannot_be_read_does_not_stop_the_clock(world: Any, broken: str) -> None:
    """It goes by what it saw last, and by the rescue file."""
    baking(world)
    said: list[str] = []
    problem = Problem(file="wedgate.yml", line=3, column=1, what="garbage", remedy="mend it")

    def parts() -> Any:
        if broken == "configuration":
            raise ConfigurationError((problem,))
        wired = world.parts()

        class Down:
            def read(self) -> Any:
                raise ExternalSystemError("the store is down")

            append = notices = read

        return replace(wired, store=Down())

    guard = guard_of(world, said, parts)
    looks(world, guard, 9 * MIN)
    assert world.weights()["r1"] == 10
    seen = looks(world, guard, 3 * MIN)
    assert world.weights()["r1"] == 0
    assert any(each.trouble for each in seen)
    assert "nobody watched the candidate in r1" in said[0]


def test_a_driver_that_hangs_is_gone_over(world: Any) -> None:
    """Its process lives and holds the lease, and it has watched nothing for longer than allowed and a minute."""
    baking(world)
    book = Book(world.store, world.spool)
    book.take_lease(world.now, above=0, who="elsewhere:7")

    def parts() -> Any:
        return replace(world.parts(), is_alive=lambda who: True)

    def renew() -> None:
        from wedgate.ledger.appending import Draft

        book.append([Draft(stream="lease", kind="renewed", at=world.now, body={"who": "elsewhere:7"})])

    said: list[str] = []
    guard = guard_of(world, said, parts)
    for _ in range(26):
        if world.weights()["r1"]:
            renew()
        looks(world, guard, TICK)
        if world.weights()["r1"] == 0:
            break
    assert world.weights()["r1"] == 0
    assert any("elsewhere:7" in text for text in said)


def test_a_target_that_does_not_answer_is_tried_until_it_does(world: Any) -> None:
    """And a person is called meanwhile."""
    baking(world)
    world.targets["r1"].fail("set_weights", "connection refused")
    said: list[str] = []
    guard = guard_of(world, said)
    looks(world, guard, 25 * MIN)
    assert any("a person is needed" in text for text in said)
    world.targets["r1"].fail("set_weights", None)
    looks(world, guard, MIN)
    assert world.weights()["r1"] == 0


def test_an_order_is_obeyed_at_once(world: Any) -> None:
    """A report goes through the ledger, and the guard does not wait for a tick."""
    from wedgate.ledger.orders import Order

    baking(world)
    guard = guard_of(world, [])
    world.order(Order.REPORT)
    guard.obey()
    assert world.weights()["r1"] == 0
    assert world.tick().exit_code in (ExitCode.DONE, ExitCode.ROLLED_BACK)


def test_the_guard_never_increases(world: Any) -> None:
    """Not even where a tick would, and does."""
    world.start()
    guard = guard_of(world, [])
    for _ in range(9):
        looks(world, guard, TICK)
        guard.obey()
    assert [target.calls() for target in world.targets.values()] == [[], [], [], []]
    for _ in range(9):
        world.tick(after=TICK)
    assert world.weights()["r1"] > 0


def test_a_candidate_with_all_traffic_is_guarded_until_it_is_promoted(make_world: Callable[..., Any]) -> None:
    """Blue-green bakes at a hundred percent."""
    world = make_world(kind=StrategyKind.BLUE_GREEN, steps=((100, 30),))
    world.start()
    while world.weights()["r1"] != 100:
        world.tick(after=TICK)
    looks(world, guard_of(world, []), 11 * MIN)
    assert world.weights()["r1"] == 0


def down(world: Any) -> Callable[[], Any]:
    """Return parts whose ledger cannot be read."""

    class Down:
        def read(self) -> Any:
            raise ExternalSystemError("the store is down")

        append = notices = read

    return lambda: replace(world.parts(), store=Down())


def test_what_the_ledger_has_under_way_is_guarded_without_a_rescue_file(world: Any) -> None:
    """Ticks on machines that are thrown away leave none beside the targets."""
    baking(world)
    guard = guard_of(world, [])
    world.rescues.clear()
    looks(world, guard, 11 * MIN)
    assert world.weights()["r1"] == 0


def test_an_old_rescue_file_is_not_gone_by_where_the_ledger_knows_more(world: Any) -> None:
    """Its candidate is the stable version of today: going back by it would give everything to the new one."""
    world.run()
    old = world.rescues[-1]
    third = Release(commit="3" * 40, digest="sha256:third")
    world.start(third)
    while world.weights()["r1"] == 100:
        world.tick(after=TICK)
    before = world.targets["r1"].weights().weights
    world.rescues[:] = [old]
    said: list[str] = []
    guard = guard_of(world, said)
    for _ in range(12):
        world.tick(after=TICK)
        looks(world, guard, TICK)
    assert said == []
    assert before.green > 0
    assert Book(world.store, world.spool).refresh().poisoned == {}


@pytest.mark.parametrize("is_once", [False, True])
def test_an_old_rescue_file_touches_nothing_that_a_later_rollout_has_switched(world: Any, is_once: bool) -> None:
    """The ledger cannot be read, so the target's fence says it: the guard leaves it alone, and asks nobody for it."""
    world.run()
    old = world.rescues[-1]
    world.start(Release(commit="3" * 40, digest="sha256:third"))
    while world.weights()["r1"] == 100:
        world.tick(after=TICK)
    kept = world.targets["r1"].weights()
    world.rescues[:] = [old]
    said: list[str] = []
    guard = guard_of(world, said, down(world), is_once=is_once)
    seen = looks(world, guard, 30 * MIN)
    assert world.targets["r1"].weights() == kept
    assert {(each.trouble, each.returned, each.stuck) for each in seen} == {("the store is down", (), ())}
    assert not any("r1" in text for text in said)


def test_a_region_that_a_stranger_has_switched_is_named(world: Any) -> None:
    """A ledger that can be read does not know its rollout: nothing of it is the guard's to return."""
    baking(world)
    guard = guard_of(world, [])
    kept = world.targets["r1"].set_weights(Weights(blue=70, green=30), Fence(rollout="another", epoch=1000, revision=1))
    seen = looks(world, guard, 30 * MIN)
    assert {(each.trouble, each.returned) for each in seen} == {
        ("r1: switched by a rollout that is not known here", ())
    }
    assert world.targets["r1"].weights() == kept


def test_what_a_rollout_wrote_that_no_ledger_knows_is_no_older_one_s(world: Any) -> None:
    """Its epoch is from a ledger of its own, and says nothing beside that of this rollout: both count from one."""
    baking(world)
    guard = guard_of(world, [])
    fence = replace(world.targets["r1"].weights().fence, rollout="another", revision=1000)
    kept = world.targets["r1"].set_weights(Weights(blue=40, green=60), fence)
    assert kept.fence.epoch <= world.rescues[-1].epoch
    assert all(each.returned == () for each in looks(world, guard, 30 * MIN))
    assert world.targets["r1"].weights() == kept


def test_a_candidate_with_all_traffic_is_guarded_by_what_was_read_last(make_world: Callable[..., Any]) -> None:
    """The ledger breaks after the guard has seen that it bakes."""
    world = make_world(kind=StrategyKind.BLUE_GREEN, steps=((100, 30),))
    world.start()
    while world.weights()["r1"] != 100:
        world.tick(after=TICK)
    broken: list[Callable[[], Any]] = []
    guard = guard_of(world, [], lambda: broken[0]() if broken else world.parts())
    looks(world, guard, MIN)
    broken.append(down(world))
    looks(world, guard, 11 * MIN)
    assert world.weights()["r1"] == 0


def test_a_guard_that_looks_once_goes_by_the_time_of_the_rescue_file(world: Any) -> None:
    """Started anew for each look it has no clock of its own; the file has the bound too."""
    baking(world)
    assert world.rescues[-1].max_unwatched == 10 * MIN
    world.now += 9 * MIN
    assert guard_of(world, [], down(world), is_once=True).look().returned == ()
    world.now += 2 * MIN
    assert guard_of(world, [], down(world), is_once=True).look().returned == ("r1",)
    assert world.weights()["r1"] == 0


def test_a_guard_that_sees_nothing_says_why(world: Any) -> None:
    """Neither ledger nor rescue file: that is no rest."""
    looked = guard_of(world, [], down(world)).look()
    assert "the store is down; and there is no rescue file" in looked.trouble
    assert guard_of(world, []).look().trouble == ""


def test_what_a_clock_that_was_ahead_wrote_down_does_not_keep_the_guard_waiting(world: Any) -> None:
    """The last tick ran on a machine nine hours ahead; the guard counts from when it looked first."""
    right = world.now
    world.now += 9 * 60 * MIN
    baking(world)
    world.now = right + 5 * MIN
    guard = guard_of(world, [])
    looks(world, guard, 10 * MIN)
    assert any(each.returned == ("r1",) for each in looks(world, guard, MIN))
    assert world.weights()["r1"] == 0


def test_a_rescue_file_from_the_future_is_as_good_as_an_old_one(world: Any) -> None:
    """A guard that looks once has nothing else to go by, and nobody is known to watch."""
    right = world.now
    world.now += 9 * 60 * MIN
    baking(world)
    world.now = right + 5 * MIN

    def gone() -> Any:
        raise ExternalSystemError("no ledger")

    assert guard_of(world, [], gone, is_once=True).look().returned == ("r1",)


def test_an_error_of_a_target_that_nobody_thought_of_ends_no_guard(world: Any) -> None:
    """It is as good as no answer: the guard looks on."""
    baking(world)
    guard = guard_of(world, [])

    def odd() -> Any:
        raise KeyError("weights")

    weights, world.targets["r2"].weights = world.targets["r2"].weights, odd
    assert guard.look().weights["r2"] is None
    world.targets["r2"].weights = weights
    assert guard.look().weights["r2"] == 0


def silent(world: Any, name: str) -> None:
    """Let a target answer no question, and be written to all the same: nginx and HAProxy keep a file."""
    world.targets[name].fail("weights", "timed out")


def answering(world: Any, name: str) -> None:
    """Let it answer again."""
    world.targets[name].fail("weights", None)


def written_down(world: Any) -> tuple[int, Any, dict[str, Any]]:
    """Return how long the ledger is, how the last rollout stands, and what is poisoned."""
    book = Book(world.store, world.spool)
    known = book.refresh()
    return len(world.store.read()), book.rollout(known.latest).status, dict(known.poisoned)


@pytest.mark.parametrize("long", [LOOK, 30 * MIN])
def test_what_is_done_stays_where_it_is_though_its_target_does_not_answer(world: Any, long: timedelta) -> None:
    """A balancer that is down for a moment, or for half an hour, is no candidate that nobody watches."""
    world.run()
    said: list[str] = []
    guard = guard_of(world, said)
    world.now += timedelta(days=1)
    looks(world, guard, MIN)
    before = written_down(world)
    silent(world, "r1")
    seen = looks(world, guard, long)
    answering(world, "r1")
    seen += looks(world, guard, 15 * MIN)
    assert world.weights() == dict.fromkeys(world.names, 100)
    assert written_down(world) == before
    assert said == []
    assert all(not each.unwatched and not each.stuck for each in seen)


def test_what_is_done_stays_while_the_rest_of_its_rollout_goes_on(make_world: Callable[..., Any]) -> None:
    """One failed answer of a region that is done ends nothing for the one that ticks watch."""
    world = make_world(steps=((10, 15), (50, 15), (100, 5)))
    world.start()
    while world.weights()["r2"] != 50:
        world.tick(after=TICK)
    guard = guard_of(world, [])
    silent(world, "r1")
    guard.look()
    answering(world, "r1")
    for _ in range(60):
        world.tick(after=TICK)
        guard.look()
    assert world.weights()["r1"] == 100
    assert world.weights()["r2"] == 100
    assert written_down(world)[2] == {}


def test_a_region_that_has_not_begun_ends_nothing_though_its_target_is_down(world: Any) -> None:
    """Nobody has given its candidate anything yet."""
    baking(world)
    guard = guard_of(world, [])
    silent(world, "r4")
    for _ in range(26):
        world.tick(after=TICK)
        guard.look()
    answering(world, "r4")
    assert world.weights()["r1"] > 0
    assert written_down(world)[2] == {}


def test_a_target_that_stopped_answering_in_a_bake_is_returned_all_the_same(world: Any) -> None:
    """The ledger knows what it has: what cannot be read may still be written."""
    baking(world)
    guard = guard_of(world, [])
    looks(world, guard, MIN)
    silent(world, "r1")
    looks(world, guard, 13 * MIN)
    answering(world, "r1")
    assert world.weights()["r1"] == 0


@pytest.mark.parametrize("was_seen", [False, True])
def test_a_silent_target_counts_by_the_rescue_file_only_where_it_was_seen_before(world: Any, was_seen: bool) -> None:
    """Without a ledger nobody knows whether the rollout ended long ago."""
    baking(world)
    guard = guard_of(world, [], down(world))
    if was_seen:
        guard.look()
    silent(world, "r1")
    looks(world, guard, 13 * MIN)
    answering(world, "r1")
    assert world.weights()["r1"] == (0 if was_seen else 10)


def test_a_silent_target_is_not_returned_by_the_age_of_a_rescue_file(world: Any) -> None:
    """A guard that looks once has never seen anything before: it is blind, and says so."""
    world.run()
    world.now += timedelta(days=1)
    for name in world.names:
        silent(world, name)
    looked = guard_of(world, [], down(world), is_once=True).look()
    for name in world.names:
        answering(world, name)
    assert (looked.returned, looked.stuck) == ((), ())
    assert looked.trouble == "the store is down"
    assert world.weights() == dict.fromkeys(world.names, 100)


def test_traffic_that_somebody_divided_after_the_end_is_named_and_left(world: Any) -> None:
    """The old version may have nothing left to take it with: a person looks."""
    world.run()
    world.targets["r1"].put(Weights(blue=70, green=30))
    guard, before = guard_of(world, []), written_down(world)
    seen = looks(world, guard, 15 * MIN)
    assert {each.trouble for each in seen} == {
        "r1: the candidate has 30 % although it was promoted; nothing is returned, look at the target"
    }
    assert world.weights()["r1"] == 30
    assert written_down(world) == before


def test_what_cannot_be_returned_is_written_down_once(world: Any) -> None:
    """However often it is tried, and again when it is back: the ledger is for what happened."""

    def by_hand() -> list[Any]:
        entries = [entry.body for entry in world.store.read() if entry.kind == "returned_by_hand"]
        return [entry["event"]["regions"] for entry in entries]

    baking(world)
    said: list[str] = []
    guard = guard_of(world, said)
    world.targets["r1"].fail("set_weights", "connection refused")
    looks(world, guard, 40 * MIN)
    assert by_hand() == [[]]
    assert sum("COULD NOT BE RETURNED" in text for text in said) > 1
    world.targets["r1"].fail("set_weights", None)
    looks(world, guard, MIN)
    assert world.weights()["r1"] == 0
    assert written_down(world)[2] != {}


def breaking(world: Any) -> tuple[list[Callable[[], Any]], Callable[[], Any]]:
    """Return parts whose ledger cannot be read from when something is put into the list."""
    broken: list[Callable[[], Any]] = []
    return broken, lambda: broken[0]() if broken else world.parts()


@pytest.mark.parametrize("flapping", [False, True])
def test_a_silent_target_is_what_this_guard_saw_there_while_the_ledger_cannot_be_read(
    world: Any, flapping: bool
) -> None:
    """What was read last is from before the shift; the guard has seen ten per cent since."""
    world.start()
    broken, parts = breaking(world)
    guard = guard_of(world, [], parts)
    guard.look()
    broken.append(down(world))
    while world.weights()["r1"] != 10:
        world.tick(after=TICK)
    looks(world, guard, MIN)
    for _ in range(13):
        silent(world, "r1")
        looks(world, guard, MIN if not flapping else LOOK)
        answering(world, "r1")
        looks(world, guard, LOOK if not flapping else MIN)
    assert world.weights()["r1"] == 0


def test_a_rollout_that_began_since_is_guarded_by_its_rescue_file(world: Any) -> None:
    """The last that was read is over; what cannot be read now is whether anybody watches the new one."""
    world.run()
    broken, parts = breaking(world)
    guard = guard_of(world, [], parts)
    guard.look()
    broken.append(down(world))
    world.start(Release(commit="3" * 40, digest="sha256:third"))
    while world.targets["r1"].weights().weights.blue != 10:
        world.tick(after=TICK)
    assert any(each.returned == ("r1",) for each in looks(world, guard, 13 * MIN))
    assert world.targets["r1"].weights().weights == Weights(blue=0, green=100)


def test_what_could_not_be_recorded_is_recorded_later(world: Any) -> None:
    """A ledger that takes no entry is tried again, while nothing can be returned either."""
    baking(world)
    wired, full = world.parts(), [True]

    class Full:
        def append(self, *args: Any, **how: Any) -> Any:
            if full[0]:
                raise ExternalSystemError("no space left")
            return wired.store.append(*args, **how)

        read, notices = wired.store.read, wired.store.notices

    class NoSpool:
        keep, waiting, clear = (lambda self, drafts: None), (lambda self: ()), (lambda self: None)

    said: list[str] = []
    guard = guard_of(world, said, lambda: replace(world.parts(), store=Full(), spool=NoSpool()))
    world.targets["r1"].fail("set_weights", "connection refused")
    looks(world, guard, 13 * MIN)
    assert any("NOT recorded" in text for text in said)
    full[0] = False
    looks(world, guard, MIN)
    assert written_down(world)[2] != {}


@pytest.mark.parametrize("where", ["configuration", "store"])
def test_an_error_that_nobody_thought_of_does_not_end_the_guard(world: Any, where: str) -> None:
    """It says what it was, and returns what it can."""
    baking(world)
    odd: list[str] = []
    guard = guard_of(world, said := [], lambda: garbled(world, odd))
    guard.look()
    odd.append(where)
    seen = looks(world, guard, 12 * MIN)
    assert world.weights()["r1"] == 0
    assert {each.trouble for each in seen} == {"KeyError: 'odd'"}
    assert said


def garbled(world: Any, odd: list[str]) -> Any:
    """Return parts that break in a way of their own."""
    if "configuration" in odd:
        raise KeyError("odd")
    wired = world.parts()
    if "store" not in odd:
        return wired

    class Odd:
        def read(self) -> Any:
            raise KeyError("odd")

        append = notices = read

    return replace(wired, store=Odd())


def test_what_was_rolled_back_after_the_end_is_promoted_no_more(world: Any) -> None:
    """A proxy that is late gives ten per cent to the version that was taken back."""
    world.run()
    roll_back(
        world.rescues[-1],
        lambda settings: world.targets[settings.region],
        clock=lambda: world.now,
        why="bookings fail",
        record=recorder_in(Book(world.store, world.spool)),
    )
    world.targets["r1"].put(Weights(blue=90, green=10))
    looks(world, guard_of(world, []), 12 * MIN)
    assert world.weights()["r1"] == 0
