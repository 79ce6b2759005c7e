"""A cold `wedgate check` against the cost of importing what it cannot do without.

Each program is a new process; the two are started alternately, so that a slow machine slows both. `cold` has an empty
cache of validated configurations (pydantic and YAML are imported), `warm` has seen this configuration before.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

NAME = "a cold `wedgate check` / `python -c 'import click, yaml'`"
ROUNDS = 15
LIMIT = 4.0
AIM = 2.5

_PYTHON = [sys.executable, "-I", "-X", "utf8"]


def measure() -> Iterable[tuple[str, float, float | None]]:
    """Yield the medians and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        subprocess.run([*_PYTHON, "-m", "wedgate", "init"], cwd=place, check=True, capture_output=True)
        base, warm, cold = _rounds(place)
    yield "import click, yaml (ms)", base * 1000, None
    yield "check, configuration seen before (ms)", warm * 1000, None
    yield "check, configuration never seen (ms)", cold * 1000, None
    yield f"ratio, seen before (aim {AIM})", warm / base, LIMIT
    yield "ratio, never seen", cold / base, None


def _rounds(place: Path) -> tuple[float, float, float]:
    times: dict[str, list[float]] = {"base": [], "warm": [], "cold": []}
    programs = {
        "base": ["-c", "import click, yaml"],
        "warm": ["-m", "wedgate", "check", "--at", "2027-06-05T12:00:00Z"],
        "cold": ["-m", "wedgate", "check", "--at", "2027-06-05T12:00:00Z"],
    }
    for number in range(ROUNDS + 1):
        for which, arguments in programs.items():
            cache = place / f"cache-{which}"
            if which == "cold":
                shutil.rmtree(cache, ignore_errors=True)
            environment = {"PATH": os.environ["PATH"], "HOME": str(place), "XDG_CACHE_HOME": str(cache)}
            cache.mkdir(mode=0o700, exist_ok=True)
            start = time.perf_counter()
            done = subprocess.run([*_PYTHON, *arguments], cwd=place, env=environment, capture_output=True, check=False)
            elapsed = time.perf_counter() - start
            if done.returncode not in (0, 10):
                raise RuntimeError(done.stderr.decode())
            if number:
                times[which].append(elapsed)
    base, warm, cold = (statistics.median(times[which]) for which in ("base", "warm", "cold"))
    return base, warm, cold
