"""A thousand regions in one wave: what the engine costs beside the time that the rollout takes, and its memory.

The shipped engine, judge and ledger file (flushed to the disk at each append) on a virtual clock; targets and counters
are simulated. Overhead is the time that the processor works, as a share of the time that passes in the rollout: two
steps that bake for half an hour each, a reading of every region each minute.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from one_wave import InAFile, settings_of

from wedgate.adapters.stores.file import FileStore
from wedgate.engine.adopt import adopt
from wedgate.engine.rollout import RolloutEngine
from wedgate.rollout.state import RolloutStatus
from wedgate.rollout.values import Step
from wedgate.simulation.process import JUDGE, Unseeing
from wedgate.simulation.world import NEW, OLD, World

NAME = "many regions in one wave"
BAKE = timedelta(minutes=30)
SLICE = timedelta(minutes=1)
STEPS = (Step(weight=10, bake=BAKE), Step(weight=50, bake=BAKE), Step(weight=100, bake=timedelta(0)))


def roll_out(count: int, directory: str) -> dict[str, float]:
    """Roll out over so many regions; return the share of the processor's work, seconds, megabytes and entries."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    names = tuple(f"region-{number:04d}" for number in range(count))
    world = World(random.Random(1), names)  # noqa: S311 (no secret)
    process = InAFile(
        world=world,
        settings=settings_of(names, STEPS, reserve=timedelta(minutes=5)),
        at_point=lambda process, what: None,
        eyes=Unseeing(),
        name="bench",
        judge=replace(JUDGE, slice_length=SLICE),
        path=Path(directory) / "ledger.jsonl",
    )
    process.observe = lambda progress: None  # type: ignore[method-assign]
    world.say = lambda what: None  # type: ignore[method-assign]
    adopt(process.parts(), OLD)
    started, began, on_clock = world.now, time.process_time(), time.perf_counter()
    end = RolloutEngine(process.parts()).run(NEW)
    worked, took = time.process_time() - began, time.perf_counter() - on_clock
    assert end.state is not None
    assert end.state.status is RolloutStatus.DONE, end.text
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "percent": 100 * worked / (world.now - started).total_seconds(),
        "worked": worked,
        "took": took,
        "memory": memory,
        "before": before,
        "entries": len(FileStore(Path(directory) / "ledger.jsonl").read()),
        "minutes": (world.now - started).total_seconds() / 60,
    }


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield the engine's share of the time and its memory, each size in a process of its own."""
    context = multiprocessing.get_context("spawn")
    for count, share, memory in ((100, None, None), (1000, 1, 200)):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as directory, context.Pool(1) as pool:
            found = pool.apply(roll_out, (count, directory))
        yield f"{count} regions: the engine's share of the time (%)", found["percent"], share
        yield f"  the processor worked, of {found['minutes']:.0f} minutes (s)", found["worked"], None
        yield "  memory at most (MB)", found["memory"], memory
        yield "  entries in the ledger", found["entries"], None


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(roll_out(int(sys.argv[1]), place))
