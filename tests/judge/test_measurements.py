"""Measurement reports: what is valid, what is not, that parser and schema agree, and how several become one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_kinds import MEASUREMENTS

from wedgate.judge.measurements import Measurements, Metric, parse_measurements, plain_measurements, together
from wedgate.judge.reading import Direction, ReportError

GOOD, changed, schema = MEASUREMENTS.good, MEASUREMENTS.changed, MEASUREMENTS.schema


def test_a_report_is_read_whole() -> None:
    """Every field has its place, and instants are in UTC."""
    report = parse_measurements(GOOD)
    assert (report.commit, report.tool, report.environment) == ("a" * 40, "hyperfine", {"machine": "runner-7"})
    first, second = report.metrics
    assert (first.name, first.unit, first.direction) == ("search p95", "ms", Direction.LOWER_IS_BETTER)
    assert first.values == (41.5, 40.0)
    assert first.times == (datetime(2027, 6, 7, 10, tzinfo=UTC), datetime(2027, 6, 7, 10, 2, tzinfo=UTC))
    assert (second.aggregated, second.times) == ("a mean", ())
    assert report.left_out == {"venues": "nobody says which way it is good"}


def test_the_schema_names_every_field_of_the_values() -> None:
    """A field that is added to the values is added to the schema."""
    properties = schema()["properties"]
    assert set(properties) == {"schema_version", "kind", *Measurements.__dataclass_fields__}
    assert set(properties["metrics"]["items"]["properties"]) == set(Metric.__dataclass_fields__)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf"), 10**400])
def test_a_value_is_finite(odd: float) -> None:
    """What JSON has no number for, and what is no float, is refused."""
    with pytest.raises(ReportError, match=r"metrics\[1\]\.values\[0\]: expected a number"):
        parse_measurements(changed("metrics.1.values", [odd]))


def test_times_are_as_many_as_values() -> None:
    """Two instants for three values would tell the wrong order."""
    with pytest.raises(ReportError, match=r"metrics\[0\]\.times: expected 3 instants"):
        parse_measurements(changed("metrics.0.values", [1, 2, 3]))


def test_a_metric_stands_there_once() -> None:
    """The second of a name would never be judged."""
    with pytest.raises(ReportError, match=r"metrics\[1\]\.name: 'search p95' stands there twice"):
        parse_measurements(changed("metrics.1.name", "search p95"))


_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc",)), min_size=1)
_METRICS = st.builds(
    lambda name, unit, direction, pairs, aggregated, present: Metric(
        name=name,
        unit=unit,
        direction=direction,
        values=tuple(value for value, _ in pairs),
        times=tuple(at for _, at in pairs),
        aggregated=aggregated,
        present=(min(present), max(present)),
    ),
    _NAMES,
    _NAMES,
    st.sampled_from(Direction),
    st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.datetimes(timezones=st.just(UTC)))),
    st.none() | _NAMES,
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
)


@given(
    st.builds(
        Measurements,
        metrics=st.lists(_METRICS, min_size=1, max_size=4, unique_by=lambda each: each.name).map(tuple),
        tool=st.none() | _NAMES,
        environment=st.dictionaries(_NAMES, _NAMES, max_size=3),
        left_out=st.dictionaries(_NAMES, _NAMES, max_size=3),
    )
)
def test_what_is_written_is_read_back(report: Measurements) -> None:
    """Through JSON text, every number to its last bit, and valid by the schema."""
    plain = json.loads(json.dumps(plain_measurements(report)))
    jsonschema.validate(plain, schema())
    assert parse_measurements(plain) == report


def one(*values: float, **fields: Any) -> Measurements:
    """Return a report of one metric."""
    known = {"name": "search", "unit": "ms", "direction": Direction.LOWER_IS_BETTER, "values": values}
    return Measurements(metrics=(Metric(**{**known, **fields}),))


def test_several_runs_become_one_report() -> None:
    """Values in the order of the files; what one of them lost, all have lost."""
    found = together([one(1), one(2, 3), one(4, aggregated="a mean")])
    assert found.metrics[0].values == (1, 2, 3, 4)
    assert found.metrics[0].aggregated == "a mean"


def test_reports_of_several_files_are_as_many_files_as_they_say() -> None:
    """One of eleven in twelve and one file without the metric are eleven of thirteen."""
    other = one(5, name="checkout")
    found = together([one(*range(11), present=(11, 12)), other])
    assert [(each.name, each.present) for each in found.metrics] == [("search", (11, 13)), ("checkout", (1, 13))]


def test_times_are_known_for_all_values_or_for_none() -> None:
    """With times of a part of them, nothing is known of the order."""
    at = datetime(2027, 6, 7, tzinfo=UTC)
    assert together([one(1, times=(at,)), one(2, times=(at,))]).metrics[0].times == (at, at)
    assert together([one(1, times=(at,)), one(2)]).metrics[0].times == ()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"unit": "s"}, "search is in ms in one file and in s in another"),
        (
            {"direction": Direction.HIGHER_IS_BETTER},
            "search is lower-is-better in one file and higher-is-better in another",
        ),
    ],
)
def test_one_metric_has_one_unit_and_direction(fields: dict[str, Any], says: str) -> None:
    """Milliseconds and seconds in one sample would be a difference of a thousand."""
    with pytest.raises(ValueError, match=says):
        together([one(1), one(2, **fields)])


def test_files_of_two_commits_are_no_build() -> None:
    """Half of the values would be of something else."""
    reports = [Measurements(metrics=one(1).metrics, commit=commit * 40) for commit in "ab"]
    with pytest.raises(ValueError, match="the files are of different commits"):
        together(reports)


def test_what_one_file_left_out_is_left_out_of_all() -> None:
    """Unless another file has it."""
    metrics = one(1).metrics
    found = together([Measurements(metrics=metrics, left_out={"a": "why", "search": "why"})])
    assert found.left_out == {"a": "why"}


def test_two_measurements_of_one_build_are_put_together_whatever_their_seed_was() -> None:
    """Seed, load and temperature differ always; another processor is another machine."""
    reports = [
        Measurements(metrics=one(1).metrics, environment={"cpu": "one", "seed": seed, "load": load})
        for seed, load in (("1", "0.1"), ("2", "0.1"))
    ]
    assert together(reports).environment == {"cpu": "one", "load": "0.1"}
    with pytest.raises(ValueError, match="the files differ in cpu: one and two"):
        together([reports[0], replace(reports[1], environment={"cpu": "two"})])
