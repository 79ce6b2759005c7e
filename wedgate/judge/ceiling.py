"""Latency against a ceiling of its own, whatever stable does: where stable is broken, or has no traffic any more.

Each slice is a coin, as in ``latency``: it shows *above* when the candidate's quantile is surely above the ceiling.

- ``fail``: above in so many slices that a fair coin does not explain it.
- ``pass``, at the end of the bake only: the upper 90 % limit of the quantile is not above the ceiling; of a bucket its
  upper bound counts.
- ``marginal``: neither. ``not_enough_data``: too few slices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from wedgate.judge.correlation import evenly_joined
from wedgate.judge.exact import first_decisive, has_crossed
from wedgate.judge.latency import FEWEST_FOR_PASS, PASS_RISK
from wedgate.judge.quantiles import quantile_of
from wedgate.judge.signed_rank import LARGEST, shift_of
from wedgate.judge.values import LatencyLimits, MetricJudgement, Outcome, Slice
from wedgate.judge.wording import spell_ms, spell_p


def judge_ceiling(
    slices: Sequence[Slice], limits: LatencyLimits, ceiling_ms: float, *, level: float, final: bool
) -> MetricJudgement:
    """Judge the candidate's quantile over usable slices in order, against ``ceiling_ms`` milliseconds."""
    metric = f"latency-p{float(limits.quantile) * 100:g} ceiling"
    found = [each for piece in slices if (each := quantile_of(piece.candidate, limits.quantile)) is not None]
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
    elif _highest([each.upper / ceiling_ms for each in found]) <= 1:
        outcome, rule = Outcome.PASS, ""
    else:
        outcome, rule = Outcome.MARGINAL, ": not surely below it, not surely above"
    numbers = (
        ("candidate", spell_ms(typical)),
        ("ceiling", spell_ms(ceiling_ms)),
        ("slices above", of_all),
        ("level", spell_p(level)),
    )
    return MetricJudgement(metric=metric, outcome=outcome, rule=f"{clause}{rule}", numbers=numbers)


def _highest(shares: Sequence[float]) -> float:
    """Return what the centre of some shares exceeds with ``PASS_RISK`` at most."""
    logs = [math.log(share) if share > 0 else -math.inf for share in shares]
    return math.exp(shift_of(evenly_joined(logs, LARGEST), risk=PASS_RISK).upper)
