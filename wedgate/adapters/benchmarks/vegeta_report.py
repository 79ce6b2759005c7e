"""vegeta: the summary of ``vegeta report -type json`` (its README, "report").

It keeps no distribution: requests that failed are in its quantiles, and one that was refused looks fast. So latencies
are ``aggregated`` and never judged; give what ``vegeta encode`` writes. Throughput and success are one number for an
attack, and lose nothing.
"""

from __future__ import annotations

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import instant, load, number, part
from wedgate.adapters.benchmarks.requests import RATIO
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="vegeta-report", looks_like="JSON with latencies, throughput, success and status_codes")
LOST = "vegeta's report keeps no distribution; give what `vegeta encode` writes"


def knows(head: str) -> bool:
    """By its keys."""
    return '"latencies"' in head and '"status_codes"' in head


def read(text: str) -> Measurements:
    """Return the metrics of one attack."""
    data = load(text, TOOL.name)
    latencies = part(data, "latencies")
    if not latencies:
        raise UnreadableError("it has no latencies", "write it anew: vegeta report -type json results.bin")
    at = instant(data.get("earliest"))
    times = () if at is None else (at,)
    quantiles = [
        Metric(
            name=f"latency {label}",
            unit="ns",
            direction=Direction.LOWER_IS_BETTER,
            values=(number(latencies.get(key), f"latency {label}"),),
            times=times,
            aggregated=LOST,
        )
        for label, key in (("p50", "50th"), ("p95", "95th"))
    ]
    success, throughput = (number(data.get(key), key) for key in ("success", "throughput"))
    failed = Metric(
        name="latency failed",
        unit=RATIO,
        direction=Direction.LOWER_IS_BETTER,
        values=(round(1 - success, 12),),
        times=times,
    )
    rate = Metric(
        name="throughput", unit="1/s", direction=Direction.HIGHER_IS_BETTER, values=(throughput,), times=times
    )
    return Measurements(metrics=(*quantiles, failed, rate), tool=TOOL.name)
