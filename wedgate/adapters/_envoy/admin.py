"""Envoy's admin interface: what is in force, what was rejected, what was counted, and since when.

Read only. What the answers mean for weights or evidence is left to the target and the metric source.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from wedgate.adapters._envoy.routes import NoSwitchError, RoutesError, weights_in
from wedgate.adapters._service.fetch import get
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour


class Admin:
    """The admin interface of one Envoy."""

    def __init__(self, url: str, *, region: str, timeout: float = 2.0) -> None:
        self.url = url
        self.region = region
        self.timeout = timeout

    def route_in_force(self, clusters: Mapping[Colour, str]) -> tuple[str, dict[str, Any]]:
        """Return version and route configuration that Envoy routes by now.

        ``ExternalSystemError`` when Envoy does not answer, or when no dynamic route splits traffic between the
        colours, or several that differ.
        """
        dump = self.fetch("/config_dump?resource=dynamic_route_configs")
        found = []
        configs = dump.get("configs")
        for entry in configs if isinstance(configs, list) else []:
            config = entry.get("route_config") if isinstance(entry, dict) else None
            route = {key: value for key, value in config.items() if key != "@type"} if isinstance(config, dict) else {}
            if _splits(route, clusters):
                found.append((str(entry.get("version_info", "")), route))
        if not found:
            names = " and ".join(clusters[colour] for colour in Colour)
            raise ExternalSystemError(
                f"{self.region}: Envoy at {self.url} has no dynamic route with weighted_clusters over {names}; "
                "see docs/reference/envoy.md for the configuration that wedgate needs"
            )
        if any(other != found[0] for other in found[1:]):
            versions = ", ".join(sorted({version or "(none)" for version, _ in found}))
            raise ExternalSystemError(
                f"{self.region}: Envoy at {self.url} has several routes over the colours that differ ({versions}); "
                "give the colours one route configuration"
            )
        return found[0]

    def rejections(self, route_name: str) -> int:
        """Return how many updates of this route configuration were rejected or failed since Envoy started."""
        query = quote(r"\.rds\..*\.update_(rejected|failure)$")
        stats = self._stats(query)
        counts = [stat.get("value") for stat in stats if f".rds.{route_name}." in str(stat.get("name"))]
        return sum(count for count in counts if type(count) is int)

    def healthy_endpoints(self, cluster: str) -> tuple[int, int] | None:
        """Return how many endpoints of a cluster are healthy, and how many it has; ``None`` where Envoy cannot know.

        Without active health checks every endpoint counts as healthy, also one where nothing listens.
        """
        names = rf"^cluster\.{re.escape(cluster)}\.(membership_(healthy|total)|health_check\.attempt)$"
        stats = self._stats(quote(names))
        found = {str(stat.get("name")).removeprefix(f"cluster.{cluster}."): stat.get("value") for stat in stats}
        healthy, total = found.get("membership_healthy"), found.get("membership_total")
        if not found.get("health_check.attempt") or type(healthy) is not int or type(total) is not int:
            return None
        return healthy, total

    def uptime_seconds(self) -> int:
        """Return the seconds since this Envoy process started, whole."""
        text = str(self.fetch("/server_info").get("uptime_current_epoch", ""))
        if not text.endswith("s") or not text[:-1].isdigit():
            raise ExternalSystemError(f"{self.region}: Envoy at {self.url} gives no uptime (got {text!r})")
        return int(text[:-1])

    def _stats(self, query: str) -> list[dict[str, Any]]:
        """Return the counters that match a quoted filter."""
        stats = self.fetch(f"/stats?format=json&filter={query}").get("stats")
        if not isinstance(stats, list):
            raise ExternalSystemError(f"{self.region}: Envoy at {self.url} gives no list of stats")
        return [stat for stat in stats if isinstance(stat, dict)]

    def fetch(self, path: str) -> dict[str, Any]:
        """Return the JSON object at ``path``; ``ExternalSystemError`` when there is none."""
        what = f"{self.region}: Envoy's admin interface {self.url} (asked for {path.split('?')[0]})"
        try:
            status, body = get(self.url + path, timeout=self.timeout)
        except (OSError, http.client.HTTPException) as error:
            raise ExternalSystemError(f"{what} did not answer: {error or type(error).__name__}") from error
        if status != 200:
            raise ExternalSystemError(f"{what} answered {status}")
        try:
            plain = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ExternalSystemError(f"{what} did not answer with JSON: {error}") from error
        if not isinstance(plain, dict):
            raise ExternalSystemError(f"{what} did not answer with a JSON object")
        return plain


def _splits(route: Mapping[str, Any], clusters: Mapping[Colour, str]) -> bool:
    try:
        weights_in(route, clusters)
    except NoSwitchError:
        return False
    except RoutesError:
        # Weights that do not sum to 100 are a split all the same; only the reader of weights minds them.
        return True
    return True
