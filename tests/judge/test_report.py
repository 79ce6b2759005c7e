"""Regression reports: what is valid, what is not, and that parser and schema agree."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema
import pytest

from wedgate.judge.reading import Direction, ReportError
from wedgate.judge.report import ReportedMetric, parse_report

GOOD: dict[str, Any] = {
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
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the good report with one place changed; ``...`` takes it out."""
    report = json.loads(json.dumps(GOOD))
    *places, last = (int(part) if part.isdigit() else part for part in path.split("."))
    inner = report
    for place in places:
        inner = inner[place]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return report


def schema() -> dict[str, Any]:
    """Return the committed schema."""
    text = resources.files("wedgate.judge").joinpath("resources/report.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_report_is_read_whole() -> None:
    """Every field has its place, and the sentence names only what got worse."""
    report = parse_report(GOOD)
    assert (report.service, report.digest, report.commit) == ("venue-search", "sha256:bad", "a" * 40)
    assert report.regions == ("us-west",)
    assert report.reported_at == datetime(2027, 6, 7, 10, tzinfo=UTC)
    assert report.metrics[0] == ReportedMetric(
        name="search p95", baseline=7, candidate=61, unit="ms", direction=Direction.LOWER_IS_BETTER
    )
    assert report.text == "search p95 61 ms against 7 ms (x8.71), reported by booking-alerts at 2027-06-07 10:00:00Z"


def test_a_summary_comes_first() -> None:
    """What a person wrote is what a person reads first."""
    assert parse_report({**GOOD, "summary": "Search is slow."}).text.startswith("Search is slow: search p95 61 ms")


def test_a_report_is_about_the_release_that_it_names() -> None:
    """Another service, commit or digest is another release; what is not named is not compared."""
    report = parse_report(GOOD)
    assert report.is_about(service="venue-search", commit="a" * 40, digest="sha256:bad")
    assert not report.is_about(service="venue-search", commit="a" * 40, digest="sha256:other")
    assert not report.is_about(service="checkout", commit="a" * 40, digest="sha256:bad")
    by_commit = parse_report({**GOOD, "release": {"commit": "a" * 40}})
    assert by_commit.is_about(service="venue-search", commit="a" * 40, digest="sha256:other")


BAD = [
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
    ("metrics", [], "metrics: expected a list of metrics"),
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
]


@pytest.mark.parametrize(("path", "value", "says"), BAD)
def test_what_is_wrong_is_named_by_its_place(path: str, value: object, says: str) -> None:
    """Each mistake is refused with its place; none of them is overlooked."""
    with pytest.raises(ReportError) as caught:
        parse_report(changed(path, value))
    assert str(caught.value).startswith(says)
    assert len(caught.value.complaints) == 1


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, value, _ in BAD])
def test_the_schema_refuses_what_the_parser_refuses(path: str, value: object) -> None:
    """An editor that knows the schema marks the same mistakes."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed(path, value), schema(), format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("regions", ...),
        ("release.commit", ...),
        ("summary", "Slow"),
        ("link", "https://example.org/1"),
        ("regions", ["a", "b"]),
        ("benchmark", {"confirmed": False, "runs": [{"metrics": []}]}),
        ("benchmark", {"confirmed": False, "runs": [{"metrics": [{"name": "a", "outcome": "pass"}]}] * 2}),
    ],
)
def test_parser_and_schema_agree_on_what_is_good(path: str, value: object) -> None:
    """What may be left out may be left out, what may be added may be added."""
    jsonschema.validate(changed(path, value), schema())
    parse_report(changed(path, value))


def test_the_schema_is_a_schema() -> None:
    """The committed file is valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_everything_wrong_is_said_at_once() -> None:
    """A report with five mistakes has five complaints."""
    odd = {"schema_version": 1, "release": {"digest": ""}, "metrics": [{"name": "x"}], "reporter": "me"}
    with pytest.raises(ReportError) as caught:
        parse_report(odd)
    places = {complaint.place for complaint in caught.value.complaints}
    assert {("service",), ("reported_at",), ("release", "digest"), ("metrics", 0, "unit")} <= places


def test_a_report_without_a_regression_is_none() -> None:
    """Where every metric is as good as before or better, nothing may be rolled back for it."""
    better = changed("metrics.0.candidate", 6)
    with pytest.raises(ReportError, match="no metric is worse than its baseline"):
        parse_report(better)


@pytest.mark.parametrize("plain", [None, [], "text", 5, float("nan"), {}])
def test_anything_else_is_refused(plain: object) -> None:
    """Plain data of any other kind is a report error and no other exception."""
    with pytest.raises(ReportError):
        parse_report(plain)
