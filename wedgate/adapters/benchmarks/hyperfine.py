"""hyperfine: the JSON of ``--export-json`` (its README, "Export results"). Every run is a process of its own."""

from __future__ import annotations

from wedgate.adapters.benchmarks.interface import Tool
from wedgate.adapters.benchmarks.plain_json import items, load, numbers
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="hyperfine", looks_like="JSON with results, each with command and times")


def knows(head: str) -> bool:
    """By the keys of a result."""
    return '"results"' in head and '"command"' in head and ('"times"' in head or '"mean"' in head)


def read(text: str) -> Measurements:
    """Return the wall time of each run of each command, in seconds."""
    metrics = tuple(
        Metric(
            name=str(each.get("command")),
            unit="s",
            direction=Direction.LOWER_IS_BETTER,
            values=numbers(each.get("times"), str(each.get("command"))),
        )
        for each in items(load(text, TOOL.name), "results", TOOL.name)
    )
    return Measurements(metrics=metrics, tool=TOOL.name)
