"""Virtual rollouts a minute: four regions, the shipped engine, every invariant after every effect.

The time that the processor worked is what two free cores need; the time on the clock is what it took beside everything
else that this machine was doing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from wedgate.simulation.__main__ import CHUNK, spare_the_collector
from wedgate.simulation.run import Outcome, end_of, setting_of

NAME = "rollouts in virtual worlds, four regions each"
WORLDS = 400
CORES = 2


def timed(seed: int) -> tuple[float, Outcome]:
    """Run one world; return the seconds that the processor worked on it, and how it ended."""
    began = time.process_time()
    outcome = end_of(seed)
    return time.process_time() - began, outcome


def run(seeds: Sequence[int], processes: ProcessPoolExecutor) -> tuple[float, float, list[Outcome]]:
    """Run some worlds; return how many are done in a minute of two free cores, by the clock, and how they ended."""
    began = time.perf_counter()
    ends = list(processes.map(timed, seeds, chunksize=CHUNK))
    worked = sum(seconds for seconds, _ in ends)
    by_clock = 60 * len(seeds) / (time.perf_counter() - began)
    return 60 * CORES * len(seeds) / worked, by_clock, [outcome for _, outcome in ends]


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield rollouts a minute on two cores: as the seeds come, those by one run, those by ticks."""
    with ProcessPoolExecutor(max_workers=CORES, initializer=spare_the_collector) as processes:
        run(range(2 * CHUNK), processes)
        kinds = (
            ("as the seeds come", range(WORLDS)),
            ("by runs", [seed for seed in range(WORLDS) if not setting_of(seed).by_ticks]),
            ("by ticks", [seed for seed in range(WORLDS) if setting_of(seed).by_ticks]),
        )
        for words, seeds in kinds:
            free, by_clock, ends = run(seeds, processes)
            yield f"a minute on {CORES} free cores, {words}", free, None
            yield "  by the clock of this machine as it is", by_clock, None
            broken = sum(end.violation is not None for end in ends)
            yield f"  broken invariants in {len(seeds)} of them", broken, 0
            yield "  effects and questions in each", sum(end.points for end in ends) / len(ends), None
