"""Values of which only bounds are known: quantiles of histograms, which lie somewhere in a bucket.

What is decided must hold wherever in their bounds the values are: a ``fail`` also where the base is as bad and the
candidate as good as they may be, a ``pass`` also the other way round. What would be decided otherwise there is
``not_enough_data``: the buckets are too wide for this margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wedgate.judge.comparison import Comparison, Margins, compare
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
    kind = compare(*best, direction=direction, margins=margins, family=family, in_turns=in_turns)
    harsh = compare(*worst, direction=direction, margins=margins, family=family, in_turns=in_turns)
    if Outcome.ERROR in (kind.outcome, harsh.outcome):
        return kind if kind.outcome is Outcome.ERROR else harsh
    if kind.outcome is Outcome.FAIL:
        return replace(kind, upper=harsh.upper)
    if harsh.outcome is Outcome.PASS:
        return replace(harsh, lower=kind.lower)
    if kind.outcome is harsh.outcome:
        return replace(harsh, lower=kind.lower)
    why = "the values are known to a bucket of their histogram only, and within it the answer changes"
    return replace(harsh, outcome=Outcome.NOT_ENOUGH_DATA, why=why, lower=kind.lower)
