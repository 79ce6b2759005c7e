"""Quantiles of two colours, compared fairly."""

from __future__ import annotations

import math
import random
from decimal import Decimal

import pytest

from wedgate.judge.quantiles import pair_of
from wedgate.judge.values import UNBOUNDED_MS, Bucket, ColourSample

P95 = Decimal("0.95")


def test_a_quantile_lies_in_its_bucket(sample) -> None:
    """The 95th of one hundred requests that took 1 to 100 ms is the 95th, known to the millisecond."""
    pair = pair_of(sample(list(range(1, 101))), sample(list(range(1, 101))), P95)
    assert pair is not None
    assert (pair.stable.lower, pair.stable.upper) == (95, 96)
    assert pair.stable == pair.candidate


def test_a_difference_inside_one_bucket_is_not_surely_worse(sample) -> None:
    """7 against 8 ms in whole milliseconds may be 7.99 against 8.00: no factor is sure, though the estimates differ."""
    pair = pair_of(sample([7] * 50), sample([8] * 50), P95)
    assert pair is not None
    assert not pair.is_surely_worse(1.0)
    assert pair.ratio == pytest.approx(8.975 / 7.975, rel=0.1)
    assert pair_of(sample([7] * 50), sample([9] * 50), P95).is_surely_worse(1.1)


def test_timeouts_rank_above_everything(sample) -> None:
    """A version that hangs on one request of ten has no 95th percentile, however fast the others are."""
    hanging = sample([1] * 90, errors=10, timeouts=10)
    pair = pair_of(sample([50] * 100), hanging, P95)
    assert pair is not None
    assert pair.candidate.lower == math.inf
    assert pair.ratio == math.inf
    assert pair.is_surely_worse(1000)
    assert not pair_of(hanging, hanging, P95).is_surely_worse(1.0)
    assert pair_of(hanging, sample([50] * 100), P95).log_ratio == -math.inf


def test_no_answers_make_no_pair(sample) -> None:
    """A colour without a request, or with failures only that have no latency, cannot be compared."""
    nothing = ColourSample(requests=0, errors=0, timeouts=0, latency=())
    assert pair_of(sample([7]), nothing, P95) is None
    assert pair_of(nothing, sample([7]), P95) is None


@pytest.mark.parametrize("requests", [1, 5, 10, 40])
def test_few_requests_are_compared_at_the_rank_that_they_can_resolve(requests: int, sample) -> None:
    """With equal colours the one with few requests looks slower about as often as faster, not more rarely."""
    rng = random.Random(requests)  # noqa: S311 - seeded on purpose

    def draw(count: int) -> list[int]:
        return [int(1000 * math.exp(0.5 * rng.gauss(0, 1))) for _ in range(count)]

    slower = 0
    for _ in range(600):
        pair = pair_of(sample(draw(300)), sample(draw(requests)), P95)
        slower += pair is not None and pair.ratio > 1
    # Three standard deviations of a fair coin tossed 600 times are 37.
    assert abs(slower - 300) < 40


def test_beyond_the_last_bound_a_quantile_is_slow_and_no_more(sample) -> None:
    """Two colours beyond it are not alike, and neither is surely the slower one."""
    edge = Bucket(lower_ms=1000, upper_ms=UNBOUNDED_MS, count=90)
    beyond = ColourSample(requests=90, errors=0, timeouts=0, latency=(edge,))
    fast = sample([7] * 100)
    both = pair_of(beyond, beyond, P95)
    assert both is not None
    assert both.candidate.lower == 1000
    assert both.ratio == math.inf
    assert not both.is_surely_worse(1.1)
    slower = pair_of(fast, beyond, P95)
    assert slower is not None
    assert slower.is_surely_worse(1.1)
    assert not slower.is_surely_worse(126)  # 8 ms times 126 is more than a second
