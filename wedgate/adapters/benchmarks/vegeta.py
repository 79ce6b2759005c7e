"""vegeta: the lines of ``vegeta encode`` (its README, "encode"), a request each.

All requests of an attack rise and fall together, so an attack is one value for each metric. Its throughput is that of
``vegeta report``: good answers a second, from the first request to the last answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import from_zero, instant
from wedgate.adapters.benchmarks.requests import NO_LENGTH, Requests, Span, rate_of
from wedgate.judge.measurements import Measurements, Metric

TOOL = Tool(name="vegeta", looks_like="lines of JSON with attack, seq, code, timestamp and latency")
_KEYS = ('"attack":', '"seq":', '"latency":')
_MENDED = "write it anew: vegeta encode results.bin"


def knows(head: str) -> bool:
    """By the keys of its first line."""
    first = head.lstrip().partition("\n")[0]
    return first.startswith("{") and all(key in first for key in _KEYS)


def read_lines(lines: Iterable[str]) -> Measurements:
    """Return the metrics of each attack."""
    attacks: dict[str, Requests] = {}
    began: dict[str, datetime | None] = {}
    spans: dict[str, Span] = {}
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        result = _result(line, place)
        name = str(result.get("attack") or "")
        try:
            latency = from_zero(result.get("latency"), "latency")
        except UnreadableError as error:
            raise UnreadableError(error.what, error.remedy, place) from None
        sent = instant(result.get("timestamp"))
        began.setdefault(name, sent)
        spans.setdefault(name, Span()).add(sent, after=latency / 1e9)
        attacks.setdefault(name, Requests()).add(latency, failed=_failed(result))
    metrics: list[Metric] = []
    left_out: dict[str, str] = {}
    for name, requests in attacks.items():
        metrics.extend(requests.metrics(f"{name} latency".strip(), "ns", began[name]))
        rate = rate_of(f"{name} throughput".strip(), requests.good, spans[name].seconds, began[name])
        metrics.extend(rate)
        left_out |= {} if rate else {f"{name} throughput".strip(): NO_LENGTH}
    return Measurements(metrics=tuple(metrics), tool=TOOL.name, left_out=left_out)


def _result(line: str, place: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableError("a line is no JSON, or breaks off", _MENDED, place) from None
    if not isinstance(found, dict) or not {"code", "latency", "seq"} <= found.keys():
        raise UnreadableError("a line is no result of vegeta", _MENDED, place)
    return found


def _failed(result: dict[str, Any]) -> bool:
    """As vegeta counts success: a code from 200 to 399, and no error."""
    code = result["code"]
    return bool(result.get("error")) or not (isinstance(code, int) and 200 <= code < 400)
