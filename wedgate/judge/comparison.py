"""Is the candidate slower than the base by more than a margin? One value for each independent process.

Two exact rank tests may answer. On a quiet machine it is the test of Mann and Whitney, against the margin. On a
contended one, where values spread far above the time that the work itself takes, the lowest ranks say more, and those
alone are counted. Which of the two is asked is decided by the spread of all values together: that does not know which
arm a value is of, so the risk of a false alarm stays what it was.

Values become smaller-is-better first, and only their order and their ratios are looked at: in milliseconds or in
seconds, the answer is the same.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import count as count_from
from math import comb
from statistics import NormalDist, median, quantiles

from wedgate.judge.rank_sums import capped_tail, lowest_counted, rank_sum_cut, rank_sum_tail
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

CONTENDED = 0.1
"""Spread (quartile to quartile, over the median) from which the lowest ranks are asked; measured, see docs/judge.md."""
QUIET = 0.8
"""The share of the level that all ranks get: what drifts between two measurements takes the rest."""
FEW = 5
"""With so few values of a build, or fewer, their spread is not known: then identical builds have to be told apart."""
IDENTICAL = 0.005
"""The risk of failing a build that is identical, from a few values."""
MANY = 20
"""So many values of each build count in full, unless they were measured in turns: what drifts does not average out."""
SAME = 1e-9
"""Values that are no further apart than this, relative to one another, are the same: float division moves ties."""


class Rule(StrEnum):
    """Which test decided."""

    ALL_RANKS = "all ranks"
    LOWEST_RANKS = "lowest ranks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """How much worse is too much, as fractions of the base: ``worse_by`` is tolerated, ``missed`` must not be missed.

    ``level`` is the risk of failing a candidate that is worse by ``worse_by`` at the most; a quiet machine gets
    ``QUIET`` of it. ``at_least`` is a difference in the metric's own unit that is too small to matter, whatever its
    ratio.
    """

    worse_by: float = 0.02
    missed: float = 0.10
    level: float = 0.05
    at_least: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two arms come to.

    ``estimate`` is how many times as much the candidate costs (where higher is better, how many times as little it
    yields), with limits that each hold but for the level; ``None`` where there was nothing to compare. ``p`` is the
    chance that a candidate that is worse by the margin looks as bad as this one. ``tolerated`` and ``missed`` are the
    margins as such ratios: what still is no failure, and what a pass rules out.
    """

    outcome: Outcome
    why: str
    base: int
    candidate: int
    rule: Rule | None = None
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    tolerated: float | None = None
    missed: float | None = None


def compare(
    base: Sequence[float],
    candidate: Sequence[float],
    *,
    direction: Direction,
    margins: Margins | None = None,
    family: int = 1,
    in_turns: bool = False,
) -> Comparison:
    """Compare the values of two arms, each of one process of its own, in one unit.

    ``family`` is how many metrics share the level. Limits are for this metric alone. ``in_turns`` says that the arms
    are known to have been measured in turns: otherwise more than ``MANY`` values make nothing surer.
    """
    asked = margins or Margins()
    counted = partial(Comparison, base=len(base), candidate=len(candidate))
    for name, values in (("base", base), ("candidate", candidate)):
        if not values:
            return counted(outcome=Outcome.NOT_ENOUGH_DATA, why=f"the {name} has no values")
        odd = next((value for value in values if not (math.isfinite(value) and value >= 0)), None)
        if odd is not None:
            return counted(outcome=Outcome.ERROR, why=f"the {name} has the value {odd:g}: no duration, rate or size")
    if not 0 < asked.level < 1:
        raise ValueError(f"a level lies between 0 and 1, got {asked.level:g}")
    least = 1 / comb(len(base) + len(candidate), len(base))
    level = QUIET * asked.level / family
    if least > level:
        needed = next(count for count in count_from(1) if level * comb(2 * count, count) >= 1)
        chance = f"{len(base)} and {len(candidate)} are all in the worst order by chance in 1 of {1 / least:.0f} cases"
        why = f"too few values: {chance}, and {needed} of each are needed"
        return counted(outcome=Outcome.NOT_ENOUGH_DATA, why=why)
    return _Arms(base, candidate, direction, asked, family, in_turns=in_turns).comparison()


class _Arms:
    """Two arms whose values are comparable, as costs: a higher one is worse."""

    def __init__(
        self,
        base: Sequence[float],
        candidate: Sequence[float],
        direction: Direction,
        margins: Margins,
        family: int,
        *,
        in_turns: bool,
    ) -> None:
        is_cost = direction is Direction.LOWER_IS_BETTER
        self._asked = margins
        # Sorted once, and so is whatever is made of them: a factor changes no order.
        self._base = sorted(value if is_cost else _inverse(value) for value in base)
        self._candidate = sorted(value if is_cost else _inverse(value) for value in candidate)
        # Lower throughput by 2 % is 1 / 0.98 of the cost.
        self._tolerated = 1 + margins.worse_by if is_cost else 1 / (1 - margins.worse_by)
        self._missed = 1 + margins.missed if is_cost else 1 / (1 - margins.missed)
        self._floor = margins.at_least if is_cost else 0.0
        self._rule = Rule.LOWEST_RANKS if self._spread() > CONTENDED else Rule.ALL_RANKS
        level = margins.level * (QUIET if self._rule is Rule.ALL_RANKS else 1)
        counted = math.inf if in_turns else MANY
        self._level, self._share = (self._widened(each, counted) for each in (level, level / family))

    def comparison(self) -> Comparison:
        """Decide."""
        p_at = self._p_of_lowest if self._rule is Rule.LOWEST_RANKS else self._p_of_all
        p = p_at(self._candidate, [self._allowed(value) for value in self._base], self._share)
        ratios = _ratios(self._base, self._candidate)
        lower, upper = self._limits(ratios)
        outcome, why = Outcome.MARGINAL, f"worse by {100 * self._asked.missed:.4g} % cannot be ruled out"
        if p <= self._share and self._may_be_identical():
            why = "it looks worse, and so would identical builds now and then with so few values"
        elif p <= self._share:
            outcome, why = Outcome.FAIL, f"worse by more than {100 * self._asked.worse_by:.4g} %"
        elif upper < self._missed:
            outcome, why = Outcome.PASS, f"worse by {100 * self._asked.missed:.4g} % would have been seen"
        return Comparison(
            outcome=outcome,
            why=why,
            base=len(self._base),
            candidate=len(self._candidate),
            rule=self._rule,
            estimate=median(ratios),
            lower=lower,
            upper=upper,
            p=p,
            tolerated=self._tolerated,
            missed=self._missed,
        )

    def _widened(self, level: float, counted: float) -> float:
        """Return the level that a test of all values needs to be no surer than one of so many values of each."""
        each = 2 / (1 / len(self._base) + 1 / len(self._candidate))
        if each <= counted:
            return level
        normal = NormalDist()
        return normal.cdf(normal.inv_cdf(level) * math.sqrt(each / counted))

    def _may_be_identical(self) -> bool:
        """Whether a few values differ no more than those of identical builds do now and then."""
        if min(len(self._base), len(self._candidate)) > FEW:
            return False
        least = 1 / comb(len(self._base) + len(self._candidate), len(self._base))
        same = self._p_of_all(self._candidate, [value * (1 + SAME) for value in self._base], self._share)
        return same > max(IDENTICAL, least)

    def _allowed(self, value: float) -> float:
        """Return what a candidate may take where the base takes this."""
        return max(value * self._tolerated, value + self._floor) * (1 + SAME)

    def _spread(self) -> float:
        together = [*self._base, *(value / self._tolerated for value in self._candidate)]
        first, middle, third = quantiles(together, n=4, method="inclusive")
        if third == first:
            return 0.0
        if not math.isfinite(third) or middle == 0:
            return math.inf
        return (third - first) / middle

    def _p_of_all(self, candidate: Sequence[float], allowed: Sequence[float], _: float) -> float:
        pairs = sum(bisect_right(candidate, value) for value in allowed)
        return rank_sum_tail(len(allowed), len(candidate), pairs)

    def _p_of_lowest(self, candidate: Sequence[float], allowed: Sequence[float], risk: float) -> float:
        cap = lowest_counted(len(allowed), len(candidate), risk)
        # Of values that are the same the candidate's comes first: a tie is no evidence against it.
        lowest = [*((value, 0) for value in candidate[:cap]), *((value, 1) for value in allowed[:cap])]
        score = sum(cap - rank for rank, (_, arm) in enumerate(sorted(lowest)[: cap - 1], 1) if arm == 0)
        return capped_tail(len(allowed), len(candidate), cap, score)

    def _limits(self, ratios: Sequence[float]) -> tuple[float, float]:
        """Return the ratios that the rule would just not reject, from below and from above."""
        if self._rule is Rule.ALL_RANKS:
            cut = rank_sum_cut(len(self._base), len(self._candidate), self._level)
            assert cut is not None  # the least p was compared with the level
            return ratios[cut], ratios[-1 - cut]
        lower = _last(ratios, partial(self._is_above, rising=True))
        upper = _last(ratios[::-1], partial(self._is_above, rising=False))
        return (-math.inf if lower is None else lower), (math.inf if upper is None else upper)

    def _is_above(self, ratio: float, *, rising: bool) -> bool:
        """Whether the candidate takes more than a ratio of the base; or, not ``rising``, less."""
        base = _times(self._base, ratio * (1 - SAME if rising else 1 + SAME))
        worse, better = (self._candidate, base) if rising else (base, self._candidate)
        return self._p_of_lowest(worse, better, self._level) <= self._level


def _last(ratios: Sequence[float], holds: Callable[[float], bool]) -> float | None:
    """Return the last ratio for which something holds that holds for a first part of them; ``None`` for no part."""
    low, high = 0, len(ratios)
    while low < high:
        middle = (low + high) // 2
        if holds(ratios[middle]):
            low = middle + 1
        else:
            high = middle
    return ratios[low - 1] if low else None


def _times(values: Sequence[float], ratio: float) -> list[float]:
    return [value * ratio if value else value for value in values]


def _ratios(base: Sequence[float], candidate: Sequence[float]) -> list[float]:
    """Return the ratio of every pair, the lowest first."""
    worse, better = sorted(candidate), sorted(base, reverse=True)
    if better[-1] > 0 and better[0] < math.inf:
        # Runs that are sorted already: a large suite spends most of its time here.
        return sorted([each / value for value in better for each in worse])
    return sorted(_ratio(each, value) for value in better for each in worse)


def _ratio(candidate: float, base: float) -> float:
    if base == candidate:
        return 1.0
    return candidate / base if base else math.inf


def _inverse(value: float) -> float:
    return 1 / value if value else math.inf
