"""Reports that are good, and each way to spoil them: of both kinds that wedgate reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from wedgate.judge.measurements import parse_measurements
from wedgate.judge.report import parse_report


@dataclass(frozen=True)
class ReportKind:
    """One kind of report: ``bad`` are places, what is put there (``...`` takes it out) and what is said of it;
    ``fine`` are places and values that change nothing."""

    name: str
    parse: Callable[[object], object]
    good: dict[str, Any]
    bad: list[tuple[str, object, str]]
    fine: list[tuple[str, object]]

    def changed(self, path: str, value: object) -> dict[str, Any]:
        """Return the good report with one place changed; ``...`` takes it out."""
        report: dict[str, Any] = json.loads(json.dumps(self.good))
        *places, last = (int(part) if part.isdigit() else part for part in path.split("."))
        inner: Any = report
        for place in places:
            inner = inner[place]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
        return report

    def schema(self) -> dict[str, Any]:
        """Return the committed schema."""
        path = resources.files("wedgate.judge").joinpath(f"resources/{self.name}.schema.json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


MEASUREMENTS = ReportKind(
    name="measurements",
    parse=parse_measurements,
    good={
        "schema_version": 1,
        "kind": "measurements",
        "commit": "a" * 40,
        "tool": "hyperfine",
        "environment": {"machine": "runner-7"},
        "metrics": [
            {
                "name": "search p95",
                "unit": "ms",
                "direction": "lower-is-better",
                "values": [41.5, 40],
                "times": ["2027-06-07T12:00:00+02:00", "2027-06-07T10:02:00Z"],
            },
            {
                "name": "bookings",
                "unit": "1/s",
                "direction": "higher-is-better",
                "values": [20],
                "aggregated": "a mean",
            },
        ],
        "left_out": {"venues": "nobody says which way it is good"},
    },
    bad=[
        *(("metrics.1.present", odd, "metrics[1].present: expected two counts") for odd in ([0, 1], [1], 3, ["a", 1])),
        ("schema_version", ..., "schema_version: is missing"),
        ("schema_version", 2, "schema_version: is 2"),
        ("schema_version", True, "schema_version: is True"),
        ("kind", ..., "kind: is missing"),
        ("kind", "regression", "kind: is 'regression'"),
        ("commit", "abc", "commit: 'abc' has another shape"),
        ("tool", "", "tool: expected a text of one line"),
        ("environment", [], "environment: expected an object, got a list"),
        ("environment.machine", 7, "environment.machine: expected a text of one line, got 7"),
        ("metrics", ..., "metrics: is missing"),
        ("metrics", [], "metrics: is an empty list; name at least one metric"),
        ("metrics.0", 3, "metrics[0]: expected an object"),
        ("metrics.0.name", "a\nb", "metrics[0].name: expected a text of one line"),
        ("metrics.0.unit", ..., "metrics[0].unit: is missing"),
        ("metrics.0.direction", "down", "metrics[0].direction: 'down' is not a direction"),
        ("metrics.1.values", ..., "metrics[1].values: is missing"),
        ("metrics.1.values", 3, "metrics[1].values: expected a list, got 3"),
        ("metrics.1.values", ["20"], "metrics[1].values[0]: expected a number, got text"),
        ("metrics.1.values", [True], "metrics[1].values[0]: expected a number, got true or false"),
        ("metrics.1.values", [None], "metrics[1].values[0]: expected a number, got null"),
        ("metrics.0.times.1", "2027-06-07T10:02:00", "metrics[0].times[1]: '2027-06-07T10:02:00' has no offset"),
        ("metrics.1.aggregated", True, "metrics[1].aggregated: expected a text"),
        ("metrics.1.mean", 3, "metrics[1].mean: is not a field"),
        ("left_out", "venues", "left_out: expected an object, got text"),
        ("left_out.venues", None, "left_out.venues: expected a text of one line, got null"),
        ("machine", "runner-7", "machine: is not a field"),
    ],
    fine=[
        ("commit", ...),
        ("tool", ...),
        ("environment", ...),
        ("left_out", ...),
        ("metrics.0.times", ...),
        ("metrics.1.aggregated", ...),
        ("metrics.1.values", []),
        ("commit", "b" * 64),
    ],
)
REGRESSION = ReportKind(
    name="report",
    parse=parse_report,
    good={
        "schema_version": 1,
        "service": "venue-search",
        "release": {"digest": "sha256:bad", "commit": "a" * 40},
        "regions": ["us-west"],
        "metrics": [
            {"name": "search p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better"},
            {"name": "bookings", "baseline": 20, "candidate": 21.5, "unit": "1/s", "direction": "higher-is-better"},
        ],
        "reporter": "booking-alerts",
        "reported_at": "2027-06-07T12:00:00+02:00",
    },
    bad=[
        ("schema_version", ..., "schema_version: is missing"),
        ("schema_version", 2, "schema_version: is 2"),
        ("schema_version", True, "schema_version: is True"),
        ("service", "", "service: expected a text of one line"),
        ("service", "a\nb", "service: expected a text of one line"),
        ("release", ..., "release: is missing"),
        ("release", {}, "release: names neither digest nor commit"),
        ("release.commit", "abc", "release.commit: 'abc' has another shape"),
        ("release.digest", 5, "release.digest: expected a text"),
        ("release.version", "1", "release.version: is not a field"),
        ("regions", [], "regions: expected names of regions"),
        ("regions", "us-west", "regions: expected names of regions, got text"),
        ("regions", ["us-west", 5], "regions[1]: expected a text"),
        ("metrics", ..., "metrics: is missing"),
        ("metrics", [], "metrics: is an empty list; name at least one metric"),
        ("metrics.0", 3, "metrics[0]: expected an object"),
        ("metrics.0.unit", ..., "metrics[0].unit: is missing"),
        ("metrics.0.candidate", "61", "metrics[0].candidate: expected a number, got text"),
        ("metrics.0.candidate", True, "metrics[0].candidate: expected a number, got true or false"),
        ("metrics.1.direction", "down", "metrics[1].direction: 'down' is not a direction"),
        ("metrics.0.p95", 1, "metrics[0].p95: is not a field"),
        ("reported_at", "2027-06-07T12:00:00", "reported_at: '2027-06-07T12:00:00' has no offset"),
        ("reported_at", "yesterday", "reported_at: 'yesterday' is not an instant"),
        ("reporter", None, "reporter: expected a text of one line, got null"),
        ("link", "javascript:alert(1)", "link: 'javascript:alert(1)' has another shape"),
        ("severity", "high", "severity: is not a field"),
        ("benchmark", True, "benchmark: expected an object, got true or false"),
        ("benchmark", {"confirmed": True, "runs": [{"metrics": []}]}, "benchmark.confirmed: is true, without a run"),
        ("benchmark", {"confirmed": False, "runs": []}, "benchmark.runs: expected one run or two"),
        ("benchmark", {"runs": [{"metrics": []}]}, "benchmark.confirmed: is missing"),
    ],
    fine=[
        ("regions", ...),
        ("release.commit", ...),
        ("summary", "Slow"),
        ("link", "https://example.org/1"),
        ("regions", ["a", "b"]),
        ("benchmark", {"confirmed": False, "runs": [{"metrics": []}]}),
        ("benchmark", {"confirmed": False, "runs": [{"metrics": [{"name": "a", "outcome": "pass"}]}] * 2}),
    ],
)
