"""A quantile of both colours over one slice, compared fairly: buckets, few requests, and timeouts included.

Three things make two quantiles unfair to compare. Buckets: a quantile is known only to lie inside one, so it has a
lower and an upper bound beside its estimate. Few requests: the 95th percentile of ten requests is their largest, which
typically is the 93rd percentile of what one would see in the long run; so the colour with more requests is read at
the rank that the other one can resolve. Timeouts: they are in no bucket, and rank above everything.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from wedgate.judge.remembered import Remembered
from wedgate.judge.values import UNBOUNDED_MS, ColourSample, Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """Where a quantile lies in milliseconds; infinite when among timeouts, or beyond the last bound."""

    lower: float
    point: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same quantile of both colours over the same time."""

    stable: Quantile
    candidate: Quantile
    ratio: float = field(init=False)
    """Candidate over stable, by the estimates; infinite when the candidate's falls among timeouts."""
    log_ratio: float = field(init=False)
    """The natural logarithm of the ratio; minus infinity when only stable's falls among timeouts."""

    def __post_init__(self) -> None:
        """Work out the ratio, which every look of a bake asks for."""
        ratio = math.inf if math.isinf(self.candidate.point) else self.candidate.point / self.stable.point
        object.__setattr__(self, "ratio", ratio)
        object.__setattr__(self, "log_ratio", math.log(ratio) if ratio > 0 else -math.inf)

    def is_surely_worse(self, limit: float) -> bool:
        """Tell whether the candidate exceeds ``limit`` times stable wherever in their buckets the two are."""
        return self.candidate.lower > self.stable.upper * limit


def answered(sample: ColourSample) -> int:
    """Return how many requests have a rank: those with a latency, and those that timed out."""
    return sum([bucket.count for bucket in sample.latency]) + sample.timeouts


def pairs_of(slices: Iterable[Slice], quantile: Decimal) -> list[Pair]:
    """Return the quantile of both colours for each slice in which both answered something."""
    return [pair for pair in _known_pairs(quantile).each(slices) if pair is not None]


@functools.lru_cache(maxsize=16)
def _known_pairs(quantile: Decimal) -> Remembered[Pair | None]:
    return Remembered(lambda piece: pair_of(piece.stable, piece.candidate, quantile))


@functools.lru_cache(maxsize=4096)
def pair_of(stable: ColourSample, candidate: ColourSample, quantile: Decimal) -> Pair | None:
    """Return the quantile of both colours, or ``None`` when one of them answered nothing."""
    counts = answered(stable), answered(candidate)
    fewest = min(counts)
    if fewest == 0:
        return None
    order = max(1, math.ceil(quantile * fewest))
    # Median rank of an order statistic: Benard and Bos-Levenbach (1953), off by less than 0.01 even for one value.
    share = (order - 0.3) / (fewest + 0.4)
    found = [
        _at_rank(sample, float(order) if count == fewest else share * (count + 0.4) + 0.3)
        for sample, count in zip((stable, candidate), counts, strict=True)
    ]
    return Pair(stable=found[0], candidate=found[1])


def quantile_of(sample: ColourSample, quantile: Decimal) -> Quantile | None:
    """Return the quantile of one colour alone, or ``None`` when it answered nothing."""
    count = answered(sample)
    return _at_rank(sample, float(max(1, math.ceil(quantile * count)))) if count else None


def _at_rank(sample: ColourSample, rank: float) -> Quantile:
    """Return the value at a rank from 1 to the number of requests; between two ranks it is interpolated."""
    below, above = math.floor(rank), math.ceil(rank)
    low, high = _at_whole_rank(sample, below), _at_whole_rank(sample, above)
    part = rank - below
    point = low.point if part == 0 else low.point * (1 - part) + high.point * part
    return Quantile(lower=low.lower, point=point, upper=high.upper)


def _at_whole_rank(sample: ColourSample, rank: int) -> Quantile:
    passed = 0
    for bucket in sample.latency:
        if rank <= passed + bucket.count:
            if bucket.upper_ms >= UNBOUNDED_MS:
                # How slow nobody knows: as slow as can be, but surely only so slow as the last bound.
                return Quantile(lower=bucket.lower_ms, point=math.inf, upper=math.inf)
            # The requests of one bucket are taken as spread evenly over it.
            inside = (rank - passed - 0.5) / bucket.count
            point = bucket.lower_ms + inside * (bucket.upper_ms - bucket.lower_ms)
            return Quantile(lower=bucket.lower_ms, point=point, upper=bucket.upper_ms)
        passed += bucket.count
    return Quantile(lower=math.inf, point=math.inf, upper=math.inf)
