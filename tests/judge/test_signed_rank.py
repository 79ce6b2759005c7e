"""The exact signed-rank limits, held to scipy."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest
from scipy import stats

from wedgate.judge.signed_rank import critical, shift_of


@pytest.mark.parametrize("count", [4, 6, 9, 12, 20])
def test_the_limit_is_where_wilcoxons_test_turns(count: int) -> None:
    """A shift is below the upper limit exactly when the one-sided exact test does not reject it."""
    rng = random.Random(count)  # noqa: S311 - seeded on purpose
    values = [rng.gauss(0.1, 1) for _ in range(count)]
    upper = shift_of(values, risk=0.1).upper
    for shift in (upper - 1e-6, upper + 1e-6):
        rejected = stats.wilcoxon([value - shift for value in values], alternative="less", method="exact").pvalue <= 0.1
        assert rejected == (shift > upper)


def test_the_estimate_is_the_median_of_pairwise_averages() -> None:
    """Hodges and Lehmann, by hand: averages of 0, 1, 5 are 0, 0.5, 1, 2.5, 3, 5."""
    assert shift_of([5.0, 0.0, 1.0], risk=0.1).estimate == median([0, 0.5, 1, 2.5, 3, 5])


def test_too_few_differences_have_no_limit() -> None:
    """Three signs cannot say anything with a risk of one in ten: 1 in 2^3 is more."""
    assert critical(3, 0.1) is None
    assert critical(4, 0.1) == 0
    found = shift_of([1.0, 2.0, 3.0], risk=0.1)
    assert (found.lower, found.upper) == (-math.inf, math.inf)


def test_an_unknown_difference_counts_against_the_candidate() -> None:
    """An infinite difference drives the upper limit up, never down, and makes no number of it."""
    found = shift_of([0.0] * 3 + [math.inf, -math.inf], risk=0.1)
    assert found.upper == math.inf
    assert not math.isnan(found.estimate)
