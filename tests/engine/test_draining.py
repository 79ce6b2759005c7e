"""What keeps an old colour beside its gate, who records what was promoted, and what counts while a gate is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from wedgate.engine.adopt import adopt
from wedgate.engine.audit import AuditBook
from wedgate.engine.book import Book
from wedgate.engine.orders import freeze
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Passage, Regression
from wedgate.errors import ExitCode, NeedsHumanError
from wedgate.judge.values import Outcome
from wedgate.ledger.audit import Frozen
from wedgate.ledger.orders import Order
from wedgate.ledger.streams import Stream
from wedgate.rollout.events import GateAnswered, Started
from wedgate.rollout.hooks import HookEnd
from wedgate.rollout.journal import event_of
from wedgate.rollout.state import RegionPhase, RolloutState, RolloutStatus
from wedgate.rollout.step import begin, step
from wedgate.rollout.values import Colour, HookPoint, Release, ReportFails, Weights, WindowCloses

OLD = Release(commit="0" * 40, digest="sha256:old")
OTHER = Release(commit="2" * 40, digest="sha256:other")
MIN = timedelta(minutes=1)
DAY = timedelta(days=1)
TICK = timedelta(seconds=30)


def status(world: Any) -> RolloutState:
    """Return where the last rollout stands, by the ledger alone."""
    book = Book(world.store, world.spool)
    found = book.rollout(book.refresh().latest)
    assert found is not None
    return found


def goods(world: Any) -> int:
    """Count the records of a rollout by which an old colour is given up."""
    return sum(entry.stream == Stream.HISTORY and entry.body.get("rollout") is not None for entry in world.store.read())


def promote(world: Any, region: str = "r1") -> None:
    """Tick until a region is promoted."""
    world.start()
    for _ in range(400):
        if status(world).region(region).phase is RegionPhase.PROMOTED:
            return
        world.tick(after=TICK)
    pytest.fail(f"never promoted: {status(world).regions}")


def shut(world: Any, noon: datetime, *regions: str) -> None:
    """Close regions from now on, for a day."""
    for name in regions:
        world.close(name, world.now - noon, world.now - noon + DAY)


def shutting(noon: datetime) -> Callable[[Any], None]:
    """Close r1 for a day as soon as it has all traffic."""

    def close(there: Any) -> None:
        if there.weights()["r1"] == 100 and "r1" not in there.closed:
            shut(there, noon, "r1")

    return close


@pytest.fixture
def pair(make_world: Callable[..., Any]) -> Callable[..., Any]:
    """Two regions, one after the other."""
    return lambda **more: make_world(names=("r1", "r2"), waves=(("r1",), ("r2",)), **more)


@pytest.mark.parametrize("regions", [(), ("r1",), ("r2",)])
def test_nothing_drains_behind_a_regression_that_is_held(pair: Callable[..., Any], regions: tuple[str, ...]) -> None:
    """Wherever it was found; a person lets it go on."""
    world = pair(report_fails=ReportFails.HOLD)
    promote(world)
    world.order(Order.REPORT, regions=regions)
    for _ in range(4):
        assert world.tick(after=TICK).exit_code is ExitCode.NEEDS_HUMAN
    assert (goods(world), world.weights()) == (0, {"r1": 100, "r2": 0})
    world.order(Order.RESUME)
    for _ in range(4):
        world.tick(after=TICK)
    assert goods(world) == 1


def test_nothing_drains_while_it_is_paused(make_world: Callable[..., Any]) -> None:
    """An alarm that is not confirmed pauses; once it is, what is promoted can still go back."""
    world = make_world(names=("r1",), waves=(("r1",),))
    promote(world)
    world.regressions.append(Regression(region=None, why="p95 +30 %", is_confirmed=False))
    for _ in range(3):
        world.tick(after=TICK)
    assert goods(world) == 0
    world.regressions.append(Regression(region=None, why="p95 +30 %, confirmed", is_confirmed=True))
    assert world.tick(after=TICK).exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 0}


def test_a_run_that_is_paused_with_nothing_but_an_old_colour_ends(make_world: Callable[..., Any]) -> None:
    """It does not ask every second for a day."""
    world = make_world(names=("r1",), waves=(("r1",),))
    promote(world)
    world.order(Order.PAUSE)
    pauses: list[datetime] = []
    world.on_pause.append(lambda there: pauses.append(there.now))
    end = world.run(wait=DAY)
    assert goods(world) == 0
    assert len(pauses) < 20_000
    assert end.exit_code is ExitCode.DONE
    assert "r1: promoted; the old colour stays: paused by zoe" in end.text


def test_an_override_drains_nothing(make_world: Callable[..., Any], noon: datetime) -> None:
    """An emergency needs traffic moved; its grant is not spent on giving up the way back."""
    world = make_world(names=("r1",), waves=(("r1",),))
    promote(world)
    shut(world, noon, "r1")
    used: list[datetime] = []

    def let_through(decision: Any, plan: Any, at: datetime) -> Passage:
        used.append(at)
        return Passage(until=at + DAY, words="an override")

    for _ in range(4):
        world.tick(after=MIN, let_through=let_through)
    assert (used, goods(world)) == ([], 0)


def test_promoted_regions_are_judged_until_they_drain_where_they_could_go_back(
    pair: Callable[..., Any], noon: datetime
) -> None:
    """With `retreat`, while all of them wait for their windows."""
    world = pair(report_fails=ReportFails.RETREAT)
    promote(world, "r2")
    shut(world, noon, "r1", "r2")
    world.verdicts["all"] = Outcome.FAIL
    for _ in range(10):
        world.tick(after=TICK)
    assert world.weights() == {"r1": 0, "r2": 0}


@pytest.mark.parametrize("is_shut", [True, False])
def test_another_release_takes_the_place_of_one_that_waits_to_drain(
    pair: Callable[..., Any], noon: datetime, is_shut: bool
) -> None:
    """What was promoted is recorded, and an urgent fix begins from it."""
    world = pair()
    promote(world)
    if is_shut:
        shut(world, noon, "r1")
        world.tick(after=TICK)
        world.now += DAY
    assert world.run(OTHER).exit_code is ExitCode.DONE
    found = Book(world.store, world.spool).refresh().good
    assert {name: good.release for name, good in found.items()} == dict.fromkeys(world.names, OTHER)


def test_an_adoption_records_what_the_rollout_that_it_ends_has_promoted(
    pair: Callable[..., Any], noon: datetime, new: Release
) -> None:
    """In the regions that it was not asked for: nobody else would."""
    world = pair()
    promote(world)
    shut(world, noon, "r1")
    world.targets["r2"].put(Weights(blue=40, green=60))
    for _ in range(3):
        world.tick(after=TICK)
    world.targets["r2"].put(Weights(blue=100, green=0))
    adopt(world.parts(), OLD, regions=["r2"])
    found = Book(world.store, world.spool).refresh().good
    assert (found["r1"].release, found["r1"].colour) == (new, Colour.GREEN)
    assert found["r2"].release == OLD


def test_another_release_brings_to_rest_what_stands_beside_a_region_that_needs_a_person(
    make_world: Callable[..., Any],
) -> None:
    """Nobody watches it any more."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.start()
    while world.weights() != {"r1": 10, "r2": 10}:
        world.tick(after=TICK)
    world.targets["r1"].put(Weights(blue=40, green=60))
    world.tick(after=TICK)
    world.now += timedelta(hours=5)
    with pytest.raises(NeedsHumanError, match="r1"):
        world.run(OTHER)
    assert world.weights() == {"r1": 60, "r2": 0}


@pytest.mark.parametrize("order", [Order.REPORT, Order.ABORT, Order.PAUSE])
@pytest.mark.parametrize("weight", [0, 10])
def test_what_people_say_while_the_gate_is_asked_counts(
    make_world: Callable[..., Any], noon: datetime, order: Order, weight: int
) -> None:
    """It takes twenty seconds, and the order stands in the ledger after five."""
    world = make_world(names=("r1",), waves=(("r1",),))
    ask, given = world.ask, []

    def slow(region: str, at: datetime, runway: timedelta | None) -> Any:
        ready = status(world).region("r1").phase in (RegionPhase.VERIFIED, RegionPhase.BAKING)
        if ready and world.weights()["r1"] == weight and not given:
            given.append(world.now)
            world.now += timedelta(seconds=5)
            world.order(order)
            world.now += timedelta(seconds=15)
        return ask(region, at, runway)

    world.ask = slow
    world.start()
    for _ in range(30):
        world.tick(after=TICK)
    assert given
    assert max((green for _, green in world.changes("r1")), default=0) <= weight


def test_a_version_that_comes_while_the_gate_is_asked_gets_no_more_traffic(make_world: Callable[..., Any]) -> None:
    """What was verified before is not what answers by then."""
    world = make_world(names=("r1",), waves=(("r1",),))
    ask, put = world.ask, []

    def slow(region: str, at: datetime, runway: timedelta | None) -> Any:
        if world.weights()["r1"] == 10 and not put:
            put.append(True)
            world.now += 2 * MIN
            world.targets["r1"].put_digest(Colour.GREEN, "sha256:strange")
        return ask(region, at, runway)

    world.ask = slow
    world.run()
    assert put
    assert max(green for _, green in world.changes("r1")) == 10


def test_a_candidate_that_passed_is_judged_while_a_condition_takes_its_time(make_world: Callable[..., Any]) -> None:
    """`before-shift` takes nine minutes, and the candidate fails at once: it goes back, and nothing rises before."""
    world = make_world(names=("r1",), waves=(("r1",),))
    began: list[datetime] = []

    class Hooks:
        def points(self) -> tuple[HookPoint, ...]:
            return (HookPoint.BEFORE_SHIFT,)

        def limit(self, point: HookPoint) -> timedelta:
            return timedelta(minutes=9)

        def run(self, call: Any) -> HookEnd:
            return HookEnd(took=timedelta(minutes=9), output="")

    class Running:
        def __init__(self, call: Callable[[], None], lasts: timedelta) -> None:
            self.ends, self.call, self.has_run = world.now + lasts, call, False

        def is_done(self) -> bool:
            if world.now >= self.ends and not self.has_run:
                self.has_run = True
                self.call()
            return self.has_run

    def beside(call: Callable[[], None]) -> Running:
        is_slow = world.weights()["r1"] == 10 and not began
        if is_slow:
            began.append(world.now)
            world.verdicts["all"] = Outcome.FAIL
        return Running(call, 9 * MIN if is_slow else timedelta(0))

    end = RolloutEngine(replace(world.parts(), hooks=Hooks(), run_beside=beside)).run(
        Release(commit="1" * 40, digest="sha256:new")
    )
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert world.changes("r1") == [(90, 10), (100, 0)]
    back = next(said.at for said in world.said if said.what == "back on stable")
    assert back - began[0] < 2 * MIN


def test_a_clock_that_is_set_back_asks_a_closed_gate_again(make_world: Callable[..., Any], noon: datetime) -> None:
    """Within half a minute, and not when the hours have passed once more."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.close("r1", timedelta(0), 3 * DAY)
    back: list[bool] = []

    def set_back(there: Any) -> None:
        if not back and there.now > noon + 10 * MIN:
            back.append(True)
            there.now -= timedelta(hours=5)
            there.closed.clear()
            there.asked.clear()

    world.on_pause.append(set_back)
    world.run(wait=4 * DAY)
    assert world.asked[0][1] < noon - timedelta(hours=4)


def test_finish_is_told_from_done(make_world: Callable[..., Any], noon: datetime) -> None:
    """All traffic is on the new version, so nothing failed; what still waits is said, and until when."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=WindowCloses.FINISH)
    promote(world)
    shut(world, noon, "r1")
    end = world.run()
    assert end.exit_code is ExitCode.DONE
    assert end.text.startswith("sha256:new runs in r1; r1: promoted; the old colour stays: Saturday there (until ")


def test_draining_waits_for_an_open_window(make_world: Callable[..., Any], noon: datetime) -> None:
    """`finish` promotes in a closing window; that the old colour may go is said when it has opened again."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=WindowCloses.FINISH)
    world.on_pause.append(shutting(noon))
    end = world.run()
    assert (end.exit_code, goods(world)) == (ExitCode.DONE, 0)
    assert "sha256:new runs in r1; r1: promoted; the old colour stays: " in end.text
    assert "(until " in end.text
    world.now += DAY
    assert world.run().exit_code is ExitCode.DONE
    assert (world.weights(), goods(world)) == ({"r1": 100}, 1)


def test_a_run_that_waits_drains_by_itself(make_world: Callable[..., Any], noon: datetime) -> None:
    """And asks nothing every second meanwhile."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=WindowCloses.FINISH)
    world.on_pause.append(shutting(noon))
    pauses: list[datetime] = []
    world.on_pause.append(lambda there: pauses.append(there.now))
    assert world.run(wait=2 * DAY).exit_code is ExitCode.DONE
    assert goods(world) == 1
    assert len(pauses) < 10_000


def test_nothing_drains_into_a_closing_window(make_world: Callable[..., Any], noon: datetime) -> None:
    """One that ends before a rollback could is none; other regions go on."""
    world = make_world(names=("r1", "r2"), waves=(("r1",), ("r2",)))
    world.start()
    while status(world).region("r1").phase is not RegionPhase.PROMOTED:
        world.tick(after=TICK)
    since = world.now - noon
    world.close("r1", since + TICK + TICK / 2, since + DAY)
    world.tick(after=TICK)
    assert "the old colour stays: " in status(world).region("r1").why
    while status(world).region("r2").phase is not RegionPhase.DONE:
        world.tick(after=TICK)
    assert (status(world).region("r1").phase, goods(world)) == (RegionPhase.PROMOTED, 1)
    world.tick(after=2 * DAY)
    for _ in range(3):
        world.tick(after=TICK)
    assert (status(world).status, goods(world)) == (RolloutStatus.DONE, 2)


def test_what_is_found_at_the_beginning_of_a_tick_drains_nothing(
    make_world: Callable[..., Any], noon: datetime
) -> None:
    """A crash leaves a fence to be put on; the weights that are read then are no gate."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=WindowCloses.FINISH)
    world.on_pause.append(shutting(noon))
    world.run()
    for _ in range(5):
        world.tick(after=MIN)
    assert (status(world).region("r1").phase, goods(world)) == (RegionPhase.PROMOTED, 0)


def test_a_rollout_that_is_halted_waits_for_no_window_to_end(make_world: Callable[..., Any], noon: datetime) -> None:
    """What is promoted there stays, and is recorded as what runs: another release must begin from it."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=WindowCloses.FINISH)
    world.on_pause.append(shutting(noon))
    world.run()
    world.order(Order.ABORT)
    world.tick(after=MIN)
    world.tick(after=MIN)
    assert (status(world).region("r1").phase, goods(world)) == (RegionPhase.DONE, 1)


def test_a_journal_from_before_draining_had_a_gate_is_read_as_it_was_meant(world: Any) -> None:
    """Its rollouts are done, and not promoted for ever."""
    world.run()
    name = Book(world.store, world.spool).refresh().latest
    lines = Book(world.store, world.spool).refresh().journals[name]
    state, asked = None, 0
    for line in lines:
        event = event_of(line)
        if isinstance(event, Started):
            state = begin(event)
            continue
        promoted = isinstance(event, GateAnswered) and state.region(event.region).phase is RegionPhase.PROMOTED
        asked += promoted
        state = state if promoted else step(state, event)[0]
    assert asked == len(world.names)
    assert state.status is RolloutStatus.DONE


def test_nothing_drains_while_it_is_frozen(make_world: Callable[..., Any]) -> None:
    """Whoever freezes keeps the way back: with `retreat` a regression still returns what was promoted."""
    world = make_world(names=("r1",), waves=(("r1",),), report_fails=ReportFails.RETREAT)
    world.start()
    while status(world).region("r1").phase is not RegionPhase.PROMOTED:
        world.tick(after=TICK)
    frozen = Frozen(regions=None, until=world.now + DAY, reason="incident", by="zoe", since=world.now)
    freeze(AuditBook(world.store, lambda pause: None), frozen, known=["r1"])
    for _ in range(5):
        world.tick(after=TICK)
    assert (status(world).region("r1").phase, goods(world)) == (RegionPhase.PROMOTED, 0)
    world.order(Order.REPORT)
    until_back = [world.tick(after=TICK) for _ in range(3)]
    assert (world.weights(), until_back[0].exit_code) == ({"r1": 0}, ExitCode.ROLLED_BACK)


@pytest.mark.parametrize("what", ["weights", "digest"])
def test_an_open_gate_lets_nothing_through_that_is_read_later(
    make_world: Callable[..., Any], noon: datetime, what: str
) -> None:
    """The balancer did not answer when it was open; a day later, on a Saturday, it does: that drains nothing."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.start()
    while status(world).region("r1").phase is not RegionPhase.PROMOTED:
        world.tick(after=TICK)
    ask = world.ask

    def fails_after(region: str, at: datetime, runway: timedelta | None) -> Any:
        answer = ask(region, at, runway)
        world.targets["r1"].fail(what, "timeout")
        return answer

    world.ask = fails_after
    world.tick(after=TICK)
    world.ask = ask
    world.targets["r1"].fail(what, None)
    world.close("r1", world.now - noon + MIN, world.now - noon + 5 * DAY)
    for _ in range(3):
        world.tick(after=DAY)
    assert (status(world).region("r1").phase, goods(world)) == (RegionPhase.PROMOTED, 0)
