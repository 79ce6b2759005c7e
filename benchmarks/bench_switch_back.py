"""Switch back on live traffic: from the decision to the last request on the bad colour, and what fails meanwhile.

One real Envoy in front of two tiny backends; engine, ledger and target are wedgate's own. First the load generator is
asked for all it can do, then switches are made at the highest rate that it holds. Two generators, because each hides
something: wrk does not retry, so its errors are the failures; vegeta is open-loop, so its rate and latency are true
(but it retries idempotent requests on a dropped connection, and its failures are not counted here).

Which colour answered is counted by the backends themselves.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "examples" / "edge"), str(ROOT / "benchmarks")]

from traffic import attack, backend, last_of, others_in, program, read_wrk, report_of, run_wrk, wrk_command  # noqa: E402

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


def measure() -> Iterable[tuple[str, float, float | None]]:
    """Return the rows of the table; about half a minute."""
    wrk, vegeta = program("wrk"), program("vegeta")
    try:
        from envoy_edge import EnvoyEdge, free_port
    except ImportError as error:
        raise unittest.SkipTest(f"{error.name} is not installed; `make demo` installs it") from None
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        blue, green = free_port(), free_port()
        with (
            backend(blue),
            backend(green),
            EnvoyEdge.started(
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
    limit = run_wrk(wrk, edge.url, LIMIT_SECONDS)
    yield "wrk: the most it can send, requests/s", limit["rate"], None
    load = subprocess.Popen(wrk_command(wrk, edge.url, STEADY_SECONDS), stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    lates = [_switch_back(edge, green, directory, turn) for turn in range(SWITCHES)]
    held = read_wrk(load.communicate(timeout=STEADY_SECONDS + 20)[0])
    yield "wrk: requests/s while weights were switched", held["rate"], None
    yield "wrk: p50, ms", held["p50"], None
    yield "wrk: p99, ms", held["p99"], None
    yield f"wrk: failed requests over {SWITCHES} switches (never retried)", held["failed"], 0
    yield "decision to last request on the bad colour, s (worst)", max(lates), ALLOWED_SECONDS
    if vegeta is not None:
        yield from _open_loop(edge, green, vegeta, directory, limit["rate"])


def _open_loop(edge, green: int, vegeta: str, directory: Path, most: float):  # type: ignore[no-untyped-def]
    rate = int(most * FIRST_SHARE)
    while not _is_held(report_of(attack(vegeta, edge.url, directory, rate, 2), vegeta, directory), rate):
        rate = int(rate * 0.7)
        if rate < LOWEST_RATE:
            raise RuntimeError(f"vegeta does not hold even {LOWEST_RATE} requests/s here")
    load = attack(vegeta, edge.url, directory, rate, 4)
    time.sleep(1)
    late = _switch_back(edge, green, directory, SWITCHES)
    plain = report_of(load, vegeta, directory)
    yield "vegeta: requests/s that it holds, open loop", plain["rate"], None
    yield "vegeta: p50, ms", plain["latencies"]["50th"] / 1e6, None
    yield "vegeta: p99, ms", plain["latencies"]["99th"] / 1e6, None
    yield "vegeta: answers other than 200", others_in(plain), 0
    yield "vegeta: decision to last request on the bad colour, s", late, ALLOWED_SECONDS


def _is_held(plain: dict[str, Any], rate: int) -> bool:
    """Tell whether the generator sent on time and the answers kept up with it."""
    return plain["rate"] >= 0.98 * rate and not others_in(plain) and plain["latencies"]["50th"] < HELD_NANOSECONDS


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
    last, count = last_of(green)
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
