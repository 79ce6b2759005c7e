"""A measurement report: what a benchmark or a load test measured of one build, as a value from plain data.

The file is JSON with ``schema_version: 1`` and ``kind: measurements``, documented in docs/reference/measurements.md and
by ``resources/measurements.schema.json``. A value is of one process of its own: iterations in one process are
one value, because they rise and fall together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from wedgate.judge.reading import Direction, Place, Reader, is_finite, kind_of

SCHEMA_VERSION = 1
KIND = "measurements"
MACHINE = ("machine", "cpu", "cpus", "governor")
"""What of an environment tells one machine from another."""
FIELDS = frozenset(("schema_version", "kind", "commit", "tool", "environment", "metrics", "left_out"))
METRIC_FIELDS = frozenset(("name", "unit", "direction", "values", "times", "aggregated", "bounds", "present"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: a value for each process, in ``unit``; ``times`` are when each was measured, or nothing.

    ``bounds`` are the least and the most that each value may be, where it is known to a bucket of a histogram only.
    ``aggregated`` is why the values are not single measurements (a mean over all of them, say): nothing can be tested.
    ``present`` is in how many files of its build the metric is, and how many there are: at least 1, at most as many.
    """

    name: str
    unit: str
    direction: Direction
    values: tuple[float, ...]
    times: tuple[datetime, ...] = ()
    aggregated: str | None = None
    bounds: tuple[tuple[float, float], ...] = ()
    present: tuple[int, int] = (1, 1)

    @property
    def within(self) -> tuple[tuple[float, float], ...]:
        """The bounds of each value: itself where it is known."""
        return self.bounds or tuple((value, value) for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """A report: its metrics, of which commit, by which tool, and on what machine (names and texts).

    ``left_out`` is what the tool measured and nobody can judge, with the reason.
    """

    metrics: tuple[Metric, ...]
    commit: str | None = None
    tool: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def named(self, name: str) -> Metric | None:
        """Return the metric of a name."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def parse_measurements(plain: object) -> Measurements:
    """Return the report that plain JSON data spells; ``ReportError`` with everything that is wrong with it."""
    reader = _Reader()
    if not isinstance(plain, Mapping):
        reader.wrong((), f"expected an object, got {kind_of(plain)}", "write { ... }")
        reader.finish()
    assert isinstance(plain, Mapping)
    reader.version(plain, SCHEMA_VERSION)
    if plain.get("kind") != KIND:
        reader.wrong(("kind",), "is missing" if "kind" not in plain else f"is {plain['kind']!r}", f"write {KIND!r}")
    reader.known(plain, (), FIELDS)
    found = Measurements(
        metrics=reader.metrics(plain),
        commit=reader.text(plain, "commit", (), required=False, shape=r"[0-9a-f]{40}|[0-9a-f]{64}"),
        tool=reader.text(plain, "tool", (), required=False),
        environment=reader.texts(plain, "environment", 'write {"cpu": "..."}'),
        left_out=reader.texts(plain, "left_out", 'write {"the metric": "why"}'),
    )
    reader.finish()
    return found


class _Reader(Reader):
    """Reads what only a measurement report has."""

    def texts(self, plain: Mapping[str, Any], key: str, remedy: str) -> dict[str, str]:
        if key not in plain:
            return {}
        found = self.mapping(plain, key, remedy) or {}
        texts = {str(name): self.line(value, (key, str(name))) for name, value in found.items()}
        return {name: text for name, text in texts.items() if text is not None}

    def metrics(self, plain: Mapping[str, Any]) -> tuple[Metric, ...]:
        found: dict[str, Metric] = {}
        for place, entry in enumerate(self.some(plain, "metrics", "name at least one metric")):
            metric = self.metric(entry, ("metrics", place))
            if metric is not None and metric.name in found:
                self.wrong(("metrics", place, "name"), f"{metric.name!r} stands there twice", "name each metric once")
            elif metric is not None:
                found[metric.name] = metric
        return tuple(found.values())

    def metric(self, plain: object, place: Place) -> Metric | None:
        if not isinstance(plain, Mapping):
            self.wrong(place, f"expected an object, got {kind_of(plain)}", 'write {"name": ..., "values": [...]}')
            return None
        self.known(plain, place, METRIC_FIELDS)
        name, unit = self.text(plain, "name", place), self.text(plain, "unit", place)
        direction, values = self.direction(plain, place), self.values(plain, place)
        times = self.times(plain, place, len(values))
        aggregated = self.text(plain, "aggregated", place, required=False)
        if name is None or unit is None or direction is None:
            return None
        return Metric(
            name=name,
            unit=unit,
            direction=direction,
            values=values,
            times=times,
            aggregated=aggregated,
            bounds=self.bounds(plain, place, values),
            present=self.present(plain, place),
        )

    def present(self, plain: Mapping[str, Any], place: Place) -> tuple[int, int]:
        found = plain.get("present", [1, 1])
        if isinstance(found, list) and len(found) == 2 and all(type(each) is int for each in found):
            known, files = found
            if 1 <= known <= files:
                return known, files
        remedy = "write [in how many files the metric is, how many there are], or leave `present` out"
        self.wrong((*place, "present"), "expected two counts, the first of 1 up to the second", remedy)
        return 1, 1

    def bounds(
        self, plain: Mapping[str, Any], place: Place, values: tuple[float, ...]
    ) -> tuple[tuple[float, float], ...]:
        listed = plain.get("bounds", [])
        if listed == []:
            return ()
        fits = isinstance(listed, list) and len(listed) == len(values)
        if fits and all(_is_around(pair, value) for pair, value in zip(listed, values, strict=True)):
            return tuple((float(low), float(high)) for low, high in listed)
        remedy = "write [the least, the most] around each value, in the same order, or leave `bounds` out"
        self.wrong((*place, "bounds"), f"expected {len(values)} pairs", remedy)
        return ()

    def values(self, plain: Mapping[str, Any], place: Place) -> tuple[float, ...]:
        listed = plain.get("values")
        if not isinstance(listed, list):
            got = "is missing" if "values" not in plain else f"expected a list, got {kind_of(listed)}"
            self.wrong((*place, "values"), got, "write a number for each process: [0.12, 0.13]")
            return ()
        for at, value in enumerate(listed):
            if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
                where = (*place, "values", at)
                self.wrong(where, f"expected a number, got {kind_of(value)}", "write a number without its unit")
                return ()
        return tuple(float(value) for value in listed)

    def times(self, plain: Mapping[str, Any], place: Place, count: int) -> tuple[datetime, ...]:
        if "times" not in plain:
            return ()
        listed = plain["times"]
        if not isinstance(listed, list) or len(listed) != count:
            remedy = "write an instant for each value, in the same order, or leave `times` out"
            self.wrong((*place, "times"), f"expected {count} instants", remedy)
            return ()
        found = [self.instant(each, (*place, "times", at)) for at, each in enumerate(listed)]
        known = tuple(each for each in found if each is not None)
        return known if len(known) == count else ()


def _is_around(pair: object, value: float) -> bool:
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    if any(isinstance(edge, bool) or not isinstance(edge, int | float) or not is_finite(edge) for edge in pair):
        return False
    return bool(pair[0] <= value <= pair[1])


def together(reports: Sequence[Measurements]) -> Measurements:
    """Return several reports of one build as one: each is of processes of its own.

    ``ValueError`` where they are of different commits or machines, or give a metric different units or directions.
    What else differs of their environment (a seed, the load) is of a single file, and left out.
    """
    found: dict[str, Metric] = {}
    for report in reports:
        for metric in report.metrics:
            known = found.get(metric.name)
            found[metric.name] = metric if known is None else _longer(known, metric)
    commits = {report.commit for report in reports if report.commit is not None}
    if len(commits) > 1:
        raise ValueError(f"the files are of different commits: {', '.join(sorted(commits))}")
    environment: dict[str, str] = {}
    for report in reports:
        for name, value in report.environment.items():
            if environment.setdefault(name, value) != value and name in MACHINE:
                raise ValueError(f"the files differ in {name}: {environment[name]} and {value}")
    tools = {report.tool: None for report in reports if report.tool is not None}
    known_in: Counter[str] = Counter()
    for report in reports:
        known_in.update({metric.name: metric.present[0] for metric in report.metrics})
    files = sum(max((metric.present[1] for metric in report.metrics), default=1) for report in reports)
    return Measurements(
        metrics=tuple(replace(each, present=(known_in[each.name], files)) for each in found.values()),
        commit=next(iter(commits), None),
        tool=", ".join(tools) or None,
        environment={
            name: value
            for name, value in environment.items()
            if all(report.environment.get(name, value) == value for report in reports)
        },
        left_out={name: why for report in reports for name, why in report.left_out.items() if name not in found},
    )


def _longer(first: Metric, second: Metric) -> Metric:
    if first.direction is not second.direction:
        raise ValueError(f"{first.name} is {first.direction.value} in one file and {second.direction.value} in another")
    if first.unit != second.unit:
        raise ValueError(f"{first.name} is in {first.unit} in one file and in {second.unit} in another")
    times = (*first.times, *second.times) if first.times and second.times else ()
    aggregated = first.aggregated or second.aggregated
    bounds = (*first.within, *second.within) if first.bounds or second.bounds else ()
    values = (*first.values, *second.values)
    return replace(first, values=values, times=times, aggregated=aggregated, bounds=bounds)


def plain_measurements(report: Measurements) -> dict[str, Any]:
    """Return the report as plain data, as ``parse_measurements`` reads it."""
    plain: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "kind": KIND}
    plain |= {} if report.commit is None else {"commit": report.commit}
    plain |= {} if report.tool is None else {"tool": report.tool}
    plain |= {"environment": dict(report.environment)} if report.environment else {}
    plain |= {"left_out": dict(report.left_out)} if report.left_out else {}
    return {**plain, "metrics": [_plain_metric(metric) for metric in report.metrics]}


def _plain_metric(metric: Metric) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": metric.name,
        "unit": metric.unit,
        "direction": metric.direction.value,
        "values": list(metric.values),
    }
    plain |= {"bounds": [list(pair) for pair in metric.bounds]} if metric.bounds else {}
    plain |= {"times": [each.isoformat() for each in metric.times]} if metric.times else {}
    plain |= {"present": list(metric.present)} if metric.present != (1, 1) else {}
    return plain | ({} if metric.aggregated is None else {"aggregated": metric.aggregated})
