"""The routes file: one file-based route discovery response whose version says who wrote which weights.

A file is JSON, never YAML (Envoy reads a bare ``n`` as false). Only the weights and the version are wedgate's: hosts,
prefixes, timeouts and headers that somebody put into the file stay as they are. How the file reaches the disk and
how Envoy answers is left to the target.

Envoy compares a new configuration with the one in force, version apart: equal ones are skipped, and the old version
stays in force. So the version is also written into the metadata of every route that wedgate switches, where it has no
effect but to make the configuration another one (seen on Envoy 1.40).

Source of the format: Envoy's ``envoy.service.discovery.v3.DiscoveryResponse`` and
``envoy.config.route.v3.RouteConfiguration``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from wedgate.rollout.values import Colour, Weights

ROUTE_TYPE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
ROUTE_NAME = "wedgate"
METADATA_KEY = "wedgate"
INITIAL_VERSION = "initial"
"""The version of a file that no rollout has written yet: it carries no fence."""


class RoutesError(ValueError):
    """A routes document that wedgate cannot use; the text says what is wrong with it."""


class NoSwitchError(RoutesError):
    """A routes document without any route over both colours."""


def render_routes(
    serving: Colour,
    *,
    clusters: Mapping[Colour, str] | None = None,
    timeout_seconds: float = 15.0,
    name: str = ROUTE_NAME,
) -> str:
    """Render the routes file of a region that has never been rolled out: everything goes to ``serving``.

    ``timeout_seconds`` is how long Envoy waits for an answer before it gives up with 504; ``name`` is the
    ``route_config_name`` of the listener.
    """
    names = clusters or {colour: colour.value for colour in Colour}
    route = {
        "name": name,
        "validate_clusters": True,
        "virtual_hosts": [
            {
                "name": "everything",
                "domains": ["*"],
                "routes": [
                    {
                        "match": {"prefix": "/"},
                        "route": {
                            "timeout": f"{timeout_seconds:g}s",
                            "weighted_clusters": {
                                "clusters": [
                                    {"name": names[colour], "weight": 100 if colour is serving else 0}
                                    for colour in Colour
                                ]
                            },
                        },
                    }
                ],
            }
        ],
    }
    return render_response(route, version=INITIAL_VERSION)


def render_response(route: Mapping[str, Any], *, version: str) -> str:
    """Render one route configuration as the discovery response that Envoy reads from a file."""
    response = {"version_info": version, "resources": [{"@type": ROUTE_TYPE, **route}]}
    return json.dumps(response, indent=1) + "\n"


def parse_response(text: str) -> tuple[str, dict[str, Any]]:
    """Return version and route configuration of a routes file; ``RoutesError`` when it is not one."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RoutesError(f"it is not JSON ({error})") from None
    resources = plain.get("resources") if isinstance(plain, dict) else None
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise RoutesError("it is not a discovery response with exactly one route configuration")
    route = {key: value for key, value in resources[0].items() if key != "@type"}
    return str(plain.get("version_info", "")), route


def with_weights(
    route: Mapping[str, Any], weights: Weights, clusters: Mapping[Colour, str], *, version: str
) -> dict[str, Any]:
    """Return a copy of ``route`` with these weights, and this version, in every weighted route over both clusters."""
    copy: dict[str, Any] = json.loads(json.dumps(route))
    copy["validate_clusters"] = True
    for entry in _switches(copy, clusters):
        weighted = entry["route"]["weighted_clusters"]
        # A colour that is listed twice would get its share twice: the list is written whole.
        kept = {cluster["name"]: cluster for cluster in weighted["clusters"]}
        weighted["clusters"] = [{**kept[clusters[colour]], "weight": weights.of(colour)} for colour in Colour]
        weighted.pop("total_weight", None)
        metadata = entry.setdefault("metadata", {}).setdefault("filter_metadata", {})
        metadata[METADATA_KEY] = {"version": version}
    return copy


def weights_in(route: Mapping[str, Any], clusters: Mapping[Colour, str]) -> Weights:
    """Return the weights that every weighted route over both clusters agrees on; ``RoutesError`` otherwise."""
    found = set()
    for entry in _switches(route, clusters):
        shares = dict.fromkeys(Colour, 0)
        for cluster in entry["route"]["weighted_clusters"]["clusters"]:
            shares[_colour_of(cluster["name"], clusters)] += _whole(cluster.get("weight", 0))
        found.add((shares[Colour.BLUE], shares[Colour.GREEN]))
    if len(found) > 1:
        raise RoutesError(f"its routes carry different weights (blue, green): {sorted(found)}")
    blue, green = found.pop()
    try:
        return Weights(blue=blue, green=green)
    except ValueError as error:
        raise RoutesError(str(error)) from None


def _switches(route: Mapping[str, Any], clusters: Mapping[Colour, str]) -> list[dict[str, Any]]:
    """Return the routes that split traffic between exactly the two colours."""
    wanted = set(clusters.values())
    found = [entry for entry in _entries(route) if _cluster_names(entry) == wanted]
    if not found:
        names = " and ".join(repr(clusters[colour]) for colour in Colour)
        raise NoSwitchError(f"it has no route with weighted_clusters over {names}")
    return found


def _entries(route: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for host in _dictionaries(route.get("virtual_hosts")):
        yield from _dictionaries(host.get("routes"))


def _cluster_names(entry: Mapping[str, Any]) -> set[str]:
    action = entry.get("route")
    weighted = action.get("weighted_clusters") if isinstance(action, dict) else None
    clusters = weighted.get("clusters") if isinstance(weighted, dict) else None
    return {str(cluster.get("name")) for cluster in _dictionaries(clusters)}


def _whole(weight: Any) -> int:
    try:
        return int(weight)
    except (TypeError, ValueError, OverflowError):
        raise RoutesError(f"a weight is {weight!r}, no whole number") from None


def _dictionaries(plain: object) -> list[dict[str, Any]]:
    # The file may be anybody's: what is not a route is no switch, and no reason to stop.
    return [entry for entry in plain if isinstance(entry, dict)] if isinstance(plain, list) else []


def _colour_of(name: str, clusters: Mapping[Colour, str]) -> Colour:
    return Colour.BLUE if name == clusters[Colour.BLUE] else Colour.GREEN
