"""Planning four regions from their calendars, with and without every order compared, and rollouts in virtual worlds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import load_configuration
from wedgate.engine.plan import make_plan
from wedgate.rollout.planner import Goal
from wedgate.simulation.run import setting_of, simulate

NAME = "planning, and rollouts in virtual worlds"
CONFIG = Path(__file__).resolve().parents[1] / "scenarios" / "wedgate.yml"
FRIDAY = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
WORLDS = 40


def best_of(times: int, call: Callable[[], object]) -> float:
    """Return the shortest of some runs, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return 1000 * min(taken)


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield milliseconds for a plan, and rollouts a minute in one process, by runs and by ticks."""
    configuration, almanac = load_configuration(CONFIG), PinnedAlmanac()
    for words, goal in (("as the file has them", None), ("every order compared", Goal.EARLIEST_FINISH)):
        taken = best_of(7, lambda goal=goal: make_plan(configuration, almanac, FRIDAY, goal=goal))
        yield f"four regions, {words} (ms)", taken, 50
    for words, by_ticks in (("by runs", False), ("by ticks", True)):
        seeds = [seed for seed in range(400) if setting_of(seed).by_ticks is by_ticks][:WORLDS]
        began = time.perf_counter()
        for seed in seeds:
            simulate(seed)
        yield (
            f"virtual rollouts a minute in one process, {words}",
            60 * len(seeds) / (time.perf_counter() - began),
            None,
        )
