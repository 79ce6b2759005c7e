"""The exact distributions of two rank tests, in whole numbers, without a statistics library.

Both ask how the values of one arm lie among those of another; under "no difference" every order is equally likely, so
the tails are counts of orders. Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947); the capped ranks
are a linear rank statistic, as in Hajek, Sidak and Sen, Theory of Rank Tests. Where both arms have more than
``EXACT`` values, the sum of all ranks is normal but for the fourth digit, and its orders are too many to count.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import comb, floor, sqrt
from statistics import NormalDist

EXACT = 60
"""Values of the smaller arm up to which every order is counted."""


def rank_sum_tail(first: int, second: int, pairs: int) -> float:
    """Return P(U <= ``pairs``), where U counts the pairs in which the value of the second arm is not the greater.

    ``first`` and ``second`` are how many values the arms have.
    """
    if pairs < 0:
        return 0.0
    most = first * second
    if pairs >= most:
        return 1.0
    if min(first, second) > EXACT:
        return _normal(first, second).cdf(pairs + 0.5)
    counts = _cumulated(*sorted((first, second)))
    total = comb(first + second, first)
    half = len(counts) - 1
    if pairs <= half:
        return counts[pairs] / total
    # The distribution is symmetric: what is above is as likely as what is as far below.
    return 1.0 - counts[most - pairs - 1] / total


@lru_cache(maxsize=256)
def rank_sum_cut(first: int, second: int, risk: float) -> int | None:
    """Return the largest u with P(U <= u) <= ``risk``, which is below one half; ``None`` where there is none."""
    if min(first, second) > EXACT:
        return floor(_normal(first, second).inv_cdf(risk) - 0.5)
    counts, most = _cumulated(*sorted((first, second))), risk * comb(first + second, first)
    found = None
    for pairs, count in enumerate(counts):
        if count > most:
            break
        found = pairs
    return found


def _normal(first: int, second: int) -> NormalDist:
    return NormalDist(first * second / 2, sqrt(first * second * (first + second + 1) / 12))


@lru_cache(maxsize=64)
def _cumulated(fewer: int, more: int) -> tuple[int, ...]:
    """Return how many orders have U at most u, for u up to half of its range.

    The counts are the coefficients of a Gaussian binomial: a product of (1 - x^(more + i)) / (1 - x^i). They are
    computed in one whole number, the coefficient of x^0 on top, so that what is above x^half falls out at its end.
    """
    half = fewer * more // 2
    width = _width_of(fewer + more, fewer)
    counts = 1 << width * half
    for place in range(1, fewer + 1):
        # 1 / (1 - x^i) is (1 + x^i) (1 + x^2i) (1 + x^4i) and so on. It comes first: no coefficient is ever negative.
        step = place
        while step <= half:
            counts += counts >> width * step
            step *= 2
        counts -= counts >> width * (more + place)
    return tuple(accumulate(reversed(_read_counts(counts, width, half + 1))))


def _width_of(together: int, chosen: int) -> int:
    """Return bits, in whole bytes, that hold every count of orders."""
    return 8 * (comb(together, chosen).bit_length() // 8 + 1)


def _read_counts(packed: int, width: int, count: int) -> list[int]:
    """Return so many numbers of a width in bits, from the lowest on."""
    size = width // 8
    plain = packed.to_bytes(size * count, "little")
    return [int.from_bytes(plain[start : start + size], "little") for start in range(0, size * count, size)]


@lru_cache(maxsize=256)
def lowest_counted(first: int, second: int, risk: float) -> int:
    """Return how many of the lowest ranks the capped test looks at: of a few numbers the one that wastes least risk.

    Levels come in steps, so a test keeps below its risk; how far depends on the counts alone, never on the values.
    """
    together = first + second
    least = 3 + together // 8
    while least < together and comb(together - least + 1, second) > risk / 2 * comb(together, second):
        least += 1
    most = min(together, max(least + 1, together // 4 + 1), least + 3)
    return max(range(least, most + 1), key=lambda cap: (_level(first, second, cap, risk), -cap))


def _level(first: int, second: int, cap: int, risk: float) -> float:
    """Return the highest level, up to ``risk``, that the capped test can have."""
    total = comb(first + second, second)
    return max((count / total for count in _capped(first, second, cap) if count <= risk * total), default=0.0)


def capped_tail(first: int, second: int, cap: int, score: int) -> float:
    """Return P(S <= ``score``), S being the sum of ``cap`` - rank over the second arm's values of rank below ``cap``.

    A small S says that the second arm has few of the lowest values, whatever the others do.
    """
    counts = _capped(first, second, cap)
    return counts[min(score, len(counts) - 1)] / comb(first + second, second) if score >= 0 else 0.0


@lru_cache(maxsize=256)
def _capped(first: int, second: int, cap: int) -> tuple[int, ...]:
    """Return how many orders have S at most s, for every s."""
    most = cap * (cap - 1) // 2
    width = _width_of(first + second, second)
    # ways[k] holds, for each s, how many sets of k of the lowest ranks have the sum s.
    ways = [1] + [0] * min(second, cap)
    for weight in range(cap):
        for taken in range(len(ways) - 1, 0, -1):
            ways[taken] += ways[taken - 1] << width * weight
    rest = first + second - cap
    counts = sum(row * comb(rest, second - taken) for taken, row in enumerate(ways))
    return tuple(accumulate(_read_counts(counts, width, most + 1)))
