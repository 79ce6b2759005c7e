"""Latency against a ceiling of its own, whatever stable does: where stable is broken, or has no traffic any more.

Each slice is a coin, as in ``latency``: it shows *above* when the candidate's quantile is surely above the ceiling.

- ``fail``: above in so many slices that a fair coin does not explain it.
- ``pass``, at the end of the bake only: the upper 90 % limit of the quantile is not above the ceiling; of a bucket its
  upper bound counts. Nor are the last two slices above, nor more than chance makes of those as far below the centre.
- ``marginal``: neither. ``not_enough_data``: too few slices, or too few of the good answers have a latency.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from wedgate.judge.correlation import chance_of, evenly_joined
from wedgate.judge.exact import first_decisive, has_crossed
from wedgate.judge.latency import FEWEST_FOR_PASS, PASS_RISK, without_latency
from wedgate.judge.quantiles import Quantile, quantile_of
from wedgate.judge.signed_rank import LARGEST, Shift, shift_of
from wedgate.judge.values import LatencyLimits, MetricJudgement, Outcome, Slice
from wedgate.judge.wording import spell_ms, spell_p


def judge_ceiling(
    slices: Sequence[Slice],
    limits: LatencyLimits,
    ceiling_ms: float,
    *,
    level: float,
    final: bool,
    every: Sequence[Slice] | None = None,
    together: int = 1,
) -> MetricJudgement:
    """Judge the candidate's quantile over usable slices in order, against ``ceiling_ms`` milliseconds.

    Where slices were left out so that the others lie apart, ``every`` has these too: none may be above unseen.
    Noise lasts for so many of them ``together``.
    """
    metric = f"latency-p{float(limits.quantile) * 100:g} ceiling"
    every = slices if every is None else every
    found = _found(slices, limits)
    if not found:
        rule = "no slice has requests of the candidate with a latency"
        return MetricJudgement(metric=metric, outcome=Outcome.NOT_ENOUGH_DATA, rule=rule, numbers=())
    above = [each.lower > ceiling_ms for each in found]
    typical = median([each.point for each in found])
    of_all = f"{sum(above)} of {len(found)}"
    clause = f"candidate {spell_ms(typical)}, never above {spell_ms(ceiling_ms)}, {of_all} slices above"
    needed = max(limits.slices, first_decisive(level), FEWEST_FOR_PASS)
    if has_crossed(above, level):
        outcome, rule = Outcome.FAIL, ""
    elif len(found) < needed:
        outcome, rule = Outcome.NOT_ENOUGH_DATA, f"; {needed} slices are needed"
    elif not final:
        outcome, rule = Outcome.MARGINAL, "; no regression so far"
    elif silent := without_latency("the candidate's", [piece.candidate for piece in every], limits.quantile):
        outcome, rule = Outcome.NOT_ENOUGH_DATA, f"; {silent}"
    elif _centre([each.upper / ceiling_ms for each in found]).upper > 0:
        outcome, rule = Outcome.MARGINAL, ": not surely below it, not surely above"
    elif all(each.lower > ceiling_ms for each in _found(every, limits)[-2:]):
        outcome, rule = Outcome.MARGINAL, ": the newest are above"
    elif _above_by_chance(_found(every, limits), ceiling_ms, together) <= PASS_RISK:
        outcome, rule = Outcome.MARGINAL, ": more than chance makes"
    else:
        outcome, rule = Outcome.PASS, ""
    numbers = (
        ("candidate", spell_ms(typical)),
        ("ceiling", spell_ms(ceiling_ms)),
        ("slices above", of_all),
        ("level", spell_p(level)),
    )
    return MetricJudgement(metric=metric, outcome=outcome, rule=f"{clause}{rule}", numbers=numbers)


def _found(slices: Sequence[Slice], limits: LatencyLimits) -> list[Quantile]:
    """Return the candidate's quantile of each slice that has one."""
    return [each for piece in slices if (each := quantile_of(piece.candidate, limits.quantile)) is not None]


def _centre(shares: Sequence[float]) -> Shift:
    """Return the centre of the logarithms of some shares, and what it exceeds with ``PASS_RISK`` at most."""
    logs = [math.log(share) if share > 0 else -math.inf for share in shares]
    return shift_of(evenly_joined(logs, LARGEST), risk=PASS_RISK)


def _above_by_chance(found: Sequence[Quantile], ceiling_ms: float, together: int) -> float:
    """Return the chance of so many above, where noise throws a slice as often as far below the centre as above it."""
    shares = [each.upper / ceiling_ms for each in found]
    mirror = math.exp(2 * _centre(shares).estimate)
    above = [each.lower > ceiling_ms for each in found]
    return chance_of(above, [share < mirror for share in shares], together)
