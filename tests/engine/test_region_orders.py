"""Orders for some regions of a rollout: what they end there, and what they leave to the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wedgate.engine.audit import AuditBook
from wedgate.engine.orders import clear_digest
from wedgate.engine.rollout import RolloutEngine
from wedgate.errors import ExitCode, RefusedError
from wedgate.ledger.orders import Order
from wedgate.render.rollout import render_status
from wedgate.rollout.marks import MarkKind, marks_of
from wedgate.rollout.notices import notices_of
from wedgate.rollout.state import RegionPhase, RolloutStatus
from wedgate.rollout.way_back import way_back

HALF_A_MINUTE = timedelta(seconds=30)


def until(world: Any, is_there: Callable[[Any], bool]) -> None:
    """Tick every half a minute until something is so."""
    for _ in range(200):
        if is_there(world):
            return
        world.tick(after=HALF_A_MINUTE)
    raise AssertionError("it never comes")


def test_an_abort_in_one_region_leaves_the_others_of_its_wave_to_go_on(world: Any) -> None:
    """r2 goes back, r3 goes on, r4 of the last wave never begins, and then it is over."""
    world.start()
    until(world, lambda there: there.weights()["r2"] == 50)
    world.order(Order.ABORT, regions=("r2",))
    state = world.tick(regions=("r2",)).state
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}
    assert state.halted is None
    until(world, lambda there: there.weights()["r3"] == 100)
    for _ in range(20):
        end = world.tick(after=HALF_A_MINUTE)
        if end.state is None:
            break
        last = end
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 100, "r4": 0}
    assert last.state.status is RolloutStatus.HALTED
    assert last.state.halted == "r2: aborted by zoe: because"
    assert last.exit_code is ExitCode.ROLLED_BACK
    assert last.text == "rolled back: r2 back on stable; r1, r3 keep it; r2: aborted by zoe: because"
    assert world.run().exit_code is ExitCode.DONE
    assert world.weights() == dict.fromkeys(world.names, 100)


def test_an_abort_of_what_has_not_begun_takes_it_out(world: Any) -> None:
    """r4 is the last wave: the others finish. That it was paused before is of no concern any more."""
    world.start()
    world.order(Order.PAUSE, regions=("r4",))
    world.order(Order.ABORT, regions=("r4",))
    assert "r4 rolled_back (aborted by zoe: because); " in world.tick().text
    end = world.run()
    assert world.weights() == {"r1": 100, "r2": 100, "r3": 100, "r4": 0}
    assert [region.phase for region in end.state.regions][-1] is RegionPhase.ROLLED_BACK
    assert end.text == "ended: r4 had no traffic of it; r1, r2, r3 keep it; r4: aborted by zoe: because"
    assert end.exit_code is ExitCode.ROLLED_BACK
    ledger = AuditBook(world.store, lambda pause: None).read()
    assert [mark.region for mark in marks_of(ledger) if mark.kind is MarkKind.ROLLBACK] == []
    assert notices_of(ledger, [end.state], ledger.orders[-1].at) == ()
    (line,) = [line for line in render_status(end.state, ledger).splitlines() if line.startswith("  r4")]
    assert line.endswith("rolled_back; had no traffic of it; aborted by zoe: because")


def test_an_abort_leaves_what_is_promoted_there(world: Any) -> None:
    """As an abort of everything does."""
    world.start()
    until(world, lambda there: there.weights()["r2"] == 10)
    world.order(Order.ABORT, regions=("r1",))
    assert world.run().exit_code is ExitCode.DONE
    assert world.weights() == dict.fromkeys(world.names, 100)


def test_a_regression_after_an_abort_in_one_region_counts_as_ever(world: Any) -> None:
    """It halts the rest, and poisons the digest."""
    world.start()
    until(world, lambda there: there.weights()["r2"] == 50)
    world.order(Order.ABORT, regions=("r2",))
    until(world, lambda there: there.weights()["r3"] == 50)
    world.order(Order.REPORT, regions=("r3",))
    assert world.tick().exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}
    assert AuditBook(world.store, lambda pause: None).read().poisoned


def test_a_digest_cleared_in_one_region_may_go_there_alone(world: Any, new: Any) -> None:
    """And nowhere else; when it fails again it is poisoned everywhere again."""
    book = AuditBook(world.store, lambda pause: None)
    world.start()
    until(world, lambda there: there.weights()["r1"] == 50)
    world.order(Order.REPORT)
    world.tick()
    clear_digest(book, new.digest, by="zoe", why="the network there", at=world.now, regions=["r2"])
    with pytest.raises(RefusedError, match="cleared in r2 alone"):
        world.run()
    with pytest.raises(RefusedError, match="not poisoned in r2"):
        clear_digest(book, new.digest, by="zoe", why="again", at=world.now, regions=["r2"])
    RolloutEngine(world.parts()).start(new, regions=("r2",))
    until(world, lambda there: there.weights()["r2"] == 50)
    world.order(Order.REPORT)
    world.tick()
    with pytest.raises(RefusedError, match="is poisoned"):
        world.run(regions=("r2",))
    clear_digest(book, new.digest, by="zoe", why="it is good", at=world.now)
    assert world.run().exit_code is ExitCode.DONE


@pytest.mark.parametrize(("where", "second", "is_back"), [("r1", "r2", True), ("r2", "r1", False)])
def test_a_second_report_that_the_end_overtook_is_done_only_where_everything_is_back(
    world: Any, where: str, second: str, *, is_back: bool
) -> None:
    """The first report ends the rollout; what the second one is about went back with it, or was promoted and stays."""
    world.start()
    until(world, lambda there: there.weights()[where] == 10)
    for region in (where, second):
        world.order(Order.REPORT, regions=(region,))
    assert world.tick().exit_code is ExitCode.ROLLED_BACK
    ledger = AuditBook(world.store, lambda pause: None).read()
    first, later = (way_back(next(iter(ledger.journals.values())), order.revision) for order in ledger.orders)
    assert first.restored is not None
    assert (later.begun is None, later.restored) == (True, first.restored if is_back else None)
