"""JMH: the JSON of ``-rf json`` (its JSONResultFormat).

A fork is a process, its iterations are not: each fork is one value, the median of its iterations. Of throughput
(``thrpt``) more is better, of every other mode less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import from_zero, load, number, numbers, part, text_of
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="jmh", looks_like="JSON, a list of objects with benchmark, mode and primaryMetric")
_MODES = {
    "thrpt": Direction.HIGHER_IS_BETTER,
    "avgt": Direction.LOWER_IS_BETTER,
    "sample": Direction.LOWER_IS_BETTER,
    "ss": Direction.LOWER_IS_BETTER,
}
_ALLOCATED = "gc.alloc.rate.norm"
_PERCENTILE = re.compile(r"p[01]\.\d+$")
"""What the mode ``sample`` repeats of its histogram."""


def knows(head: str) -> bool:
    """By the keys of a result."""
    return '"primaryMetric"' in head or ('"jmhVersion"' in head and '"benchmark"' in head)


def read(text: str) -> Measurements:
    """Return a value for each fork of each benchmark."""
    data = load(text, TOOL.name)
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise UnreadableError("it has no list of results", f"write it with {TOOL.name} -rf json")
    metrics: list[Metric] = []
    left_out: dict[str, str] = {}
    for each in data:
        name, mode = _name(each), str(each.get("mode"))
        if mode not in _MODES:
            raise UnreadableError(f"{name} has the mode {mode!r}"[:120], f"use one of {', '.join(_MODES)}")
        metrics.append(_metric(name, part(each, "primaryMetric"), _MODES[mode], wanted=each.get("forks")))
        for other, found in part(each, "secondaryMetrics").items():
            if other.lstrip("·") == _ALLOCATED and isinstance(found, dict):
                metrics.append(
                    _metric(f"{name} {_ALLOCATED}", found, Direction.LOWER_IS_BETTER, wanted=each.get("forks"))
                )
            elif not (mode == "sample" and _PERCENTILE.match(other.rpartition("·")[2])):
                left_out[f"{name} {other}"] = "nobody says which way it is good"
    jdks = {f"{each.get('vmName')} {each.get('jdkVersion')}" for each in data if each.get("jdkVersion")}
    version = next((each.get("jmhVersion") for each in data), None)
    return Measurements(
        metrics=tuple(metrics),
        tool=f"{TOOL.name} {version}" if isinstance(version, str) else TOOL.name,
        environment={"jdk": jdks.pop()} if len(jdks) == 1 else {},
        left_out=left_out,
    )


def _name(result: Mapping[str, Any]) -> str:
    """Return the benchmark with its parameters, its mode and its threads: one benchmark may be run in several ways."""
    params = ", ".join(f"{key}={value}" for key, value in part(result, "params").items())
    name = text_of(result.get("benchmark"), "a benchmark's name")
    count = result.get("threads")
    threads = f", {count} threads" if isinstance(count, int) and count > 1 else ""
    return f"{name}{f'({params})' if params else ''} {result.get('mode')}{threads}"


def _metric(name: str, found: Mapping[str, Any], direction: Direction, *, wanted: object) -> Metric:
    """Return a value for each fork; ``wanted`` is how many of them there should be."""
    unit = found.get("scoreUnit")
    if not isinstance(unit, str) or not unit.strip():
        raise UnreadableError(f"{name} has no scoreUnit", f"write it with {TOOL.name} -rf json")
    forks, read_fork = found.get("rawData"), _iterations
    if found.get("rawDataHistogram") is not None:
        forks, read_fork = found.get("rawDataHistogram"), _histogram
    if not isinstance(forks, list) or not forks:
        raise UnreadableError(f"{name} has no rawData", "its score alone is a mean over all forks; keep the raw data")
    if isinstance(wanted, int) and wanted > len(forks):
        what = f"{name} has the raw data of {len(forks)} of {wanted} forks"
        raise UnreadableError(what, "see why the others ended, and measure again")
    return Metric(
        name=name, unit=_unit(unit), direction=direction, values=tuple(read_fork(fork, name) for fork in forks)
    )


def _unit(unit: str) -> str:
    """Spell ``ms/op`` as a time and ``ops/ms`` as a rate, which are turned into one another."""
    if unit.startswith("ops/"):
        return f"1/{unit.removeprefix('ops/')}"
    return unit.removesuffix("/op")


def _iterations(fork: object, name: str) -> float:
    return median(numbers(fork, name))


def _histogram(fork: object, name: str) -> float:
    """Return the median of all invocations that a fork sampled: a list of [value, count] for each iteration."""
    pairs: list[tuple[float, float]] = []
    for iteration in fork if isinstance(fork, list) else ():
        for pair in iteration if isinstance(iteration, list) else ():
            if not isinstance(pair, list) or len(pair) != 2:
                raise UnreadableError(f"{name} has no histogram of [value, count]", f"write it anew with {TOOL.name}")
            pairs.append((from_zero(pair[0], name), number(pair[1], name)))
    return _weighted_median(pairs, name)


def _weighted_median(pairs: Sequence[tuple[float, float]], name: str) -> float:
    half = sum(count for _, count in pairs) / 2
    passed = 0.0
    for value, count in sorted(pairs):
        passed += count
        if passed >= half:
            return value
    raise UnreadableError(f"{name} has no values", "run at least one iteration")
