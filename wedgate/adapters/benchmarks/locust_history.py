"""Locust: the file ``PREFIX_stats_history.csv`` of ``--csv PREFIX``, a row for each second.

Its rows are of one run and rise and fall together: they are one value for each metric. The percentiles are of the last
seconds before each row; their median over the run is given, and says so in its name. Rows go on while nothing is
answered, so they tell how long the run was, and how many good answers a second there were of all endpoints. Beside
``PREFIX_stats.csv`` the history is not read, because it is of the same run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from statistics import median

from wedgate.adapters.benchmarks.interface import Tool
from wedgate.adapters.benchmarks.locust import FAILED, RATE, TOTAL
from wedgate.adapters.benchmarks.plain_json import instant_of
from wedgate.adapters.benchmarks.requests import NO_LENGTH, Span, rate_of, share_of
from wedgate.adapters.benchmarks.table import cell, rows
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="locust-history", looks_like="CSV with Timestamp, User Count, Type, Name, 50%, 95%")
_COLUMNS = ("Timestamp", "Type", "Name", "50%", "95%", "Total Request Count", "Total Failure Count")


def knows(head: str) -> bool:
    """By its columns."""
    return head.startswith("Timestamp,User Count,Type,Name")


def read_lines(lines: Iterable[str]) -> Measurements:
    """Return the metrics of one run."""
    windows: dict[str, dict[str, list[float]]] = {}
    totals: dict[str, tuple[float, float]] = {}
    began: dict[str, tuple[datetime, ...]] = {}
    run = _Run()
    for line, row in rows(lines, _COLUMNS, "let Locust write it to the end: --csv PREFIX"):
        name = f"{row['Type']} {row['Name']}".strip()
        failed, requested = (cell(row, f"Total {which} Count", line) for which in ("Failure", "Request"))
        totals[name] = failed, requested
        at = instant_of(cell(row, "Timestamp", line))
        if name == TOTAL:
            run.take(at, max(0.0, requested - failed))
        if row["50%"] != "N/A":
            began.setdefault(name, () if at is None else (at,))
            window = windows.setdefault(name, {"p50": [], "p95": []})
            window["p50"].append(cell(row, "50%", line))
            window["p95"].append(cell(row, "95%", line))
    metrics: list[Metric] = []
    for name, window in windows.items():
        metrics.extend(
            Metric(
                name=f"{name} {label} of windows",
                unit="ms",
                direction=Direction.LOWER_IS_BETTER,
                values=(median(values),),
                times=began[name],
                aggregated=FAILED if totals[name][0] else None,
            )
            for label, values in window.items()
        )
        metrics.append(share_of(f"{name} failed", *totals[name], began[name]))
    rate = rate_of(RATE, run.answered, run.span.seconds, run.began)
    left_out = {} if rate else {RATE: NO_LENGTH}
    return Measurements(metrics=(*metrics, *rate), tool=TOOL.name, left_out=left_out)


class _Run:
    """How many requests were answered between the first row and the last."""

    def __init__(self) -> None:
        self.span = Span()
        self.began: datetime | None = None
        self.answered = 0.0
        self._before: float | None = None

    def take(self, at: datetime | None, total: float) -> None:
        """Count a row by its total, which begins anew where Locust resets its statistics."""
        self.span.add(at)
        self.began = self.began or at
        if self._before is not None:
            self.answered += total - self._before if total >= self._before else total
        self._before = total
