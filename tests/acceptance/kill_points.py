"""Processes that kill themselves: a tick of a real rollout that ends by SIGKILL at its n-th line.

Run by ``test_killed_at_every_line.py`` in an interpreter of its own, where it forks: every tick is a process, and one
that is told to die does so before the n-th line of what drives the rollout (engine, stores, targets) is executed. The
configuration, the command, the file store and the simulated target are those that ship; only the clock is not the
machine's, so that a bake of ninety seconds takes none. Nothing of this is in the product: the lines are counted by
``sys.settrace``.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import wedgate
from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.targets.interface import WeightsReading
from wedgate.adapters.targets.simulated import SimulatedTarget
from wedgate.cli import main as cli_main
from wedgate.cli import rollout_wiring
from wedgate.engine.holder import machine
from wedgate.errors import WedgateError
from wedgate.ledger.streams import fold
from wedgate.rollout.journal import replay
from wedgate.rollout.values import Fence, Weights

CONFIGURATION = """\
version: 1
service: venue-search
regions:
  us-west:
    markets:
      los-angeles: {zone: America/Los_Angeles, country: US, subdivision: CA}
rules:
  saturday: {where: all, weekdays: saturday, effect: block}
rollout:
  reserve: 1m
  strategies:
    steady: {kind: canary, steps: [{weight: 10, bake: 90s}]}
  target: {kind: simulated}
judge:
  slice: 30s
  errors: {requests: 20}
  latency-p95: {slices: 3}
  false-alarms: 20%
state: {kind: file, path: .wedgate}
"""
WEDNESDAY = datetime(2026, 6, 3, 18, 0, tzinfo=UTC)
BETWEEN = timedelta(seconds=30)
MOST_TICKS = 40
LAWFUL = {0, 10, 100}
ROOT = Path(wedgate.__file__).parent
TRACED = tuple(
    str(ROOT / part)
    for part in (
        "engine", "cli/rollout", "cli/ledger_wiring", "adapters/stores", "adapters/targets/simulated",
        "adapters/_simulated", "adapters/metrics/simulated",
    )
)  # fmt: skip


@dataclass
class Lines:
    """Counts the lines that a tick executes, and kills the process before one of them; ``effects`` are those of the
    lines that change a file."""

    kill_at: int | None = None
    count: int = 0

    def __post_init__(self) -> None:
        self.effects: list[int] = []
        self.is_on = True

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        """Trace what is called, if it is of what drives the rollout."""
        return self._line if frame.f_code.co_filename.startswith(TRACED) else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note the line at which something outside of the process is changed; locks go with the process."""
        is_write = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        is_lock = bool(arguments) and isinstance(arguments[0], str | Path) and str(arguments[0]).endswith(".lock")
        if self.is_on and not is_lock and (is_write or event in {"os.rename", "os.remove", "os.truncate", "os.mkdir"}):
            self.effects.append(self.count)


def in_child(body: Callable[[], object]) -> int:
    """Run something in a forked process that leaves by its exit code, and return how that ended."""
    child = os.fork()
    if child == 0:
        try:
            code = body()
            os._exit(code if isinstance(code, int) else 0)
        except BaseException:
            traceback.print_exc()
            os._exit(99)
    return os.waitpid(child, 0)[1]


def tick_at(now: datetime, lines: Lines | None = None, *words: str) -> int:
    """Do one ordinary command at an instant, and return its exit code; what it says goes nowhere."""
    shown = [now]

    def pause(self: object, duration: timedelta) -> None:
        shown[0] += duration

    rollout_wiring.utc_now = lambda: shown[0]
    rollout_wiring.Interruption.pause = pause  # type: ignore[method-assign]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            if lines is not None:
                sys.settrace(lines.trace)
            return int(cli_main.cli(list(words or ("rollout", "tick")), standalone_mode=False))
        except WedgateError as error:
            return int(error.exit_code)
        finally:
            sys.settrace(None)


class Place:
    """A directory with one region behind a simulated target, which can be put back to how it was."""

    def __init__(self, directory: Path, digest: str) -> None:
        self.home = directory / "work"
        self.kept = directory / "kept"
        self.kept.mkdir(parents=True)
        self.digest = digest
        (self.home / ".wedgate").mkdir(parents=True)
        (self.home / "tmp").mkdir()
        (self.home / "wedgate.yml").write_text(CONFIGURATION)
        regions = {
            "us-west": {"colours": {"blue": "sha256:old", "green": None}},
            "*traffic": {"rate": 200, "digests": {"sha256:bad": {"errors": 0.4}}},
        }
        (self.home / ".wedgate" / "simulated.json").write_text(json.dumps(regions))
        os.chdir(self.home)
        tempfile.tempdir = str(self.home / "tmp")
        for words in (
            ("rollout", "adopt", "--digest", "sha256:old"),
            ("rollout", "start", "--commit", "1" * 40, "--digest", digest),
        ):
            assert in_child(lambda words=words: tick_at(WEDNESDAY, None, *words)) == 0

    def keep(self, name: int) -> None:
        """Keep a copy of everything."""
        shutil.copytree(self.home, self.kept / str(name))

    def put_back(self, name: int) -> None:
        """Put everything back to a copy."""
        os.chdir("/")
        shutil.rmtree(self.home)
        shutil.copytree(self.kept / str(name), self.home)
        os.chdir(self.home)

    def state(self) -> Any:
        """Return where the rollout stands, from the ledger, its chain verified."""
        ledger = fold(FileStore(self.home / ".wedgate" / "venue-search.jsonl").read())
        return replay(ledger.journals[ledger.latest or ""])

    def left(self) -> str:
        """Return everything that lies here, without what is random or a process's own: nonces, hashes, its number."""
        files = sorted(path for path in self.home.rglob("*") if path.is_file())
        text = "".join(f"{path.relative_to(self.home)}\n{path.read_text()}\n" for path in files)
        text = re.sub(r'"(nonce|hash|previous)": ?"[0-9a-f]*"', "", text)
        text = re.sub(rf"{re.escape(machine())}:\d+", "", text)
        return re.sub(r"\.json(l?)\.?[a-z0-9_]{8}\n", r".json\1 half written\n", text)

    def lawful(self) -> dict[str, Any]:
        """Return the region as its target has it; an error where its weights are not lawful."""
        region: dict[str, Any] = json.loads((self.home / ".wedgate" / "simulated.json").read_text())["us-west"]
        weights = region.get("weights", {"blue": 100, "green": 0})
        assert weights["blue"] + weights["green"] == 100, weights
        assert weights["green"] in LAWFUL, weights
        assert weights["green"] == 0 or region["colours"]["green"] == self.digest, region
        assert region["colours"]["blue"] == "sha256:old", region
        return region


@dataclass(frozen=True)
class Course:
    """The ticks of a rollout nobody disturbs: the lines of each, and those at which something outside changes."""

    lines: list[int]
    effects: list[list[int]]


def run_undisturbed(place: Place) -> Course:
    """Let the rollout end, keeping the state before each tick."""
    course = Course(lines=[], effects=[])
    for number in range(MOST_TICKS):
        place.keep(number)
        if place.state().is_over:
            return course
        seen = place.home / "tmp" / "seen"

        def watched(number: int = number, seen: Path = seen) -> int:
            lines = Lines()
            sys.addaudithook(lines.audit)
            code = tick_at(WEDNESDAY + (number + 1) * BETWEEN, lines)
            lines.is_on = False
            seen.write_text(json.dumps([lines.count, sorted(set(lines.effects))]))
            return code

        in_child(watched)
        count, effects = json.loads(seen.read_text())
        seen.unlink()
        place.lawful()
        course.lines.append(count)
        course.effects.append(effects)
    raise AssertionError("the rollout does not end")


def points_of(course: Course, tick: int, every: int) -> list[int]:
    """Return the lines to die at: before and after each that changes something outside, and each so many-th other."""
    near = {line + after for line in course.effects[tick] for after in (0, 1)}
    spread = set(range(1 + tick % every, course.lines[tick] + 1, every))
    return sorted(line for line in near | spread if 1 <= line <= course.lines[tick])


def die_and_resume(place: Place, tick: int, line: int, resumed: set[tuple[int, str]]) -> None:
    """Die before a line of a tick, look at what is left, and let ordinary ticks go on to the end.

    What is left is all that a process leaves: where it was ``resumed`` from the same before, the end is known.
    """
    place.put_back(tick)
    now = WEDNESDAY + (tick + 1) * BETWEEN
    ended = in_child(lambda: tick_at(now, Lines(kill_at=line)))
    assert ended == signal.SIGKILL, ended
    place.lawful()
    left = (tick, place.left())
    if left in resumed:
        return
    resumed.add(left)

    def resume() -> int:
        at = now
        for _ in range(MOST_TICKS):
            at += BETWEEN
            code = tick_at(at)
            region = place.lawful()
            if place.state().is_over:
                return wrong_end(place, region, code)
        return 90

    assert in_child(resume) == 0, (tick, line)


def wrong_end(place: Place, region: dict[str, Any], code: int) -> int:
    """Return 0 when the rollout ended as it should: done, or rolled back where the version is bad.

    A tick that died when all was written down had nothing left to tell: the next one has nothing to do.
    """
    status, green = place.state().status.value, region["weights"]["green"]
    if place.digest == "sha256:bad":
        raised = max(call[2] for call in region["calls"] if call[0] == "set_weights")
        return 0 if (status, green, raised) == ("halted", 0, 10) and code in (0, 12) else 91
    return 0 if (status, green, code) == ("done", 100, 0) else 92


def import_everything(directory: Path) -> None:
    """Go through a whole rollout in this process, so that none of those it forks has anything left to import."""
    place = Place(directory, "sha256:new")
    for number in range(MOST_TICKS):
        tick_at(WEDNESDAY + (number + 1) * BETWEEN)
    assert place.state().is_over


def write_in_two_steps() -> None:
    """Break the target: one side's weight is written after the other's, which no target may do."""

    def halves(self: SimulatedTarget, weights: Weights, fence: Fence, **more: Any) -> WeightsReading:
        with self._changing(None) as state:
            state["weights"]["green"] = weights.green
        with self._changing("set_weights") as state:
            state["weights"]["blue"] = weights.blue
            state["fence"] = {"epoch": fence.epoch, "revision": fence.revision, "rollout": fence.rollout}
            state["calls"].append(["set_weights", weights.blue, weights.green])
        return self.weights()

    SimulatedTarget.set_weights = halves  # type: ignore[method-assign]


def main(directory: str, digest: str, every: str, *, is_broken: bool = False) -> int:
    """Die everywhere that is asked for; print how often, and where something was not as it should be."""
    import_everything(Path(directory) / "first")
    if is_broken:
        write_in_two_steps()
    place = Place(Path(directory) / "then", digest)
    course = run_undisturbed(place)
    wrong, count = [], 0
    resumed: set[tuple[int, str]] = set()
    for tick in range(len(course.lines)):
        for line in points_of(course, tick, int(every)):
            count += 1
            try:
                die_and_resume(place, tick, line, resumed)
            except AssertionError as error:
                wrong.append(f"tick {tick + 1}, line {line} of {course.lines[tick]}: {error}")
    found = {"ticks": len(course.lines), "lines": sum(course.lines), "deaths": count, "left": len(resumed)}
    print(json.dumps({**found, "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], is_broken="broken" in sys.argv[4:]))
