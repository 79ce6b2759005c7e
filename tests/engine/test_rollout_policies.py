"""Strategies, and what a rollout does when its window closes or a regression is found late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from wedgate.engine.rollout_parts import Regression
from wedgate.errors import ExitCode
from wedgate.judge.values import Outcome
from wedgate.ledger.orders import Order
from wedgate.rollout.state import HoldKind, RegionPhase, RolloutStatus
from wedgate.rollout.values import ReportFails, StrategyKind, WindowCloses

MIN = timedelta(minutes=1)
DAY = timedelta(days=1)


def test_linear_grows_by_the_same_amount_each_time(make_world: Callable[..., Any]) -> None:
    """20, 40, 60, 80 with a bake each, and all traffic."""
    world = make_world(kind=StrategyKind.LINEAR, steps=((20, 2),))
    assert world.run().exit_code is ExitCode.DONE
    assert [green for _, green in world.changes("r1")] == [20, 40, 60, 80, 100]


def test_linear_that_does_not_divide_a_hundred_ends_with_all_traffic(make_world: Callable[..., Any]) -> None:
    """30, 60, 90, 100."""
    world = make_world(kind=StrategyKind.LINEAR, steps=((30, 2),))
    world.run()
    assert [green for _, green in world.changes("r1")] == [30, 60, 90, 100]


def test_all_at_once_is_judged_all_the_same(make_world: Callable[..., Any]) -> None:
    """One switch; a fail still goes back."""
    world = make_world(kind=StrategyKind.ALL_AT_ONCE, steps=((100, 0),))
    assert world.run().exit_code is ExitCode.DONE
    assert world.changes("r1") == [(0, 100)]
    failing = make_world(kind=StrategyKind.ALL_AT_ONCE, steps=((100, 0),), verdicts={"all": Outcome.FAIL})
    assert failing.run().exit_code is ExitCode.ROLLED_BACK
    assert failing.changes("r1") == [(0, 100), (100, 0)]


def test_against_limits_never_looks_at_stable(make_world: Callable[..., Any]) -> None:
    """Every judgement of an emergency strategy, not only those at 100 %."""
    world = make_world(against_limits=True)
    world.run()
    assert set(world.seen_limits) == {True}
    other = make_world()
    other.run()
    assert set(other.seen_limits) == {True, False}


def closing(region: str, at_weight: int, until: timedelta = DAY) -> Callable[[Any], None]:
    """Close a region as soon as its candidate has so much traffic, for a day by default."""

    def close(there: Any) -> None:
        if there.weights()[region] == at_weight and region not in there.closed:
            there.close(region, there.now - NOON_OF[0], until)

    return close


NOON_OF: list[datetime] = []


@pytest.fixture(autouse=True)
def _noon(noon: datetime) -> None:
    NOON_OF[:] = [noon]


@pytest.mark.parametrize(
    ("policy", "at_weight", "left", "phase"),
    [
        # Hold keeps the weight for as long as somebody watches; this run has nothing to wait for and returns it.
        (WindowCloses.FINISH, 10, 0, RegionPhase.HELD),
        (WindowCloses.FINISH, 100, 100, RegionPhase.PROMOTED),
        (WindowCloses.RETREAT, 10, 0, RegionPhase.HELD),
        (WindowCloses.RETREAT, 100, 0, RegionPhase.HELD),
    ],
)
def test_a_window_that_closes_in_the_middle(
    make_world: Callable[..., Any], policy: WindowCloses, at_weight: int, left: int, phase: RegionPhase
) -> None:
    """`finish` promotes only what passed its last step; `retreat` gives everything back."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=policy)
    world.on_pause.append(closing("r1", at_weight))
    end = world.run()
    assert world.weights() == {"r1": left}
    assert end.state.region("r1").phase is phase


def test_retreat_gives_back_within_half_a_minute_and_begins_again_when_it_opens(
    make_world: Callable[..., Any], noon: datetime
) -> None:
    """The bake of 50 % is three minutes long; it does not wait for its end."""
    world = make_world(names=("r1",), waves=(("r1",),), window_closes=WindowCloses.RETREAT)
    world.on_pause.append(closing("r1", 50))
    end = world.run(wait=2 * DAY)
    assert end.exit_code is ExitCode.DONE
    raised = [(said.at, said.weights.green) for said in world.said if said.weights is not None]
    assert [green for _, green in raised] == [10, 50, 0, 10, 50, 100]
    assert raised[2][0] - raised[1][0] <= timedelta(seconds=61)
    assert raised[3][0] >= noon + DAY


def test_hold_keeps_the_weight_while_it_waits(make_world: Callable[..., Any], noon: datetime) -> None:
    """Watched at 10 % for an hour, and judged anew before it goes on."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.on_pause.append(closing("r1", 10, 60 * MIN))
    assert world.run(wait=DAY).exit_code is ExitCode.DONE
    assert [green for _, green in world.changes("r1")] == [10, 50, 100]


def test_a_late_regression_returns_promoted_regions_in_reverse(make_world: Callable[..., Any]) -> None:
    """r1 and r2 are promoted, r3 is at 50 %: r3 first, then r2, then r1; the rollout is retreated, exit 12."""
    world = make_world(report_fails=ReportFails.RETREAT)

    def report(there: Any) -> None:
        if there.weights()["r3"] == 50 and not there.regressions:
            there.regressions.append(Regression(region="r3", why="bookings fail"))

    world.on_pause.append(report)
    end = world.run()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert end.state.status is RolloutStatus.RETREATED
    assert world.weights() == dict.fromkeys(world.names, 0)
    back = [said.region for said in world.said if said.weights is not None and said.weights.green == 0]
    assert back == ["r3", "r2", "r1"]


def test_with_retreat_no_region_drains_before_all_are_promoted(make_world: Callable[..., Any]) -> None:
    """What is done can never be returned by the rollout itself."""
    world = make_world(report_fails=ReportFails.RETREAT)
    assert world.run().exit_code is ExitCode.DONE
    whats = world.whats()
    assert whats.index("r1: done") > whats.index("r4: promoted")


@pytest.mark.parametrize("by_ticks", [True, False])
def test_with_retreat_a_promoted_region_is_judged_until_all_are(make_world: Callable[..., Any], by_ticks: bool) -> None:
    """It turned bad after its bake, while the next region is at 10 %: nobody else would see it."""
    world = make_world(report_fails=ReportFails.RETREAT)

    def judge(slices: Any, settings: Any, *, level: Any, final: bool, against_limits: bool) -> Any:
        judged = world.judged(slices, settings, level=level, final=final, against_limits=against_limits)
        is_bad = against_limits and world.weights() == {"r1": 100, "r2": 10, "r3": 0, "r4": 0} and slices
        return replace(judged, outcome=Outcome.FAIL, text="r1 is bad") if is_bad else judged

    world.judge = judge
    if by_ticks:
        world.start()
        for _ in range(60):
            world.tick(after=timedelta(seconds=30))
    else:
        assert world.run().exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 0, "r2": 0, "r3": 0, "r4": 0}
    assert world.changes("r2") == [(90, 10), (100, 0)]


def test_an_abort_leaves_promoted_regions_where_they_are(make_world: Callable[..., Any]) -> None:
    """A person ended it; nothing failed."""
    world = make_world(report_fails=ReportFails.RETREAT)
    world.start()
    while world.weights()["r2"] != 50:
        world.tick(after=timedelta(seconds=30))
    world.order(Order.ABORT)
    world.tick()
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}
    world.tick()
    world.tick()
    assert world.tick().state is None


def test_a_region_that_is_held_for_a_regression_is_not_promoted_by_finish(make_world: Callable[..., Any]) -> None:
    """`finish` takes away the calendar's word, and no other."""
    world = make_world(
        names=("r1",),
        waves=(("r1",),),
        window_closes=WindowCloses.FINISH,
        report_fails=ReportFails.HOLD,
        verdicts={"all": Outcome.FAIL},
    )
    end = world.run()
    assert end.state.region("r1").hold.kind is HoldKind.REGRESSION
    assert world.weights() == {"r1": 0}
