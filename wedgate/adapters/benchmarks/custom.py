"""github-action-benchmark's own JSON (its README, "customBiggerIsBetter" and "customSmallerIsBetter").

A list of name, unit and value; which way is good is not in the file but in the name of the tool, so it has to be said.
"""

from __future__ import annotations

from wedgate.adapters.benchmarks.interface import UnreadableError
from wedgate.adapters.benchmarks.plain_json import load, number
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction


def read_custom(text: str, tool: str, direction: Direction) -> Measurements:
    """Return the values, each of one process."""
    data = load(text, tool)
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise UnreadableError("it is no list of benchmarks", 'write [{"name": ..., "unit": ..., "value": ...}]')
    metrics: list[Metric] = []
    for each in data:
        name, unit = each.get("name"), each.get("unit")
        if not isinstance(name, str) or not isinstance(unit, str):
            raise UnreadableError("a benchmark has no name or no unit", "write both as texts")
        metrics.append(Metric(name=name, unit=unit, direction=direction, values=(number(each.get("value"), name),)))
    return Measurements(metrics=tuple(metrics), tool=tool)
