"""When to look at measurements that are still being made, and how many more would be needed.

Whoever looks after every round and stops when the answer pleases is wrong far more often than the level says. So the
looks are planned before the start and share the level among them (Bonferroni): however their answers hang together,
all of them together alarm by chance no more often than the level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from wedgate.judge.comparison import SEVERAL, SHARES, Comparison, Margins, Rule
from wedgate.judge.rank_sums import rank_sum_tail
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

MOST_LOOKS = 4
LEAST_BEFORE_PASS = 14
"""No early pass comes after fewer rounds: a fault in a fifth of the runs is unseen in so many in 4.4 % of cases."""
FAR = 100
"""Times the rounds that were measured; what would need more is not foretold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """After how many rounds to look, in order, the last one at the end; and the share of the level that each has."""

    rounds: tuple[int, ...]
    level: float

    def margins(self, margins: Margins) -> Margins:
        """Return the margins of one look."""
        return replace(margins, level=self.level)

    def may_pass(self, done: int) -> bool:
        """Whether a pass may end the run after so many rounds.

        Before the end that takes half of the rounds: who plans more of them wants to see rarer faults.
        """
        return done >= self.rounds[-1] or done >= max(LEAST_BEFORE_PASS, self.rounds[-1] / 2)


def plan_looks(rounds: int, *, level: float, family: int = 1, most: int = MOST_LOOKS) -> Looks:
    """Plan up to ``most`` looks at equal distances, none so early that its share of the level cannot be reached.

    Every round gives each arm one value. ``family`` is how many metrics share the level. The last look is always at
    the end, also where that cannot tell anything: then the answer is that there are not enough rounds.
    """
    for count in range(min(most, rounds), 0, -1):
        share = level / count
        at = sorted({math.ceil(rounds * place / count) for place in range(1, count + 1)})
        if len(at) == 1 or rank_sum_tail(at[0], at[0], 0) <= SHARES[Rule.ALL_RANKS] * share / family:
            return Looks(rounds=tuple(at), level=share)
    raise ValueError("there are no rounds to look at")


def rounds_needed(found: Comparison, margins: Margins, direction: Direction) -> int | None:
    """Return about how many rounds would have told a marginal comparison, had they come out as these did.

    Limits draw nearer with the root of the number of rounds. ``None`` where nothing is marginal, or where more than
    ``FAR`` times as many would be needed: the truth lies too close to a margin. Where several of the candidate's
    values are far beyond all of the base's, no number of rounds makes it pass.
    """
    if found.outcome is not Outcome.MARGINAL or not found.estimate or not found.lower or found.upper is None:
        return None
    is_cost = direction is Direction.LOWER_IS_BETTER
    tolerated = 1 + margins.worse_by if is_cost else 1 / (1 - margins.worse_by)
    missed = 1 + margins.missed if is_cost else 1 / (1 - margins.missed)
    ways = []
    if 0 < found.lower < found.estimate and found.estimate > tolerated:
        way = math.log(found.estimate / found.lower) / math.log(found.estimate / tolerated)
        ways.append(max(way, _way_of_ranks(found, margins.level)))
    may_pass = found.beyond < SEVERAL
    if may_pass and found.estimate < found.upper < math.inf and found.estimate < missed:
        ways.append(math.log(found.upper / found.estimate) / math.log(missed / found.estimate))
    times = min((way**2 for way in ways), default=math.inf)
    if times > FAR:
        return None
    return max(math.ceil(times * min(found.base, found.candidate)), min(found.base, found.candidate) + 1)


def _way_of_ranks(found: Comparison, level: float) -> float:
    """Return how many times as sure as it is a test of all ranks has to be to fail the candidate.

    Of values on two levels a limit is on one of them or the other, and says nothing of how near an answer is.
    """
    if found.rule is not Rule.ALL_RANKS or not found.p:
        return 0.0
    if found.p >= 1 / 2:
        return math.inf
    normal = NormalDist()
    return normal.inv_cdf(SHARES[Rule.ALL_RANKS] * level) / normal.inv_cdf(found.p)
