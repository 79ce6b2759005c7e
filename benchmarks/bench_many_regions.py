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
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from wedgate.adapters.stores.file import FileStore
from wedgate.engine.adopt import adopt
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.rollout.state import RolloutStatus
from wedgate.rollout.values import (
    Choice,
    ReportFails,
    RolloutSettings,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    WindowCloses,
)
from wedgate.simulation.process import JUDGE, Process, Unseeing
from wedgate.simulation.world import NEW, OLD, World

NAME = "many regions in one wave"
BAKE = timedelta(minutes=30)
SLICE = timedelta(minutes=1)


@dataclass
class _InAFile(Process):
    """A process whose ledger is a file."""

    path: Path | None = None

    def parts(self) -> RolloutParts:
        """Return the engine's parts, with the store that ships."""
        assert self.path is not None
        return replace(super().parts(), store=FileStore(self.path))


def settings_of(names: tuple[str, ...]) -> RolloutSettings:
    """Return one wave of all regions, all of them in flight."""
    steps = (Step(weight=10, bake=BAKE), Step(weight=50, bake=BAKE), Step(weight=100, bake=timedelta(0)))
    return RolloutSettings(
        waves=(names,),
        in_flight=len(names),
        window_closes=WindowCloses.HOLD,
        reserve=timedelta(minutes=5),
        strategies={"only": Strategy(name="only", kind=StrategyKind.CANARY, steps=steps, is_complete=True)},
        choose=(Choice(use="only"),),
        targets={name: TargetSettings(kind="virtual", region=name, options={}) for name in names},
        report_fails=ReportFails.ROLLBACK,
    )


def roll_out(count: int, directory: str) -> dict[str, float]:
    """Roll out over so many regions; return the share of the processor's work, seconds, megabytes and entries."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    names = tuple(f"region-{number:04d}" for number in range(count))
    world = World(random.Random(1), names)  # noqa: S311 (no secret)
    process = _InAFile(
        world=world,
        settings=settings_of(names),
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
