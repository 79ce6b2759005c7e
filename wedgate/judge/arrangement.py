"""Whether two arms were measured in turns or one after the other: a machine that drifts makes the second look worse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from math import comb

RISK = 0.01
"""Arms in random order are called blocked so often at the most."""


def tells_order(base: Sequence[datetime], candidate: Sequence[datetime]) -> bool:
    """Whether there are times of both arms, and not all of them the same: those tell no order."""
    return bool(base and candidate) and len({*base, *candidate}) > 1


def is_blocked(base: Sequence[datetime], candidate: Sequence[datetime]) -> bool:
    """Whether so few changes between the arms, in the order of time, would be rare had they been measured in turns.

    The test of Wald and Wolfowitz (Annals of Mathematical Statistics 11, 1940) on the number of runs, exact; and
    however few there are, an arm that is over before the other begins was measured before it. Where
    times tell no order nothing is known, and the answer is no.
    """
    if not tells_order(base, candidate):
        return False
    if max(base) <= min(candidate) or max(candidate) <= min(base):
        return True
    ordered = sorted([*((at, 0) for at in base), *((at, 1) for at in candidate)])
    runs = sum(1 for _ in groupby(ordered, key=lambda each: each[1]))
    return _at_most(runs, len(base), len(candidate)) <= RISK


def _at_most(runs: int, first: int, second: int) -> float:
    """Return the chance of so many runs, or fewer, in a random order."""
    return sum(_orders(each, first, second) for each in range(2, runs + 1)) / comb(first + second, first)


def _orders(runs: int, first: int, second: int) -> int:
    """Return how many orders have exactly so many runs."""
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * comb(first - 1, half - 1) * comb(second - 1, half - 1)
    more, fewer = half, half - 1
    return comb(first - 1, more) * comb(second - 1, fewer) + comb(first - 1, fewer) * comb(second - 1, more)
