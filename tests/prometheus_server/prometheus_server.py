"""Debian's real Prometheus on loopback, and exporters whose numbers a test controls."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

EVERY = 0.25
"""Seconds between two scrapes."""

PATIENCE = 30.0
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


class Exporter(ThreadingHTTPServer):
    """Serves ``text`` (bytes: as protobuf), or fails with ``status``; counts how often it was asked."""

    daemon_threads = True

    def __init__(self, text: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Metrics)
        self.text: str | bytes = text
        self.status = 200
        self.scrapes = 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()


class _Metrics(BaseHTTPRequestHandler):
    server: Exporter

    def do_GET(self) -> None:
        """Answer with the metrics."""
        text = self.server.text
        body = text if isinstance(text, bytes) else text.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/plain; version=0.0.4" if isinstance(text, str) else PROTOBUF)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.scrapes += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


class PrometheusServer:
    """One Prometheus that scrapes some addresses, under the same port over ``restart()``."""

    def __init__(
        self,
        program: Path,
        directory: Path,
        targets: Sequence[str],
        *,
        path: str = "/metrics",
        options: Sequence[str] = (),
    ) -> None:
        self._program = program
        self._directory = directory
        self._options = tuple(options)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self._port = found.getsockname()[1]
        job = {
            "job_name": "edge",
            "scrape_interval": f"{EVERY * 1000:.0f}ms",
            "scrape_timeout": f"{EVERY * 1000:.0f}ms",
            "metrics_path": path,
            "static_configs": [{"targets": list(targets)}],
        }
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "prometheus.yml").write_text(json.dumps({"scrape_configs": [job]}))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = (self._directory / "log").open("ab")
        self._process = subprocess.Popen(
            [
                str(self._program),
                f"--config.file={self._directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                "--log.level=warn",
                *self._options,
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until(lambda: self._ready())

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def ask(self, query: str) -> list[Any]:
        """Return the result of an instant query."""
        words = urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{words}", timeout=10) as answer:  # noqa: S310
            found: list[Any] = json.load(answer)["data"]["result"]
            return found

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._directory / "log").read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something holds, for half a minute at most."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def metrics(
    colours: Mapping[str, Mapping[str, Any]], *, labels: str = "", stamp: float | None = None, timeouts: bool = True
) -> str:
    """Write Envoy's own metrics: by colour ``{"200": 90, "503": 1, "timeouts": 0, "le": {"5": 80, "+Inf": 91}}``."""
    lines = []
    end = "" if stamp is None else f" {stamp * 1000:.0f}"
    more = f",{labels}" if labels else ""
    for colour, counts in colours.items():
        name = f'envoy_cluster_name="{colour}"{more}'
        for key, count in counts.items():
            if key == "timeouts":
                lines.append(f"envoy_cluster_upstream_rq_timeout{{{name}}} {count}{end}")
            elif key == "le":
                lines += [
                    f'envoy_cluster_upstream_rq_time_bucket{{{name},le="{edge}"}} {below}{end}'
                    for edge, below in count.items()
                ]
            else:
                lines.append(f'envoy_cluster_upstream_rq{{{name},envoy_response_code="{key}"}} {count}{end}')
    return "\n".join((*lines, ""))
