"""Is the candidate slower than the base by more than a margin? One value for each independent process.

Two exact rank tests may answer. On a quiet machine it is the test of Mann and Whitney, against the margin. On a
contended one, where values spread far above the time that the work itself takes, the lowest ranks say more, and those
alone are counted. Which of the two is asked is decided by the spread of the base alone: whatever a candidate does, it
does not choose its test, and one that gets worse never gets a better verdict.

Values become smaller-is-better first, and only their order and their ratios are looked at: in milliseconds or in
seconds, the answer is the same.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import count as count_from
from math import comb
from statistics import NormalDist, median

from wedgate.judge.rank_sums import capped_tail, lowest_counted, rank_sum_cut, rank_sum_tail
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

CONTENDED = 0.07
"""The base's spread (quartile to quartile, over the median) above which the lowest ranks are asked; measured, see
docs/judge.md."""
FEW = 5
"""With so few values of a build, or fewer, their spread is not known: then identical builds have to be told apart."""
LEAST = 3
"""With fewer values of a build nothing is known of how they spread, however many the other has."""
IDENTICAL = 0.005
"""The risk of failing a build that is identical, from a few values."""
MANY = 20
"""So many values of each build count in full, unless they were measured in turns: what drifts does not average out."""
MANY_OF_SUITE = 10
"""So many do in a large suite: what drifts, it does in one metric of fifty nearly always. Of more than that, fewer:
they took longer. ``LEAST_OF_SUITE`` do however many there are; measured, see docs/judge.md."""
LEAST_OF_SUITE = 8
FAR = 2
"""A pass by lowest ranks needs all ranks to rule out so many times the margin that must not be missed, at least."""
SEVERAL = 2
"""So many of the candidate's values far beyond all of the base's are no pass: a part of the runs may be slow."""
BY_CHANCE = 0.25
"""Unless the highest values of identical builds were the candidate's more often: two of as many values are not."""
SAME = 1e-9
"""Values that are no further apart than this, relative to one another, are the same: float division moves ties."""


class Rule(StrEnum):
    """Which test decided."""

    ALL_RANKS = "all ranks"
    LOWEST_RANKS = "lowest ranks"
    BOTH = "all and lowest ranks"
    """Both had to say the same: more than ``MANY`` values, which nothing shows to have been measured in turns."""


SHARES = {Rule.ALL_RANKS: 0.5, Rule.LOWEST_RANKS: 0.9}
"""The share of the level that each test gets: what drifts between two measurements, and the choice, take the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """How much worse is too much, as fractions of the base: ``worse_by`` is tolerated, ``missed`` must not be missed.

    ``level`` is the risk of failing a candidate that is worse by ``worse_by`` at the most; each test gets its part of
    it (``SHARES``). ``at_least`` is a difference that is too small to matter, whatever its ratio, in ``at_least_unit``
    (``None``: the metric's own).
    """

    worse_by: float = 0.02
    missed: float = 0.10
    level: float = 0.05
    at_least: float = 0.0
    at_least_unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two arms come to.

    ``estimate`` is how many times as much the candidate costs (where higher is better, how many times as little it
    yields), with limits that each hold but for the level and are around it; ``None`` where there was nothing to
    compare. ``p`` is the
    chance that a candidate that is worse by the margin looks as bad as this one. ``tolerated`` and ``missed`` are the
    margins as such ratios: what still is no failure, and what a pass rules out. ``beyond`` is how many of the
    candidate's values are worse than the base's worst by what must not be missed.
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
    beyond: int = 0


def compare(
    base: Sequence[float],
    candidate: Sequence[float],
    *,
    direction: Direction,
    margins: Margins | None = None,
    family: int = 1,
    in_turns: bool = False,
    contended: bool | None = None,
) -> Comparison:
    """Compare the values of two arms, each of one process of its own, in one unit.

    ``family`` is how many metrics share the level. Limits are for this metric alone. ``in_turns`` says that the arms
    are known to have been measured in turns: otherwise more than ``MANY`` values make nothing surer, and in a large
    family more than ``MANY_OF_SUITE``. ``contended``
    says whether the machine was; ``None`` asks the base's values.
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
    few = min(("base", len(base)), ("candidate", len(candidate)), key=lambda each: each[1])
    if few[1] < LEAST <= max(len(base), len(candidate)):
        words = "is one value" if few[1] == 1 else f"are {few[1]} values"
        why = f"too few values: there {words} of the {few[0]}, and of so few nobody knows how far they spread"
        return counted(outcome=Outcome.NOT_ENOUGH_DATA, why=why)
    if contended is None:
        costs = [value if direction is Direction.LOWER_IS_BETTER else inverse(value) for value in base]
        contended = is_contended(max_spread(costs, costs))
    level = SHARES[Rule.LOWEST_RANKS if contended else Rule.ALL_RANKS] * asked.level / family
    if least > level:
        needed = next(count for count in count_from(1) if level * comb(2 * count, count) >= 1)
        chance = f"{len(base)} and {len(candidate)} are all in the worst order by chance in 1 of {1 / least:.0f} cases"
        why = f"too few values: {chance}, and {needed} of each are needed"
        return counted(outcome=Outcome.NOT_ENOUGH_DATA, why=why)
    arms = _Arms(base, candidate, direction, asked)
    return arms.comparison(family, in_turns=in_turns, contended=contended)


def is_contended(spread: float) -> bool:
    """Whether a base that spreads so far was measured on a contended machine."""
    return spread > CONTENDED * (1 + SAME)


def max_spread(lows: Sequence[float], highs: Sequence[float]) -> float:
    """Return the widest spread, over the median, of costs that lie between their lows and their highs."""
    first, middle, _ = _quartiles(lows)
    return _over(_quartiles(highs)[2] - first, middle)


def min_spread(lows: Sequence[float], highs: Sequence[float]) -> float:
    """Return the least."""
    first, middle, _ = _quartiles(highs)
    return _over(max(0.0, _quartiles(lows)[2] - first), middle)


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(values)
    first, middle, third = (_at(ordered, share * (len(ordered) - 1)) for share in (0.25, 0.5, 0.75))
    return first, middle, third


def _at(ordered: Sequence[float], place: float) -> float:
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low if low == high else low + (high - low) * (place - math.floor(place))


def _over(distance: float, middle: float) -> float:
    if distance == 0 or math.isnan(distance):
        return 0.0
    return math.inf if middle == 0 or math.isinf(distance) else distance / middle


class _Arms:
    """Two arms whose values are comparable, as costs: a higher one is worse."""

    def __init__(
        self, base: Sequence[float], candidate: Sequence[float], direction: Direction, margins: Margins
    ) -> None:
        is_cost = direction is Direction.LOWER_IS_BETTER
        self._asked = margins
        # Sorted once, and so is whatever is made of them: a factor changes no order.
        self._base = sorted(value if is_cost else inverse(value) for value in base)
        self._candidate = sorted(value if is_cost else inverse(value) for value in candidate)
        # Lower throughput by 2 % is 1 / 0.98 of the cost.
        self._tolerated = 1 + margins.worse_by if is_cost else 1 / (1 - margins.worse_by)
        self._missed = 1 + margins.missed if is_cost else 1 / (1 - margins.missed)
        self._is_cost = is_cost
        self._ratios = _ratios(self._base, self._candidate)
        self._middle = median(self._ratios)

    def comparison(self, family: int, *, in_turns: bool, contended: bool) -> Comparison:
        """Decide."""
        rule = self._rule(in_turns=in_turns, contended=contended)
        tests = (Rule.ALL_RANKS, Rule.LOWEST_RANKS) if rule is Rule.BOTH else (rule,)
        counted = math.inf if in_turns else MANY
        level = {test: self._widened(SHARES[test] * self._asked.level, counted) for test in SHARES}
        of_suite = math.inf if in_turns else self._counted_of(family)
        share = {test: self._widened(SHARES[test] * self._asked.level / family, of_suite) for test in tests}
        allowed = [self._bound(value, self._tolerated) for value in self._base]
        chances = {test: self._p(test, self._candidate, allowed, share[test]) for test in tests}
        lower = min(self._lower(test, level[test]) for test in tests)
        # That of all ranks is beyond the middle always.
        upper = max(self._middle, *(self._upper(test, level[test]) for test in tests))
        fails = all(chances[test] <= share[test] for test in tests)
        far = self._upper(Rule.ALL_RANKS, level[Rule.ALL_RANKS])
        # What lies on a margin is beyond it, in every unit.
        ruled_out = upper < self._missed * (1 - SAME) and far < self._missed**FAR * (1 - SAME)
        by_ratio = ruled_out
        if self._asked.at_least and not ruled_out:
            ruled_out = self._is_too_small(tests, level)
        outcome, why = self._said(fails=fails, ruled_out=ruled_out)
        if outcome is Outcome.PASS and not by_ratio:
            why = f"{why}, but for what is too small to matter ({self._floor_in_words()})"
        return Comparison(
            outcome=outcome,
            why=why,
            base=len(self._base),
            candidate=len(self._candidate),
            rule=rule,
            # Lowest ranks know nothing of the middle: it may lie below what they show.
            estimate=max(self._middle, lower),
            lower=lower,
            upper=upper,
            p=max(chances.values()),
            tolerated=self._tolerated,
            missed=self._missed,
            beyond=self._beyond(),
        )

    def _said(self, *, fails: bool, ruled_out: bool) -> tuple[Outcome, str]:
        if fails and self._may_be_identical():
            return Outcome.MARGINAL, "it looks worse, and so would identical builds now and then with so few values"
        if fails:
            return Outcome.FAIL, f"worse by more than {100 * self._asked.worse_by:.4g} %"
        missed = f"worse by {100 * self._asked.missed:.4g} %"
        if not ruled_out:
            return Outcome.MARGINAL, f"{missed} cannot be ruled out"
        beyond = self._beyond()
        if self._is_a_part(beyond):
            return Outcome.MARGINAL, f"{beyond} of its values are worse than the base's worst by {missed[9:]}"
        return Outcome.PASS, f"{missed} would have been seen"

    def _beyond(self) -> int:
        """Return how many of the candidate's values are far beyond all of the base's."""
        worst = self._bound(self._base[-1], self._missed)
        return len(self._candidate) - bisect_right(self._candidate, worst)

    def _is_a_part(self, count: int) -> bool:
        """Whether so many values far beyond all of the base's are several, and no mere chance."""
        arms = len(self._base) + len(self._candidate)
        chance = comb(arms - count, len(self._base)) / comb(arms, len(self._base))
        # Of a base that is all 0 anything is far beyond.
        usual = BY_CHANCE if self._base[-1] else self._asked.level
        return count >= SEVERAL and chance <= usual

    def _floor_in_words(self) -> str:
        unit = self._asked.at_least_unit
        return f"at-least: {self._asked.at_least:g}" + (f" {unit}" if unit else "")

    def _rule(self, *, in_turns: bool, contended: bool) -> Rule:
        if contended:
            return Rule.LOWEST_RANKS
        return Rule.BOTH if not in_turns and self._each() > MANY else Rule.ALL_RANKS

    def _each(self) -> float:
        """Return how many values of each arm would tell as much."""
        return 2 / (1 / len(self._base) + 1 / len(self._candidate))

    def _counted_of(self, family: int) -> float:
        """Return how many values of each count where nothing shows that so many metrics were measured in turns."""
        of_large = MANY_OF_SUITE - max(0.0, self._each() / MANY_OF_SUITE - 1)
        return max(MANY / math.sqrt(family), of_large, LEAST_OF_SUITE)

    def _widened(self, level: float, counted: float) -> float:
        """Return the level that a test of all values needs to be no surer than one of so many values of each."""
        each = self._each()
        if each <= counted:
            return level
        normal = NormalDist()
        return normal.cdf(normal.inv_cdf(level) * math.sqrt(each / counted))

    def _may_be_identical(self) -> bool:
        """Whether a few values differ no more than those of identical builds do now and then."""
        if min(len(self._base), len(self._candidate)) > FEW:
            return False
        least = 1 / comb(len(self._base) + len(self._candidate), len(self._base))
        same = _p_of_all(self._candidate, [value * (1 + SAME) for value in self._base])
        return same > max(IDENTICAL, least)

    def _bound(self, value: float, ratio: float) -> float:
        """Return the cost where the base has this one: so many times as much, or more by what does not matter."""
        floor, most = self._asked.at_least, value * ratio if value else 0.0
        if floor and self._is_cost:
            most = max(most, value + floor)
        elif floor:
            most = max(most, inverse(max(0.0, inverse(value) - floor)))
        return most * (1 + SAME)

    def _is_too_small(self, tests: Sequence[Rule], level: Mapping[Rule, float]) -> bool:
        """Whether a difference is ruled out that is beyond what must not be missed and large enough to matter."""
        bounds = [self._bound(value, self._missed) for value in self._base]
        far = [self._bound(value, self._missed**FAR) for value in self._base]
        # Where even nothing is too small a difference, whatever the candidate costs lies below the bound.
        candidate = [min(value, math.nextafter(math.inf, 0)) for value in self._candidate]
        return (
            median(_ratios(bounds, candidate)) <= 1
            and all(self._p(test, bounds, candidate, level[test]) <= level[test] for test in tests)
            and _p_of_all(far, candidate) <= level[Rule.ALL_RANKS]
        )

    def _p(self, test: Rule, worse: Sequence[float], better: Sequence[float], risk: float) -> float:
        return _p_of_all(worse, better) if test is Rule.ALL_RANKS else _p_of_lowest(worse, better, risk)

    def _cut(self, level: float) -> int:
        cut = rank_sum_cut(len(self._base), len(self._candidate), level)
        return -1 if cut is None else cut

    def _lower(self, test: Rule, level: float) -> float:
        """Return the ratio that a test would just not reject, from below."""
        if test is Rule.ALL_RANKS:
            cut = self._cut(level)
            return -math.inf if cut < 0 else self._ratios[cut]
        found = _last(self._ratios, partial(self._is_above, rising=True, level=level))
        return -math.inf if found is None else found

    def _upper(self, test: Rule, level: float) -> float:
        """Return the ratio that a test would just not reject, from above."""
        if test is Rule.ALL_RANKS:
            cut = self._cut(level)
            return math.inf if cut < 0 else self._ratios[-1 - cut]
        found = _last(self._ratios[::-1], partial(self._is_above, rising=False, level=level))
        return math.inf if found is None else found

    def _is_above(self, ratio: float, *, rising: bool, level: float) -> bool:
        """Whether the candidate takes more than a ratio of the base; or, not ``rising``, less."""
        base = _times(self._base, ratio * (1 - SAME if rising else 1 + SAME))
        if not rising and not ratio:
            # What costs nothing takes less than any part of the base, however small.
            base = [math.ulp(0.0) if value else value for value in self._base]
        worse, better = (self._candidate, base) if rising else (base, self._candidate)
        return _p_of_lowest(worse, better, level) <= level


def _p_of_all(worse: Sequence[float], better: Sequence[float]) -> float:
    pairs = sum(bisect_right(worse, value) for value in better)
    return rank_sum_tail(len(better), len(worse), pairs)


def _p_of_lowest(worse: Sequence[float], better: Sequence[float], risk: float) -> float:
    cap = lowest_counted(len(better), len(worse), risk)
    # Of values that are the same the candidate's comes first: a tie is no evidence against it.
    lowest = [*((value, 0) for value in worse[:cap]), *((value, 1) for value in better[:cap])]
    score = sum(cap - rank for rank, (_, arm) in enumerate(sorted(lowest)[: cap - 1], 1) if arm == 0)
    return capped_tail(len(better), len(worse), cap, score)


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


def inverse(value: float) -> float:
    """Return the cost of a value of which more is better: one is infinite that yields nothing."""
    if math.isinf(value):
        return 0.0
    return 1 / value if value else math.inf
