"""hyperfine: the JSON of ``--export-json`` (its README, "Export results"). Every run is a process of its own."""

from __future__ import annotations

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import items, load, numbers, text_of
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="hyperfine", looks_like="JSON with results, each with command and times")


def knows(head: str) -> bool:
    """By the keys of a result."""
    return '"results"' in head and '"command"' in head and ('"times"' in head or '"mean"' in head)


def read(text: str) -> Measurements:
    """Return the wall time of each run of each command, in seconds; ``UnreadableError`` where a run failed."""
    metrics: list[Metric] = []
    for each in items(load(text, TOOL.name), "results", TOOL.name):
        name = text_of(each.get("command"), "a command")
        codes = each.get("exit_codes")
        failed = next((code for code in codes if code != 0), 0) if isinstance(codes, list) else 0
        if failed != 0:
            what = f"{name} exited with {failed}, and what fails is done early"
            raise UnreadableError(what[:200], "mend it, or let the command end with `|| true` if that is no failure")
        values = numbers(each.get("times"), name)
        metrics.append(Metric(name=name, unit="s", direction=Direction.LOWER_IS_BETTER, values=values))
    return Measurements(metrics=tuple(metrics), tool=TOOL.name)
