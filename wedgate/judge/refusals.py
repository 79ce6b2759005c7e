"""Answers that are no errors and no good work either: codes of 4xx, which a version may give to everybody.

Users make them, too: whoever asks for what is not there. So they fail nothing. But a candidate that gives more of them
than stable over the same time, by more than errors may be worse and beyond chance, is not shown to be good.

Limitation: requests are taken as independent. One user who asks for what is not there may do so a thousand times: the
tenth of the slices in which the candidate refused most is left out for that.
"""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.judge.exact import excess_p
from wedgate.judge.values import ColourSample, ErrorLimits, MetricJudgement, Outcome, Slice
from wedgate.judge.wording import spell_p, spell_percent, spell_share

METRIC = "refusals"

BURSTS = 0.10
"""The share of the slices in which the candidate refused most, which count for nothing."""


def judge_refusals(slices: Sequence[Slice], limits: ErrorLimits, *, level: float) -> MetricJudgement | None:
    """Return why the usable slices of a whole bake do not pass for the candidate's refusals; ``None`` if they may."""
    steady = sorted(slices, key=lambda piece: piece.candidate.refused)[: len(slices) - int(BURSTS * len(slices))]
    refused, requests = _counts([piece.candidate for piece in steady])
    of_stable, stable_requests = _counts([piece.stable for piece in steady])
    margin = float(limits.worse_by)
    if not requests or not stable_requests or refused / requests <= of_stable / stable_requests + margin:
        return None
    chance = excess_p(refused, requests, of_stable, stable_requests, margin, level)
    if chance > level:
        return None
    shares = spell_share(refused, requests), spell_share(of_stable, stable_requests)
    rule = (
        f"candidate answered {shares[0]} with codes that are no errors (4xx), against {shares[1]}, more by over "
        f"{spell_percent(margin)}, p = {spell_p(chance)}; name those that are failures in judge.evidence"
    )
    numbers = (("candidate", shares[0]), ("stable", shares[1]), ("p", spell_p(chance)), ("level", spell_p(level)))
    return MetricJudgement(metric=METRIC, outcome=Outcome.MARGINAL, rule=rule, numbers=numbers)


def _counts(samples: Sequence[ColourSample]) -> tuple[int, int]:
    """Return how many answers were refusals, and how many requests there were."""
    return sum([sample.refused for sample in samples]), sum([sample.requests for sample in samples])
