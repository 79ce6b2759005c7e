"""The exact distributions of both rank tests, held to scipy and to counting every order."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy import stats

from wedgate.judge.rank_sums import capped_tail, lowest_counted, rank_sum_cut, rank_sum_tail


@pytest.mark.parametrize(("first", "second"), [(1, 1), (3, 4), (5, 5), (10, 7), (20, 20)])
def test_the_tail_is_mann_and_whitneys(first: int, second: int) -> None:
    """Scipy's exact p of two arms without ties, for a spread of arrangements."""
    rng = np.random.default_rng(first * 100 + second)
    for _ in range(20):
        together = rng.permutation(first + second)
        base, candidate = together[:first], together[first:]
        pairs = sum(int(worse < value) for value in base for worse in candidate)
        expected = stats.mannwhitneyu(candidate, base, alternative="greater", method="exact").pvalue
        assert rank_sum_tail(first, second, pairs) == pytest.approx(expected, rel=1e-12)


def test_the_tail_ends_at_nothing_and_at_everything() -> None:
    """Below the first pair nothing, from the last one on everything."""
    assert rank_sum_tail(4, 5, -1) == 0.0
    assert rank_sum_tail(4, 5, 20) == 1.0
    assert rank_sum_tail(4, 5, 0) == pytest.approx(1 / comb(9, 4))


@pytest.mark.parametrize(("first", "second", "risk"), [(5, 5, 0.04), (10, 10, 0.05), (50, 50, 0.01), (4, 30, 0.04)])
def test_the_cut_is_the_last_that_the_risk_allows(first: int, second: int, risk: float) -> None:
    """One pair more would be too many."""
    cut = rank_sum_cut(first, second, risk)
    assert cut is not None
    assert rank_sum_tail(first, second, cut) <= risk < rank_sum_tail(first, second, cut + 1)


def test_large_arms_are_normal_but_for_the_fourth_digit() -> None:
    """At the border of both ways, held to each other through scipy's exact p."""
    for pairs in (1200, 1500, 1860):
        expected = stats.mannwhitneyu(*_arms(61, 61, pairs), alternative="greater", method="exact").pvalue
        assert rank_sum_tail(61, 61, pairs) == pytest.approx(expected, abs=2e-4)
    cut = rank_sum_cut(61, 61, 0.04)
    assert cut is not None
    assert rank_sum_tail(61, 61, cut) <= 0.04 < rank_sum_tail(61, 61, cut + 1)


def _arms(first: int, second: int, pairs: int) -> tuple[list[float], list[float]]:
    """Return two arms with so many pairs in which the second one's value is the smaller."""
    full, rest = divmod(pairs, first)
    base = [float(each) for each in range(first)]
    candidate = [-1.0 - each for each in range(full)] + [first - rest - 0.5] * (1 if rest else 0)
    return candidate + [first + 1.0 + each for each in range(second - len(candidate))], base


def test_arms_that_can_say_nothing_have_no_cut() -> None:
    """Three against three: one order in twenty."""
    assert rank_sum_cut(3, 3, 0.04) is None
    assert rank_sum_cut(3, 3, 0.05) == 0


@pytest.mark.parametrize(("first", "second", "cap"), [(3, 4, 4), (5, 5, 6), (4, 6, 10), (2, 7, 3)])
def test_the_capped_tail_counts_every_order(first: int, second: int, cap: int) -> None:
    """By looking at all of them."""
    ranks = range(1, first + second + 1)
    scores = Counter(sum(cap - rank for rank in taken if rank < cap) for taken in combinations(ranks, second))
    for score in range(-1, max(scores) + 2):
        expected = sum(count for found, count in scores.items() if found <= score) / comb(first + second, second)
        assert capped_tail(first, second, cap, score) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("risk", [0.05, 0.001, 1e-6])
@pytest.mark.parametrize("count", [10, 20, 50])
def test_so_many_of_the_lowest_are_looked_at_that_the_risk_can_be_reached(count: int, risk: float) -> None:
    """Else a family of many metrics could never fail by the lowest ranks."""
    cap = lowest_counted(count, count, risk)
    assert capped_tail(count, count, cap, 0) <= risk / 2 or cap == 2 * count
