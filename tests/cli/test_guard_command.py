"""The guard as a process: metrics, reports with a token, and a look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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
REPORT = {
    "schema_version": 1,
    "service": "venue-search",
    "release": {"digest": "sha256:new"},
    "reporter": "bench",
    "reported_at": "2026-06-05T12:00:00Z",
    "metrics": [
        {"name": "p95", "baseline": 100, "candidate": 300, "unit": "ms", "direction": "lower-is-better"},
    ],
}


def wedgate(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "wedgate", *words],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **more},
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A service whose candidate has 10 %, left by its last tick."""
    (tmp_path / "wedgate.yml").write_text(CONFIGURATION)
    assert wedgate(tmp_path, "rollout", "adopt", "--digest", "sha256:old").returncode == 0
    new = ("--commit", "1" * 40, "--digest", "sha256:new")
    assert wedgate(tmp_path, "rollout", "start", *new).returncode == 0
    for _ in range(6):
        assert wedgate(tmp_path, "rollout", "tick").returncode == 0
        if green(tmp_path) == 10:
            return tmp_path
    raise AssertionError("the candidate never got its traffic")


def green(place: Path) -> int:
    """Return the candidate's percent."""
    path = place / "regions.json"
    return int(json.loads(path.read_text())["us-west"]["weights"]["green"]) if path.exists() else 0


@contextmanager
def guarding(place: Path, **more: str) -> Iterator[str]:
    """Run the guard, and yield where it listens."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "wedgate", "guard", "--interval", "1s", "--listen", "127.0.0.1:0"],
        cwd=place,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), line
            yield f"http://{line.split()[-1]}"
        finally:
            process.kill()


def ask(url: str, body: object = None, token: str = "") -> tuple[int, str]:
    """Ask the guard."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_report_with_the_token_rolls_back_and_nobody_else_does(place: Path) -> None:
    """A forged report is a downgrade: without the token, with another, about another release nothing happens."""
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url:
        deadline = time.monotonic() + 20
        while "wedgate_candidate_weight_percent" not in ask(f"{url}/metrics")[1]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        metrics = ask(f"{url}/metrics")[1]
        assert 'wedgate_candidate_weight_percent{region="us-west"} 10' in metrics
        assert ask(f"{url}/report", REPORT)[0] == 401
        assert ask(f"{url}/report", REPORT, "wrong")[0] == 401
        assert ask(f"{url}/report", {**REPORT, "release": {"digest": "sha256:other"}}, "open sesame")[0] == 422
        assert ask(f"{url}/report", {**REPORT, "service": "other"}, "open sesame")[0] == 422
        assert ask(f"{url}/report", {"nonsense": 1}, "open sesame")[0] == 422
        assert ask(f"{url}/elsewhere")[0] == 404
        assert green(place) == 10
        code, text = ask(f"{url}/report", REPORT, "open sesame")
        assert (code, green(place)) == (200, 0), text
    assert wedgate(place, "rollout", "status").stdout.count("poisoned: sha256:new") == 1


def test_a_guard_without_a_token_takes_no_reports(place: Path) -> None:
    """It says what to set."""
    with guarding(place, WEDGATE_GUARD_TOKEN="") as url:
        code, text = ask(f"{url}/report", REPORT, "")
        assert code == 403
        assert "WEDGATE_GUARD_TOKEN" in text


def test_one_look_leaves_what_is_watched(place: Path) -> None:
    """It ends with 0; nonsense options end with 2."""
    assert wedgate(place, "guard", "--once").returncode == 0
    assert green(place) == 10
    assert wedgate(place, "guard", "--once", "--interval", "2h").returncode == 2
    assert wedgate(place, "guard", "--once", "--listen", "nowhere").returncode == 2
