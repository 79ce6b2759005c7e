"""Scores do not fail open: what is not known raises none, and a critical metric is there and passes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wedgate.judge.comparison import Margins
from wedgate.judge.reading import ReportError
from wedgate.judge.scoring import Score, ScoredMetric, Thresholds, score_metrics
from wedgate.judge.suite_settings import parse_suite_settings
from wedgate.judge.values import Outcome


def score(*outcomes: Outcome, critical: tuple[str, ...] = (), thresholds: Thresholds | None = None) -> Score:
    """Score metrics ``m0``, ``m1``, ... of one group."""
    metrics = [
        ScoredMetric(name=f"m{place}", outcome=outcome, groups=("group",)) for place, outcome in enumerate(outcomes)
    ]
    return score_metrics(metrics, critical=critical, thresholds=thresholds)


PASS, FAIL, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
MARGINAL, NO_DATA = Outcome.MARGINAL, Outcome.NOT_ENOUGH_DATA


@pytest.mark.parametrize(
    ("outcomes", "value", "outcome"),
    [
        ((PASS,) * 20, 100, PASS),
        ((PASS,) * 19 + (FAIL,), 95, PASS),
        ((PASS,) * 9 + (FAIL,), 90, MARGINAL),
        ((PASS,) * 2 + (FAIL,) * 2, 50, FAIL),
        # Ninety-nine that pass make no pass of an error, and none of one that nobody knows in ten.
        ((PASS,) * 99 + (ERROR,), 99, ERROR),
        ((PASS,) * 9 + (NO_DATA,), 100, NO_DATA),
        ((PASS,) * 19 + (NO_DATA,), 100, PASS),
        ((PASS,) * 9 + (MARGINAL,), 90, MARGINAL),
        # What is not known is no evidence of a fail either.
        ((PASS,) + (MARGINAL,) * 9, 10, MARGINAL),
        ((PASS,) + (NO_DATA,) * 9, 0, NO_DATA),
        ((ERROR,) * 9, 0, ERROR),
        ((), 0, NO_DATA),
    ],
)
def test_the_verdict_of_a_score(outcomes: tuple[Outcome, ...], value: float, outcome: Outcome) -> None:
    """By hand."""
    found = score(*outcomes)
    assert (found.value, found.outcome) == (value, outcome)


@pytest.mark.parametrize("outcome", [FAIL, ERROR, MARGINAL, NO_DATA])
def test_a_critical_metric_decides_alone(outcome: Outcome) -> None:
    """Nothing that a hundred others say outweighs it."""
    found = score(outcome, *(PASS,) * 100, critical=("m0",))
    assert (found.outcome, found.value) == (outcome, 0)
    assert "m0 is critical" in found.why


def test_a_critical_metric_that_is_missing_is_an_error() -> None:
    """It vanished from both builds, or was misspelt."""
    found = score(*(PASS,) * 100, critical=("checkout",))
    assert (found.outcome, found.value) == (ERROR, 0)


def test_a_group_without_an_answer_counts_as_nothing() -> None:
    """The reference counts it as all."""
    metrics = [ScoredMetric(name=f"m{place}", outcome=PASS, groups=("a",)) for place in range(3)]
    metrics.append(ScoredMetric(name="m", outcome=NO_DATA, groups=("b",)))
    found = score_metrics(metrics, weights={"a": 60, "b": 30, "c": 10})
    assert (found.value, found.at_least, found.at_most, found.outcome) == (60, 60, 100, NO_DATA)


@given(st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=12), st.integers(0, 11))
def test_knowing_less_never_helps(outcomes: list[Outcome], place: int) -> None:
    """A metric that passed and now is an error, unknown or failed makes no better verdict, and no higher sure score."""
    order = {FAIL: 0, ERROR: 1, NO_DATA: 1, MARGINAL: 1, PASS: 2}
    known = [*outcomes]
    known[place % len(known)] = PASS
    for worse, is_critical in itertools.product((FAIL, ERROR, NO_DATA, MARGINAL), (False, True)):
        unknown = [*known]
        unknown[place % len(known)] = worse
        critical = (f"m{place % len(known)}",) if is_critical else ()
        before, after = score(*known, critical=critical), score(*unknown, critical=critical)
        assert after.at_least <= before.at_least
        if worse is not FAIL:
            assert (after.outcome is FAIL) is (before.outcome is FAIL)
        assert order[after.outcome] <= order[before.outcome]


@pytest.mark.parametrize("weights", [{"group": 120}, {"group": 60}, {"group": -1, "b": 101}, {"a": 100}])
def test_weights_come_to_a_hundred(weights: dict[str, float]) -> None:
    """Too much, too little, less than nothing, and nothing left for a group that has metrics."""
    metrics = [ScoredMetric(name="m", outcome=PASS, groups=("group",))]
    with pytest.raises(ValueError, match="weight"):
        score_metrics(metrics, weights=weights)


def test_settings_are_read() -> None:
    """All that there is."""
    found = parse_suite_settings(
        {
            "advisory": ["startup"],
            "margins": {
                "search": {"worse-by": "5%", "missed": "20%", "at-least": 0.5},
                "index": {"worse-by": "3%", "at-least": "40 us"},
            },
            "score": {
                "pass": 90,
                "marginal": 60,
                "critical": ["checkout"],
                "groups": {"pages": {"weight": 75, "metrics": ["page *", "search"]}},
            },
        },
        Margins(level=0.01),
    )
    assert found.margins_of["search"] == Margins(worse_by=0.05, missed=0.2, level=0.01, at_least=0.5)
    assert found.margins_of["index"] == Margins(worse_by=0.03, level=0.01, at_least=40, at_least_unit="us")
    assert found.advisory == {"startup"}
    assert found.score is not None
    assert (found.score.thresholds, found.score.critical) == (Thresholds(pass_from=90, marginal_from=60), {"checkout"})
    [pages] = found.score.groups
    assert pages.weight == 75
    assert [pages.has(name) for name in ("page 1", "search", "searching", "checkout")] == [True, True, False, False]
    assert parse_suite_settings({}, Margins()).score is None


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ([], "expected an object"),
        ({"weights": {}}, "weights: is not a setting"),
        ({"advisory": "search"}, "advisory: expected a list"),
        ({"margins": {"a": {"worse-by": 5}}}, "margins.a.worse-by: 5 is no percentage"),
        ({"margins": {"a": {"worse-by": "20%"}}}, "`missed` is not more than `worse-by`"),
        ({"margins": {"a": {"at-least": -1}}}, "at-least: is -1"),
        ({"margins": {"a": {"at-least": "0.5"}}}, "at-least: '0.5' is no amount; write it with its unit"),
        ({"margins": {"a": {"at-least": "-1 ms"}}}, "'-1 ms' is no amount"),
        ({"score": {"pass": 120}}, "score.pass: is 120"),
        ({"score": {"pass": 50, "marginal": 75}}, "`marginal` is above `pass`"),
        ({"score": {"pass": True}}, "score.pass: expected a number"),
        ({"score": {"groups": {"a": {"weight": 50}}}}, "score.groups.a.metrics: names no metric"),
        ({"score": {"groups": {n: {"weight": 60, "metrics": [n]} for n in "ab"}}}, "the weights come to 120"),
        ({"score": {"critical": [1]}}, "score.critical[0]: expected a text"),
        ({"score": None}, "score: expected an object, got null"),
    ],
)
def test_odd_settings_are_named(plain: object, words: str) -> None:
    """With where, what and what to do."""
    with pytest.raises(ReportError) as caught:
        parse_suite_settings(plain, Margins())
    assert words in str(caught.value)
