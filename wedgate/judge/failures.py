"""Failed requests: exact tests on totals, against a ceiling and against stable.

- The ceiling: "the candidate's chance of failing is not above ``never_above``". An exact binomial test, so that a
  catastrophe is called after a handful of requests and two failures of twenty are not.
- The comparison: "it is not above stable's chance plus ``worse_by``". Only from ``requests`` candidate requests on:
  the minimum sample outranks significance.
- The ceiling again, of the newest slices alone: of the last one, and of as many as have ``requests`` candidate
  requests together. What goes wrong now is not to be made small by the hours before it.

All are looked at after every slice; look k may spend ``level / (k (k + 1))``, which sums to the level however long
the bake is. ``fail`` needs one of them. ``pass``, at the end of the bake only, needs the minimum sample, estimates
within both limits, and newest slices that are not above the ceiling by more than chance (one in twenty). In between is
``marginal``.

Limitation: requests are taken as independent. Failures that come in bursts which only one colour meets make the tests
too sure; the small level that they are given is the reserve for that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from wedgate.judge.exact import excess_p, upper_tail
from wedgate.judge.values import ErrorLimits, MetricJudgement, Outcome, Slice
from wedgate.judge.wording import spell_p, spell_percent, spell_share
from wedgate.making import quick

METRIC = "errors"

TESTS = 4
"""The ceiling over all, the comparison, and the ceiling over the newest slices twice."""

PASS_CHANCE = 0.05
"""What the newest slices may be above the ceiling by, and still pass."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """Counts up to one look."""

    errors: int
    requests: int
    stable_errors: int
    stable_requests: int

    @property
    def ratio(self) -> float:
        """The candidate's failed share."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def stable_ratio(self) -> float:
        """Stable's failed share."""
        return self.stable_errors / self.stable_requests if self.stable_requests else 0.0


def judge_failures(
    slices: Sequence[Slice], limits: ErrorLimits, *, level: float, final: bool, against_limits: bool
) -> MetricJudgement:
    """Judge the candidate's failures over usable slices in order; the tests share ``level`` equally.

    ``against_limits`` leaves the comparison out: stable gets no traffic, or is what is broken.
    """
    whole = _totals(slices)
    if not whole.errors:
        # A share of nothing is above no limit, at no look.
        return _judge_rest(whole, limits, final=final, against_limits=against_limits)
    errors = requests = stable_errors = stable_requests = 0
    for look, piece in enumerate(slices, start=1):
        candidate, stable = piece.candidate, piece.stable
        errors, requests = errors + candidate.errors, requests + candidate.requests
        stable_errors, stable_requests = stable_errors + stable.errors, stable_requests + stable.requests
        if not errors:
            continue
        totals = _Totals(errors=errors, requests=requests, stable_errors=stable_errors, stable_requests=stable_requests)
        spend = level / TESTS / (look * (look + 1))
        failed = _above_ceiling(totals, limits, spend)
        if failed is None and not against_limits:
            failed = _worse_than_stable(totals, limits, spend)
        if failed is None and candidate.errors:
            failed = _newest_above(slices[:look], limits, spend, against_limits=against_limits)
        if failed is not None:
            return failed
    rest = _judge_rest(whole, limits, final=final, against_limits=against_limits)
    if rest.outcome is not Outcome.PASS:
        return rest
    odd = _newest_above(slices, limits, PASS_CHANCE, against_limits=against_limits, surely=False)
    return rest if odd is None else _answer(Outcome.MARGINAL, f"{_both(whole)}, and {odd.rule}", whole, limits)


def _newest(slices: Sequence[Slice], limits: ErrorLimits) -> Iterator[_Totals]:
    """Yield the counts of the last slice, and of the last ones that have the minimum sample together."""
    yield _totals(slices[-1:])
    requests = 0
    for length, piece in enumerate(reversed(slices), start=1):
        requests += piece.candidate.requests
        if requests >= limits.requests:
            if length > 1:
                yield _totals(slices[-length:])
            return


def _newest_above(
    slices: Sequence[Slice], limits: ErrorLimits, spend: float, *, against_limits: bool, surely: bool = True
) -> MetricJudgement | None:
    """Return the failure of the newest slices, by either look; ``None`` where it may be chance, or is stable's too.

    What both colours meet for a moment is above the ceiling as well, and no fault of the candidate.
    """
    for newest in _newest(slices, limits):
        failed = _above_ceiling(newest, limits, spend)
        if failed is not None and (against_limits or _is_its_own(newest, limits, spend if surely else 1.0)):
            return replace(failed, rule=f"of late {failed.rule}")
    return None


def _is_its_own(totals: _Totals, limits: ErrorLimits, spend: float) -> bool:
    """Whether the candidate failed more than stable over the same time, and chance makes so much with ``spend``."""
    margin = float(limits.worse_by)
    if totals.ratio <= totals.stable_ratio + margin:
        return False
    known = (totals.errors, totals.requests, totals.stable_errors, totals.stable_requests)
    return spend >= 1 or not totals.stable_requests or excess_p(*known, margin, spend) <= spend


def _totals(slices: Sequence[Slice]) -> _Totals:
    """Return the counts of all slices."""
    return _Totals(
        errors=sum([piece.candidate.errors for piece in slices]),
        requests=sum([piece.candidate.requests for piece in slices]),
        stable_errors=sum([piece.stable.errors for piece in slices]),
        stable_requests=sum([piece.stable.requests for piece in slices]),
    )


def requests_to_see(base: float, worse_by: float, *, level: float = 0.05, power: float = 0.8) -> int:
    """Return how many requests each colour needs until an excess shows with ``power`` at one look at ``level``.

    Source: the usual normal approximation for two shares (Fleiss, Statistical Methods for Rates and Proportions,
    section 3.2, without its correction for continuity). The exact tests here ask for somewhat more.
    """
    bad = base + worse_by
    middle = (base + bad) / 2
    normal = NormalDist()
    by_chance = normal.inv_cdf(1 - level) * math.sqrt(2 * middle * (1 - middle))
    missed = normal.inv_cdf(power) * math.sqrt(base * (1 - base) + bad * (1 - bad))
    return math.ceil(((by_chance + missed) / worse_by) ** 2)


def _above_ceiling(totals: _Totals, limits: ErrorLimits, spend: float) -> MetricJudgement | None:
    ceiling = float(limits.never_above)
    if totals.ratio <= ceiling:
        return None
    chance = upper_tail(totals.errors, totals.requests, ceiling)
    if chance > spend:
        return None
    rule = (
        f"candidate failed {spell_share(totals.errors, totals.requests)}, never above {spell_percent(ceiling)}, "
        f"p = {spell_p(chance)}"
    )
    return _answer(Outcome.FAIL, rule, totals, limits, ("p", spell_p(chance)), ("level", spell_p(spend)))


def _worse_than_stable(totals: _Totals, limits: ErrorLimits, spend: float) -> MetricJudgement | None:
    margin = float(limits.worse_by)
    if totals.requests < limits.requests or not totals.stable_requests:
        return None
    if totals.ratio <= totals.stable_ratio + margin:
        return None
    chance = excess_p(totals.errors, totals.requests, totals.stable_errors, totals.stable_requests, margin, spend)
    if chance > spend:
        return None
    rule = f"{_both(totals)}, worse by more than {spell_percent(margin)}, p = {spell_p(chance)}"
    return _answer(Outcome.FAIL, rule, totals, limits, ("p", spell_p(chance)), ("level", spell_p(spend)))


def _judge_rest(totals: _Totals, limits: ErrorLimits, *, final: bool, against_limits: bool) -> MetricJudgement:
    if totals.requests < max(1, limits.requests):
        rule = f"candidate got {totals.requests} requests, {limits.requests} are needed"
        return _answer(Outcome.NOT_ENOUGH_DATA, rule, totals, limits)
    if not against_limits and not totals.stable_requests:
        return _answer(Outcome.NOT_ENOUGH_DATA, "stable got no requests to compare with", totals, limits)
    words = f"candidate failed {spell_share(totals.errors, totals.requests)}" if against_limits else _both(totals)
    if totals.ratio > float(limits.never_above):
        rule = f"{words}, above {spell_percent(float(limits.never_above))} but not surely"
        return _answer(Outcome.MARGINAL, rule, totals, limits)
    if not against_limits and totals.ratio > totals.stable_ratio + float(limits.worse_by):
        rule = f"{words}, worse by more than {spell_percent(float(limits.worse_by))} but not surely"
        return _answer(Outcome.MARGINAL, rule, totals, limits)
    if not final:
        return _answer(Outcome.MARGINAL, f"{words}; no regression so far", totals, limits)
    return _answer(Outcome.PASS, f"{words}, within the limits", totals, limits)


def _both(totals: _Totals) -> str:
    return (
        f"candidate failed {spell_share(totals.errors, totals.requests)} "
        f"against {spell_share(totals.stable_errors, totals.stable_requests)}"
    )


def _answer(
    outcome: Outcome, rule: str, totals: _Totals, limits: ErrorLimits, *more: tuple[str, str]
) -> MetricJudgement:
    numbers = (
        ("candidate", spell_share(totals.errors, totals.requests)),
        ("stable", spell_share(totals.stable_errors, totals.stable_requests)),
        ("worse-by", spell_percent(float(limits.worse_by))),
        ("never-above", spell_percent(float(limits.never_above))),
        ("requests", f"{limits.requests}"),
    )
    return MetricJudgement(metric=METRIC, outcome=outcome, rule=rule, numbers=numbers + more)
