"""Ctrl-C in the middle of a real ``wedgate rollout run`` process: weights are left safe, the next run says what it
found. Real command, real configuration, real judge; only traffic and switch are simulated, in a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONFIGURATION = """\
version: 1
service: venue-search
regions:
  us-west:
    markets:
      los-angeles: {zone: America/Los_Angeles, country: US, subdivision: CA}
rules:
  never: {where: all, dates: 2020-01-01..2020-01-02, effect: block}
rollout:
  reserve: 1s
  strategies:
    steady: {kind: canary, steps: [{weight: 10, bake: BAKE}]}
  target: {kind: simulated}
judge:
  slice: 1s
  errors: {requests: 20}
  latency-p95: {slices: 3}
  false-alarms: 20%
state: {kind: file, path: .wedgate}
"""
NEW = ["--commit", "1" * 40, "--digest", "sha256:new"]


def wedgate(*words: str) -> list[str]:
    """Return the command line of a wedgate as the action runs it."""
    return [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", *words]


def call(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(wedgate(*words), cwd=place, capture_output=True, text=True, timeout=60, check=False)


def green(place: Path) -> int:
    """Return the percent that green has in us-west."""
    regions = json.loads((place / ".wedgate" / "simulated.json").read_text())
    return int(regions["us-west"].get("weights", {"green": 0})["green"])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with one region whose old version was adopted."""
    (tmp_path / ".wedgate").mkdir()
    regions = {"us-west": {"colours": {"blue": "sha256:old", "green": None}}, "*traffic": {"rate": 200}}
    (tmp_path / ".wedgate" / "simulated.json").write_text(json.dumps(regions))
    (tmp_path / "wedgate.yml").write_text(CONFIGURATION.replace("BAKE", "10m"))
    adopted = call(tmp_path, "rollout", "adopt", "--digest", "sha256:old")
    assert adopted.returncode == 0, adopted.stderr
    return tmp_path


def begun(place: Path) -> subprocess.Popen[str]:
    """Start a rollout, and return when the candidate has traffic."""
    process = subprocess.Popen(
        wedgate("rollout", "run", *NEW), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + 30
    while green(place) != 10:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_rollout_returns_to_stable_and_the_next_run_goes_on(place: Path, number: signal.Signals) -> None:
    """Exit 1, all traffic on stable, no traceback; the same command then says what it found and ends well."""
    process = begun(place)
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1, said
    assert green(place) == 0
    assert "Traceback" not in said
    assert f"interrupted: {number.name}" in said
    if number is signal.SIGTERM:
        return
    status = call(place, "rollout", "status")
    assert "held" in status.stdout
    (place / "wedgate.yml").write_text(CONFIGURATION.replace("BAKE", "4s"))
    again = call(place, "rollout", "run", "--commit", "2" * 40, "--digest", "sha256:next")
    assert "found" in again.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert green(place) == 100


def test_killed_rollout_is_found_and_rolled_back_by_hand_without_configuration(place: Path) -> None:
    """SIGKILL leaves the candidate's share; ``wedgate rollback`` needs neither wedgate.yml nor a sound ledger."""
    process = begun(place)
    process.kill()
    process.communicate(timeout=30)
    assert green(place) == 10
    (place / "wedgate.yml").unlink()
    (place / ".wedgate" / "venue-search.jsonl").write_text("garbage\n")
    back = call(place, "rollback", "--reason", "the runner died")
    assert back.returncode == 12, back.stdout + back.stderr
    assert green(place) == 0
    assert "us-west: blue 90 / green 10 -> blue 100 / green 0" in back.stdout
    assert "kept in" in back.stdout
    assert os.listdir(place / ".wedgate")


def test_killed_rollout_is_taken_up_by_the_next_run(place: Path) -> None:
    """The next run finds the bake that was cut short, says so, and observes it anew."""
    process = begun(place)
    deadline = time.monotonic() + 30
    # The weights stand a moment before the ledger says so; the run is killed in its bake, not in that moment.
    while "baking" not in call(place, "rollout", "status").stdout:
        assert time.monotonic() < deadline
    process.kill()
    process.communicate(timeout=30)
    again = subprocess.Popen(
        wedgate("rollout", "run", *NEW), cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert again.stdout is not None
    lines: list[str] = []
    for line in again.stdout:
        lines.append(line)
        if "an earlier run left it baking at 10 %" in line:
            break
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=30)
    assert any("an earlier run left it baking at 10 %" in line for line in lines), lines
    assert green(place) == 0
