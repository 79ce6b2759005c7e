"""The history of builds as values: a line for each build, of each metric its median.

A line is JSON with ``schema_version: 1``, ``kind: build``, the build's name, its instant, its commit, the machine, and
for each metric the median over processes with how many there were. A build that was measured again has a later line,
which counts instead of the earlier one, at the earlier one's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Any

from wedgate.judge.measurements import Measurements
from wedgate.judge.reading import Direction, Place, Reader, kind_of
from wedgate.judge.series import History, SeriesSettings, read_history
from wedgate.judge.units import factor_between

SCHEMA_VERSION = 1
KIND = "build"
MACHINE = ("machine", "cpu", "cpus", "governor")
"""What of an environment is kept, because it moves a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildValue:
    """One metric of one build: the median over ``count`` processes, in ``unit``."""

    name: str
    unit: str
    direction: Direction
    value: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build: what it is called, when it was measured, of which commit, on what machine, and its metrics."""

    name: str
    at: datetime
    values: tuple[BuildValue, ...]
    commit: str | None = None
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricHistory:
    """One metric over the builds that have it, in the unit and direction of the newest of them.

    ``skipped`` are builds whose unit cannot be turned into that one, or whose direction is another.
    """

    name: str
    unit: str
    direction: Direction
    builds: tuple[Build, ...]
    values: tuple[float, ...]
    found: History
    skipped: tuple[Build, ...] = ()

    def machine_changed(self, first: int) -> str | None:
        """Say how the machine of a build differs from the one before it; ``None`` if it does not."""
        before, after = self.builds[first - 1].machine, self.builds[first].machine
        for name in MACHINE:
            if name in before and name in after and before[name] != after[name]:
                return f"{name}: {before[name]}, then {after[name]}"
        return None


def build_of(measured: Measurements, *, name: str, at: datetime) -> Build:
    """Return the build that a measurement report is of. ``ValueError`` if no metric has a value for each process."""
    values = tuple(
        BuildValue(
            name=metric.name,
            unit=metric.unit,
            direction=metric.direction,
            value=median(metric.values),
            count=len(metric.values),
        )
        for metric in measured.metrics
        if metric.values and metric.aggregated is None
    )
    if not values:
        raise ValueError("no metric has a value for each process")
    machine = {key: measured.environment[key] for key in MACHINE if key in measured.environment}
    return Build(name=name, at=at, values=values, commit=measured.commit, machine=machine)


def plain_build(build: Build) -> dict[str, Any]:
    """Return a build as plain data, as ``parse_build`` reads it."""
    plain: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "build": build.name,
        "at": build.at.isoformat(),
    }
    plain |= {} if build.commit is None else {"commit": build.commit}
    plain |= {"machine": dict(build.machine)} if build.machine else {}
    plain["metrics"] = [
        {"name": e.name, "unit": e.unit, "direction": e.direction.value, "value": e.value, "count": e.count}
        for e in build.values
    ]
    return plain


def parse_build(plain: object) -> Build:
    """Return the build that plain data spells; ``ReportError`` with everything that is wrong with it."""
    reader = _Reader()
    if not isinstance(plain, Mapping):
        reader.wrong((), f"expected an object, got {kind_of(plain)}", "write { ... }")
        reader.finish()
    assert isinstance(plain, Mapping)
    reader.version(plain, SCHEMA_VERSION)
    if plain.get("kind") != KIND:
        reader.wrong(("kind",), "is missing" if "kind" not in plain else f"is {plain['kind']!r}", f"write {KIND!r}")
    reader.known(plain, (), {"schema_version", "kind", "build", "at", "commit", "machine", "metrics"})
    name, at = reader.text(plain, "build", ()), reader.instant(plain.get("at"), ("at",))
    commit = reader.text(plain, "commit", (), required=False, shape=r"[0-9a-f]{40}|[0-9a-f]{64}")
    machine = reader.machine(plain)
    values = reader.values(plain)
    reader.finish()
    assert name is not None
    assert at is not None
    return Build(name=name, at=at, values=values, commit=commit, machine=machine)


class _Reader(Reader):
    """Reads what only a build has."""

    def machine(self, plain: Mapping[str, Any]) -> dict[str, str]:
        if "machine" not in plain:
            return {}
        found = self.mapping(plain, "machine", 'write {"cpu": "..."}') or {}
        texts = {str(name): self.line(value, ("machine", str(name))) for name, value in found.items()}
        return {name: text for name, text in texts.items() if text is not None}

    def values(self, plain: Mapping[str, Any]) -> tuple[BuildValue, ...]:
        listed = self.some(plain, "metrics", "name at least one metric")
        read = [self.value(entry, ("metrics", place)) for place, entry in enumerate(listed)]
        return tuple(each for each in read if each is not None)

    def value(self, plain: object, place: Place) -> BuildValue | None:
        if not isinstance(plain, Mapping):
            self.wrong(place, f"expected an object, got {kind_of(plain)}", 'write {"name": ..., "value": ...}')
            return None
        self.known(plain, place, {"name", "unit", "direction", "value", "count"})
        name, unit = self.text(plain, "name", place), self.text(plain, "unit", place)
        direction = self.direction(plain, place)
        value, count = self.number(plain, "value", place), self.number(plain, "count", place)
        if value is not None and value < 0:
            self.wrong((*place, "value"), f"is {value:g}", "write what was measured, not less than 0")
        if name is None or unit is None or direction is None or value is None or count is None:
            return None
        return BuildValue(name=name, unit=unit, direction=direction, value=value, count=int(count))


def latest_of_each(builds: Iterable[Build]) -> tuple[Build, ...]:
    """Return the builds in the order in which they first came, each as it was measured last."""
    found: dict[str, Build] = {}
    for build in builds:
        found[build.name] = build
    return tuple(found.values())


def metric_histories(builds: Sequence[Build], *, settings: SeriesSettings | None = None) -> tuple[MetricHistory, ...]:
    """Return the history of each metric that the builds have, those of the newest build first."""
    names = dict.fromkeys(value.name for build in reversed(builds) for value in build.values)
    return tuple(_history(name, builds, settings) for name in names)


def _history(name: str, builds: Sequence[Build], settings: SeriesSettings | None) -> MetricHistory:
    having = [(build, value) for build in builds for value in build.values if value.name == name]
    newest = having[-1][1]
    kept, skipped = [], []
    for build, value in having:
        factor = factor_between(value.unit, newest.unit)
        if factor is None or value.direction is not newest.direction:
            skipped.append(build)
        else:
            kept.append((build, value.value * factor))
    values = tuple(value for _, value in kept)
    return MetricHistory(
        name=name,
        unit=newest.unit,
        direction=newest.direction,
        builds=tuple(build for build, _ in kept),
        values=values,
        found=read_history(values, direction=newest.direction, settings=settings),
        skipped=tuple(skipped),
    )


def newest(history: MetricHistory, count: int) -> MetricHistory:
    """Return the last builds of a history, for a picture, with what was found of them over all of it."""
    gone = max(0, len(history.values) - count)
    found = replace(
        history.found,
        change_points=tuple(
            replace(each, first=each.first - gone) for each in history.found.change_points if each.first > gone
        ),
        spikes=tuple(place - gone for place in history.found.spikes if place >= gone),
    )
    return replace(history, builds=history.builds[gone:], values=history.values[gone:], found=found)
