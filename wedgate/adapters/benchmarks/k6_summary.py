"""k6: the end-of-test summary, by ``--summary-export`` or ``handleSummary`` (its documentation, "End-of-test summary").

It keeps no distribution: requests that failed are in its quantiles, and look fast. So its trends are ``aggregated`` and
never judged; let k6 write ``--out json=FILE``. Rates and throughputs are one number for a run, and lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.k6_metrics import RATES, THROUGHPUTS, is_left_out, is_part, untold
from wedgate.adapters.benchmarks.plain_json import load, number, part
from wedgate.adapters.benchmarks.requests import RATIO
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="k6-summary", looks_like="JSON with metrics such as http_req_duration, and root_group")
LOST = "k6's summary keeps no distribution; measure with --out json=FILE"
_QUANTILES = {"p50": ("med", "p(50)", "p50"), "p95": ("p(95)", "p95")}
_MENDED = "write it anew: k6 run --summary-export FILE"


def knows(head: str) -> bool:
    """By its metrics."""
    return '"metrics"' in head and any(
        key in head for key in ('"http_req', '"iteration', '"root_group"', '"k6_version"')
    )


def read(text: str) -> Measurements:
    """Return the metrics of one run."""
    metrics: list[Metric] = []
    left_out: dict[str, str] = {}
    data = load(text, TOOL.name)
    known = _listed(data) if part(data, "results") else part(data, "metrics")
    for name, found in sorted(known.items()):
        if not isinstance(found, dict):
            raise UnreadableError(f"the metric {name} is no object", _MENDED)
        values = part(found, "values") or found
        metrics.extend(_metrics(name, found, values))
        if is_left_out(name, *_kind(name, found, values)):
            left_out[name] = untold(name)
    return Measurements(metrics=tuple(metrics), tool=TOOL.name, left_out=left_out)


def _listed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics of ``--new-machine-readable-summary`` as the older forms have them."""
    results = part(data, "results")
    lists = (results.get("metrics"), part(results, "checks").get("metrics"))
    duration = part(data, "config").get("duration")
    found: dict[str, Any] = {}
    for each in (each for some in lists if isinstance(some, list) for each in some):
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            raise UnreadableError("a metric of it has no name", _MENDED)
        name, values = each["name"], dict(part(each, "values"))
        if name in THROUGHPUTS:
            seconds = number(duration, "the duration")
            values["rate"] = number(values.get("count"), name) / seconds if seconds > 0 else None
        if name == "checks_succeeded" or not name.startswith("checks_"):
            found["checks" if name == "checks_succeeded" else name] = {**each, "values": values}
    return found


def _kind(name: str, found: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, str]:
    """Return type and contents. The export leaves both out, and then only k6's own trends are known to be times."""
    if "type" in found:
        return str(found["type"]), str(found.get("contains"))
    own = name.startswith(("http_req_", "iteration_duration", "group_duration", "grpc_req_", "ws_session"))
    return "trend" if "med" in values or "avg" in values else "", "time" if own else ""


def _metrics(name: str, found: Mapping[str, Any], values: Mapping[str, Any]) -> list[Metric]:
    if name in RATES:
        share = values.get("rate", values.get("value"))
        return [Metric(name=name, unit=RATIO, direction=RATES[name], values=(number(share, name),))]
    if name in THROUGHPUTS:
        rate = number(values.get("rate"), name)
        return [Metric(name=name, unit="1/s", direction=Direction.HIGHER_IS_BETTER, values=(rate,))]
    if is_part(name) or _kind(name, found, values) != ("trend", "time"):
        return []
    read = {label: next((values[key] for key in keys if key in values), None) for label, keys in _QUANTILES.items()}
    return [
        Metric(
            name=f"{name} {label}",
            unit="ms",
            direction=Direction.LOWER_IS_BETTER,
            values=(number(value, name),),
            aggregated=LOST,
        )
        for label, value in read.items()
        if value is not None
    ]
