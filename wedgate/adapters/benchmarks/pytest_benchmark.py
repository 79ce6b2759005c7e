"""pytest-benchmark: the JSON of ``--benchmark-json`` (its documentation, "Comparing past runs"; version 3 and later).

All rounds of a benchmark run in one process, so a file is one value for each of them: their median. Let pytest run as
often as you want values, each time into a file of its own, with the two builds in turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.adapters.benchmarks.interface import Tool
from wedgate.adapters.benchmarks.plain_json import from_zero, instant, items, load, part, text_of
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="pytest-benchmark", looks_like="JSON with machine_info and benchmarks")


def knows(head: str) -> bool:
    """By the keys of its top."""
    return '"machine_info"' in head and ('"benchmarks"' in head or '"commit_info"' in head)


def read(text: str) -> Measurements:
    """Return the median of each benchmark, in seconds."""
    data = load(text, TOOL.name)
    at = instant(data.get("datetime") if isinstance(data, dict) else None)
    metrics = tuple(
        Metric(
            name=text_of(each.get("fullname") or each.get("name"), "a benchmark's name"),
            unit="s",
            direction=Direction.LOWER_IS_BETTER,
            values=(_median(part(each, "stats"), str(each.get("name"))),),
            times=() if at is None else (at,),
        )
        for each in items(data, "benchmarks", TOOL.name)
    )
    machine, version = part(data, "machine_info"), part(data, "commit_info")
    # What was changed and not committed is not what the commit is.
    commit = None if version.get("dirty") else version.get("id")
    cpu = part(machine, "cpu")
    count = cpu.get("count")
    environment = {
        "machine": machine.get("node"),
        "cpu": cpu.get("brand_raw") or cpu.get("brand"),
        "cpus": str(count) if isinstance(count, int) else None,
    }
    return Measurements(
        metrics=metrics,
        commit=commit if isinstance(commit, str) and len(commit) in (40, 64) else None,
        tool=f"{TOOL.name} {data.get('version', '')}".strip(),
        environment={key: value for key, value in environment.items() if isinstance(value, str) and value},
    )


def _median(stats: Mapping[str, Any], name: str) -> float:
    """Return the median of all rounds, of which none is below 0."""
    if "min" in stats:
        from_zero(stats["min"], name)
    return from_zero(stats.get("median"), name)
