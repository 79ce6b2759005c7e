"""An alarm asked again on fresh runs: what stays a fail, what is taken back, and what confirms nothing."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import jsonschema
import pytest

from wedgate.judge.confirmation import Builds, confirm
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction, ReportError
from wedgate.judge.regression import regression_of
from wedgate.judge.report import parse_report, plain_report
from wedgate.judge.scoring import Thresholds
from wedgate.judge.suite import ScoreSettings, SuiteSettings, judge_suite
from wedgate.judge.values import Outcome

START = datetime(2027, 6, 7, 10, tzinfo=UTC)
LATER = START + timedelta(hours=1)
RELEASE: Any = {"service": "venue-search", "commit": "a" * 40, "digest": "sha256:new", "at": LATER}


def builds(
    seed: int, *, at: datetime | None = START, count: int = 10, blocked: bool = False, **slower: float
) -> Builds:
    """Return a base and a candidate of two metrics, measured in turns at ``at``; ``slower`` names how much."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    arms = []
    for arm in (0, 1):
        metrics = []
        for name in ("search", "index"):
            times = slower.get(name, 1.0) if arm else 1.0
            values = tuple(rng.gauss(100, 2) * times for _ in range(count))
            places = [place + arm * count if blocked else 2 * place + arm for place in range(count)]
            seen = () if at is None else tuple(at + timedelta(seconds=each) for each in places)
            metrics.append(Metric(name=name, unit="ms", direction=Direction.LOWER_IS_BETTER, values=values, times=seen))
        arms.append(Measurements(metrics=tuple(metrics)))
    return arms[0], arms[1]


def asked_again(first: Builds, again: Builds, settings: SuiteSettings | None = None) -> Any:
    """Judge, and confirm."""
    judgement = judge_suite(*first, settings)
    assert judgement.outcome is Outcome.FAIL
    return confirm(judgement, first, again, settings)


def test_what_fails_again_on_fresh_runs_is_a_fail() -> None:
    """Both runs stand in the judgement."""
    found = asked_again(builds(1, search=1.1), builds(2, at=LATER, search=1.1))
    assert found.outcome is Outcome.FAIL
    assert found.results[0].comparison.why == "worse by more than 2 %, and again on fresh runs"
    assert [each.name for each in found.confirmation.results] == ["search"]


def test_what_does_not_come_back_is_marginal() -> None:
    """Not a pass either: one run said that it is slower. The other metrics stay what they are."""
    found = asked_again(builds(1, search=1.1), builds(2, at=LATER, index=1.5))
    assert [each.comparison.outcome for each in found.results] == [Outcome.MARGINAL, Outcome.PASS]
    assert found.outcome is Outcome.MARGINAL
    assert found.results[0].comparison.why.startswith("it alarmed, and fresh runs did not: ")


def test_where_nothing_alarms_nothing_is_asked() -> None:
    """A pass stays a pass."""
    first = builds(1)
    judgement = judge_suite(*first)
    assert confirm(judgement, first, builds(2, at=LATER, search=2.0)) is judgement


def test_the_same_runs_confirm_nothing() -> None:
    """Given a second time, the values are no evidence."""
    first = builds(1, search=1.1)
    found = asked_again(first, first)
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    assert "the runs that should confirm it are those that alarmed" in found.results[0].comparison.why


@pytest.mark.parametrize(
    ("again", "says"),
    [
        (builds(2, at=START - timedelta(hours=1), search=1.1), "are not later than those that alarmed"),
        (builds(2, at=None, search=1.1), "nothing says when"),
        (builds(2, at=LATER, blocked=True, search=1.1), "one was measured after the other"),
        (builds(2, at=LATER, blocked=True, count=4, search=1.3), "one was measured after the other"),
        (builds(2, at=LATER, count=3, search=1.1), "too few values"),
    ],
    ids=["older", "without times", "one after the other", "four after four", "too few"],
)
def test_runs_that_are_not_fresh_or_not_in_turns_confirm_nothing(again: Builds, says: str) -> None:
    """Whatever they say: the answer is that it is not known."""
    found = asked_again(builds(1, search=1.1), again)
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    assert says in found.results[0].comparison.why


def at_once(measured: Builds) -> Builds:
    """Return them with one time for all of their values."""
    base, candidate = (
        replace(build, metrics=tuple(replace(each, times=(LATER,) * len(each.values)) for each in build.metrics))
        for build in measured
    )
    return base, candidate


def test_times_that_tell_no_order_confirm_nothing() -> None:
    """All the same, or of one build alone: nothing says that the runs were in turns."""
    again = builds(2, at=LATER, search=1.1)
    for told in (at_once(again), (again[0], builds(2, at=None, search=1.1)[1])):
        found = asked_again(builds(1, search=1.1), told)
        assert found.outcome is Outcome.NOT_ENOUGH_DATA
        assert "nothing says when" in found.results[0].comparison.why


def test_an_alarm_without_times_cannot_be_asked_again() -> None:
    """Whether the second runs are later than the first nobody knows."""
    found = asked_again(builds(1, at=None, search=1.1), builds(2, at=LATER, search=1.1))
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    assert "nothing says when the runs that alarmed were measured" in found.results[0].comparison.why


def test_a_metric_that_vanished_from_the_fresh_runs_confirms_nothing() -> None:
    """From the candidate's it is an error, from both not enough data; never a fail, and never a pass."""
    base, candidate = builds(2, at=LATER, search=1.1)
    less = replace(candidate, metrics=candidate.metrics[1:])
    assert asked_again(builds(1, search=1.1), (base, less)).outcome is Outcome.ERROR
    none = replace(base, metrics=base.metrics[1:]), less
    assert asked_again(builds(1, search=1.1), none).outcome is Outcome.NOT_ENOUGH_DATA


def test_a_score_is_counted_anew() -> None:
    """A critical metric whose alarm was taken back fails nothing."""
    settings = SuiteSettings(
        score=ScoreSettings(thresholds=Thresholds(pass_from=90, marginal_from=60), critical=frozenset(("search",)))
    )
    first = builds(1, search=1.1)
    assert asked_again(first, builds(2, at=LATER, search=1.1), settings).outcome is Outcome.FAIL
    assert asked_again(first, builds(2, at=LATER), settings).outcome is Outcome.MARGINAL


def test_an_alarm_of_identical_builds_hardly_comes_back() -> None:
    """Of builds that are worse by just the margin 5 % alarm; of those the level allows 5 % to do so again."""
    alarms = confirmed = 0
    for seed in range(800):
        first = builds(seed, search=1.02)
        judgement = judge_suite(*first, SuiteSettings(advisory=frozenset(("index",))))
        if judgement.outcome is Outcome.FAIL:
            alarms += 1
            again = builds(10_000 + seed, at=LATER, search=1.02)
            settings = SuiteSettings(advisory=frozenset(("index",)))
            confirmed += confirm(judgement, first, again, settings).outcome is Outcome.FAIL
    assert 10 <= alarms <= 50
    assert confirmed <= 6


def report_of(first: Builds, again: Builds | None) -> Any:
    """Return the report that a judgement becomes, as it is read from its file."""
    judgement = judge_suite(*first)
    judgement = judgement if again is None else confirm(judgement, first, again)
    made = regression_of(judgement, first, again, **RELEASE)
    if made is None:
        return None
    plain = plain_report(made)
    schema = json.loads(resources.files("wedgate.judge").joinpath("resources/report.schema.json").read_text("utf-8"))
    jsonschema.validate(plain, schema, format_checker=jsonschema.FormatChecker())
    assert parse_report(plain) == made
    return made


def test_a_report_carries_both_runs_and_is_confirmed_only_then() -> None:
    """What is not confirmed says so; what was taken back is no report at all."""
    first = builds(1, search=1.1)
    alone = report_of(first, None)
    assert not alone.is_confirmed
    both = report_of(first, builds(2, at=LATER, search=1.1))
    assert both.is_confirmed
    assert [run.measured_at for run in both.benchmark.runs] == [
        START + timedelta(seconds=19),
        LATER + timedelta(seconds=19),
    ]
    assert [each.name for each in both.metrics] == ["search"]
    assert both.metrics[0].candidate / both.metrics[0].baseline == pytest.approx(1.1, abs=0.03)
    assert report_of(first, builds(2, at=LATER)) is None
    assert report_of(builds(1), None) is None


def test_whatever_fails_makes_a_report_that_is_valid() -> None:
    """Also where half of the values are nothing, and medians say so of both: the alarm would be lost."""
    rng, fails = random.Random(3), 0  # noqa: S311 - seeded on purpose
    for _ in range(1500):
        way, idle, spread = rng.choice(list(Direction)), rng.choice((0, 0.3, 0.6)), rng.choice((0.01, 0.1, 0.5))
        arms = []
        for mean in (1, rng.choice((0.2, 0.7, 1.5, 3))):
            count = rng.randint(4, 12)
            drawn = [0.0 if rng.random() < idle else mean * rng.lognormvariate(0, spread) for _ in range(count)]
            arms.append(Measurements(metrics=(Metric(name="a", unit="s", direction=way, values=tuple(drawn)),)))
        judgement = judge_suite(*arms)
        if judgement.outcome is not Outcome.FAIL:
            continue
        fails += 1
        found = regression_of(judgement, (arms[0], arms[1]), None, **RELEASE)
        assert found is not None
        parse_report(json.loads(json.dumps(plain_report(found), allow_nan=False)))
    assert fails > 150


def test_a_rate_is_reported_in_its_own_direction() -> None:
    """Less of what should be high is worse."""

    def turned(build: Measurements) -> Measurements:
        metrics = tuple(
            replace(
                each,
                unit="1/s",
                direction=Direction.HIGHER_IS_BETTER,
                values=tuple(1e4 / value for value in each.values),
            )
            for each in build.metrics
        )
        return replace(build, metrics=metrics)

    base, candidate = builds(1, search=1.1)
    made = report_of((turned(base), turned(candidate)), None)
    assert made.metrics[0].is_worse
    assert made.metrics[0].candidate / made.metrics[0].baseline == pytest.approx(1 / 1.1, abs=0.03)


def broken(**changes: Any) -> dict[str, Any]:
    """Return a confirmed report whose benchmark was changed by hand."""
    first = builds(1, search=1.1)
    plain = plain_report(report_of(first, builds(2, at=LATER, search=1.1)))
    plain["benchmark"] |= changes
    return plain


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"runs": [{"metrics": []}]}, "benchmark.confirmed: is true, without a run that alarmed and a fresh one"),
        (
            {"runs": [{"metrics": [{"name": "search", "outcome": word}]} for word in ("fail", "pass")]},
            "benchmark.confirmed: is true, and 'search' did not fail in both runs",
        ),
        (
            {
                "runs": [
                    {"measured_at": at, "metrics": [{"name": "search", "outcome": "fail"}]}
                    for at in ("2027-06-07T12:00:00Z", "2027-06-07T11:00:00Z")
                ]
            },
            "benchmark.runs[1].measured_at: is not after the run that alarmed",
        ),
        ({"confirmed": "yes"}, "benchmark.confirmed: expected true or false, got text"),
        ({"confirmed": False, "runs": []}, "benchmark.runs: expected one run or two"),
        ({"confirmed": False, "runs": [3]}, "benchmark.runs[0]: expected an object with metrics"),
        (
            {"confirmed": False, "runs": [{"metrics": [{"name": "a", "outcome": "bad"}]}]},
            "benchmark.runs[0].metrics[0]",
        ),
        (
            {"confirmed": False, "runs": [{"metrics": [{"name": "a", "outcome": "fail", "n": {"base": True}}]}]},
            "benchmark.runs[0].metrics[0].n: expected counts",
        ),
        ({"sure": True}, "benchmark.sure: is not a field"),
    ],
)
def test_a_confirmation_that_its_runs_do_not_bear_out_is_refused(changes: dict[str, Any], says: str) -> None:
    """A flag alone confirms nothing."""
    with pytest.raises(ReportError) as caught:
        parse_report(broken(**changes))
    assert str(caught.value).startswith(says)
