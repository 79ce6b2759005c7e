"""A tick: what the engine takes for one behind a short and a long ledger, and what a process started for it takes.

The engine is the shipped one on a virtual clock, with its ledger in a file that is flushed at each append; each tick
that is measured has read nothing before, as a new process has not. Four regions bake at once, and each is looked at.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench_stores import BATCH, ENTRIES, line
from one_wave import InAFile, settings_of

from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.memory import MemorySpool
from wedgate.engine.adopt import adopt
from wedgate.engine.book import Book
from wedgate.engine.known import Known
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.rollout.values import Step
from wedgate.simulation.process import JUDGE, Unseeing
from wedgate.simulation.world import NEW, OLD, World

NAME = "a tick of four regions"
NAMES = ("us-west", "eu-central", "asia-pacific", "us-east")
MEASURED = 30
MINUTE = timedelta(minutes=1)
STEPS = tuple(Step(weight=weight, bake=120 * MINUTE) for weight in (10, 100))
CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {ny: {zone: America/New_York, country: US}}}
rules: {never: {where: all, dates: 2020-01-01, effect: block}}
rollout:
  waves: [[us, eu]]
  in-flight: 2
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 10m}]}}
  target: {kind: simulated}
judge: {slice: 30s, errors: {requests: 20}, false-alarms: 20%}
state: {kind: file, path: .wedgate}
"""


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield milliseconds; a tick behind a long ledger is no slower than resuming may be."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as directory:
        place = Path(directory)
        ticker = _Ticker(place / "ledger.jsonl")
        for fill, limit in ((0, None), (ENTRIES, 1000)):
            ticker.fill(fill)
            label = f"behind {ticker.entries()} entries, p50 (ms)"
            took, worked = ticker.medians()
            yield label, took, limit
            yield "  the processor worked (ms)", worked, None
        took, worked = cold(place)
        yield "`wedgate rollout tick` with two regions, p50 (ms)", took, None
        yield "  the processor worked (ms)", worked, None


class _Ticker:
    """Ticks one rollout, a minute after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.world = World(random.Random(1), NAMES)  # noqa: S311 (no secret)
        self.world.say = lambda what: None  # type: ignore[method-assign]
        adopt(self.parts(), OLD)
        RolloutEngine(self.parts()).start(NEW)
        for _ in range(5):
            self.tick(self.parts())

    def parts(self) -> RolloutParts:
        """Return the parts of a process of its own, which reads the ledger through the memory of all."""
        process = InAFile(
            world=self.world,
            settings=settings_of(NAMES, STEPS, reserve=MINUTE),
            at_point=lambda process, what: None,
            eyes=Unseeing(),
            name="bench",
            judge=replace(JUDGE, slice_length=MINUTE),
            path=self.path,
        )
        return replace(process.parts(), observe=lambda progress: None)

    def tick(self, parts: RolloutParts) -> None:
        """Tick once, a minute later."""
        self.world.advance(MINUTE)
        end = RolloutEngine(parts).tick()
        assert end.state is not None, end.text
        assert end.state.halted is None, end.text

    def fill(self, entries: int) -> None:
        """Add lines of an earlier rollout until the ledger is as long."""
        book = Book(FileStore(self.path), MemorySpool())
        book.take_lease(self.world.now, above=0, who="bench")
        for first in range(self.entries(), entries, BATCH):
            book.append([line(number) for number in range(first, first + BATCH)])
        book.release_lease(self.world.now)

    def entries(self) -> int:
        """Return the length of the ledger."""
        return len(FileStore(self.path).read())

    def medians(self) -> tuple[float, float]:
        """Return the milliseconds that a tick takes which has read nothing before, and those of the processor."""
        found, worked = [], []
        for _ in range(MEASURED):
            parts = replace(self.parts(), known=Known())
            began, by_processor = time.perf_counter(), time.process_time()
            self.tick(parts)
            found.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - by_processor) * 1000)
        return median(found), median(worked)


def cold(place: Path) -> tuple[float, float]:
    """Return the milliseconds of the command, from its start to its end, and those of the processor."""
    (place / "wedgate.yml").write_text(CONFIG)
    (place / ".wedgate").mkdir()
    colours = {"colours": {"blue": "sha256:old", "green": None}}
    (place / ".wedgate" / "simulated.json").write_text(json.dumps({"eu": colours, "us": colours}))
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS")}

    def run(*words: str) -> tuple[float, float]:
        command = [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "rollout", *words]
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return took * 1000, worked * 1000

    run("adopt", "--digest", "sha256:old")
    run("start", "--digest", "sha256:new", "--commit", "1" * 40)
    found = [run("tick") for _ in range(MEASURED // 3)]
    return median(took for took, _ in found), median(worked for _, worked in found)
