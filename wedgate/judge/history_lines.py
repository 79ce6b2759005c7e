"""The lines of a history as values: a build with the median of each metric, or that somebody accepted a new level.

A line is JSON with ``schema_version: 1`` and a ``kind``. ``build``: the build's name, its instant, its commit, the
machine, and for each metric the median over processes with how many there were. ``accepted``: the first build of a new
level, who accepted it, when and why, and the level of each metric that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from wedgate.judge.measurements import Measurements
from wedgate.judge.reading import Direction, Place, Reader, kind_of

SCHEMA_VERSION = 1
KIND = "build"
ACCEPTED = "accepted"
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
class Acceptance:
    """Somebody has seen that metrics are at another level from a build on, and takes it for the new one.

    ``values`` are the levels that were accepted, each of ``count`` builds.
    """

    build: str
    at: datetime
    by: str
    why: str
    values: tuple[BuildValue, ...]


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
    plain["metrics"] = _plain_values(build.values)
    return plain


def plain_acceptance(accepted: Acceptance) -> dict[str, Any]:
    """Return an acceptance as plain data, as ``parse_acceptance`` reads it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": ACCEPTED,
        "build": accepted.build,
        "at": accepted.at.isoformat(),
        "by": accepted.by,
        "why": accepted.why,
        "metrics": _plain_values(accepted.values),
    }


def _plain_values(values: Sequence[BuildValue]) -> list[dict[str, Any]]:
    return [
        {"name": e.name, "unit": e.unit, "direction": e.direction.value, "value": e.value, "count": e.count}
        for e in values
    ]


def parse_line(plain: object) -> Build | Acceptance:
    """Return what plain data spells, by its ``kind``; ``ReportError`` with everything that is wrong with it."""
    if isinstance(plain, Mapping) and plain.get("kind") == ACCEPTED:
        return parse_acceptance(plain)
    return parse_build(plain)


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


def parse_acceptance(plain: Mapping[str, Any]) -> Acceptance:
    """Return the acceptance that plain data spells; ``ReportError`` with everything that is wrong with it."""
    reader = _Reader()
    reader.version(plain, SCHEMA_VERSION)
    reader.known(plain, (), {"schema_version", "kind", "build", "at", "by", "why", "metrics"})
    build, at = reader.text(plain, "build", ()), reader.instant(plain.get("at"), ("at",))
    by, why = reader.text(plain, "by", ()), reader.text(plain, "why", ())
    values = reader.values(plain)
    reader.finish()
    assert build is not None
    assert at is not None
    assert by is not None
    assert why is not None
    return Acceptance(build=build, at=at, by=by, why=why, values=values)


class _Reader(Reader):
    """Reads what only a line of a history has."""

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
