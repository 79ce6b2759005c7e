"""What is known of k6's own metrics (its documentation, "Built-in metrics"): which way they are good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wedgate.judge.reading import Direction

RATES: Mapping[str, Direction] = {
    "http_req_failed": Direction.LOWER_IS_BETTER,
    "checks": Direction.HIGHER_IS_BETTER,
}
"""Shares of all requests or checks. Of a rate of the user nobody says whether it counts good things or bad ones."""
THROUGHPUTS = frozenset(("http_reqs", "iterations"))
"""Counters of what was done: more of them a second is better."""
_PARTS = ("http_req_", "ws_connecting", "grpc_")
_WHOLES = frozenset(("http_req_duration", "http_req_failed", "grpc_req_duration"))


MOST_ENDPOINTS = 50
"""Names, and groups, of one run that are told apart; with more of them, each request has a name of its own."""
TOO_MANY = f"there are more than {MOST_ENDPOINTS} of them; give requests of one kind one name: tags: {{name: 'search'}}"
_TOLD_APART = frozenset(("http_req_duration", "http_req_failed", "grpc_req_duration", "group_duration"))


def endpoints_of(metric: str, tags: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield tag and value of what a point is told apart by: a name that the script gives its request, and its group.

    k6 names a request by its address where the script does not; of those nobody says which are of one kind. The
    addresses of ``http.url`...``` have ``${}`` for what varies.
    """
    if metric not in _TOLD_APART:
        return
    name, group = tags.get("name"), tags.get("group")
    if isinstance(name, str) and name and ("${}" in name or not name.startswith(("http://", "https://"))):
        yield "name", name
    if isinstance(group, str) and group:
        yield "group", group


def is_time(kind: str, contains: str) -> bool:
    """Whether a metric is a trend of durations, in milliseconds: of those less is better."""
    return kind == "trend" and contains == "time"


def is_part(name: str) -> bool:
    """Whether a metric is a part of a request's duration, of what came before it, or of another metric's requests."""
    return "{" in name or (name not in _WHOLES and name.startswith(_PARTS))


def is_left_out(name: str, kind: str, contains: str) -> bool:
    """Whether a metric is none that can be judged."""
    return name not in RATES and name not in THROUGHPUTS and (is_part(name) or not is_time(kind, contains))


def untold(name: str) -> str:
    """Return why a metric is left out."""
    if is_part(name):
        return "it is a part of another metric"
    return "neither k6 nor its unit says which way it is good"
