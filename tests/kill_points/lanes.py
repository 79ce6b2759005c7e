"""A region of one's own, all of it real: an Envoy, two services, users who never stop, and a ledger in PostgreSQL."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from postgres_server import PostgresServer

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples" / "edge"))

from envoy_edge import EnvoyEdge

from wedgate.adapters._envoy.admin import Admin
from wedgate.adapters._envoy.routes import parse_response, render_routes
from wedgate.adapters._service import files
from wedgate.adapters.stores.postgres import PostgresStore
from wedgate.adapters.targets.interface import WeightsReading
from wedgate.cli.rollout_wiring import open_target
from wedgate.errors import ExternalSystemError
from wedgate.ledger.streams import LedgerState, fold
from wedgate.rollout.values import Colour, TargetSettings

OLD, NEW = "sha256:old", "sha256:new"
SERVICE = "venue-search"
DRIVER = Path(__file__).with_name("killed_driver.py")
RELEASE = ("--commit", "2" * 40, "--digest", NEW)
ROLL_OUT = ("roll-out", "2" * 40, NEW)

DEPLOY = "import sys, urllib.request; urllib.request.urlopen(f'http://{sys.argv[1]}/become/{sys.argv[2]}', timeout=5)"

CONFIGURATION = """\
version: 1
service: venue-search
regions:
  us-west: {markets: {los-angeles: {zone: America/Los_Angeles, country: US, subdivision: CA}}}
rollout:
  reserve: 1s
  strategies: {quick: {kind: canary, against: limits, steps: [{weight: 50, bake: 1s}, {weight: 100, bake: 1s}]}}
  target: TARGET
judge: {slice: 1s, errors: {requests: 1}, false-alarms: 20%}
state: {kind: postgres, url: env/WEDGATE_DATABASE_URL}
"""


class Colourful(ThreadingHTTPServer):
    """One colour of the service: answers with its name, says its digest, and becomes another when it is told to."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, colour: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.colour = colour
        self.digest: str | None = None
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Colourful

    def do_GET(self) -> None:
        """Answer."""
        if self.path.startswith("/become/"):
            self.server.digest = self.path.removeprefix("/become/")
        version = json.dumps({"digest": self.server.digest}).encode()
        body = version if self.path == "/version" else self.server.colour.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


class Users:
    """Send one request after the other, never one again, and note what was no answer."""

    def __init__(self, port: int) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._port = port
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop sending."""
        self._enough.set()
        self._thread.join(15)

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while not self._enough.wait(0.008):
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                body = response.read()
                self.answers += 1
                if response.status != 200:
                    self.failures.append(f"{response.status} {body!r}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()


class Lane:
    """One region in which one rollout after the other is killed and taken up again."""

    def __init__(self, server: PostgresServer, directory: Path) -> None:
        self.services = {colour: Colourful(colour.value) for colour in Colour}
        self.edge = EnvoyEdge.started(
            "us-west",
            blue_address=self.services[Colour.BLUE].address,
            green_address=self.services[Colour.GREEN].address,
            directory=directory / "edge",
        )
        self._server = server
        self._begun: str | None = None
        self._options: dict[str, object] = {
            "admin": self.edge.admin,
            "routes": str(self.edge.routes),
            "addresses": {colour.value: service.address for colour, service in self.services.items()},
            "deploy": [sys.executable, "-I", "-S", "-c", DEPLOY, "{address}", "{digest}"],
            "verify": {"url": "http://{address}/version", "field": "digest"},
        }
        self.place = directory / "checkout"
        self.place.mkdir()
        addresses = self._options["addresses"]
        written = {name: option for name, option in self._options.items() if name != "addresses"}
        target = json.dumps({"kind": "envoy", **written, "places": {"us-west": addresses}})
        (self.place / "wedgate.yml").write_text(CONFIGURATION.replace("TARGET", target))
        self._start_digests()
        self.url = server.database()
        adopted = self.wedgate("rollout", "adopt", "--digest", OLD)
        assert adopted.returncode == 0, adopted.stdout + adopted.stderr
        server.keep(self.url, "adopted")
        self.users = Users(self.edge.listen_port)

    def reset(self) -> None:
        """Let the old version have everything, with a ledger that knows nothing else; users go on meanwhile."""
        self._route(render_routes(Colour.BLUE, timeout_seconds=15.0))
        self._start_digests()
        shutil.rmtree(self.place / ".wedgate", ignore_errors=True)
        self._server.put_back(self.url, "adopted")

    def begin(self) -> None:
        """Bring a rollout to where its candidate has half of the traffic: by real ticks at first, by a copy later."""
        self.reset()
        if self._begun is None:
            for words in (("start", *RELEASE), ("tick",), ("tick",)):
                done = self.wedgate("rollout", *words)
                assert done.returncode == 0, done.stdout + done.stderr
            self._server.keep(self.url, "begun")
            self._begun = self.edge.routes.read_text()
            shutil.copytree(self.place / ".wedgate", self.place.with_name("begun"))
            return
        shutil.copytree(self.place.with_name("begun"), self.place / ".wedgate")
        self._server.put_back(self.url, "begun")
        self.services[Colour.GREEN].digest = NEW
        self._route(self._begun)

    def drive(self, point: int, side: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command, or start a rollout and tick, in a process that kills itself at a point."""
        return self._run([sys.executable, "-X", "utf8", str(DRIVER), str(point), side, *(words or ROLL_OUT)])

    def stopped(self, point: int) -> subprocess.Popen[str]:
        """Start a rollout and tick in a process that stands still before an effect; return when it does."""
        words = [sys.executable, "-X", "utf8", str(DRIVER), str(point), "stopped", *ROLL_OUT]
        process = subprocess.Popen(
            words, cwd=self.place, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        return process

    def wedgate(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as it ships."""
        return self._run([sys.executable, "-I", "-X", "utf8", "-m", "wedgate", *words])

    def reading(self) -> WeightsReading:
        """Return what Envoy routes by."""
        return open_target(TargetSettings(kind="envoy", region="us-west", options=self._options)).weights()

    def ledger(self) -> LedgerState:
        """Return the ledger as it is."""
        return fold(PostgresStore(lambda: self.url, SERVICE).read())

    def close(self) -> None:
        """End everything."""
        self.users.stop()
        self.edge.stop()
        for service in self.services.values():
            service.shutdown()
            service.server_close()

    def _route(self, routes: str) -> None:
        """Put a routes file in place, and wait until Envoy routes by it."""
        version = parse_response(routes)[0]
        files.replace(self.edge.routes, routes)
        admin = Admin(self.edge.admin, region="us-west")
        deadline = time.monotonic() + 10
        while admin.route_in_force({colour: colour.value for colour in Colour})[0] != version:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def _start_digests(self) -> None:
        self.services[Colour.BLUE].digest, self.services[Colour.GREEN].digest = OLD, None

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return {**kept, "WEDGATE_DATABASE_URL": self.url}

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        environment = self._environment()
        return subprocess.run(
            words, cwd=self.place, env=environment, capture_output=True, text=True, timeout=120, check=False
        )


@contextlib.contextmanager
def lanes(number: int, server: PostgresServer, directory: Path) -> Iterator[list[Lane]]:
    """Open so many lanes, and close all of them."""
    opened: list[Lane] = []
    try:
        for each in range(number):
            own = directory / f"lane-{each}"
            own.mkdir()
            opened.append(Lane(server, own))
        yield opened
    finally:
        for lane in opened:
            with contextlib.suppress(OSError, ExternalSystemError):
                lane.close()
