"""Which hook follows what became of a region, and which stands before what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.judge.values import Outcome
from wedgate.rollout.hooks import begins_to_return, condition_of, point_passed
from wedgate.rollout.state import RegionPhase, RegionState
from wedgate.rollout.values import HookPoint, Step, Strategy, StrategyKind

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
STEPS = (Step(weight=10, bake=timedelta(minutes=5)), Step(weight=100, bake=timedelta(minutes=5)))
REGION = RegionState(
    region="r1", strategy=Strategy(name="s", kind=StrategyKind.CANARY, steps=STEPS, is_complete=True), at_step=0
)
P = RegionPhase


@pytest.mark.parametrize(
    ("before", "after", "point"),
    [
        ({"phase": P.PREPARING}, {"phase": P.PREPARING, "deployed_at": AT}, HookPoint.AFTER_DEPLOY),
        ({"phase": P.PREPARING, "deployed_at": AT}, {"phase": P.VERIFIED, "deployed_at": AT}, None),
        ({"phase": P.SHIFTING, "at_step": 1}, {"phase": P.BAKING, "at_step": 1}, HookPoint.AFTER_SHIFT),
        # A step that never reached the data plane is taken back: nothing was shifted.
        ({"phase": P.SHIFTING, "at_step": 1}, {"phase": P.BAKING, "at_step": 0}, None),
        ({"phase": P.HELD}, {"phase": P.BAKING}, None),
        ({"phase": P.BAKING}, {"phase": P.PROMOTED}, HookPoint.AFTER_PROMOTE),
        ({"phase": P.PROMOTED}, {"phase": P.DRAINING}, None),
        ({"phase": P.ROLLING_BACK}, {"phase": P.ROLLED_BACK}, HookPoint.AFTER_ROLLBACK),
        ({"phase": P.ROLLING_BACK}, {"phase": P.HELD}, HookPoint.AFTER_ROLLBACK),
        ({"phase": P.ROLLING_BACK}, {"phase": P.NEEDS_HUMAN}, None),
        ({"phase": P.BAKING}, {"phase": P.HELD}, None),
    ],
)
def test_the_hook_after_a_change_is_the_one_it_is_named_after(
    before: dict[str, object], after: dict[str, object], point: HookPoint | None
) -> None:
    """And nothing follows what did not happen."""
    assert point_passed(replace(REGION, **before), replace(REGION, **after)) is point


def test_a_return_that_is_tried_again_begins_only_once() -> None:
    """The hook before it had its moment."""
    baking, back = replace(REGION, phase=P.BAKING), replace(REGION, phase=P.ROLLING_BACK)
    assert begins_to_return(baking, back)
    assert not begins_to_return(back, replace(back, attempts=3))
    assert not begins_to_return(back, replace(REGION, phase=P.ROLLED_BACK))


def test_a_condition_stands_before_the_next_step_or_before_the_promotion() -> None:
    """And only where the region waits for nothing but the gate."""
    assert condition_of(replace(REGION, phase=P.VERIFIED, at_step=-1)) is HookPoint.BEFORE_SHIFT
    passed = replace(REGION, phase=P.BAKING, judged=Outcome.PASS)
    assert condition_of(passed) is HookPoint.BEFORE_SHIFT
    assert condition_of(replace(passed, at_step=1)) is HookPoint.BEFORE_PROMOTE
    assert condition_of(replace(passed, judged=None)) is None
    assert condition_of(replace(REGION, phase=P.HELD)) is None


def test_no_hook_may_take_longer_than_its_point_allows() -> None:
    """Five seconds before a rollback, ten minutes elsewhere; what is usual is less."""
    longest = {point: point.longest for point in HookPoint}
    assert longest.pop(HookPoint.BEFORE_ROLLBACK) == timedelta(seconds=5)
    assert set(longest.values()) == {timedelta(minutes=10)}
    assert all(point.usual < point.longest for point in HookPoint)
