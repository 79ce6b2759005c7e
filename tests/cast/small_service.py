"""A service in one simulated region, as rollout commands find it: its configuration, and the ways to run a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from wedgate.cli import main as cli_main
from wedgate.errors import WedgateError

CONFIGURATION = """\
version: 1
service: venue-search
regions: {us-west: {markets: {los-angeles: {zone: America/Los_Angeles, country: US}}}}
rollout:
  reserve: 1m
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 10m}]}}
  target: {kind: simulated, running: "sha256:old", path: regions.json}
judge: {slice: 30s, errors: {requests: 20}}
state: {kind: file, path: .wedgate}
"""
CLOSED_ON_SATURDAYS = """\
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
    steady: {kind: canary, steps: [{weight: 10, bake: 10m}]}
  target: {kind: simulated}
judge:
  slice: 30s
  errors: {requests: 20}
  false-alarms: 20%
state: {kind: file, path: .wedgate}
"""
NEW = ("--commit", "1" * 40, "--digest", "sha256:new")
REPORT: dict[str, Any] = {
    "schema_version": 1,
    "service": "venue-search",
    "release": {"digest": "sha256:new"},
    "reporter": "bench",
    "reported_at": "2026-06-05T12:00:00Z",
    "metrics": [
        {"name": "p95", "baseline": 100, "candidate": 300, "unit": "ms", "direction": "lower-is-better"},
    ],
}


def run_process(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "wedgate", *words],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **more},
    )


def run_here(*words: str) -> Result:
    """Run a command in this process; what it raises comes out."""
    return CliRunner().invoke(cli_main.cli, words, standalone_mode=False, catch_exceptions=False)


def run_to_its_code(*words: str) -> Result:
    """Run a command in this process; an error of wedgate's is its exit code, as ``main`` makes it."""
    result = CliRunner().invoke(cli_main.cli, words, standalone_mode=False)
    if isinstance(result.exception, WedgateError):
        result.exit_code = int(result.exception.exit_code)
    elif result.exception is not None:
        raise result.exception
    else:
        result.exit_code = int(result.return_value)
    return result


def put_simulated(digests: dict[str, Any] | None = None) -> None:
    """Make the file, below the current directory, in which the region that is closed on Saturdays lives."""
    Path(".wedgate").mkdir()
    traffic = {"rate": 200, **({} if digests is None else {"digests": digests})}
    regions = {"us-west": {"colours": {"blue": "sha256:old", "green": None}}, "*traffic": traffic}
    Path(".wedgate/simulated.json").write_text(json.dumps(regions))


def green_in(regions: Path) -> int:
    """Return the percent that the candidate has, by the file in which the region lives; 0 where nothing is yet."""
    if not regions.exists():
        return 0
    return int(json.loads(regions.read_text())["us-west"].get("weights", {"green": 0})["green"])


def exposed(place: Path, configuration: str = CONFIGURATION, new: tuple[str, ...] = NEW) -> Path:
    """Make a service whose candidate has 10 %, left by its last tick."""
    place.mkdir(exist_ok=True)
    (place / "wedgate.yml").write_text(configuration)
    with chdir(place):
        assert run_here("rollout", "adopt", "--digest", "sha256:old").return_value == 0
        assert run_here("rollout", "start", *new).return_value == 0
        for _ in range(9):
            assert run_here("rollout", "tick").return_value == 0
            if green_in(Path("regions.json")) == 10:
                return place
    raise AssertionError("no tick gave the candidate traffic")


def told(*words: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code, and all that it said, an error of wedgate's at the end."""
    result = run_to_its_code(*words)
    return result.exit_code, result.output if result.exception is None else f"{result.output}{result.exception}"
