"""Exact tests on counts, without a statistics library: binomial tails, their limits, and a watched coin.

Everything is computed from the binomial distribution itself; nothing is approximated by a normal curve. Sums are in
floating point. Their relative error grows with the trials, by the rounding of the logarithms of factorials: below 1e-9
for up to 100,000 of them, and below 1e-7 for up to ten million (held to scipy by the tests).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

FIRST_SHARE = 0.75
"""Of the level that a watched coin may spend, what is spent by the first look that can decide at all."""

_NEGLIGIBLE = 1e-17


def upper_tail(successes: int, trials: int, chance: float) -> float:
    """Return P(X >= ``successes``) for X binomial with ``trials`` and ``chance``."""
    if successes <= 0:
        return 1.0
    if successes > trials or chance <= 0.0:
        return 0.0
    if chance >= 1.0:
        return 1.0
    if successes > trials * chance:
        return _sum_away(successes, trials, chance, step=1)
    return max(0.0, 1.0 - _sum_away(successes - 1, trials, chance, step=-1))


def lower_tail(successes: int, trials: int, chance: float) -> float:
    """Return P(X <= ``successes``) for X binomial with ``trials`` and ``chance``."""
    return upper_tail(trials - successes, trials, 1.0 - chance)


def upper_limit(successes: int, trials: int, level: float) -> float:
    """Return the exact upper confidence limit of a chance at confidence 1 - ``level``.

    Source: Clopper and Pearson, Biometrika 26 (1934): the chance at which ``successes`` or fewer has probability
    ``level``. The answer is rounded up.
    """
    if successes >= trials:
        return 1.0
    low, high = successes / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if lower_tail(successes, trials, middle) > level:
            low = middle
        else:
            high = middle
    return high


def excess_p(successes: int, trials: int, base_successes: int, base_trials: int, margin: float, level: float) -> float:
    """Return a valid p-value for "this chance is above the base's chance plus ``margin``".

    The base's chance is unknown; half of ``level`` pays for its exact upper limit, so the answer is that half plus a
    binomial tail at the limit plus the margin (Berger and Boos, JASA 89, 1994). Compare it with ``level``.
    """
    highest = min(1.0, upper_limit(base_successes, base_trials, level / 2) + margin)
    return min(1.0, level / 2 + upper_tail(successes, trials, highest))


def first_decisive(level: float) -> int:
    """Return the smallest number of tosses that can decide a watched coin at ``level``: all of them heads."""
    return max(1, math.ceil(-math.log2(FIRST_SHARE * level) - 1e-12))


def boundary(level: float, tosses: int) -> int | None:
    """Return how many heads after ``tosses`` decide that a coin watched at every toss is not fair.

    ``None`` when no number of heads does that has not already decided at an earlier toss. A fair coin (or one with
    fewer heads) crosses the boundary at any toss, ever, with probability at most ``level``. Of it,
    ``level * (1 - f / 4n)`` may be spent by toss n, from the first decisive toss f on: three quarters there, the rest
    over all later tosses. Lan and DeMets, Biometrika 70 (1983), with the exact distribution of the walk instead of a
    Brownian one.
    """
    return _boundaries(level, 1 << max(6, tosses.bit_length()))[tosses]


@lru_cache(maxsize=32)
def _boundaries(level: float, longest: int) -> tuple[int | None, ...]:
    first = first_decisive(level)
    walk = {0: 1.0}  # heads so far, and the probability of the walks that have not crossed
    spent = 0.0
    found: list[int | None] = [None]
    for toss in range(1, longest + 1):
        moved: dict[int, float] = {}
        for heads, chance in walk.items():
            moved[heads] = moved.get(heads, 0.0) + chance / 2
            moved[heads + 1] = moved.get(heads + 1, 0.0) + chance / 2
        allowed = level * (1 - first / (4 * toss)) if toss >= first else 0.0
        bound = None
        for heads in sorted(moved, reverse=True):
            # Heads below half of the tosses never decide, whatever is left to spend.
            if spent + moved[heads] > allowed or 2 * heads <= toss:
                break
            spent += moved.pop(heads)
            bound = heads
        found.append(bound)
        walk = {heads: chance for heads, chance in moved.items() if chance > _NEGLIGIBLE}
    return tuple(found)


def has_crossed(heads: Sequence[bool], level: float) -> bool:
    """Tell whether a coin watched at every toss has shown at some toss that it is not fair."""
    if not any(heads):
        return False
    count = 0
    for toss, is_head in enumerate(heads, start=1):
        count += is_head
        bound = boundary(level, toss)
        if bound is not None and count >= bound:
            return True
    return False


def _sum_away(start: int, trials: int, chance: float, *, step: int) -> float:
    """Sum binomial probabilities from ``start`` away from the mean until they no longer matter."""
    odds = chance / (1.0 - chance)
    term = math.exp(
        math.lgamma(trials + 1)
        - math.lgamma(start + 1)
        - math.lgamma(trials - start + 1)
        + start * math.log(chance)
        + (trials - start) * math.log1p(-chance)
    )
    total, count = 0.0, start
    while term > total * _NEGLIGIBLE and 0 <= count <= trials:
        total += term
        if step > 0:
            term *= (trials - count) / (count + 1) * odds
        else:
            term *= count / ((trials - count + 1) * odds)
        count += step
    return min(1.0, total)
