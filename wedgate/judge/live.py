"""The judgement of one step on live traffic: errors and latency together, and never a pass by accident.

Four fifths of a step's false-alarm level go to latency, which needs them (n slices cannot say more than 1 in 2^n), and
one fifth to errors. CPU, memory and a ceiling of latency, where they are judged, share equally with latency. Each part
spends its own over all its looks, so that a healthy candidate is failed with a probability of at most the level,
however often it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from wedgate.judge.ceiling import judge_ceiling
from wedgate.judge.correlation import slices_apart, spaced
from wedgate.judge.failures import judge_failures
from wedgate.judge.latency import judge_latency, slices_to_decide
from wedgate.judge.refusals import judge_refusals
from wedgate.judge.remembered import Remembered
from wedgate.judge.usage import CPU, MEMORY, judge_usage
from wedgate.judge.values import ColourSample, Judgement, JudgeSettings, MetricJudgement, Outcome, Slice, UsageLimits

LATENCY_SHARE = 0.8

LOST_SHARE = 0.10
LOST_BY_CHANCE = 2
"""Slices of which nothing is known, as when the source restarts once: more than these, and more than that share of all,
keep a bake from passing."""

EXPECTED = 5
"""Requests that the candidate would have had in a slice by its share of the others: it has none by chance in less than
one slice of a hundred."""

_GRAVEST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_ENOUGH_DATA, Outcome.MARGINAL, Outcome.PASS)


def judge_live(
    slices: Sequence[Slice],
    settings: JudgeSettings,
    *,
    level: Decimal,
    final: bool,
    against_limits: bool = False,
) -> Judgement:
    """Judge a step by the slices of its bake so far.

    ``level`` is the false-alarm budget of this step, for all metrics and looks; ``final`` says that the bake is over:
    before that the answer is never ``pass``. ``against_limits`` judges by absolute limits alone, where stable gets no
    traffic or may itself be broken: errors against their ceiling, and latency against one where it is set. An exception
    in here is the judgement ``error``.
    """
    try:
        return _judge(slices, settings, level=float(level), final=final, against_limits=against_limits)
    except Exception as error:
        text = f"the judge could not judge: {type(error).__name__}: {error}"
        return Judgement(outcome=Outcome.ERROR, metrics=(), slices=len(slices), usable=0, text=text)


def slices_needed(settings: JudgeSettings, *, level: Decimal) -> int:
    """Return how many usable slices a bake needs before it can pass at this level: say so before the start."""
    return slices_apart(
        slices_to_decide(settings.latency, level=float(level) * _coin_share(settings)),
        slice_length=settings.slice_length,
        noise_lasts=settings.noise_lasts,
    )


def _usage(settings: JudgeSettings) -> list[tuple[str, UsageLimits]]:
    pairs = ((CPU, settings.cpu), (MEMORY, settings.memory))
    return [(metric, limits) for metric, limits in pairs if limits is not None]


def _coin_share(settings: JudgeSettings) -> float:
    """Return what each metric that is judged by slices may spend of the level."""
    has_ceiling = settings.latency.never_above_ms is not None
    return LATENCY_SHARE / (1 + has_ceiling + len(_usage(settings)))


def _judge(
    slices: Sequence[Slice], settings: JudgeSettings, *, level: float, final: bool, against_limits: bool
) -> Judgement:
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, got {level:g}")
    counted = [piece for piece in slices if piece.trouble is None or piece.candidate.requests]
    starts = [piece.start for piece in counted]
    if starts != sorted(starts):
        counted.sort(key=lambda piece: piece.start)
    _refuse_nonsense(counted)
    usable = [piece for piece in counted if piece.trouble is None]
    metrics = [
        judge_failures(
            counted,
            settings.errors,
            level=level * (1 - LATENCY_SHARE),
            final=final,
            against_limits=against_limits,
        )
    ]
    apart = spaced(usable, settings.noise_lasts)
    together = max(1, math.ceil(settings.noise_lasts / settings.slice_length))
    share = level * _coin_share(settings)
    if (ceiling_ms := settings.latency.never_above_ms) is not None:
        metrics.append(
            judge_ceiling(
                apart, settings.latency, ceiling_ms, level=share, final=final, every=usable, together=together
            )
        )
    if not against_limits:
        metrics.append(
            judge_latency(apart, settings.latency, level=share, final=final, every=usable, together=together)
        )
        least = settings.latency.slices
        metrics.extend(
            judge_usage(apart, limits, metric=metric, level=share, final=final, least=least, every=usable)
            for metric, limits in _usage(settings)
        )
    if final:
        if not against_limits and (more := judge_refusals(usable, settings.errors, level=level * (1 - LATENCY_SHARE))):
            metrics.append(more)
        silent = 0 if against_limits else _silent(usable)
        metrics += _judge_evidence(len(slices), len(slices) - len(counted), silent)
    outcome = next(grave for grave in _GRAVEST_FIRST if any(metric.outcome is grave for metric in metrics))
    return Judgement(
        outcome=outcome,
        metrics=tuple(metrics),
        slices=len(slices),
        usable=len(usable),
        text=_text([metric for metric in metrics if metric.outcome is outcome], slices, usable),
    )


def _silent(usable: Sequence[Slice]) -> int:
    """Return in how many slices the candidate has no request where its share of the others would have made some."""
    having = [piece for piece in usable if piece.candidate.requests]
    of_candidate = sum(piece.candidate.requests for piece in having)
    of_stable = sum(piece.stable.requests for piece in having)
    return sum(
        not piece.candidate.requests and piece.stable.requests * of_candidate >= EXPECTED * max(of_stable, 1)
        for piece in usable
    )


def _judge_evidence(slices: int, lost: int, silent: int) -> list[MetricJudgement]:
    """Return why nothing can pass where much was lost: what crashes takes the evidence of its failures with it."""
    if lost + silent <= LOST_BY_CHANCE or lost + silent <= LOST_SHARE * slices:
        return []
    none = f", and in {silent} only stable had requests" if silent else ""
    of_all = f"{lost} of {slices} slices were lost{none}, more than {LOST_SHARE:.0%}"
    rule = f"{of_all}; a version that crashes loses its own"
    return [MetricJudgement(metric="evidence", outcome=Outcome.NOT_ENOUGH_DATA, rule=rule, numbers=())]


def _text(deciding: Sequence[MetricJudgement], slices: Sequence[Slice], usable: Sequence[Slice]) -> str:
    text = "; ".join(f"{metric.metric}: {metric.rule}" for metric in deciding)
    dropped = len(slices) - len(usable)
    if dropped:
        first = next(piece for piece in slices if piece.trouble is not None)
        text += f"; {dropped} of {len(slices)} slices dropped ({first.trouble})"
    return text


def _refuse_nonsense(slices: Sequence[Slice]) -> None:
    for piece, following in pairwise(slices):
        if following.start < piece.end:
            raise ValueError(f"two slices overlap at {following.start.isoformat()}")
    if nonsense := next(filter(None, _nonsense_of.each(slices)), ""):
        raise ValueError(nonsense)


@Remembered
def _nonsense_of(piece: Slice) -> str:
    """Say why a slice cannot be; empty for one that can."""
    if piece.start >= piece.end:
        return f"the slice at {piece.start.isoformat()} has no length"
    for name, sample in (("stable", piece.stable), ("candidate", piece.candidate)):
        if not _is_sound(sample):
            return f"the counts of {name} at {piece.start.isoformat()} contradict themselves"
    return ""


def _is_sound(sample: ColourSample) -> bool:
    counts = (sample.requests - sample.errors, sample.errors - sample.timeouts, sample.timeouts)
    edge = 0.0
    for bucket in sample.latency:
        if bucket.count < 0 or not edge <= bucket.lower_ms < bucket.upper_ms < math.inf:
            return False
        edge = bucket.upper_ms
    return min(counts) >= 0
