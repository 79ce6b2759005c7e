"""A real Envoy in front of two tiny services on loopback, and a client that does not retry."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from wedgate.rollout.values import Colour, TargetSettings

EDGES = Path(__file__).resolve().parents[2] / "examples" / "edge"


class Service(ThreadingHTTPServer):
    """One colour: answers with its name and digest, and misbehaves on request (``/hang``, ``/cut``, ``/500`` ...)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, colour: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.colour = colour
        self.digest: str | None = f"sha256:{colour}"
        self.delay_seconds = 0.0
        self.finished = threading.Event()
        self.reached = 0.0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: the tests break connections on purpose."""

    def close(self) -> None:
        """Stop answering."""
        self.finished.set()
        self.shutdown()
        self.server_close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Service

    def do_GET(self) -> None:
        """Answer as the path asks for."""
        self.server.reached = time.monotonic()
        path = self.path
        if path == "/hang":
            self.server.finished.wait(5)
            return
        if path == "/break":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if path == "/cut":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this much")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        wanted = float(path.removeprefix("/slow/")) / 1000 if path.startswith("/slow/") else 0.0
        if delay := max(wanted, self.server.delay_seconds):
            time.sleep(delay)
        if path.startswith("/become/"):
            self.server.digest = path.removeprefix("/become/")
        body = self.server.colour.encode()
        if path == "/version":
            body = json.dumps({"build": {"digest": self.server.digest}}).encode()
        self.send_response(int(path[1:]) if path[1:].isdigit() else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@dataclass(kw_only=True)
class Load:
    """What a client that sends one request after the other, on one connection, and never again, saw."""

    answers: list[tuple[float, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def wait_for(self, answers: int, *, within: float = 15) -> None:
        """Wait until that many answers came, for at most ``within`` seconds."""
        deadline = time.monotonic() + within
        while len(self.answers) < answers:
            assert time.monotonic() < deadline, f"{len(self.answers)} answers, not {answers}"
            time.sleep(0.005)


@dataclass(kw_only=True)
class Region:
    """One region's proxy, an Envoy unless a subclass says otherwise, with its two services."""

    kind: ClassVar[str] = "envoy"

    edge: Any
    services: dict[str, Service]

    def get(self, path: str = "/") -> tuple[int, bytes]:
        """Send one request to users' side; status 0 when the answer broke off."""
        connection = http.client.HTTPConnection("127.0.0.1", self.edge.listen_port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    @contextlib.contextmanager
    def under_load(self) -> Iterator[Load]:
        """Send requests for as long as the block runs."""
        load, enough = Load(), threading.Event()

        def send() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.edge.listen_port, timeout=10)
            while not enough.is_set():
                try:
                    connection.request("GET", "/")
                    response = connection.getresponse()
                    body = response.read().decode()
                    if response.status != 200:
                        load.failures.append(f"{response.status} {body}")
                    load.answers.append((time.monotonic(), body))
                except (OSError, http.client.HTTPException) as error:
                    load.failures.append(repr(error))
                    connection.close()
            connection.close()

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        try:
            yield load
        finally:
            enough.set()
            thread.join(15)

    def settings(self, **options: object) -> TargetSettings:
        """Return the target's settings for this region."""
        found: dict[str, object] = {
            **self.switch(),
            "verify": {"url": "http://{address}/version", "field": "build.digest"},
            "addresses": {name: service.address for name, service in self.services.items()},
        }
        return TargetSettings(kind=self.kind, region=self.edge.region, options={**found, **options})

    def switch(self) -> dict[str, object]:
        """Return the options by which the traffic is switched."""
        return {"admin": self.edge.admin, "routes": str(self.edge.routes)}


class HaproxyRegion(Region):
    """One region's HAProxy with its two services."""

    kind = "haproxy"

    def switch(self) -> dict[str, object]:
        """Return the options by which the traffic is switched."""
        return {"socket": str(self.edge.socket), "weights": str(self.edge.weights)}

    def reset(self) -> None:
        """Give everything to blue, with nobody's fence."""
        from wedgate.adapters._haproxy.weights import render_weights

        self.edge.weights.write_text(render_weights("wedgate", 0))
        self.edge.restart()


class NginxRegion(Region):
    """One region's nginx with its two services."""

    kind = "nginx"

    def switch(self) -> dict[str, object]:
        """Return the options by which the traffic is switched."""
        return {"weights": str(self.edge.weights), "read-back": self.edge.read_back}

    def reset(self) -> None:
        """Give everything to blue, with nobody's fence."""
        from wedgate.adapters._nginx.sets import replace_current
        from wedgate.adapters._service.statements import Held
        from wedgate.rollout.values import Weights

        replace_current(self.edge.weights, Held(weights=Weights.giving(Colour.BLUE, 100), fence=None))
        if self.edge.process_id is None:
            self.edge.start()


def load_edges(name: str) -> ModuleType:
    """Load a module of examples/edge (it is no package)."""
    if str(EDGES) not in sys.path:
        sys.path.append(str(EDGES))
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def envoy_edge() -> ModuleType:
    """Return the module that starts Envoys, as the demo uses it."""
    return load_edges("envoy_edge")


@pytest.fixture(scope="session")
def proxy_edges() -> ModuleType:
    """Return the module that starts HAProxy and nginx."""
    return load_edges("proxy_edges")


@pytest.fixture(scope="module")
def running_region(envoy_edge: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Start one Envoy with two services for a whole test module."""
    services = {colour.value: Service(colour.value) for colour in Colour}
    edge = envoy_edge.EnvoyEdge.started(
        "us-west",
        blue_address=services["blue"].address,
        green_address=services["green"].address,
        directory=tmp_path_factory.mktemp("edge"),
        timeout_seconds=0.5,
    )
    try:
        yield Region(edge=edge, services=services)
    finally:
        edge.stop()
        for service in services.values():
            service.close()


@pytest.fixture
def region(running_region: Region) -> Region:
    """Return the region with everything on blue and nobody's fence."""
    from wedgate.adapters._envoy.admin import Admin
    from wedgate.adapters._envoy.routes import render_routes
    from wedgate.adapters._service import files

    for name, service in running_region.services.items():
        service.digest, service.delay_seconds = f"sha256:{name}", 0.0
    files.replace(running_region.edge.routes, render_routes(Colour.BLUE, timeout_seconds=0.5))
    clusters = {colour: colour.value for colour in Colour}
    admin = Admin(running_region.edge.admin, region="us-west")
    deadline = time.monotonic() + 10
    while admin.route_in_force(clusters)[0] != "initial":
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return running_region


def started(kind: type[Region], edge: type[Any], directory: Path) -> Iterator[Any]:
    """Start one proxy with two services for a whole test module."""
    services = {colour.value: Service(colour.value) for colour in Colour}
    addresses = {name: service.address for name, service in services.items()}
    with edge("us-west", addresses, directory=directory) as running:
        yield kind(edge=running, services=services)
    for service in services.values():
        service.close()


@pytest.fixture(scope="module")
def running_haproxy(proxy_edges: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaproxyRegion]:
    """Start one HAProxy for a whole test module."""
    yield from started(HaproxyRegion, proxy_edges.HaproxyEdge, tmp_path_factory.mktemp("haproxy"))


@pytest.fixture(scope="module")
def running_nginx(proxy_edges: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxRegion]:
    """Start one nginx for a whole test module."""
    yield from started(NginxRegion, proxy_edges.NginxEdge, tmp_path_factory.mktemp("nginx"))


def fresh(region: Any) -> None:
    """Give everything to blue, each side its own digest, and nobody a fence."""
    for name, service in region.services.items():
        service.digest, service.delay_seconds = f"sha256:{name}", 0.0
    region.reset()


@pytest.fixture
def haproxy_region(running_haproxy: HaproxyRegion) -> HaproxyRegion:
    """Return a fresh region behind HAProxy."""
    fresh(running_haproxy)
    return running_haproxy


@pytest.fixture
def nginx_region(running_nginx: NginxRegion) -> NginxRegion:
    """Return a fresh region behind nginx."""
    fresh(running_nginx)
    return running_nginx
