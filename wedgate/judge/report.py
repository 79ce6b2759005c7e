"""A regression report: what somebody outside found worse about a release, as a value from plain data.

The file is JSON with ``schema_version: 1``, documented in docs/reference/report.md and by
``resources/report.schema.json``. Reading files and finding line numbers is left to others; here everything wrong is
named by its path in the document, all at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wedgate.judge.benchmark_evidence import BenchmarkEvidence, BenchmarkReader, plain_benchmark
from wedgate.judge.reading import Complaint, Direction, Place, ReportError, kind_of

SCHEMA_VERSION = 1
FIELDS = frozenset(
    (
        "schema_version",
        "service",
        "release",
        "regions",
        "metrics",
        "reporter",
        "reported_at",
        "summary",
        "link",
        "benchmark",
    )
)


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
    ``digest`` at least one is given. ``benchmark`` is ``None`` for what a person or live traffic says."""

    service: str
    commit: str | None
    digest: str | None
    regions: tuple[str, ...]
    metrics: tuple[ReportedMetric, ...]
    reporter: str
    reported_at: datetime
    summary: str | None = None
    link: str | None = None
    benchmark: BenchmarkEvidence | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether it may be acted on at once: evidence of a benchmark alone has to come back on fresh runs."""
        return self.benchmark is None or self.benchmark.confirmed

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
        complaint = Complaint(place=(), what=f"expected an object, got {kind_of(plain)}", remedy="write { ... }")
        raise ReportError((complaint,))
    reader = _Reader()
    reader.version(plain, SCHEMA_VERSION)
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
        reported_at=reader.reported_at(plain),
        summary=reader.text(plain, "summary", (), required=False),
        link=reader.text(plain, "link", (), required=False, shape=r"https?://\S+"),
        benchmark=reader.benchmark(plain),
    )
    reader.confirmation(found)
    reader.finish()
    return found


def plain_report(report: Report) -> dict[str, Any]:
    """Return the report as plain data, as ``parse_report`` reads it."""
    release = {"digest": report.digest, "commit": report.commit}
    plain: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "service": report.service,
        "release": {name: value for name, value in release.items() if value is not None},
        "metrics": [
            {
                "name": each.name,
                "baseline": each.baseline,
                "candidate": each.candidate,
                "unit": each.unit,
                "direction": each.direction.value,
            }
            for each in report.metrics
        ],
        "reporter": report.reporter,
        "reported_at": report.reported_at.isoformat(),
    }
    plain |= {"regions": list(report.regions)} if report.regions else {}
    plain |= {} if report.summary is None else {"summary": report.summary}
    plain |= {} if report.link is None else {"link": report.link}
    if report.benchmark is not None:
        plain["benchmark"] = plain_benchmark(report.benchmark)
    return plain


class _Reader(BenchmarkReader):
    """Reads what only a regression report has."""

    def regions(self, plain: Mapping[str, Any]) -> tuple[str, ...]:
        value = plain.get("regions", [])
        if not isinstance(value, list) or ("regions" in plain and not value):
            remedy = "write a list of names, or leave it out where the release is bad everywhere"
            self.wrong(("regions",), f"expected names of regions, got {kind_of(value)}", remedy)
            return ()
        names = [self.line(name, ("regions", place)) for place, name in enumerate(value)]
        return tuple(name for name in names if name is not None)

    def metrics(self, plain: Mapping[str, Any]) -> tuple[ReportedMetric, ...]:
        value = self.some(plain, "metrics", "name at least one metric that got worse")
        before = len(self.complaints)
        found = [self.metric(entry, ("metrics", place)) for place, entry in enumerate(value)]
        metrics = tuple(metric for metric in found if metric is not None)
        if value and len(self.complaints) == before and not any(metric.is_worse for metric in metrics):
            remedy = "name at least one, and check `direction`: a report without a regression is none"
            self.wrong(("metrics",), "no metric is worse than its baseline", remedy)
        return metrics

    def metric(self, plain: object, place: Place) -> ReportedMetric | None:
        if not isinstance(plain, Mapping):
            self.wrong(place, f"expected an object, got {kind_of(plain)}", 'write {"name": ..., "baseline": ...}')
            return None
        self.known(plain, place, {"name", "baseline", "candidate", "unit", "direction"})
        name, unit = self.text(plain, "name", place), self.text(plain, "unit", place)
        baseline, candidate = self.number(plain, "baseline", place), self.number(plain, "candidate", place)
        direction = self.direction(plain, place)
        if direction is None or name is None or unit is None or baseline is None or candidate is None:
            return None
        return ReportedMetric(name=name, baseline=baseline, candidate=candidate, unit=unit, direction=direction)

    def confirmation(self, report: Report) -> None:
        """Complain about a confirmation that its own runs do not bear out."""
        if report.benchmark is None or not report.benchmark.confirmed:
            return
        remedy = "let `wedgate bench run --confirm` or `wedgate judge --confirm` write the report"
        runs = report.benchmark.runs
        if len(runs) != 2:
            self.wrong(("benchmark", "confirmed"), "is true, without a run that alarmed and a fresh one", remedy)
            return
        for metric in report.metrics:
            if metric.is_worse and not all(run.fails(metric.name) for run in runs):
                what = f"is true, and {metric.name!r} did not fail in both runs"
                self.wrong(("benchmark", "confirmed"), what, remedy)
        first, again = (run.measured_at for run in runs)
        if first is not None and again is not None and again <= first:
            self.wrong(("benchmark", "runs", 1, "measured_at"), "is not after the run that alarmed", remedy)

    def reported_at(self, plain: Mapping[str, Any]) -> datetime:
        place = ("reported_at",)
        if "reported_at" not in plain:
            self.wrong(place, "is missing", "write a text")
        found = self.instant(plain["reported_at"], place) if "reported_at" in plain else None
        return found or datetime.min.replace(tzinfo=UTC)
