"""Reference vectors of canary judgement (vectors.json, with its sources and licence), against this judge.

Where the file marks a defect of the reference, the exact answer is what counts. What it has of Kayenta's own machinery
is not here, because this judge has none of it: the tie-corrected normal score with its root finder beyond W(0) and
W(5). What is not run is listed at the end.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist, median, quantiles
from typing import Any

import numpy as np
import pytest

from wedgate.judge.comparison import Margins, compare
from wedgate.judge.exact import excess_p, lower_tail, upper_limit, upper_tail
from wedgate.judge.failures import judge_failures, requests_to_see
from wedgate.judge.rank_sums import rank_sum_cut, rank_sum_tail
from wedgate.judge.reading import Direction
from wedgate.judge.scoring import ScoredMetric, Thresholds, grade, score_metrics
from wedgate.judge.shift import mean_ratio, shift_between, standardized_distance, superiority
from wedgate.judge.values import ColourSample, ErrorLimits, Outcome, Slice

VECTORS: Mapping[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
START = datetime(2027, 6, 7, 10, tzinfo=UTC)
RANKS = VECTORS["mann_whitney"]
LABELLED = VECTORS["classifier"]["mann_whitney"] + VECTORS["classifier"]["reported_and_derived"]
EXACT = [case for case in RANKS["ci_and_estimate"] + LABELLED if "recommended_exact" in case]
OUTCOMES = {
    "Pass": Outcome.PASS,
    "High": Outcome.FAIL,
    "Low": Outcome.FAIL,
    "Nodata": Outcome.NOT_ENOUGH_DATA,
    "Error": Outcome.ERROR,
}


def named(case: Mapping[str, Any]) -> str:
    """Name a case in the list of tests."""
    return str(case.get("name", case.get("expected", "")))


@pytest.mark.parametrize("case", RANKS["normal_quantile"], ids=named)
def test_normal_quantiles(case: Mapping[str, Any]) -> None:
    """The curve that stands in for the ranks of large arms."""
    assert NormalDist().inv_cdf(case["p"]) == pytest.approx(case["expected"], abs=case["abs_tol"])


@pytest.mark.parametrize("case", EXACT, ids=named)
def test_the_interval_is_read_off_the_differences(case: Mapping[str, Any]) -> None:
    """The same order statistics as the exact answer's; where both arms have 30 values or 60 and their differences are
    no grid, the file's limits come from the normal curve, and are one order statistic away at the most. Of the case
    with many ties it corrects that curve for them; without that our limits are wider, by 14 differences of 3,600."""
    base, candidate, exact = case["control"], case["experiment"], case["recommended_exact"]
    level = 1 - case["conf_level"]
    found = shift_between(base, candidate, level=level)
    assert found is not None
    assert found.estimate == pytest.approx(exact["hodges_lehmann"], abs=1e-12)
    if len(base) not in (30, 60):
        assert (found.lower, found.upper) == pytest.approx((exact["ci_low"], exact["ci_high"]), abs=1e-12)
        return
    apart = sorted(other - value for value in base for other in candidate)
    cut = rank_sum_cut(len(base), len(candidate), level / 2)
    assert cut is not None
    reach = 14 if "CLES Effect Size: Pass" in case["name"] else 1
    near = range(cut - 1, cut + reach + 1)
    assert any(exact["ci_low"] == pytest.approx(apart[place], abs=1e-12) for place in near)
    assert any(exact["ci_high"] == pytest.approx(apart[-1 - place], abs=1e-12) for place in near)


def test_an_interval_is_never_inverted() -> None:
    """Zero-inflated values, of which the reference's lower limit is above the upper one; the answer is [0, 0]."""
    case = RANKS["intermediate"][0]
    found = shift_between(case["control"], case["experiment"], level=0.05)
    assert found is not None
    assert (found.lower, found.estimate, found.upper) == (0.0, 0.0, 0.0)
    assert case["expected"]["ci_low"] > case["expected"]["ci_high"]


def test_the_statistic_of_large_arms() -> None:
    """W(0) as the normal score of the tail, which knows nothing of ties and is the more careful by as much; W(5), where
    all values are below, as a tail of nothing."""
    case = RANKS["w_statistic"][0]
    arms = next(each for each in RANKS["ci_and_estimate"] if each["name"] == case["samples_of"])
    base, candidate = arms["control"], arms["experiment"]
    for asked in case["cases"]:
        moved = [value - asked["mu"] for value in candidate]
        above = math.floor(superiority(base, moved) * len(base) * len(moved))
        tail = rank_sum_tail(len(base), len(candidate), above)
        if asked["mu"]:
            assert tail < 1e-15
        else:
            ties = sum(count**3 - count for count in Counter(base + candidate).values())
            together = len(base) + len(candidate)
            narrower = math.sqrt(1 - ties / (together * (together**2 - 1)))
            assert NormalDist().inv_cdf(tail) / narrower == pytest.approx(asked["expected"], abs=1e-6)


def margin_of(case: Mapping[str, Any], *, rising: bool) -> float:
    """Return what the case tolerates, as a fraction of the base: its allowed mean ratio, or its share of the shift."""
    lowest, highest = case["allowed_decrease_increase"]
    if case["effect_size_measure"] != "cles":
        return float(max(case["tolerance"], highest - 1 if rising else 1 - lowest))
    middle = median(case["control"])
    found = shift_between(case["control"], case["experiment"], level=0.05)
    assert found is not None
    return float(case["tolerance"] * abs(found.estimate) / middle) if middle else float(case["tolerance"])


def label_of(case: Mapping[str, Any], times: float = 1.0) -> str:
    """Judge a case each way that its direction watches: High and Low are fails of metrics of two directions."""
    base = [value * times for value in case["control"]]
    candidate = [value * times for value in case["experiment"]]
    found = {}
    for label, watched, direction in (
        ("High", ("increase", "either"), Direction.LOWER_IS_BETTER),
        ("Low", ("decrease", "either"), Direction.HIGHER_IS_BETTER),
    ):
        if case["direction"] in watched:
            worse_by = margin_of(case, rising=label == "High") if base and candidate else 0.1
            missed = worse_by + 20 if label == "High" else 0.99
            margins = Margins(worse_by=worse_by, missed=missed, level=(1 - case["conf_level"]) / 2)
            found[label] = compare(base, candidate, direction=direction, margins=margins)
            assert found[label].why
    if any(each.outcome is Outcome.NOT_ENOUGH_DATA for each in found.values()):
        return "Nodata"
    return next((label for label, each in found.items() if each.outcome is Outcome.FAIL), "Pass")


# What the reference says and a judge should not, with the exact answer.
OTHERWISE = {
    # Two against three: no order of five values is rarer than one in ten, so nothing can be told.
    "Mann-Whitney Tied Observations": "Nodata",
    # An empty candidate is never a pass, critical or not, whatever stands in for what is missing.
    "critical + mustHaveData metric, canary series empty, nanStrategy=replace": "Nodata",
}


@pytest.mark.parametrize("case", LABELLED, ids=named)
def test_labels(case: Mapping[str, Any]) -> None:
    """High, Low, Pass and Nodata, as the reference's tests and the exact test have them."""
    upstream = case.get("expected", case.get("kayenta_verdict", {})).get("classification", "Nodata")
    expected = OTHERWISE.get(case["name"], case.get("recommended_verdict", upstream))
    assert label_of(case) == expected
    for times in (1e-9, 1e-3, 0.1, 1000, 1e9):
        assert label_of(case, times) == expected, times


def test_the_reference_was_wrong_where_the_file_says_so() -> None:
    """Seven values of ten that are a hundred times as large are at least no pass."""
    case = next(each for each in LABELLED if each["name"].startswith("seven of ten"))
    margins = Margins(worse_by=0.05, missed=0.1, level=0.01)
    found = compare(case["control"], case["experiment"], direction=Direction.LOWER_IS_BETTER, margins=margins)
    assert found.outcome in (Outcome.FAIL, Outcome.MARGINAL)


MEASURES = {"meanRatio": mean_ratio, "cles": superiority, "cohenD_pooled_abs": standardized_distance}


@pytest.mark.parametrize("case", VECTORS["effect_sizes"], ids=named)
def test_effect_sizes(case: Mapping[str, Any]) -> None:
    """Ratio of the means, common language effect, Cohen's d; a ratio to nothing is none."""
    found = MEASURES[case["measure"]](case["control"], case["experiment"])
    if case["expected"] == "NaN":
        assert found is None
    else:
        assert found == pytest.approx(case["expected"], abs=case["abs_tol"] or 1e-12)


@pytest.mark.parametrize("case", VECTORS["percentiles"], ids=named)
def test_percentiles_are_of_the_seventh_kind(case: Mapping[str, Any]) -> None:
    """The quartiles by which a machine is called contended, as `comparison` asks for them, are R's type 7."""
    data = sorted(case["data"])
    found = data[-1] if case["p"] == 100 else quantiles(data, n=100, method="inclusive")[case["p"] - 1]
    assert found == pytest.approx(case["expected"], abs=case["abs_tol"] or 1e-9)


@pytest.mark.parametrize("case", VECTORS["nan_handling"], ids=named)
def test_what_is_no_number_is_an_error(case: Mapping[str, Any]) -> None:
    """The reference drops it or reads it as nothing, and then fewer values or better ones are compared."""
    values = [math.nan if value == "NaN" else value for value in case["data"]]
    good = [10.0] * 10
    for base, candidate in ((good, values), (values, good)):
        found = compare(base, candidate, direction=Direction.LOWER_IS_BETTER)
        assert (found.outcome, found.estimate) == (Outcome.ERROR, None)
        assert "nan" in found.why


@pytest.mark.parametrize("case", VECTORS["scorer"], ids=named)
def test_scores(case: Mapping[str, Any]) -> None:
    """Weights, groups, a critical metric, and metrics without data."""
    metrics = [
        ScoredMetric(
            name=each["name"],
            outcome=OUTCOMES[each["classification"]],
            groups=tuple(each["groups"]),
            is_critical=each["critical"],
        )
        for each in case["metrics"]
    ]
    found = score_metrics(metrics, weights=case["group_weights"])
    assert found.value == case["expected"]["summary_score"]
    if "group_scores_sorted" in case["expected"]:
        assert sorted(found.groups.values()) == case["expected"]["group_scores_sorted"]
    assert found.at_least <= found.value <= max(found.value, found.at_most)


@pytest.mark.parametrize("case", VECTORS["score_threshold"], ids=lambda case: str(case["score"]))
def test_thresholds(case: Mapping[str, Any]) -> None:
    """A score at a threshold has reached it."""
    thresholds = Thresholds(pass_from=case["pass_threshold"], marginal_from=case["marginal_threshold"])
    assert grade(case["score"], thresholds).value == case["expected"].lower()


@pytest.mark.parametrize("case", VECTORS["counts"]["two_by_two"], ids=lambda case: str(case["canary_errors"]))
def test_counts(case: Mapping[str, Any]) -> None:
    """On totals, exactly: what Fisher's test calls chance is no alarm, what it calls one in ten thousand is one.

    The limit is Clopper and Pearson's, which holds its level, where Wilson's does on average: they lie close together.
    A candidate with fewer requests than the floor is not judged, whatever the p.
    """
    arms = case["canary_errors"], case["canary_requests"], case["baseline_errors"], case["baseline_requests"]
    p = excess_p(*arms, margin=0.0, level=0.05)
    fisher = case["fisher_one_sided_greater_p"]
    if fisher > 0.05:
        assert p > 0.05
    if fisher < 1e-4:
        assert p <= 0.05
    assert upper_limit(arms[0], arms[1], 0.025) == pytest.approx(case["canary_wilson_95"][1], rel=0.06)
    if "sample floor" in case.get("note", ""):
        assert arms[1] < ErrorLimits().requests


@pytest.mark.parametrize("row", VECTORS["counts"]["requests_per_arm_one_sided_alpha05_power80"], ids=str)
def test_requests_per_arm(row: Mapping[str, Any]) -> None:
    """How many requests each colour needs until a share that is so much worse shows."""
    base = row["baseline_rate"]
    assert requests_to_see(base, row["bad_rate"] - base, level=0.05, power=0.8) == row["requests"]


LOOKS = VECTORS["counts"]["repeated_looks_false_positive"]


@pytest.mark.parametrize("alpha", LOOKS["nominal_alpha"])
def test_repeated_looks_break_a_naive_test_and_not_this_one(alpha: str) -> None:
    """The pooled score test, looked at again and again, alarms as the file says; ours keeps its level over 60 looks."""
    said, level = LOOKS["nominal_alpha"][alpha], float(alpha)
    rng = np.random.default_rng(11)
    canary = np.cumsum(rng.binomial(100, 0.01, (20_000, 60)), axis=1)
    base = np.cumsum(rng.binomial(900, 0.01, (20_000, 60)), axis=1)
    looks = np.arange(1, 61)
    share, other = canary / (100 * looks), base / (900 * looks)
    pooled = (canary + base) / (1000 * looks)
    wide = np.sqrt(pooled * (1 - pooled) * (1 / (100 * looks) + 1 / (900 * looks)))
    with np.errstate(invalid="ignore"):
        alarmed = np.maximum.accumulate((share - other) / wide > NormalDist().inv_cdf(1 - level), axis=1)
    for count, rate in said.items():
        assert alarmed[:, int(count) - 1].mean() == pytest.approx(rate, abs=LOOKS["abs_tol"])
    limits = ErrorLimits(worse_by=Decimal(0), never_above=Decimal("0.5"), requests=1)
    ours = 0
    for bake in range(150):
        slices = [
            Slice(
                start=START + timedelta(seconds=look),
                end=START + timedelta(seconds=look + 1),
                stable=ColourSample(requests=900, errors=int(stable), timeouts=0, latency=()),
                candidate=ColourSample(requests=100, errors=int(errors), timeouts=0, latency=()),
            )
            for look, (errors, stable) in enumerate(
                zip(np.diff(canary[bake], prepend=0), np.diff(base[bake], prepend=0), strict=True)
            )
        ]
        found = judge_failures(slices, limits, level=level, final=False, against_limits=False)
        ours += found.outcome is Outcome.FAIL
    assert ours / 150 <= level + 2 * math.sqrt(level / 150)


NOT_RUN = {
    "meta": "sources and licence",
    "algorithm": "prose on the reference, which is not in the copy here",
    "classifier.summary": "prose on the cases, which is not in the copy here",
    "counts.origin": "prose",
    "counts.why": "prose",
}
RUN = {
    "mann_whitney.normal_quantile", "mann_whitney.ci_and_estimate", "mann_whitney.intermediate",
    "mann_whitney.w_statistic", "classifier.mann_whitney", "classifier.reported_and_derived", "effect_sizes",
    "percentiles", "nan_handling", "scorer", "score_threshold", "counts.two_by_two",
    "counts.requests_per_arm_one_sided_alpha05_power80", "counts.repeated_looks_false_positive",
    "counts.threshold_check_false_rollback",
}  # fmt: skip


def test_every_vector_is_run_or_listed() -> None:
    """What a later file adds has to be put somewhere."""
    groups = ("mann_whitney", "classifier", "counts")
    found = {name for name in VECTORS if name not in groups}
    found |= {f"{group}.{name}" for group in groups for name in VECTORS[group]}
    assert found - set(NOT_RUN) == RUN


@pytest.mark.parametrize("row", VECTORS["counts"]["threshold_check_false_rollback"]["rows"], ids=str)
def test_binomial_tails_of_a_threshold_without_a_test(row: Mapping[str, Any]) -> None:
    """How often "success at least 99 %" rolls a healthy canary back, five failed checks of sixty: by exact tails."""
    tolerance = VECTORS["counts"]["threshold_check_false_rollback"]["abs_tol"]
    requests = row["requests_per_window"]
    allowed = requests // 100
    fails = 1 - lower_tail(allowed, requests, 0.005)
    assert fails == pytest.approx(row["p_single_check_fails"], abs=tolerance)
    assert upper_tail(5, 60, fails) == pytest.approx(row["p_rollback_threshold5_of_60"], abs=tolerance)
