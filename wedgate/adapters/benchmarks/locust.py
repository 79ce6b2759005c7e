"""Locust: the file ``PREFIX_stats.csv`` of ``--csv PREFIX`` (its documentation, "Retrieve test statistics in CSV").

All requests of a run rise and fall together, so a run is one value for each metric. Percentiles are over all requests,
and one that was refused looks fast: where any failed, they are ``aggregated`` and not judged. Above 100 ms Locust
keeps two significant digits. Its requests a second end with the last answer, however long the run went on: the number
of good answers stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wedgate.adapters.benchmarks.interface import Companions, Tool
from wedgate.adapters.benchmarks.requests import count_of, share_of
from wedgate.adapters.benchmarks.table import cell, rows
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(
    name="locust",
    looks_like="CSV with Type, Name, Request Count, Failure Count, 50%, 95%",
    companions=Companions(name=r"(.*)_(?:stats_history|failures|exceptions)\.csv", main=r"\1_stats.csv"),
)
FAILED = "Locust's percentiles count requests that failed, and those look fast"
_COLUMNS = ("Type", "Name", "Request Count", "Failure Count", "Requests/s", "50%", "95%")
TOTAL = "Aggregated"
RATE = "requests"
"""The metric of all answers a second."""


def knows(head: str) -> bool:
    """By its columns."""
    first = head.partition("\n")[0]
    return first.startswith("Type,Name,Request Count,Failure Count")


def read_lines(lines: Iterable[str]) -> Measurements:
    """Return the metrics of one run: of each endpoint, and of all together."""
    metrics: list[Metric] = []
    left_out: dict[str, str] = {}
    for line, row in rows(lines, _COLUMNS, "let Locust write it to the end: --csv PREFIX"):
        name = f"{row['Type']} {row['Name']}".strip()
        if cell(row, "Request Count", line):
            metrics.extend(_of_endpoint(name, row, line))
        else:
            left_out[name] = "nothing was requested"
    return Measurements(metrics=tuple(metrics), tool=TOOL.name, left_out=left_out)


def _of_endpoint(name: str, row: Mapping[str, str], line: int) -> list[Metric]:
    failed = cell(row, "Failure Count", line)
    found = [
        Metric(
            name=f"{name} {label}",
            unit="ms",
            direction=Direction.LOWER_IS_BETTER,
            values=(cell(row, column, line),),
            aggregated=FAILED if failed else None,
        )
        for label, column in (("p50", "50%"), ("p95", "95%"))
    ]
    found.append(share_of(f"{name} failed", failed, cell(row, "Request Count", line)))
    if name == TOTAL:
        rate = (cell(row, "Requests/s", line),)
        found.append(Metric(name=RATE, unit="1/s", direction=Direction.HIGHER_IS_BETTER, values=rate))
        found.append(count_of(f"{RATE} count", max(0.0, cell(row, "Request Count", line) - failed)))
    return found
