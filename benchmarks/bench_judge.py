"""The judge: one metric of fifty values each, a suite of a thousand metrics, and what its import brings along."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from wedgate.judge import rank_sums
from wedgate.judge.comparison import compare
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.judge.suite import judge_suite
from wedgate.render.judge import plain_judgement
from wedgate.render.judge_html import render_judgement_html

NAME = "judging measurements"
FOREIGN = ("numpy", "scipy", "pandas", "pydantic", "yaml")
LOWER = Direction.LOWER_IS_BETTER


def milliseconds_of(call: Callable[[], object], times: int = 5, *, cold: bool = False) -> float:
    """Return the shortest of some runs; ``cold`` ones count the orders of ranks anew."""
    taken = []
    for _ in range(times):
        if cold:
            for table in (rank_sums.rank_sum_cut, rank_sums.lowest_counted, rank_sums._cumulated, rank_sums._capped):
                table.cache_clear()
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return min(taken)


def arm(seed: int, spread: float, count: int = 50) -> list[float]:
    """Return values around 100."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    return [abs(rng.gauss(100, spread)) for _ in range(count)]


def suite(seed: int, metrics: int, count: int) -> Measurements:
    """Return a report of half quiet and half busy metrics."""
    return Measurements(
        metrics=tuple(
            Metric(
                name=f"m{place}",
                unit="ms",
                direction=LOWER,
                values=tuple(arm(seed * 100_000 + place, (2.0, 20.0)[place % 2], count)),
            )
            for place in range(metrics)
        )
    )


def foreign_modules() -> int:
    """Return how many of the heavy modules importing the whole judge brings along, in a process of its own."""
    script = (
        "import sys, pkgutil, importlib, wedgate.judge as judge\n"
        "[importlib.import_module(f'wedgate.judge.{each.name}') for each in pkgutil.iter_modules(judge.__path__)]\n"
        f"print(sum(name in sys.modules for name in {FOREIGN!r}))"
    )
    return int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield milliseconds of a metric and a suite, and the heavy modules of an import."""
    for words, spread in (("all ranks", 2.0), ("lowest ranks", 20.0)):
        base, candidate = arm(1, spread), arm(2, spread)

        def once(base: list[float] = base, candidate: list[float] = candidate) -> object:
            return compare(base, candidate, direction=LOWER)

        yield f"one metric, 50 against 50, {words} (ms)", milliseconds_of(once, 20), 5.0
        yield "the same, the first one of a process (ms)", milliseconds_of(once, cold=True), 5.0
    for count in (10, 50):
        first, second = suite(1, 1000, count), suite(2, 1000, count)
        cold = milliseconds_of(lambda first=first, second=second: judge_suite(first, second), 2, cold=True)
        yield f"a suite of 1,000 metrics, {count} against {count} (s)", cold / 1000, 2.0
    judgement = judge_suite(first, second)
    yield "its page (s)", milliseconds_of(lambda: render_judgement_html(judgement), 1) / 1000, None
    yield "its JSON (s)", milliseconds_of(lambda: plain_judgement(judgement), 1) / 1000, None
    yield "heavy modules that importing all of wedgate.judge loads", float(foreign_modules()), 0.0
