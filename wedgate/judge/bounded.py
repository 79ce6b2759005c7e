"""Values of which only bounds are known: quantiles of histograms, which lie somewhere in a bucket.

What is decided must hold wherever in their bounds the values are: a ``fail`` also where the base is as bad and the
candidate as good as they may be, a ``pass`` also the other way round. What would be decided otherwise there is
``not_enough_data``: the buckets are too wide for this margin. Both ways are asked by one test, and by both where the
base's bounds leave open how far it spreads: then each of them says the more, the worse the candidate and the better the
base is, and what lies between the two ways lies between their answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from wedgate.judge.comparison import Comparison, Margins, compare, inverse, is_contended, max_spread, min_spread
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

Bounds = Sequence[tuple[float, float]]
"""For each value the least and the most that it may be."""


def compare_bounded(
    base: Bounds,
    candidate: Bounds,
    *,
    direction: Direction,
    margins: Margins | None = None,
    family: int = 1,
    in_turns: bool = False,
) -> Comparison:
    """Compare two arms by their bounds, as ``compare`` does values. Limits are the widest of both ways."""
    lows, highs = (
        ([side[0] for side in base], [side[0] for side in candidate]),
        (
            [side[1] for side in base],
            [side[1] for side in candidate],
        ),
    )
    is_cost = direction is Direction.LOWER_IS_BETTER
    best = (highs[0], lows[1]) if is_cost else (lows[0], highs[1])
    worst = (lows[0], highs[1]) if is_cost else (highs[0], lows[1])
    asked = partial(compare, direction=direction, margins=margins, family=family, in_turns=in_turns)
    found = [
        _between(asked(*best, contended=each), asked(*worst, contended=each))
        for each in _may_be_contended(lows[0], highs[0], is_cost=is_cost)
    ]
    if len({each.outcome for each in found}) == 1:
        return found[0]
    return replace(found[0], outcome=Outcome.NOT_ENOUGH_DATA, why=_TOO_WIDE)


_TOO_WIDE = "the values are known to a bucket of their histogram only, and within it the answer changes"


def _may_be_contended(lows: Sequence[float], highs: Sequence[float], *, is_cost: bool) -> Sequence[bool | None]:
    """Return whether the base's machine may have been contended, and whether it may not."""
    if not lows or min(lows) < 0 or not all(map(math.isfinite, highs)):
        return [None]
    costs = (lows, highs) if is_cost else ([inverse(each) for each in highs], [inverse(each) for each in lows])
    return sorted({is_contended(min_spread(*costs)), is_contended(max_spread(*costs))})


def _between(kind: Comparison, harsh: Comparison) -> Comparison:
    """Return what holds between the way that is best for a candidate and the one that is worst."""
    if Outcome.ERROR in (kind.outcome, harsh.outcome):
        return kind if kind.outcome is Outcome.ERROR else harsh
    if kind.outcome is Outcome.FAIL:
        return replace(kind, upper=harsh.upper)
    if harsh.outcome is Outcome.PASS or kind.outcome is harsh.outcome:
        return replace(harsh, lower=kind.lower)
    return replace(harsh, outcome=Outcome.NOT_ENOUGH_DATA, why=_TOO_WIDE, lower=kind.lower)
