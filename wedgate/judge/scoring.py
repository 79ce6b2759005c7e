"""One score for many metrics: weights of groups, critical metrics, and two thresholds.

A score is the share of metrics that passed, group by group, as Kayenta counts it (spinnaker/kayenta, its weighted sum
of groups); where Kayenta fails open, this does not: an error counts as not passed, a group in which nothing could be
judged counts as nothing instead of all, a critical metric that is missing is an error, and a candidate passes only
when it would even if all that is not known had failed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from wedgate.judge.values import Outcome

_UNDECIDED = (Outcome.ERROR, Outcome.NOT_ENOUGH_DATA, Outcome.MARGINAL)
"""What is neither a pass nor a fail, the gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredMetric:
    """A metric with its outcome and the groups that it counts in."""

    name: str
    outcome: Outcome
    groups: tuple[str, ...]
    is_critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Scores, from 0 to 100: from ``pass_from`` on it is a pass, below ``marginal_from`` a fail."""

    pass_from: float = 95.0
    marginal_from: float = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the metrics come to, from 0 to 100, and the verdict.

    ``value`` leaves metrics without enough data out of their group; ``at_least`` counts all that is not known as
    failed, ``at_most`` as passed. ``groups`` are the groups' own scores.
    """

    value: float
    at_least: float
    at_most: float
    outcome: Outcome
    why: str
    groups: Mapping[str, float] = field(default_factory=dict)


def score_metrics(
    metrics: Sequence[ScoredMetric],
    *,
    weights: Mapping[str, float] | None = None,
    thresholds: Thresholds | None = None,
    critical: Collection[str] = (),
) -> Score:
    """Score metrics; ``weights`` are percent by group, and groups without one share what is left of 100 evenly.

    ``critical`` names metrics that must be there and pass, beside those that say so themselves. ``ValueError`` for
    weights that cannot be.
    """
    asked = thresholds or Thresholds()
    shares = _shares(metrics, weights or {})
    needed = {metric.name: metric.outcome for metric in metrics if metric.is_critical or metric.name in critical}
    needed |= {name: Outcome.ERROR for name in critical if name not in needed}
    counted = [metric for metric in metrics if metric.outcome is not Outcome.NOT_ENOUGH_DATA]
    groups = {name: _passed(counted, name) for name in shares}
    value = _weighted(groups, shares)
    at_least = _weighted({name: _passed(metrics, name) for name in shares}, shares)
    at_most = 100 - _weighted({name: _failed(metrics, name) for name in shares}, shares)
    is_empty = 2 * len(counted) <= len(metrics)
    if is_empty or any(outcome is not Outcome.PASS for outcome in needed.values()):
        value = at_least = 0.0
    if Outcome.FAIL in needed.values():
        at_most = 0.0
    outcome, why = _verdict((at_least, at_most), needed, metrics, asked, is_empty=is_empty)
    return Score(value=value, at_least=at_least, at_most=at_most, outcome=outcome, why=why, groups=groups)


def grade(score: float, thresholds: Thresholds | None = None) -> Outcome:
    """Return what a score that is known comes to."""
    asked = thresholds or Thresholds()
    if score >= asked.pass_from:
        return Outcome.PASS
    return Outcome.MARGINAL if score >= asked.marginal_from else Outcome.FAIL


def _verdict(
    bounds: tuple[float, float],
    needed: Mapping[str, Outcome],
    metrics: Sequence[ScoredMetric],
    thresholds: Thresholds,
    *,
    is_empty: bool,
) -> tuple[Outcome, str]:
    at_least, at_most = bounds
    for outcome in (Outcome.FAIL, *_UNDECIDED):
        # What certainly fails by its score fails, whatever a critical metric may be.
        if outcome is not Outcome.FAIL and grade(at_most, thresholds) is Outcome.FAIL:
            break
        name = next((name for name, found in needed.items() if found is outcome), None)
        if name is not None:
            return outcome, f"{name} is critical, and its verdict is {outcome.value}"
    if grade(at_most, thresholds) is Outcome.FAIL and metrics:
        return Outcome.FAIL, f"the score is below {thresholds.marginal_from:g}"
    found = [metric.outcome for metric in metrics]
    if Outcome.ERROR in found:
        return Outcome.ERROR, "an error is no pass, whatever the score"
    if is_empty:
        return Outcome.NOT_ENOUGH_DATA, "half of the metrics or more do not have enough data"
    if grade(at_least, thresholds) is Outcome.PASS:
        return Outcome.PASS, f"the score is {thresholds.pass_from:g} or more"
    if grade(at_most, thresholds) is not Outcome.PASS:
        return Outcome.MARGINAL, f"the score is below {thresholds.pass_from:g}"
    undecided = next((each for each in _UNDECIDED if each in found), Outcome.MARGINAL)
    return undecided, f"the score is below {thresholds.pass_from:g} if what is not known failed"


def _shares(metrics: Sequence[ScoredMetric], weights: Mapping[str, float]) -> dict[str, float]:
    """Return the percent of every group that has a weight or a metric."""
    names = dict.fromkeys([*weights, *(group for metric in metrics for group in metric.groups)])
    given = sum(weights.values())
    rest = [name for name in names if name not in weights]
    if any(weight < 0 for weight in weights.values()) or given > 100 + 1e-9:
        raise ValueError(f"the weights of groups are percent and come to 100, not to {given:g}")
    if weights and not rest and given < 100 - 1e-9:
        raise ValueError(f"the weights of all groups come to {given:g}, not to 100")
    if rest and given > 100 - 1e-9:
        raise ValueError(f"no weight is left for the group {rest[0]}")
    return {name: weights[name] if name in weights else (100 - given) / len(rest) for name in names}


def _passed(metrics: Sequence[ScoredMetric], group: str) -> float:
    return _percent([metric.outcome is Outcome.PASS for metric in metrics if group in metric.groups])


def _failed(metrics: Sequence[ScoredMetric], group: str) -> float:
    return _percent([metric.outcome is Outcome.FAIL for metric in metrics if group in metric.groups])


def _percent(found: Sequence[bool]) -> float:
    """Return the percent of what is so; nothing of nothing."""
    return 100 * sum(found) / len(found) if found else 0.0


def _weighted(groups: Mapping[str, float], shares: Mapping[str, float]) -> float:
    return round(sum(groups[name] * share for name, share in shares.items()) / 100, 2)
