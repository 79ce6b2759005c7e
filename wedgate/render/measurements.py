"""A measurement report as a table for a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import Any

from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.render.decision_words import clean

_HEAD = ("metric", "n", "median", "spread", "unit", "better")
_WIDEST = 60


def render_measurements(report: Measurements) -> str:
    """Return a line for each metric: how many values, their median, and how far the middle half of them spreads."""
    rows = [_HEAD, *(_cells(metric) for metric in report.metrics)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    notes = ["", *(f"  not judged: {clean(each.aggregated)}" if each.aggregated else "" for each in report.metrics)]
    lines = [f"{_aligned(row, widths)}{note}".rstrip() for row, note in zip(rows, notes, strict=True)]
    lines += [f"left out: {clean(name)}: {clean(why)}" for name, why in report.left_out.items()]
    return "\n".join([*lines, _origin(report), ""])


def plain_summary(report: Measurements) -> dict[str, Any]:
    """Return the same as plain data, ``schema_version`` 1; ``spread`` is a fraction of the median."""
    return {
        "schema_version": 1,
        "commit": report.commit,
        "tool": report.tool,
        "environment": dict(report.environment),
        "metrics": [
            {
                "name": metric.name,
                "n": len(metric.values),
                "median": median(metric.values) if metric.values else None,
                "spread": spread(metric.values),
                "unit": metric.unit,
                "direction": metric.direction.value,
                "aggregated": metric.aggregated,
            }
            for metric in report.metrics
        ],
        "left_out": dict(report.left_out),
    }


def spread(values: Sequence[float]) -> float | None:
    """Return how far it is from quartile to quartile, over the median; ``None`` where that says nothing."""
    if len(values) < 2 or median(values) == 0:
        return None
    low, _, high = quantiles(values, n=4, method="inclusive")
    return (high - low) / abs(median(values))


def _cells(metric: Metric) -> tuple[str, ...]:
    name = clean(metric.name)
    found = spread(metric.values)
    return (
        name if len(name) <= _WIDEST else f"{name[: _WIDEST - 3]}...",
        str(len(metric.values)),
        f"{median(metric.values):.6g}" if metric.values else "-",
        "-" if found is None else f"{found:.1%}",
        clean(metric.unit),
        "lower" if metric.direction is Direction.LOWER_IS_BETTER else "higher",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names and units to the left, numbers to the right."""
    cells = [
        f"{cell:>{width}}" if at in (1, 2, 3) else f"{cell:<{width}}"
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells)


def _origin(report: Measurements) -> str:
    words = [f"of commit {report.commit}" if report.commit else "of a commit that is not named"]
    words += [f"by {clean(report.tool)}"] if report.tool else []
    words += [f"{clean(name)} {clean(value)}" for name, value in report.environment.items()]
    return ", ".join(words)
