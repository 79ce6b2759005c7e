"""A regression report: what somebody outside found worse about a release, as a value from plain data.

The file is JSON with ``schema_version: 1``, documented in docs/reference/report.md and by
``resources/report.schema.json``. Reading files and finding line numbers is left to others; here everything wrong is
named by its path in the document, all at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1
FIELDS = frozenset(
    ("schema_version", "service", "release", "regions", "metrics", "reporter", "reported_at", "summary", "link")
)
Place = tuple[str | int, ...]
"""Where in a document: keys and positions from its top."""


class Direction(StrEnum):
    """Which way a metric is good."""

    LOWER_IS_BETTER = "lower-is-better"
    HIGHER_IS_BETTER = "higher-is-better"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing wrong in a report: where, what, and what to do."""

    place: Place
    what: str
    remedy: str

    def __str__(self) -> str:
        """``metrics[0].unit: is missing; write ...``."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place).lstrip(".")
        return f"{path}: {self.what}; {self.remedy}" if path else f"{self.what}; {self.remedy}"


class ReportError(ValueError):
    """Plain data that is not a regression report; ``complaints`` names everything wrong with it."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(str(complaint) for complaint in complaints))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMetric:
    """One metric before and after, in ``unit``."""

    name: str
    baseline: float
    candidate: float
    unit: str
    direction: Direction

    @property
    def is_worse(self) -> bool:
        """Whether the candidate's value is on the bad side of the baseline's."""
        if self.direction is Direction.LOWER_IS_BETTER:
            return self.candidate > self.baseline
        return self.candidate < self.baseline

    def __str__(self) -> str:
        """``search p95 61 ms against 7 ms (x8.7)``."""
        ratio = f" (x{self.candidate / self.baseline:.3g})" if self.baseline else ""
        return f"{self.name} {self.candidate:g} {self.unit} against {self.baseline:g} {self.unit}{ratio}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A regression report. ``regions`` is empty when it concerns the release everywhere; of ``commit`` and
    ``digest`` at least one is given."""

    service: str
    commit: str | None
    digest: str | None
    regions: tuple[str, ...]
    metrics: tuple[ReportedMetric, ...]
    reporter: str
    reported_at: datetime
    summary: str | None = None
    link: str | None = None

    @property
    def text(self) -> str:
        """Say in one sentence who found what worse."""
        worse = "; ".join(str(metric) for metric in self.metrics if metric.is_worse)
        said = f"{worse}, reported by {self.reporter} at {self.reported_at:%Y-%m-%d %H:%M:%S}Z"
        return f"{self.summary.rstrip('. ')}: {said}" if self.summary else said

    def is_about(self, *, service: str, commit: str, digest: str) -> bool:
        """Tell whether the report is of this release: whatever it names agrees."""
        return (
            self.service == service
            and (self.commit is None or self.commit == commit)
            and (self.digest is None or self.digest == digest)
        )


def parse_report(plain: object) -> Report:
    """Return the report that plain JSON data spells; ``ReportError`` with everything that is wrong with it."""
    if not isinstance(plain, Mapping):
        complaint = Complaint(place=(), what=f"expected an object, got {_kind(plain)}", remedy="write { ... }")
        raise ReportError((complaint,))
    reader = _Reader()
    version = plain.get("schema_version")
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        what = "is missing" if version is None else f"is {version!r}"
        reader.wrong(("schema_version",), what, f"write {SCHEMA_VERSION}")
    reader.known(plain, (), FIELDS)
    release = reader.mapping(plain, "release", 'name what was found bad: {"digest": "sha256:...", "commit": "..."}')
    commit = digest = None
    if release is not None:
        reader.known(release, ("release",), {"commit", "digest"})
        commit = reader.text(release, "commit", ("release",), required=False, shape=r"[0-9a-f]{40}|[0-9a-f]{64}")
        digest = reader.text(release, "digest", ("release",), required=False)
        if not release:
            reader.wrong(("release",), "names neither digest nor commit", "give one of them, or both")
    found = Report(
        service=reader.text(plain, "service", ()) or "",
        commit=commit,
        digest=digest,
        regions=reader.regions(plain),
        metrics=reader.metrics(plain),
        reporter=reader.text(plain, "reporter", ()) or "",
        reported_at=reader.instant(plain, "reported_at"),
        summary=reader.text(plain, "summary", (), required=False),
        link=reader.text(plain, "link", (), required=False, shape=r"https?://\S+"),
    )
    if reader.complaints:
        raise ReportError(tuple(reader.complaints))
    return found


class _Reader:
    """Reads fields and collects what is wrong with them, so that a person mends all of it at once."""

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []

    def wrong(self, place: Place, what: str, remedy: str) -> None:
        self.complaints.append(Complaint(place=place, what=what, remedy=remedy))

    def known(self, plain: Mapping[str, Any], place: Place, names: Collection[str]) -> None:
        for key in plain:
            if key not in names:
                self.wrong((*place, str(key)), "is not a field of a report", f"use one of {', '.join(sorted(names))}")

    def text(
        self, plain: Mapping[str, Any], key: str, place: Place, *, required: bool = True, shape: str | None = None
    ) -> str | None:
        value = plain.get(key)
        if value is None and key not in plain:
            if required:
                self.wrong((*place, key), "is missing", "write a text")
            return None
        if self.line(value, (*place, key)) is None:
            return None
        if shape is not None and not re.fullmatch(shape, str(value)):
            remedy = "write the full commit, 40 hexadecimal digits" if key == "commit" else "write http:// or https://"
            self.wrong((*place, key), f"{value!r} has another shape", remedy)
            return None
        return str(value)

    def line(self, value: object, place: Place) -> str | None:
        if isinstance(value, str) and value.strip() and not any(ord(letter) < 32 for letter in value):
            return value
        got = "an odd text" if isinstance(value, str) else _kind(value)
        self.wrong(place, f"expected a text of one line, got {got}", "write a text in quotes")
        return None

    def mapping(self, plain: Mapping[str, Any], key: str, remedy: str) -> Mapping[str, Any] | None:
        value = plain.get(key)
        if isinstance(value, Mapping):
            return value
        self.wrong((key,), "is missing" if key not in plain else f"expected an object, got {_kind(value)}", remedy)
        return None

    def regions(self, plain: Mapping[str, Any]) -> tuple[str, ...]:
        value = plain.get("regions", [])
        if not isinstance(value, list) or ("regions" in plain and not value):
            remedy = "write a list of names, or leave it out where the release is bad everywhere"
            self.wrong(("regions",), f"expected names of regions, got {_kind(value)}", remedy)
            return ()
        names = [self.line(name, ("regions", place)) for place, name in enumerate(value)]
        return tuple(name for name in names if name is not None)

    def metrics(self, plain: Mapping[str, Any]) -> tuple[ReportedMetric, ...]:
        value = plain.get("metrics")
        if not isinstance(value, list) or not value:
            got = "is missing" if "metrics" not in plain else f"expected a list of metrics, got {_kind(value)}"
            self.wrong(("metrics",), got, "name at least one metric that got worse")
            return ()
        before = len(self.complaints)
        found = [self.metric(entry, ("metrics", place)) for place, entry in enumerate(value)]
        metrics = tuple(metric for metric in found if metric is not None)
        if len(self.complaints) == before and not any(metric.is_worse for metric in metrics):
            remedy = "name at least one, and check `direction`: a report without a regression is none"
            self.wrong(("metrics",), "no metric is worse than its baseline", remedy)
        return metrics

    def metric(self, plain: object, place: Place) -> ReportedMetric | None:
        if not isinstance(plain, Mapping):
            self.wrong(place, f"expected an object, got {_kind(plain)}", 'write {"name": ..., "baseline": ...}')
            return None
        self.known(plain, place, {"name", "baseline", "candidate", "unit", "direction"})
        name, unit = self.text(plain, "name", place), self.text(plain, "unit", place)
        baseline, candidate = self.number(plain, "baseline", place), self.number(plain, "candidate", place)
        direction = plain.get("direction")
        if direction not in list(Direction):
            got = "is missing" if "direction" not in plain else f"{direction!r} is not a direction"
            self.wrong((*place, "direction"), got, f"write {' or '.join(Direction)}")
            return None
        if name is None or unit is None or baseline is None or candidate is None:
            return None
        return ReportedMetric(
            name=name, baseline=baseline, candidate=candidate, unit=unit, direction=Direction(str(direction))
        )

    def number(self, plain: Mapping[str, Any], key: str, place: Place) -> float | None:
        value = plain.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            got = "is missing" if key not in plain else f"expected a number, got {_kind(value)}"
            self.wrong((*place, key), got, "write a number without its unit")
            return None
        return float(value)

    def instant(self, plain: Mapping[str, Any], key: str) -> datetime:
        text = self.text(plain, key, ())
        if text is not None:
            try:
                found = datetime.fromisoformat(text)
                if found.tzinfo is not None:
                    return found.astimezone(UTC)
                what = f"{text!r} has no offset"
            except (ValueError, OverflowError):
                what = f"{text!r} is not an instant"
            self.wrong((key,), what, "write it with an offset, such as 2027-06-07T10:00:00Z")
        return datetime.min.replace(tzinfo=UTC)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), f"{value!r}"[:40])
