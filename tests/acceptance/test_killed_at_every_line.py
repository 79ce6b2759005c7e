"""A real tick that is killed (SIGKILL) before one of its lines, for all of its lines: the next ordinary tick goes on.

Before and after each line that changes something outside of the process, and before every so many-th other one
(`make test-all`: before every one). ``kill_points.py`` has the processes: each test starts one, which forks the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

THOROUGH = os.environ.get("WEDGATE_THOROUGH") == "1"
DRIVER = Path(__file__).with_name("kill_points.py")

pytestmark = [
    pytest.mark.timeout(3600 if THOROUGH else 400),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked"),
]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Return a directory, in memory where there is such a place: a thousand deaths wait for no disk."""
    memory = Path("/dev/shm")  # noqa: S108 (a directory of its own is made there)
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path / "place"
        return
    made = Path(tempfile.mkdtemp(dir=memory, prefix="wedgate-"))
    yield made
    shutil.rmtree(made)


def die(place: Path, digest: str, *words: str, every: int) -> dict[str, Any]:
    """Let ticks of a rollout of ``digest`` die, and return what was found."""
    run = subprocess.run(
        [sys.executable, "-X", "utf8", DRIVER, place, digest, str(1 if THOROUGH else every), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout, run.stderr[-3000:]
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize(("digest", "ticks", "every"), [("sha256:new", 13, 150), ("sha256:bad", 4, 60)])
def test_weights_are_lawful_wherever_it_died_and_the_rollout_ends(
    place: Path, digest: str, ticks: int, every: int
) -> None:
    """Sum 100, no part for what was not verified, and no step left out; done, or back on stable where it is bad."""
    found = die(place, digest, every=every)
    assert found["wrong"] == []
    assert found["ticks"] == ticks
    # Fewer would mean that the lines are not those of the engine any more, or that nothing ever differs.
    assert found["lines"] > 1000 * ticks
    assert found["deaths"] > 30 * ticks
    assert found["left"] > 5 * ticks


def test_a_target_that_writes_in_two_steps_is_found(place: Path) -> None:
    """The check can fail: between the two steps the weights are not lawful, and some death is between them."""
    found = die(place, "sha256:bad", "broken", every=1000)
    assert any("'green': 10" in each for each in found["wrong"])
