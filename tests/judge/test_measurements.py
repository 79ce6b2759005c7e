"""Measurement reports: what is valid, what is not, that parser and schema agree, and how several become one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wedgate.judge.measurements import Measurements, Metric, parse_measurements, plain_measurements, together
from wedgate.judge.reading import Direction, ReportError

GOOD: dict[str, Any] = {
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
        {"name": "bookings", "unit": "1/s", "direction": "higher-is-better", "values": [20], "aggregated": "a mean"},
    ],
    "left_out": {"venues": "nobody says which way it is good"},
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
    text = resources.files("wedgate.judge").joinpath("resources/measurements.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


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


BAD = [
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
    ("metrics", [], "metrics: expected a list of metrics"),
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
]


@pytest.mark.parametrize(("path", "value", "says"), BAD)
def test_what_is_wrong_is_named_by_its_place(path: str, value: object, says: str) -> None:
    """Each mistake is refused with its place; none of them is overlooked."""
    with pytest.raises(ReportError) as caught:
        parse_measurements(changed(path, value))
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
def test_parser_and_schema_agree_on_what_is_good(path: str, value: object) -> None:
    """What may be left out may be left out, in both."""
    jsonschema.validate(changed(path, value), schema())
    parse_measurements(changed(path, value))


def test_the_schema_is_a_schema() -> None:
    """The committed file is valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(schema())


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


@pytest.mark.parametrize("plain", [None, [], "text", 5, float("nan"), {}])
def test_anything_else_is_refused(plain: object) -> None:
    """Plain data of any other kind is a report error and no other exception."""
    with pytest.raises(ReportError):
        parse_measurements(plain)


_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc",)), min_size=1)
_METRICS = st.builds(
    lambda name, unit, direction, pairs, aggregated: Metric(
        name=name,
        unit=unit,
        direction=direction,
        values=tuple(value for value, _ in pairs),
        times=tuple(at for _, at in pairs),
        aggregated=aggregated,
    ),
    _NAMES,
    _NAMES,
    st.sampled_from(Direction),
    st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.datetimes(timezones=st.just(UTC)))),
    st.none() | _NAMES,
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
