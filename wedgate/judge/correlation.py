"""How long the noise lasts that two colours do not share, and slices that lie so far apart that it does not matter.

Paired slices are taken as tosses of a coin. Where one slice foretells the next (a garbage collector, a cache that
fills, a neighbour on one machine), the coin lands on the same side again and again, and a level of 5 % is really one
of 38 % (neighbours that correlate by 0.8, 40 slices). So slices are made as long as that noise lasts, and twice as much
time is left out between two of them: it is felt for longer than it can be seen.

How long it lasts is told by the autocorrelation of the paired differences: up to the last lag before two in a row that
are not above what chance gives. Source of that bound: Bartlett, Journal of the Royal Statistical Society B 8 (1946),
for differences without correlation.

Limitations: twenty slices do not tell much about their own correlation, 200 do. Noise that lasts longer than a quarter
of the stretch is not told from a shift.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from statistics import NormalDist, fmean

from wedgate.judge.exact import upper_tail
from wedgate.judge.remembered import Remembered
from wedgate.judge.slices import merge_samples
from wedgate.judge.values import Slice

CHANCE = 0.05
"""How often a lag of noise without correlation is taken as correlated."""

PAUSE = 2
"""How many times as long as a slice is what is left out after it."""

FEWEST = 12
"""Differences below which nothing can be said of their correlation."""


def autocorrelation(differences: Sequence[float], lag: int) -> float:
    """Return how differences correlate with those ``lag`` places later; 0 where they do not vary at all."""
    middle = fmean(differences)
    apart = [each - middle for each in differences]
    spread = math.fsum(each * each for each in apart)
    if spread <= 1e-24 * len(apart):
        return 0.0
    return math.fsum(first * second for first, second in zip(apart, apart[lag:], strict=False)) / spread


@functools.lru_cache(maxsize=4096)
def bound(count: int, *, chance: float = CHANCE) -> float:
    """Return the autocorrelation that ``count`` independent differences exceed with probability ``chance``."""
    return NormalDist().inv_cdf(1 - chance) / math.sqrt(count)


def lasting(differences: Sequence[float], *, chance: float = CHANCE) -> int:
    """Return over how many slices a difference is still felt; 0 where neighbours do not hang together.

    Infinite differences are left out. With fewer than ``FEWEST`` the answer is 0: it cannot be told.
    """
    known = [each for each in differences if math.isfinite(each)]
    if len(known) < FEWEST:
        return 0
    most, highest, quiet = len(known) // 4, bound(len(known), chance=chance), 0
    for lag in range(1, most + 1):
        if autocorrelation(known, lag) > highest:
            quiet = 0
            continue
        quiet += 1
        if quiet == 2:
            return lag - quiet
    return most


def spaced(slices: Sequence[Slice], noise_lasts: timedelta) -> list[Slice]:
    """Join slices in order until each covers ``noise_lasts``, and leave out twice as much after each.

    A rest that is too short is left out, so that the slices so far are never made anew by what follows.
    """
    if noise_lasts <= timedelta(0):
        return list(slices)
    found: list[Slice] = []
    run: list[Slice] = []
    for piece in slices:
        if found and piece.start < found[-1].end + PAUSE * noise_lasts:
            continue
        run.append(piece)
        if sum((each.end - each.start for each in run), timedelta(0)) >= noise_lasts:
            found.append(joined(run))
            run = []
    return found


def slices_apart(count: int, *, slice_length: timedelta, noise_lasts: timedelta) -> int:
    """Return how many slices it takes to have ``count`` that lie apart."""
    together = math.ceil(noise_lasts / slice_length) if noise_lasts > timedelta(0) else 0
    return count if together == 0 else together * (count + PAUSE * (count - 1))


def chance_of(worse: Sequence[bool], better: Sequence[bool], together: int = 1) -> float:
    """Return the chance of so many worse ones, or more, where noise makes as many better ones.

    Noise lasts for so many ``together``: those that follow one another are one toss for each time as long.
    """
    tosses = _tosses(worse, together)
    return upper_tail(tosses, tosses + _tosses(better, together), 0.5)


def _tosses(flags: Sequence[bool], together: int) -> int:
    return sum(math.ceil(len(list(run)) / together) for flag, run in groupby(flags) if flag)


def evenly_joined(values: Sequence[float], most: int) -> list[float]:
    """Return the means of neighbours, as many together as it takes to have no more than ``most``."""
    together = math.ceil(len(values) / most)
    runs = (values[place : place + together] for place in range(0, len(values), together))
    return [fmean(run) if all(map(math.isfinite, run)) else max(run) for run in runs]


def joined(run: Sequence[Slice]) -> Slice:
    """Return slices that follow one another as one."""
    return run[0] if len(run) == 1 else _joined(*run)


@Remembered
def _joined(*run: Slice) -> Slice:
    return Slice(
        start=run[0].start,
        end=run[-1].end,
        stable=merge_samples([piece.stable for piece in run]),
        candidate=merge_samples([piece.candidate for piece in run]),
    )
