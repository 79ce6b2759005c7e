"""The way back through a real HAProxy with users on it: to a colour that is gone, and to one that is too small."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wedgate.adapters.targets.haproxy import HaproxyTarget
from wedgate.adapters.targets.interface import Capacity
from wedgate.engine.beside import wait
from wedgate.engine.returning import Means
from wedgate.engine.rollback import RollbackEnd, roll_back
from wedgate.errors import ExitCode
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import Colour, Fence, Release, TargetSettings, Weights

pytestmark = pytest.mark.needs_tool("haproxy")

OLD = Release(commit="0" * 40, digest="sha256:old")
NEW = Release(commit="1" * 40, digest="sha256:new")
START = """
import http.server, json, os, sys
directory, digest, *ports = sys.argv[1:]
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps({"build": {"digest": digest}}).encode() if self.path == "/version" else b"blue"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
for port in ports:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Answer)
    if os.fork() == 0:
        os.setsid()
        open(os.path.join(directory, port + ".pid"), "w").write(str(os.getpid()))
        server.serve_forever()
"""
"""Starts the old version on some ports, and ends when they listen; it goes on behind."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Return the maker of a command that starts the old version; what it started ends with the test."""
    script = tmp_path / "start.py"
    script.write_text(START)
    yield lambda *ports: [sys.executable, str(script), str(tmp_path), OLD.digest, *map(str, ports)]
    for file in tmp_path.glob("*.pid"):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(file.read_text()), signal.SIGKILL)


@pytest.fixture
def behind(proxy_edges: Any, haproxy_region: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return the maker of a region whose blue has these ports, whether anything listens there or not."""
    edges: list[Any] = []
    region_of = type(haproxy_region)

    def make(*ports: int, check: str = "") -> Any:
        addresses = {"blue": f"127.0.0.1:{ports[0]}", "green": haproxy_region.services["green"].address}
        edge = proxy_edges.HaproxyEdge("us-west", addresses, directory=tmp_path / "edge")
        servers = "\n".join(f"    server blue{port} 127.0.0.1:{port} {check}" for port in ports)
        text = re.sub(r"    server blue .*", servers, edge.configuration.read_text())
        edge.configuration.write_text(text)
        edge.start()
        edges.append(edge)
        green = haproxy_region.services["green"]
        green.digest = NEW.digest
        return region_of(edge=edge, services={"blue": SimpleNamespace(address=addresses["blue"]), "green": green})

    yield make
    for edge in edges:
        edge.stop()


def back(settings: TargetSettings, *, instances: int | None = None) -> tuple[RollbackEnd, list[str]]:
    """Roll back by hand from green, which has everything; also return what was said on the way."""
    HaproxyTarget(settings).set_weights(Weights(blue=0, green=100), Fence(epoch=1, revision=1, rollout="r-7"))
    plan = RegionPlan(
        region="us-west",
        wave=0,
        stable=Colour.BLUE,
        stable_release=OLD,
        target=settings,
        stable_instances=instances,
    )
    rescue = Rescue(
        service="venue-search",
        rollout="r-7",
        release=NEW,
        at=datetime.now(UTC),
        epoch=1,
        regions=(plan,),
        store_kind="file",
        store_options={},
    )
    said: list[str] = []
    quick = Means(pause=lambda duration: wait(min(duration, timedelta(seconds=0.2))))
    end = roll_back(
        rescue, HaproxyTarget, clock=lambda: datetime.now(UTC), why="bookings fail", say=said.append, means=quick
    )
    return end, said


def test_a_colour_where_nothing_listens_is_deployed_before_it_gets_traffic(
    proxy_edges: Any, behind: Callable[..., Any], started: Callable[..., list[str]]
) -> None:
    """No request fails: green serves until blue answers with the old digest, and blue serves then."""
    port = proxy_edges.free_port()
    region = behind(port)
    settings = region.settings(deploy=started(port))
    HaproxyTarget(settings).set_weights(Weights(blue=0, green=100), Fence(epoch=1, revision=0, rollout="r-7"))
    with region.under_load() as load:
        load.wait_for(20)
        end, _ = back(settings)
        load.wait_for(len(load.answers) + 20)
    assert (end.exit_code, end.regions[0].trouble, end.regions[0].stable) == (ExitCode.ROLLED_BACK, "", "")
    assert end.regions[0].first == "sha256:old was deployed on blue first"
    assert load.failures == []
    bodies = [body for _, body in load.answers]
    assert bodies == ["green"] * bodies.count("green") + ["blue"] * bodies.count("blue")
    assert bodies.count("blue") >= 20


def test_a_colour_that_cannot_be_deployed_costs_no_request(proxy_edges: Any, behind: Callable[..., Any]) -> None:
    """Green is all that there is: it keeps the traffic, and the way to send it away all the same is named."""
    region = behind(proxy_edges.free_port())
    settings = region.settings(deploy=[sys.executable, "-c", "import sys; sys.exit('no such image')"])
    HaproxyTarget(settings).set_weights(Weights(blue=0, green=100), Fence(epoch=1, revision=0, rollout="r-7"))
    with region.under_load() as load:
        load.wait_for(20)
        end, _ = back(settings)
        load.wait_for(len(load.answers) + 20)
    assert end.exit_code is ExitCode.EXTERNAL
    assert "no such image" in end.regions[0].trouble
    assert "--at-once" in end.regions[0].trouble
    assert load.failures == []
    assert {body for _, body in load.answers} == {"green"}


def test_a_colour_with_one_server_of_three_takes_a_third_until_the_others_are_up(
    proxy_edges: Any, behind: Callable[..., Any], started: Callable[..., list[str]]
) -> None:
    """HAProxy's own checks say when it has grown; no request fails on the way."""

    ports = [proxy_edges.free_port() for _ in range(3)]
    subprocess.run(started(ports[0]), check=True)
    region = behind(*ports, check="check inter 50ms fastinter 50ms downinter 50ms fall 1 rise 1")
    settings = region.settings(scale=started(*ports[1:]))
    target = HaproxyTarget(settings)
    target.set_weights(Weights(blue=0, green=100), Fence(epoch=1, revision=0, rollout="r-7"))
    deadline = time.monotonic() + 15
    while target.capacity(Colour.BLUE) != Capacity(ready=1, wanted=3):
        assert time.monotonic() < deadline, target.capacity(Colour.BLUE)
        time.sleep(0.02)
    with region.under_load() as load:
        load.wait_for(20)
        end, said = back(settings, instances=3)
        load.wait_for(len(load.answers) + 20)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert said[0] == (
        "us-west: 33 % to blue at once: blue has 1 of the 3 instances that all traffic needs; the rest within 90 s"
    )
    assert end.regions[0].first.endswith("the rest when it had grown")
    assert target.weights().weights == Weights(blue=100, green=0)
    assert load.failures == []
