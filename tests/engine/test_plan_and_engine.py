"""The plan and the engine on the same calendars: every region begins when the plan says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wedgate.calendars.values import Verdict
from wedgate.errors import ExitCode
from wedgate.rollout.planner import PlannedRegion, Stretch, Task, plan_from
from wedgate.rollout.strategies import completed
from wedgate.rollout.values import StrategyKind

MINUTE = timedelta(minutes=1)
NAMES = ("a", "b", "c")
DAY = 24 * 60
Closed = dict[str, list[tuple[int, int]]]


def closings() -> st.SearchStrategy[Closed]:
    """Draw when each region is closed, in minutes after noon; from the second day on all are open."""
    edges = st.sets(st.integers(0, DAY), max_size=6).map(sorted)
    runs = edges.map(lambda found: list(zip(found[::2], found[1::2], strict=False)))
    return st.fixed_dictionaries(dict.fromkeys(NAMES, runs))


def planned(world: Any, closed: Closed, noon: datetime) -> dict[str, PlannedRegion]:
    """Return the way of each region by the plan."""
    settings = world.parts().settings
    stretches = {}
    for name, runs in closed.items():
        edges = [0, *(edge for run in runs for edge in run), 30 * DAY]
        stretches[name] = tuple(
            Stretch(start=noon + begin * MINUTE, end=noon + end * MINUTE, verdict=Verdict.OPEN)
            for begin, end in zip(edges[::2], edges[1::2], strict=True)
            if begin < end
        )
    task = Task(
        waves=settings.waves,
        in_flight=settings.in_flight,
        reserve=settings.reserve,
        deploy=timedelta(0),
        stretches=stretches,
        strategy_of=lambda region, verdict: completed(settings.strategies["steady"]),
        horizon=noon + 30 * DAY * MINUTE,
        slice_length=world.parts().judge.slice_length,
    )
    return {region.region: region for region in plan_from(task, noon).regions}


def begins_as_planned(world: Any, closed: Closed, noon: datetime) -> None:
    """Run the engine with regions that are closed at times, and hold its beginnings to the plan's."""
    for name, runs in closed.items():
        for begin, end in runs:
            world.close(name, begin * MINUTE, end * MINUTE)
    plan = planned(world, closed, noon)
    assert world.run(wait=timedelta(days=10)).exit_code is ExitCode.DONE
    began = {said.region: said.at for said in world.said if said.what == "open"}
    assert began.keys() == plan.keys()
    for name, at in began.items():
        assert abs(at - plan[name].start) < MINUTE, (name, began, plan)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    closed=closings(),
    in_flight=st.integers(1, 2),
    waves=st.sampled_from([(("a", "b", "c"),), (("a",), ("b", "c")), (("c", "a"), ("b",))]),
)
# Who was refused goes behind those of its wave that were not asked yet.
@example(closed={"a": [(0, 5)], "b": [], "c": []}, in_flight=1, waves=(("a", "b", "c"),))
def test_every_region_begins_when_the_plan_says(
    make_world: Callable[..., Any],
    noon: datetime,
    closed: Closed,
    in_flight: int,
    waves: tuple[tuple[str, ...], ...],
) -> None:
    """But for the seconds in which the engine looks again; and in the same order."""
    world = make_world(names=NAMES, waves=waves, in_flight=in_flight)
    begins_as_planned(world, closed, noon)


AT_ONCE: dict[str, Any] = {"kind": StrategyKind.ALL_AT_ONCE, "steps": ()}


@pytest.mark.parametrize("in_flight", [1, 2])
@pytest.mark.parametrize(
    "way",
    [AT_ONCE, {"steps": ((10, 2), (100, 0))}, {"steps": ((10, 0), (50, 2))}, {"steps": ((100, 0),)}],
    ids=["all-at-once", "last-without-a-bake", "first-without-a-bake", "nothing-but-all"],
)
def test_every_region_is_promoted_when_the_plan_says(
    make_world: Callable[..., Any], noon: datetime, in_flight: int, way: dict[str, Any]
) -> None:
    """The judge needs a slice before it can say anything, so a first step without a bake takes one all the same."""
    world = make_world(names=NAMES, waves=(("a", "b"), ("c",)), in_flight=in_flight, **way)
    plan = planned(world, {name: [] for name in NAMES}, noon)
    assert world.run().exit_code is ExitCode.DONE
    promoted = {said.region: said.at for said in world.said if said.what == "promoted"}
    for name, at in promoted.items():
        assert abs(at - plan[name].end) < timedelta(seconds=10), (name, promoted, plan)
    assert promoted.keys() == plan.keys()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(closed=closings(), in_flight=st.integers(1, 2))
def test_all_at_once_begins_when_the_plan_says(
    make_world: Callable[..., Any], noon: datetime, closed: Closed, in_flight: int
) -> None:
    """In the same windows as the engine, which asks for the reserve alone."""
    world = make_world(names=NAMES, waves=(NAMES,), in_flight=in_flight, **AT_ONCE)
    begins_as_planned(world, closed, noon)
