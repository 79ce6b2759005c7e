"""What is known of k6's own metrics (its documentation, "Built-in metrics"): which way they are good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wedgate.judge.reading import Direction

RATES: Mapping[str, Direction] = {
    "http_req_failed": Direction.LOWER_IS_BETTER,
    "checks": Direction.HIGHER_IS_BETTER,
}
"""Shares of all requests or checks. Of a rate of the user nobody says whether it counts good things or bad ones."""
REQUESTS = "http_reqs"
THROUGHPUTS = frozenset((REQUESTS, "iterations"))
"""Counters of what was done: more of them a second is better."""
CLOCK = "vus"
"""How many users there are. k6 writes a point of it for each second of a run, also while nothing is answered."""
LONGEST_WITHOUT_CLOCK = 2.0
"""Seconds of a run in which k6 may have written none."""
WITH_FAILED = frozenset(("grpc_req_duration", "ws_session_duration"))
"""Trends of calls whose failures k6 itself counts nowhere."""
_PARTS = ("http_req_", "ws_connecting", "grpc_")
_WHOLES = frozenset(("http_req_duration", "http_req_failed", "grpc_req_duration"))


MOST_ENDPOINTS = 50
"""Names, and groups, of one run that are told apart; with more of them, each request has a name of its own."""
TOO_MANY = f"there are more than {MOST_ENDPOINTS} of them; give requests of one kind one name: tags: {{name: 'search'}}"
_MEASURED = frozenset((*WITH_FAILED, "http_req_duration", "iteration_duration"))
_GOOD_STATUS = {"grpc_": "0", "ws_": "101"}
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


def took(name: str, value: float) -> float:
    """Return for how many seconds before its point something was under way: what k6 measured itself, in ms.

    The point of a WebSocket's session has the time at which it began.
    """
    return value / 1000 if name in _MEASURED and not name.startswith("ws_") else 0.0


def has_failed(name: str, tags: Mapping[str, object]) -> bool:
    """Whether what a point is of failed: a request by what k6 expected of it, others by the status of their protocol.

    A time of the user's own may have a status that the script copied.
    """
    status = tags.get("status")
    good = next((good for begin, good in _GOOD_STATUS.items() if name.startswith(begin)), None)
    if good is not None:
        return isinstance(status, str) and status != good
    if "expected_response" in tags:
        return tags["expected_response"] == "false"
    if not isinstance(status, str):
        return False
    is_good = len(status) == 3 and "200" <= status < "400"
    return not is_good if name.startswith("http_") else len(status) == 3 and "400" <= status < "600"


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
