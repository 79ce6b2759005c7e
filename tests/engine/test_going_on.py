"""Runs that are told of no release: each goes on with what is under way, as long as its budget lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.adapters.stores.memory import MemorySpool
from wedgate.engine.book import Book
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RunEnd
from wedgate.errors import ExitCode, RefusedError
from wedgate.ledger.orders import Order
from wedgate.rollout.state import RegionPhase, RolloutStatus

MIN = timedelta(minutes=1)


def go_on(world: Any, *, budget: timedelta | None = None, **parts: Any) -> RunEnd:
    """Go on in a process of its own."""
    return RolloutEngine(replace(world.parts(), **parts)).go_on(budget=budget)


def status(world: Any) -> Any:
    """Return where the last rollout stands, by the ledger alone."""
    book = Book(world.store, world.spool)
    return book.rollout(book.refresh().latest)


def test_a_rollout_goes_through_many_short_runs_as_through_a_long_one(world: Any) -> None:
    """Four minutes each, a minute between them: the same weights in the same order, and only the last is not handed
    over."""
    world.start()
    ends = []
    while status(world).status is not RolloutStatus.DONE:
        ends.append(go_on(world, budget=4 * MIN))
        assert len(ends) < 100
        world.now += MIN
    assert {end.exit_code for end in ends} == {ExitCode.DONE}
    assert {end.is_handed_over for end in ends[:-1]} == {True}
    assert ends[-1].is_handed_over is False
    assert world.weights() == {"r1": 100, "r2": 100, "r3": 100, "r4": 100}
    assert world.changes("r1") == [(90, 10), (50, 50), (0, 100)]


def test_a_run_that_comes_too_late_returns_the_candidate_and_begins_the_region_again(world: Any) -> None:
    """Both in the one run: the next of a schedule may be an hour away."""
    world.start()
    assert go_on(world, budget=MIN).is_handed_over
    assert world.changes("r1") == [(90, 10)]
    world.now += 300 * MIN
    assert go_on(world).exit_code is ExitCode.DONE
    assert world.changes("r1") == [(90, 10), (100, 0), (90, 10), (50, 50), (0, 100)]
    assert status(world).status is RolloutStatus.DONE


def test_with_nothing_under_way_it_says_so_and_touches_nothing(world: Any) -> None:
    """A schedule goes on firing between two rollouts."""
    end = go_on(world, budget=60 * MIN)
    assert (end.exit_code, end.is_handed_over) == (ExitCode.DONE, False)
    assert "no rollout is under way" in end.text
    assert all(target.calls() == [] for target in world.targets.values())


def test_a_closed_calendar_is_no_failure_and_nothing_is_handed_over(world: Any) -> None:
    """The next run of the schedule looks again; one that began at once would only be told the same."""
    world.close("r1", timedelta(0), 600 * MIN)
    world.start()
    end = go_on(world, budget=60 * MIN)
    assert (end.exit_code, end.is_handed_over) == (ExitCode.DONE, False)
    assert status(world).region("r1").phase is RegionPhase.HELD
    world.now += 600 * MIN
    assert go_on(world).exit_code is ExitCode.DONE
    assert status(world).status is RolloutStatus.DONE


def test_a_rollout_that_is_paused_waits(world: Any) -> None:
    """It ends with 0, and goes on after the resume."""
    world.start()
    world.order(Order.PAUSE)
    end = go_on(world, budget=60 * MIN)
    assert (end.exit_code, end.is_handed_over) == (ExitCode.DONE, False)
    world.order(Order.RESUME)
    assert go_on(world).exit_code is ExitCode.DONE
    assert status(world).status is RolloutStatus.DONE


def test_while_another_run_is_alive_it_does_nothing(world: Any) -> None:
    """It ends with 0 and says who is at work."""
    world.start()
    Book(world.store, world.spool).take_lease(world.now, above=0, who="elsewhere:77")
    end = go_on(world, budget=60 * MIN, is_alive=lambda who: None)
    assert (end.exit_code, end.is_handed_over) == (ExitCode.DONE, False)
    assert "elsewhere:77" in end.text
    assert all(target.calls() == [] for target in world.targets.values())


@pytest.mark.parametrize("kind", ["go_on", "tick"])
def test_of_two_that_come_at_the_same_instant_the_later_does_nothing(world: Any, kind: str) -> None:
    """The other takes the lease after this one looked, and before it could: as if it had been there already."""
    world.start()
    store, looks = world.store, []

    class Overtaken:
        """A store that somebody else writes to after the first look."""

        def read(self) -> Any:
            if len(looks) == 1:
                looks.append("the other")
                Book(store, MemorySpool()).take_lease(world.now, above=0, who="elsewhere:77")
            looks.append("this one")
            return store.read()

        def append(self, entries: Any, *, revision: int) -> None:
            store.append(entries, revision=revision)

        def notices(self) -> tuple[str, ...]:
            return ()

    parts = replace(world.parts(), store=Overtaken(), is_alive=lambda who: None)
    end = getattr(RolloutEngine(parts), kind)()
    assert "the other" in looks
    assert end.exit_code is ExitCode.DONE
    assert "elsewhere:77" in end.text
    assert all(target.calls() == [] for target in world.targets.values())


def test_an_interruption_is_no_handing_over(world: Any) -> None:
    """Ctrl-C returns what is in motion, ends with 1, and starts nothing."""
    world.start()
    world.interrupt_at = world.now + 3 * MIN
    end = go_on(world, budget=60 * MIN)
    assert (end.exit_code, end.is_handed_over) == (ExitCode.UNEXPECTED, False)
    assert world.weights()["r1"] == 0


def test_what_is_held_for_a_person_stays_held(world: Any) -> None:
    """A schedule does not try a deploy again that failed; it says so each time."""
    world.start()
    world.targets["r1"].fail("deploy", "no space left")
    assert go_on(world).exit_code is ExitCode.EXTERNAL
    world.targets["r1"].fail("deploy", None)
    end = go_on(world)
    assert end.exit_code is ExitCode.EXTERNAL
    assert "no space left" in end.text


def test_a_service_has_one_rollout_at_a_time(world: Any, new: Any) -> None:
    """One rollback returns all of it; the refusal leaves the first alone, which somebody watches."""
    world.start(regions=("r1",))
    go_on(world, budget=MIN)
    before = world.weights(), world.store.read()
    for release in (new, replace(new, digest="sha256:other")):
        for begin in (RolloutEngine.start, RolloutEngine.run):
            with pytest.raises(RefusedError, match=r"under way in r1, .* --region r1 --region r4"):
                begin(RolloutEngine(world.parts()), release, regions=("r4",))
    assert (world.weights(), world.store.read()) == before
    assert before[0]["r1"] == 10


def test_a_rollout_that_nobody_watches_goes_back_before_another_is_refused(world: Any, new: Any) -> None:
    """Whatever is asked for, no candidate keeps traffic that nobody watches."""
    world.start(regions=("r1",))
    go_on(world, budget=MIN)
    world.now += 300 * MIN
    with pytest.raises(RefusedError, match="under way in r1"):
        RolloutEngine(world.parts()).start(new, regions=("r4",))
    assert world.weights()["r1"] == 0


def test_when_the_first_is_over_the_next_may_begin(world: Any, new: Any) -> None:
    """By its end, or because one over the regions of both takes its place."""
    world.start(regions=("r1",))
    assert go_on(world).exit_code is ExitCode.DONE
    assert RolloutEngine(world.parts()).run(new, regions=("r2",)).exit_code is ExitCode.DONE
    other = replace(new, digest="sha256:other")
    RolloutEngine(world.parts()).start(other, regions=("r1",))
    assert RolloutEngine(world.parts()).run(other, regions=("r1", "r4")).exit_code is ExitCode.DONE
    good = Book(world.store, world.spool).refresh().good
    assert {name: good[name].release.digest for name in ("r1", "r4")} == {"r1": other.digest, "r4": other.digest}


def test_a_run_with_a_release_says_whether_it_handed_over(world: Any, new: Any) -> None:
    """When its time was up, and not when it was done."""
    assert RolloutEngine(world.parts()).run(new, budget=4 * MIN).is_handed_over
    assert not RolloutEngine(world.parts()).run(new).is_handed_over
