"""Regression reports: what is valid, what is not, and that parser and schema agree."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from report_kinds import REGRESSION

from wedgate.judge.reading import Direction, ReportError
from wedgate.judge.report import ReportedMetric, parse_report

GOOD, changed = REGRESSION.good, REGRESSION.changed


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
