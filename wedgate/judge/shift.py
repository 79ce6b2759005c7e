"""How far two arms lie apart, in their own unit, and how clearly: for readers of a judgement; it decides nothing.

The interval is the exact one of Mann and Whitney, read off the sorted pairwise differences, so that it needs no
iteration and is as fine as the values; the estimate is that of Hodges and Lehmann. Source: Hollander and Wolfe,
Nonparametric Statistical Methods, section 4.3.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median, variance

from wedgate.judge.rank_sums import rank_sum_cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Candidate minus base, in their unit: the estimate, and limits that hold together but for the level."""

    estimate: float
    lower: float
    upper: float


def shift_between(base: Sequence[float], candidate: Sequence[float], *, level: float) -> Shift | None:
    """Return the shift with two-sided limits; ``None`` where so few values have none at this level."""
    cut = rank_sum_cut(len(base), len(candidate), level / 2) if base and candidate else None
    if cut is None:
        return None
    ordered = sorted(candidate)
    # Runs that are sorted already are merged, which takes half of the time.
    apart = sorted([other - value for value in sorted(base, reverse=True) for other in ordered])
    return Shift(estimate=median(apart), lower=apart[cut], upper=apart[-1 - cut])


def superiority(base: Sequence[float], candidate: Sequence[float]) -> float:
    """Return how often a value of the candidate is the larger of a pair, ties counted half (common language effect).

    Source: McGraw and Wong, Psychological Bulletin 111 (1992).
    """
    ordered = sorted(base)
    won = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in candidate)
    return won / (2 * len(base) * len(candidate))


def mean_ratio(base: Sequence[float], candidate: Sequence[float]) -> float | None:
    """Return the candidate's mean over the base's; ``None`` where one of them is 0 and a ratio says nothing."""
    first, second = fmean(base), fmean(candidate)
    return second / first if first and second else None


def standardized_distance(base: Sequence[float], candidate: Sequence[float]) -> float | None:
    """Return the distance of the means in pooled standard deviations (Cohen's d); ``None`` where nothing varies."""
    if min(len(base), len(candidate)) < 2:
        return None
    more, fewer = len(base) - 1, len(candidate) - 1
    pooled = sqrt((more * variance(base) + fewer * variance(candidate)) / (more + fewer))
    return abs(fmean(candidate) - fmean(base)) / pooled if pooled else None
