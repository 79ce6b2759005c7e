"""Switch back on live traffic: from the decision to the last request on the bad colour, and what fails meanwhile.

One real Envoy in front of two tiny backends; engine, ledger and target are wedgate's own. First the load generator is
asked for all it can do, then switches are made at the highest rate that it holds. Two generators, because each hides
something: wrk does not retry, so its errors are the failures; vegeta is open-loop, so its rate and latency are true
(but it retries idempotent requests on a dropped connection, and its failures are not counted here).

Which colour answered is counted by the backends themselves.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "edge"))

NAME = "switch back on live traffic: one decision, one rename, not one failed request"

SWITCHES = 5
LIMIT_SECONDS = 3
STEADY_SECONDS = 20
FIRST_SHARE = 0.5
"""Of the rate that wrk reaches, where the search for the open-loop rate begins: it goes down until one is held."""

LOWEST_RATE = 100
HELD_NANOSECONDS = 20e6
"""A queue that grows shows in the median: above this the rate is not held."""

ALLOWED_SECONDS = 1.0

BACKEND = """
import socket, struct, sys, threading, time
# One answer for each request; the instant of the last one is at /last, written by a plain loop without a framework.
import selectors
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
listener.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
answer = b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok"
last, count = 0.0, 0
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            peer, _ = listener.accept()
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(peer, selectors.EVENT_READ)
            continue
        peer = key.fileobj
        try:
            data = peer.recv(65536)
        except OSError:
            data = b""
        if not data:
            selector.unregister(peer)
            peer.close()
            continue
        if data.startswith(b"GET /last "):
            body = f"{last!r} {count}".encode()
            peer.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body) + body)
            continue
        last, count = time.time(), count + 1
        peer.sendall(answer)
"""


def measure() -> Iterable[tuple[str, float, float | None]]:
    """Return the rows of the table; about half a minute."""
    wrk, vegeta = _program("wrk"), _program("vegeta")
    try:
        from envoy_edge import EnvoyEdge, free_port
    except ImportError as error:
        raise unittest.SkipTest(f"{error.name} is not installed; `make demo` installs it") from None
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        blue, green = free_port(), free_port()
        with (
            _backend(blue),
            _backend(green),
            EnvoyEdge.start(
                "bench",
                blue_address=f"127.0.0.1:{blue}",
                green_address=f"127.0.0.1:{green}",
                directory=directory,
            ) as edge,
        ):
            yield from _rows(edge, green, wrk, vegeta, directory)


def _rows(edge, green: int, wrk: str | None, vegeta: str | None, directory: Path):  # type: ignore[no-untyped-def]
    if wrk is None:
        raise unittest.SkipTest("wrk is not installed; run `make tools`")
    limit = _run_wrk(wrk, edge.url, LIMIT_SECONDS)
    yield "wrk: the most it can send, requests/s", limit["rate"], None
    load = subprocess.Popen(_wrk(wrk, edge.url, STEADY_SECONDS), stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    lates = [_switch_back(edge, green, directory, turn) for turn in range(SWITCHES)]
    held = _read_wrk(load.communicate(timeout=STEADY_SECONDS + 20)[0])
    yield "wrk: requests/s while weights were switched", held["rate"], None
    yield "wrk: p50, ms", held["p50"], None
    yield "wrk: p99, ms", held["p99"], None
    yield f"wrk: failed requests over {SWITCHES} switches (never retried)", held["failed"], 0
    yield "decision to last request on the bad colour, s (worst)", max(lates), ALLOWED_SECONDS
    if vegeta is not None:
        yield from _open_loop(edge, green, vegeta, directory, limit["rate"])


def _open_loop(edge, green: int, vegeta: str, directory: Path, most: float):  # type: ignore[no-untyped-def]
    rate = int(most * FIRST_SHARE)
    while not _is_held(_report(_attack(vegeta, edge.url, directory, rate, 2), vegeta, directory), rate):
        rate = int(rate * 0.7)
        if rate < LOWEST_RATE:
            raise RuntimeError(f"vegeta does not hold even {LOWEST_RATE} requests/s here")
    load = _attack(vegeta, edge.url, directory, rate, 4)
    time.sleep(1)
    late = _switch_back(edge, green, directory, SWITCHES)
    plain = _report(load, vegeta, directory)
    yield "vegeta: requests/s that it holds, open loop", plain["rate"], None
    yield "vegeta: p50, ms", plain["latencies"]["50th"] / 1e6, None
    yield "vegeta: p99, ms", plain["latencies"]["99th"] / 1e6, None
    yield "vegeta: answers other than 200", _others(plain), 0
    yield "vegeta: decision to last request on the bad colour, s", late, ALLOWED_SECONDS


def _attack(vegeta: str, url: str, directory: Path, rate: int, seconds: int) -> subprocess.Popen[str]:
    command = [vegeta, "attack", "-rate", f"{rate}/1s", "-duration", f"{seconds}s", "-timeout", "5s"]
    command += ["-workers", "32", "-max-workers", "512", "-output", str(directory / "vegeta.bin")]
    load = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    assert load.stdin is not None
    load.stdin.write(f"GET {url}/\n")
    load.stdin.close()
    return load


def _report(load: subprocess.Popen[str], vegeta: str, directory: Path) -> dict[str, Any]:
    load.wait(30)
    command = [vegeta, "report", "-type=json", str(directory / "vegeta.bin")]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def _is_held(plain: dict[str, Any], rate: int) -> bool:
    """Tell whether the generator sent on time and the answers kept up with it."""
    return plain["rate"] >= 0.98 * rate and not _others(plain) and plain["latencies"]["50th"] < HELD_NANOSECONDS


def _others(plain: dict[str, Any]) -> int:
    return sum(count for code, count in plain["status_codes"].items() if code != "200")


def _switch_back(edge, green: int, directory: Path, turn: int) -> float:  # type: ignore[no-untyped-def]
    """Let the shipped engine release to half of the traffic, decide against it, and say how late its last request was.

    The decision is the instant at which the judge answers: the machine, the spool on disk, the fence, Envoy and the
    read-back all come after it. Only the judge's answer and the digests are made up.
    """
    from wedgate.adapters.targets.envoy import EnvoyTarget
    from wedgate.engine.adopt import adopt
    from wedgate.engine.rollout import RolloutEngine
    from wedgate.errors import ExitCode
    from wedgate.judge.values import Judgement, Outcome
    from wedgate.rollout.values import Colour, Release, TargetSettings

    good = Release(commit="0" * 40, digest="good")
    bad = Release(commit=f"{turn + 1:040x}", digest=f"bad-{turn}")
    decided: list[float] = []

    class Told(EnvoyTarget):
        """A target whose two colours are up and are what they should be."""

        def deploy(self, colour: Colour, release: Release) -> None:
            """Nothing is to be deployed."""

        def digest(self, colour: Colour) -> str:
            """Answer what is expected on each side."""
            return good.digest if colour is Colour.BLUE else bad.digest

    def condemn(*_: object, **__: object) -> Judgement:
        decided.append(time.time())
        return Judgement(outcome=Outcome.FAIL, metrics=(), slices=1, usable=1, text="condemned by the benchmark")

    def open_target(settings: TargetSettings) -> EnvoyTarget:
        return Told(settings)

    parts = _parts(edge, directory, open_target, condemn)
    if turn == 0:
        adopt(parts, good)
    end = RolloutEngine(parts).run(bad)
    if end.exit_code is not ExitCode.ROLLED_BACK:
        raise RuntimeError(f"the engine did not roll back: {end.text}")
    time.sleep(0.5)
    last, count = _last(green)
    if not count:
        raise RuntimeError("the candidate got no request at all: nothing was measured")
    return max(0.0, last - decided[0])


CONFIGURATION = """
version: 1
service: bench
regions: {{bench: {{markets: {{utc: {{zone: UTC, country: US}}}}}}}}
rollout:
  reserve: 1s
  strategies: {{half: {{kind: canary, steps: [{{weight: 50, bake: 20s}}]}}}}
  target:
    {{kind: envoy, admin: "{admin}", routes: "{routes}", deploy: ["true", "{{digest}}"], verify: {{url: "{admin}"}}}}
judge: {{slice: 1s}}
"""


def _parts(edge, directory: Path, open_target, judge_live):  # type: ignore[no-untyped-def]
    from wedgate.adapters.metrics.envoy import EnvoyMetrics
    from wedgate.adapters.stores.file import FileStore
    from wedgate.adapters.stores.rescue import save_rescue
    from wedgate.adapters.stores.spool import FileSpool
    from wedgate.cli.wiring import ask_region, utc_now
    from wedgate.config.load import parse_configuration
    from wedgate.engine.rollout_parts import RolloutParts
    from wedgate.judge.slices import slice_between

    text = CONFIGURATION.format(admin=edge.admin, routes=edge.routes)
    configuration = parse_configuration(text.encode(), name="bench")
    settings = configuration.rollout
    assert settings is not None
    return RolloutParts(
        service=configuration.service,
        settings=settings,
        judge=configuration.judge,
        store=FileStore(directory / "ledger.jsonl"),
        spool=FileSpool(directory / "spool.jsonl"),
        open_target=open_target,
        open_metrics=lambda region: EnvoyMetrics.beside(settings.targets[region]),
        ask_gate=lambda region, at, runway: ask_region(configuration, region, at, runway),
        clock=utc_now,
        pause=lambda duration: time.sleep(duration.total_seconds()),
        observe=lambda progress: None,
        save_rescue=lambda rescue: save_rescue(directory / "rescue.json", rescue),
        slice_between=slice_between,
        judge_live=judge_live,
    )


def _last(port: int) -> tuple[float, int]:
    """Ask a backend when it answered last, and how many requests it answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /last HTTP/1.1\r\nhost: bench\r\n\r\n")
        last, count = connection.recv(4096).rpartition(b"\r\n\r\n")[2].split()
    return float(last), int(count)


@contextmanager
def _backend(port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", BACKEND, str(port)])
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                _last(port)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("a backend of the benchmark did not come up") from None
                time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def _wrk(wrk: str, url: str, seconds: int) -> list[str]:
    return [wrk, "-t1", "-c16", f"-d{seconds}s", "--timeout", "5s", "--latency", f"{url}/"]


def _run_wrk(wrk: str, url: str, seconds: int) -> dict[str, float]:
    done = subprocess.run(_wrk(wrk, url, seconds), capture_output=True, text=True, check=True, timeout=seconds + 20)
    return _read_wrk(done.stdout)


def _read_wrk(text: str) -> dict[str, float]:
    """Read wrk's report: rate, latencies in milliseconds, and every kind of error summed up."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        raise RuntimeError(f"wrk reported no rate:\n{text}")
    found = {"rate": float(rate[1])}
    for name in ("50", "99"):
        latency = re.search(rf"^\s+{name}%\s+([\d.]+)(us|ms|s)\s*$", text, re.MULTILINE)
        if latency:
            found[f"p{name}"] = float(latency[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[latency[2]]
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    found["failed"] = float(sum(int(n) for n in sockets.groups()) if sockets else 0) + float(others[1] if others else 0)
    return found


def _program(name: str) -> str | None:
    return shutil.which(name, path=str(ROOT / ".tools" / "bin")) or shutil.which(name)
