"""From the moment the guard receives a failing report to restored traffic, on live traffic.

A real Envoy in front of two services, a candidate with half of the traffic that ticks brought there, and the guard as
its own process, as it runs beside a target. The report comes in over HTTP while wrk, which never retries, sends as fast
as it is answered. Which colour answered last, and when, is counted by the services themselves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "examples" / "edge"), str(ROOT / "benchmarks")]

from traffic import backend, last_of, program, read_wrk, wrk_command  # noqa: E402

NAME = "a failing report to the guard: traffic is back, not one failed request"

TURNS = 3
LOAD_SECONDS = 8
ALLOWED_SECONDS = 2.0
TOKEN = "bench"  # noqa: S105 (the guard listens on loopback for some seconds)

CONFIGURATION = """
version: 1
service: bench
regions: {{bench: {{markets: {{utc: {{zone: UTC, country: US}}}}}}}}
rollout:
  reserve: 1s
  strategies: {{half: {{kind: canary, steps: [{{weight: 50, bake: 10m}}]}}}}
  target:
    kind: envoy
    admin: "{admin}"
    routes: "{routes}"
    deploy: ["true", "{{digest}}"]
    verify: {{url: "http://{{address}}/version"}}
    places: {{bench: {{blue: "127.0.0.1:{blue}", green: "127.0.0.1:{green}"}}}}
state: {{kind: file, path: .wedgate}}
"""


def measure() -> Iterable[tuple[str, float, float | None]]:
    """Return the rows of the table; about a minute."""
    wrk = program("wrk")
    if wrk is None:
        raise unittest.SkipTest("wrk is not installed; run `make tools`")
    try:
        import envoy_edge  # noqa: F401
    except ImportError as error:
        raise unittest.SkipTest(f"{error.name} is not installed; `make demo` installs it") from None
    answers, lates, failed, rates = [], [], 0.0, []
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as name:
            answered, late, load = _turn(wrk, Path(name))
        answers.append(answered)
        lates.append(late)
        failed += load["failed"]
        rates.append(load["rate"])
    yield "wrk: requests/s meanwhile (least)", min(rates), None
    yield f"report received to the guard's answer, s (worst of {TURNS})", max(answers), ALLOWED_SECONDS
    yield f"report received to last request on the bad colour, s (worst of {TURNS})", max(lates), ALLOWED_SECONDS
    yield "wrk: failed requests (never retried)", failed, 0


def _turn(wrk: str, directory: Path) -> tuple[float, float, dict[str, float]]:
    """Bring a candidate to half of the traffic, report it, and say how long it took; and what wrk saw."""
    from envoy_edge import EnvoyEdge, free_port

    blue, green = free_port(), free_port()
    with (
        backend(blue, "sha256:old"),
        backend(green, "sha256:new"),
        EnvoyEdge.started(
            "bench", blue_address=f"127.0.0.1:{blue}", green_address=f"127.0.0.1:{green}", directory=directory / "edge"
        ) as edge,
    ):
        text = CONFIGURATION.format(admin=edge.admin, routes=edge.routes, blue=blue, green=green)
        (directory / "wedgate.yml").write_text(text)
        _wedgate(directory, "rollout", "adopt", "--digest", "sha256:old")
        _wedgate(directory, "rollout", "start", "--commit", "1" * 40, "--digest", "sha256:new")
        for _ in range(8):
            _wedgate(directory, "rollout", "tick")
        load = subprocess.Popen(wrk_command(wrk, edge.url, LOAD_SECONDS), stdout=subprocess.PIPE, text=True)
        with _guard(directory) as url:
            time.sleep(2)
            if time.time() - last_of(green)[0] > 0.5:
                raise RuntimeError("the candidate has no traffic: there is nothing to measure")
            reported = time.time()
            _report(url)
            answered = time.time()
            out = load.communicate(timeout=LOAD_SECONDS + 20)[0]
        return answered - reported, max(0.0, last_of(green)[0] - reported), read_wrk(out)


def _wedgate(directory: Path, *words: str) -> None:
    command = [sys.executable, "-m", "wedgate", *words]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"wedgate {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")


@contextmanager
def _guard(directory: Path) -> Iterator[str]:
    """Run the guard, and say where it listens."""
    command = [sys.executable, "-u", "-m", "wedgate", "guard", "--listen", "127.0.0.1:0"]
    environment = {**os.environ, "WEDGATE_GUARD_TOKEN": TOKEN}
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield f"http://{process.stdout.readline().split()[-1]}"
        finally:
            process.kill()


def _report(url: str) -> None:
    """Send a report that the release is bad."""
    metric = {"name": "p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better"}
    report = {
        "schema_version": 1,
        "service": "bench",
        "release": {"digest": "sha256:new"},
        "metrics": [metric],
        "reporter": "bench",
        "reported_at": "2027-06-07T10:00:00Z",
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(f"{url}/report", data=json.dumps(report).encode(), headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        if answer.status != 200:
            raise RuntimeError(f"the guard answered {answer.status}")
