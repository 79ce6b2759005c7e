"""A history is read exactly as it was written, and each metric over the builds that have it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.judge.history import (
    Build,
    BuildValue,
    build_of,
    latest_of_each,
    metric_histories,
    newest,
    parse_build,
    plain_build,
)
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction, ReportError

START = datetime(2027, 6, 7, 10, tzinfo=UTC)
LOWER = Direction.LOWER_IS_BETTER


def build(number: int, value: float, *, unit: str = "ms", direction: Direction = LOWER, **machine: str) -> Build:
    """Return a build with one metric."""
    metric = BuildValue(name="query", unit=unit, direction=direction, value=value, count=5)
    return Build(name=f"b{number}", at=START + timedelta(days=number), values=(metric,), machine=machine)


def test_a_build_keeps_the_median_of_each_metric_and_the_machine() -> None:
    """Not what is aggregated, not what is empty, and of the environment only what moves a level."""
    measured = Measurements(
        metrics=(
            Metric(name="query", unit="ms", direction=LOWER, values=(3.0, 1.0, 2.5)),
            Metric(name="mean", unit="ms", direction=LOWER, values=(1.0,), aggregated="a mean"),
            Metric(name="none", unit="ms", direction=LOWER, values=()),
        ),
        commit="a" * 40,
        environment={"cpu": "Large CPU", "seed": "5"},
    )
    found = build_of(measured, name="7", at=START)
    assert found.values == (BuildValue(name="query", unit="ms", direction=LOWER, value=2.5, count=3),)
    assert (found.commit, found.machine) == ("a" * 40, {"cpu": "Large CPU"})
    assert parse_build(json.loads(json.dumps(plain_build(found)))) == found
    with pytest.raises(ValueError, match="no metric has a value for each process"):
        build_of(Measurements(metrics=measured.metrics[1:]), name="7", at=START)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "schema_version: is 2"),
        ({"kind": "measurements"}, "kind: is 'measurements'"),
        ({"build": 7}, "build: expected a text of one line"),
        ({"at": "2027-06-07T10:00:00"}, "at: '2027-06-07T10:00:00' has no offset"),
        ({"commit": "abc"}, "commit: 'abc' has another shape"),
        ({"machine": []}, "machine: expected an object"),
        ({"metrics": []}, "metrics: expected a list"),
        ({"metrics": [{"name": "q", "unit": "ms", "direction": "lower-is-better", "value": -1, "count": 1}]}, "is -1"),
        ({"odd": 1}, "odd: is not a field"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(change: dict[str, object], said: str) -> None:
    """By its field."""
    with pytest.raises(ReportError, match=said.replace("(", r"\(")):
        parse_build(plain_build(build(1, 5.0)) | change)
    with pytest.raises(ReportError, match="expected an object"):
        parse_build([1])


def test_a_build_that_was_measured_again_counts_as_it_was_measured_last() -> None:
    """At its first place: its commit did not come later."""
    found = latest_of_each([build(1, 5.0), build(2, 6.0), build(1, 5.5)])
    assert [(each.name, each.values[0].value) for each in found] == [("b1", 5.5), ("b2", 6.0)]


def test_units_are_turned_into_the_newest_and_what_cannot_be_is_left_out() -> None:
    """Seconds become milliseconds; bytes, and another direction, are no builds of this metric."""
    builds = [build(1, 0.005, unit="s"), build(2, 6.0, unit="B"), build(3, 5.0, direction=Direction.HIGHER_IS_BETTER)]
    (found,) = metric_histories([*builds, build(4, 5.0)])
    assert (found.unit, found.values) == ("ms", (5.0, 5.0))
    assert [each.name for each in found.skipped] == ["b2", "b3"]


def test_a_shift_that_came_with_another_machine_says_so() -> None:
    """The first build on a slower CPU is no regression that a commit did."""
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    builds = [build(n, 100 * rng.lognormvariate(0, 0.01), cpu="Large CPU") for n in range(30)]
    builds += [build(n, 120 * rng.lognormvariate(0, 0.01), cpu="Small CPU") for n in range(30, 50)]
    (found,) = metric_histories(builds)
    (change,) = found.found.change_points
    assert found.machine_changed(change.first) == "cpu: Large CPU, then Small CPU"
    assert found.machine_changed(change.first + 1) is None
    shown = newest(found, 30)
    assert [each.first for each in shown.found.change_points] == [10]
    assert shown.builds[10].name == "b30"
    assert newest(found, 5).found.change_points == ()
