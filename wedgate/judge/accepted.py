"""Which metrics of a judgement are worse by no more than a shift that somebody accepted in their history.

That is named beside the verdict and changes nothing of it: whoever may measure may accept, and the base may be too old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import median

from wedgate.judge.history import AcceptedShift, MetricHistory
from wedgate.judge.suite import MetricResult, SuiteJudgement
from wedgate.judge.units import factor_between
from wedgate.judge.values import Outcome


def name_accepted(judgement: SuiteJudgement, histories: Iterable[MetricHistory]) -> SuiteJudgement:
    """Return a judgement whose metrics that are or may be worse name the accepted shift between the two builds."""
    known = {each.name: each for each in histories}
    return replace(judgement, results=tuple(_named(each, known) for each in judgement.results))


def _named(result: MetricResult, known: Mapping[str, MetricHistory]) -> MetricResult:
    history = known.get(result.name)
    if history is None or result.comparison.outcome not in (Outcome.FAIL, Outcome.MARGINAL):
        return result
    return replace(result, accepted=_between(result, history))


def _between(result: MetricResult, history: MetricHistory) -> AcceptedShift | None:
    factor = factor_between(result.unit, history.unit)
    if factor is None or result.direction is not history.direction or not (result.base and result.candidate):
        return None
    return history.accepted_between(median(result.base) * factor, median(result.candidate) * factor)
