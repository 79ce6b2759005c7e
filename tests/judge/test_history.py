"""A history is read exactly as it was written, and each metric over the builds that have it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import jsonschema
import pytest

from wedgate.judge.history import latest_of_each, metric_histories, newest
from wedgate.judge.history_lines import (
    Acceptance,
    Build,
    BuildValue,
    build_of,
    parse_build,
    parse_line,
    plain_acceptance,
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


def accepted(name: str, level: float, *, unit: str = "ms") -> Acceptance:
    """Return that somebody accepted a level of the metric."""
    value = BuildValue(name="query", unit=unit, direction=LOWER, value=level, count=5)
    return Acceptance(build=name, at=START, by="ann", why="worth it", values=(value,))


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
    ("measured", "builds", "vanished"),
    [
        (lambda place: not (8 <= place < 13 or place >= 26), 30, 4),
        (lambda place: place < 26, 30, 4),
        (lambda place: place % 5 == 0, 30, 0),
        (lambda place: place % 5 == 0 and place < 21, 30, 9),
        (lambda place: place not in {3, 9, 10, 17, 29}, 30, 1),
    ],
)
def test_what_was_away_as_long_once_has_vanished_all_the_same(measured, builds: int, vanished: int) -> None:
    """Only what is left out as long again and again, such as in all builds but every fifth, is not missed."""
    other = BuildValue(name="other", unit="ms", direction=LOWER, value=1.0, count=5)
    made = [build(place, 100.0) for place in range(builds)]
    made = [each if measured(place) else replace(each, values=(other,)) for place, each in enumerate(made)]
    (found,) = [each for each in metric_histories(made) if each.name == "query"]
    assert found.vanished == vanished


def schema() -> Any:
    """Return the committed schema of a line."""
    return json.loads(resources.files("wedgate.judge").joinpath("resources/history.schema.json").read_text("utf-8"))


def validate(line: object) -> None:
    """Hold a line to the schema; ``ValidationError``."""
    jsonschema.validate(line, schema(), format_checker=jsonschema.FormatChecker())


def test_the_schema_takes_what_is_written() -> None:
    """Both kinds of lines, with everything that they may have."""
    jsonschema.Draft202012Validator.check_schema(schema())
    full = replace(build(1, 5.0, cpu="Large CPU"), commit="a" * 40)
    for line in (plain_build(full), plain_build(build(1, 5.0)), plain_acceptance(accepted("b1", 5.0))):
        validate(json.loads(json.dumps(line)))
    assert set(schema()["$defs"]["build"]["properties"]) == set(plain_build(full))
    assert set(schema()["$defs"]["accepted"]["properties"]) == set(plain_acceptance(accepted("b1", 5.0)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "schema_version: is 2"),
        ({"kind": "measurements"}, "kind: is 'measurements'"),
        ({"build": 7}, "build: expected a text of one line"),
        ({"at": "2027-06-07T10:00:00"}, "at: '2027-06-07T10:00:00' has no offset"),
        ({"commit": "abc"}, "commit: 'abc' has another shape"),
        ({"machine": []}, "machine: expected an object"),
        ({"metrics": []}, "metrics: is an empty list"),
        ({"metrics": [{"name": "q", "unit": "ms", "direction": "lower-is-better", "value": -1, "count": 1}]}, "is -1"),
        ({"odd": 1}, "odd: is not a field"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(change: dict[str, object], said: str) -> None:
    """By its field."""
    with pytest.raises(ReportError, match=said.replace("(", r"\(")):
        parse_build(plain_build(build(1, 5.0)) | change)
    with pytest.raises(jsonschema.ValidationError):
        validate(plain_build(build(1, 5.0)) | change)
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


def shifted(at: int, count: int, *, to: float = 110) -> list[Build]:
    """Return builds of a metric that is at 100 ms, and from a build on at another level."""
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    return [build(n, (100 if n < at else to) * rng.lognormvariate(0, 0.005)) for n in range(count)]


def test_an_acceptance_is_read_as_it_was_written() -> None:
    """And one that lacks who or why is none."""
    plain = json.loads(json.dumps(plain_acceptance(accepted("b30", 110))))
    assert parse_line(plain) == accepted("b30", 110)
    assert parse_line(plain_build(build(1, 5.0))) == build(1, 5.0)
    for lacking in ("by", "why", "at", "build", "metrics"):
        with pytest.raises(ReportError, match=f"^{lacking}: "):
            parse_line({key: value for key, value in plain.items() if key != lacking})


@pytest.mark.parametrize(
    ("taken", "is_accepted"),
    [
        (accepted("b30", 110), True),
        (accepted("b33", 110), True),  # the first build was taken for another one, before there were more
        (accepted("b24", 110), False),  # another shift
        (accepted("b30", 0.110, unit="s"), True),
        (accepted("b30", 110, unit="B"), False),
        (accepted("b30", 107.5), True),  # a level that is worse by less than a shift
        (accepted("b30", 105), False),  # it has become worse since
        (accepted("b30", 150), True),
        (accepted("b99", 110), False),
    ],
)
def test_an_acceptance_covers_its_shift_and_no_other(taken: Acceptance, is_accepted: bool) -> None:
    """By the place of its build and the level that was accepted."""
    (found,) = metric_histories(shifted(30, 50), [taken])
    (change,) = found.found.change_points
    assert change.first == 30
    assert found.accepted_shift(change) == (taken if is_accepted else None)


def test_another_metric_is_not_accepted_with_one() -> None:
    """Nor a direction that is another."""
    value = replace(accepted("b30", 110).values[0], name="other")
    (found,) = metric_histories(shifted(30, 50), [replace(accepted("b30", 110), values=(value,))])
    assert found.accepted == ()
    higher = replace(accepted("b30", 110).values[0], direction=Direction.HIGHER_IS_BETTER)
    (found,) = metric_histories(shifted(30, 50), [replace(accepted("b30", 110), values=(higher,))])
    assert found.accepted_shift(found.found.change_points[0]) is None


def test_the_newest_builds_are_accepted_until_they_are_worse() -> None:
    """Three builds away from the level are no shift yet: they are accepted as they are, and no further."""
    builds = shifted(37, 40)
    (found,) = metric_histories(builds)
    assert (found.found.undecided, found.accepted_undecided) == (3, None)
    level = found.level_from("b37")
    assert level is not None
    assert level.value == pytest.approx(110, rel=0.02)
    assert level.count == 3
    assert found.level_from("b38") is None
    taken = replace(accepted("b37", 0), values=(level,))
    (found,) = metric_histories(builds, [taken])
    assert found.accepted_undecided == taken
    (found,) = metric_histories(shifted(37, 40, to=120), [taken])
    assert found.accepted_undecided is None
    (found,) = metric_histories(shifted(37, 60), [taken])
    assert found.accepted_shift(found.found.change_points[0]) == taken
