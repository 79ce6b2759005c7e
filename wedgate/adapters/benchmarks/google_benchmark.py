"""Google Benchmark: the JSON of ``--benchmark_out=FILE`` (its user guide, "Output Formats").

Repetitions run in one process, so a file is one value for each benchmark: their median, which is also what the tool
keeps under ``--benchmark_report_aggregates_only``. Run the program as often as you want values.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import from_zero, instant, items, load, part
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="google-benchmark", looks_like="JSON with context and benchmarks, each with real_time and time_unit")
_RATES = {"items_per_second": "1/s", "bytes_per_second": "B/s"}
_OWN = frozenset(
    [
        "name",
        "family_index",
        "per_family_instance_index",
        "run_name",
        "run_type",
        "repetitions",
        "repetition_index",
        "threads",
        "iterations",
        "real_time",
        "cpu_time",
        "time_unit",
        "aggregate_name",
        "aggregate_unit",
        "label",
        "error_occurred",
        "error_message",
        "skipped",
        "skip_message",
    ]
)
"""What the tool itself writes about a benchmark. Every other number is a counter of the user."""


def knows(head: str) -> bool:
    """By the keys of its top."""
    return '"context"' in head and '"benchmarks"' in head and '"machine_info"' not in head


def read(text: str) -> Measurements:
    """Return the real time of each benchmark, and its rates."""
    data = load(text, TOOL.name)
    context = part(data, "context")
    if not context:
        raise UnreadableError("it has no context", f"give a file that {TOOL.name} wrote")
    runs: dict[str, list[Mapping[str, Any]]] = {}
    left_out: dict[str, str] = {}
    for each in items(data, "benchmarks", TOOL.name):
        name = str(each.get("run_name") or each.get("name") or "")
        if each.get("error_occurred") is True:
            raise UnreadableError(f"{name} failed: {each.get('error_message')}"[:200], "mend it and measure again")
        if each.get("skipped") is True:
            left_out[name] = f"it was skipped: {each.get('skip_message') or 'nobody says why'}"
        elif each.get("run_type", "iteration") == "iteration" or each.get("aggregate_name") == "median":
            runs.setdefault(name, []).append(each)
    at = instant(context.get("date"))
    metrics: list[Metric] = []
    for name, found in runs.items():
        # The median over repetitions stands beside them, unless it is all that was kept.
        singles = [each for each in found if each.get("run_type", "iteration") == "iteration"] or found
        for key, unit, direction in _measures(singles[0]):
            values = [from_zero(each.get(key), name) for each in singles]
            metrics.append(
                Metric(
                    name=name if key == "real_time" else f"{name} {key}",
                    unit=unit,
                    direction=direction,
                    values=(median(values),),
                    times=() if at is None else (at,),
                )
            )
        left_out |= {
            f"{name} {key}": "it is a counter, and nobody says which way it is good"
            for key in singles[0]
            if key not in _OWN and key not in _RATES
        }
    machine, cpus = context.get("host_name"), context.get("num_cpus")
    environment = {"machine": machine, "cpus": str(cpus) if isinstance(cpus, int) else None}
    return Measurements(
        metrics=tuple(metrics),
        tool=TOOL.name,
        environment={key: value for key, value in environment.items() if isinstance(value, str) and value},
        left_out=left_out,
    )


def _measures(run: Mapping[str, Any]) -> list[tuple[str, str, Direction]]:
    unit = run.get("time_unit")
    if not isinstance(unit, str):
        raise UnreadableError(f"{run.get('name')} has no time_unit", f"give a file that {TOOL.name} wrote")
    rates = [(key, its_unit, Direction.HIGHER_IS_BETTER) for key, its_unit in _RATES.items() if key in run]
    return [("real_time", unit, Direction.LOWER_IS_BETTER), *rates]
