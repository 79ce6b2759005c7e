"""Exact tests on counts, held to scipy and to brute force."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from scipy import stats

from wedgate.judge.exact import boundary, excess_p, first_decisive, lower_tail, upper_limit, upper_tail


@pytest.mark.parametrize(
    ("successes", "trials", "chance"),
    [(0, 5, 0.2), (3, 20, 0.1), (5, 5, 0.3), (15, 1000, 0.02), (50, 1000, 0.02), (9, 9, 0.5), (400, 400_000, 0.002)],
)
def test_tails_are_those_of_the_binomial_distribution(successes: int, trials: int, chance: float) -> None:
    """Both tails agree with scipy."""
    expected = stats.binom.sf(successes - 1, trials, chance)
    assert upper_tail(successes, trials, chance) == pytest.approx(expected, rel=1e-8, abs=1e-300)
    expected = stats.binom.cdf(successes, trials, chance)
    assert lower_tail(successes, trials, chance) == pytest.approx(expected, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize(("most", "error"), [(100_000, 1e-9), (10_000_000, 1e-7)])
def test_tails_are_as_exact_as_they_claim(most: int, error: float) -> None:
    """Around their mean, for chances of all sizes and as many trials as the claim goes up to."""
    chance = random.Random(7)  # noqa: S311
    for _ in range(300):
        trials, share = int(most * chance.uniform(0.1, 1)), 10 ** chance.uniform(-5, -0.01)
        spread = math.sqrt(trials * share * (1 - share) + 1)
        successes = max(0, min(trials, int(trials * share + chance.gauss(0, 4) * spread)))
        expected = stats.binom.sf(successes - 1, trials, share)
        assert upper_tail(successes, trials, share) == pytest.approx(expected, rel=error, abs=1e-290)


def test_tails_at_the_edges_are_certain() -> None:
    """Nothing is below zero successes, nothing above all of them, and sure chances are sure."""
    assert upper_tail(0, 10, 0.5) == 1.0
    assert upper_tail(11, 10, 0.5) == 0.0
    assert upper_tail(1, 10, 0.0) == 0.0
    assert upper_tail(10, 10, 1.0) == 1.0


@pytest.mark.parametrize(
    ("successes", "trials", "level"), [(0, 90, 1e-4), (2, 3600, 1e-6), (9, 9000, 0.025), (5, 5, 0.1)]
)
def test_upper_limit_is_clopper_and_pearsons(successes: int, trials: int, level: float) -> None:
    """The limit agrees with the beta quantile that defines it."""
    expected = 1.0 if successes == trials else stats.beta.ppf(1 - level, successes + 1, trials - successes)
    assert upper_limit(successes, trials, level) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("level", [0.05, 0.01, 0.004, 0.0008])
def test_a_fair_coin_crosses_the_boundary_at_most_as_often_as_the_level(level: float) -> None:
    """The exact probability of ever crossing within 200 tosses stays within the level, and is not idle either."""
    walk, crossed = {0: 1.0}, 0.0
    for toss in range(1, 201):
        moved: dict[int, float] = {}
        for (heads, chance), more in itertools.product(walk.items(), (0, 1)):
            moved[heads + more] = moved.get(heads + more, 0.0) + chance / 2
        bound = boundary(level, toss)
        walk = {heads: chance for heads, chance in moved.items() if bound is None or heads < bound}
        crossed += sum(chance for heads, chance in moved.items() if bound is not None and heads >= bound)
    assert level / 2 < crossed <= level


def test_no_earlier_toss_could_decide() -> None:
    """Before the first decisive toss even all heads are more likely than the level allows; there they decide."""
    for level in (0.05, 0.01, 0.002, 0.0005):
        first = first_decisive(level)
        assert 2.0**-first <= level < 2.0 ** -(first - 2)
        assert [boundary(level, toss) for toss in range(1, first)] == [None] * (first - 1)
        assert boundary(level, first) == first


def test_excess_is_rarely_significant_when_there_is_none() -> None:
    """With both chances equal, the exact probability of a p-value at or below 5 % is at most 5 %."""
    trials, base_trials, chance = 40, 120, 0.1
    total = 0.0
    for base in range(base_trials + 1):
        weight = stats.binom.pmf(base, base_trials, chance)
        if weight < 1e-12:
            continue
        limit = next(
            count for count in range(trials + 2) if excess_p(count, trials, base, base_trials, 0.0, 0.05) <= 0.05
        )
        total += weight * stats.binom.sf(limit - 1, trials, chance)
    assert 0 < total <= 0.05
