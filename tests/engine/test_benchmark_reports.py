"""Reports that rest on a benchmark: what fresh runs have not confirmed pauses; people and live traffic never wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wedgate.engine.rollout_parts import Regression
from wedgate.errors import ExitCode
from wedgate.judge.values import Outcome
from wedgate.ledger.orders import Order

MIN = timedelta(minutes=1)
ALARM = Regression(region=None, why="search x1.2", is_confirmed=False)


def reach(world: Any, weight: int) -> None:
    """Start a rollout, and tick until the first region has a share."""
    world.start()
    for _ in range(30):
        world.tick(after=MIN / 2)
        if world.weights()["r1"] == weight:
            return
    raise AssertionError("the share was never reached")


def ticks(world: Any, count: int = 20) -> Any:
    """Tick for a while, each in a process of its own; return how the last one ended."""
    return [world.tick(after=MIN / 2) for _ in range(count)][-1]


def test_an_alarm_that_is_not_confirmed_pauses_and_rolls_nothing_back(world: Any) -> None:
    """The share stays as it is, whatever the calendar and the live judge allow; status says what is asked for."""
    reach(world, 10)
    world.regressions.append(ALARM)
    end = ticks(world)
    assert world.weights()["r1"] == 10
    paused = end.state.region("r1").paused
    assert "no fresh runs have confirmed this alarm of a benchmark" in paused
    assert "search x1.2" in paused
    assert end.state.halted is None


def test_no_step_is_taken_in_the_tick_that_reads_the_alarm(world: Any) -> None:
    """Whichever tick of the first share it is: the pause comes before the step."""
    count = 0
    while True:
        fresh = type(world)()
        fresh.adopt()
        reach(fresh, 10)
        for _ in range(count):
            fresh.tick(after=MIN / 2)
        if fresh.weights()["r1"] != 10:
            break
        fresh.regressions.append(ALARM)
        ticks(fresh, 3)
        assert fresh.weights()["r1"] == 10, count
        count += 1
    assert count > 3


def test_live_evidence_does_not_wait_for_a_confirmation(world: Any) -> None:
    """While an alarm is asked again, a fail of the live judge returns the candidate's traffic at once."""
    reach(world, 10)
    world.regressions.append(ALARM)
    ticks(world, 3)
    assert world.weights()["r1"] == 10
    world.verdicts["all"] = Outcome.FAIL
    assert world.tick(after=MIN / 2).exit_code is ExitCode.ROLLED_BACK
    assert world.weights()["r1"] == 0


def test_a_confirmed_alarm_goes_back_though_the_rollout_is_paused(world: Any) -> None:
    """The first report pauses it, the one of the fresh runs rolls it back."""
    reach(world, 10)
    world.regressions.append(ALARM)
    ticks(world, 3)
    world.regressions[:] = [Regression(region=None, why="search x1.2, and again")]
    assert world.tick(after=MIN).exit_code is ExitCode.ROLLED_BACK
    assert world.weights()["r1"] == 0


def test_what_was_resumed_is_not_paused_again_by_the_same_report(world: Any) -> None:
    """The file is still there; a person has looked at it, and the rollout goes on."""
    reach(world, 10)
    world.regressions.append(ALARM)
    ticks(world, 3)
    world.order(Order.RESUME)
    end = ticks(world, 30)
    assert end.state.region("r1").paused is None
    assert world.weights()["r1"] > 10
