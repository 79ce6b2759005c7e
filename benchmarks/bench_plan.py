"""Planning four regions from their calendars, and the best of every order of eight."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wedgate.calendars.values import Verdict
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import load_configuration
from wedgate.engine.plan import make_plan
from wedgate.rollout.ordering import best_order
from wedgate.rollout.planner import Goal, Stretch, Task
from wedgate.rollout.values import Step, Strategy, StrategyKind

NAME = "planning, with and without every order compared"
CONFIG = Path(__file__).resolve().parents[1] / "scenarios" / "wedgate.yml"
FRIDAY = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)


EIGHT = tuple("abcdefgh")


def eight(waves: tuple[tuple[str, ...], ...]) -> Task:
    """Return a task of eight regions, each with windows of a working day somewhere and a way of its own."""
    hour = timedelta(hours=1)
    ways = {
        name: Strategy(
            name=name,
            kind=StrategyKind.CANARY,
            steps=(Step(weight=10, bake=timedelta(minutes=20 + 7 * place)), Step(weight=100, bake=timedelta(0))),
            is_complete=True,
        )
        for place, name in enumerate(EIGHT)
    }
    stretches = {
        name: tuple(
            Stretch(start=begin, end=begin + 8 * hour, verdict=Verdict.OPEN)
            for begin in (FRIDAY + (24 * day + 3 * place) * hour for day in range(20))
        )
        for place, name in enumerate(EIGHT)
    }
    return Task(
        waves=waves,
        in_flight=1,
        reserve=timedelta(minutes=20),
        deploy=timedelta(minutes=2),
        stretches=stretches,
        strategy_of=lambda region, verdict: ways[region],
        horizon=FRIDAY + 480 * hour,
    )


def best_of(times: int, call: Callable[[], object]) -> float:
    """Return the shortest of some runs, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return 1000 * min(taken)


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield milliseconds for a plan."""
    configuration, almanac = load_configuration(CONFIG), PinnedAlmanac()
    for words, goal in (("as the file has them", None), ("every order compared", Goal.EARLIEST_FINISH)):
        taken = best_of(7, lambda goal=goal: make_plan(configuration, almanac, FRIDAY, goal=goal))
        yield f"four regions, {words} (ms)", taken, 50
    for words, waves in (("eight waves", tuple((name,) for name in EIGHT)), ("one wave", (EIGHT,))):
        for goal in Goal:
            taken = best_of(3, lambda waves=waves, goal=goal: best_order(eight(waves), FRIDAY, goal))
            yield f"eight regions in {words}, every order, {goal} (ms)", taken, 1000
