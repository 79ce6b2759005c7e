"""How far apart two colours are over paired slices: estimate and exact limits from Wilcoxon's signed ranks.

The estimate is the median of all pairwise averages of the differences, the limits are order statistics of the same
averages, and their level comes from the exact distribution of the signed-rank statistic, computed here. Source:
Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963); Hollander, Wolfe and Chicken, Nonparametric
Statistical Methods, section 3.3. It takes the differences as independent and as spread evenly about their centre;
ties make the limits wider, never narrower.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

LARGEST = 120
"""Differences that are taken at most; the work grows with the square of their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The centre of the differences, and limits that it exceeds (falls below) with the risk that was asked for."""

    lower: float
    estimate: float
    upper: float


def shift_of(differences: Sequence[float], *, risk: float) -> Shift:
    """Return centre and one-sided limits, each wrong with probability at most ``risk``.

    Limits are infinite where so few differences cannot reach the risk. ``ValueError`` for none, or more than
    ``LARGEST``.
    """
    if not 0 < len(differences) <= LARGEST:
        raise ValueError(f"expected 1 to {LARGEST} differences, got {len(differences)}")
    averages = sorted(_averages(differences))
    cut = critical(len(differences), risk)
    if cut is None:
        return Shift(lower=-math.inf, estimate=median(averages), upper=math.inf)
    return Shift(lower=averages[cut], estimate=median(averages), upper=averages[-1 - cut])


@lru_cache(maxsize=64)
def critical(count: int, risk: float) -> int | None:
    """Return the largest c with P(W <= c) <= ``risk`` for the signed-rank statistic W of ``count`` differences."""
    # Coefficients of the product of (1 + x^rank): how many of the 2^count sign patterns give each rank sum.
    patterns = [1]
    for rank in range(1, count + 1):
        longer = patterns + [0] * rank
        for total, number in enumerate(patterns):
            longer[total + rank] += number
        patterns = longer
    most = risk * 2**count
    cumulated, found = 0, None
    for total, number in enumerate(patterns):
        cumulated += number
        if cumulated > most:
            break
        found = total
    return found


def _averages(differences: Sequence[float]) -> list[float]:
    """Return the average of each pair, a difference with itself included."""
    pairs = [(first, second) for place, first in enumerate(differences) for second in differences[place:]]
    if any(map(math.isinf, differences)):
        return [_average(first, second) for first, second in pairs]
    return [(first + second) / 2 for first, second in pairs]


def _average(first: float, second: float) -> float:
    if math.isinf(first) or math.isinf(second):
        # A difference that is unknown upwards outweighs one that is unknown downwards.
        return max(first, second) if math.inf in (first, second) else -math.inf
    return (first + second) / 2
