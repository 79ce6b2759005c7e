"""A regression report made of a judgement: what a benchmark found, in the form that a rollout takes."""

from __future__ import annotations

import math
from datetime import datetime
from statistics import fmean, median

from wedgate.judge.benchmark_evidence import BenchmarkEvidence, BenchmarkMetric, BenchmarkRun
from wedgate.judge.confirmation import Builds, alarms_of, measured_until
from wedgate.judge.reading import Direction
from wedgate.judge.report import Report, ReportedMetric
from wedgate.judge.suite import MetricResult, SuiteJudgement
from wedgate.judge.values import Outcome


def regression_of(
    judgement: SuiteJudgement,
    first: Builds,
    again: Builds | None,
    *,
    service: str,
    commit: str | None,
    digest: str | None,
    at: datetime,
) -> Report | None:
    """Return the report of a judgement that fails, confirmed only where fresh runs said the same of every metric.

    ``None`` where nothing fails. ``first`` and ``again`` are the builds as they were measured.
    """
    alarms = alarms_of(judgement)
    if judgement.outcome is not Outcome.FAIL or not alarms:
        return None
    runs = [_run(judgement, first)]
    if judgement.confirmation is not None and again is not None:
        runs.append(_run(judgement.confirmation, again))
    return Report(
        service=service,
        commit=commit,
        digest=digest,
        regions=(),
        metrics=tuple(_metric(each) for each in judgement.results if each.name in alarms),
        reporter="wedgate",
        reported_at=at,
        summary="A benchmark got worse",
        benchmark=BenchmarkEvidence(
            confirmed=len(runs) == 2 and all(run.fails(name) for run in runs for name in alarms), runs=tuple(runs)
        ),
    )


def _metric(result: MetricResult) -> ReportedMetric:
    """Return the base's median, and the candidate's as the estimate has it: lowest ranks know nothing of medians.

    Where a median is nothing, as that of rates of which half are 0, it is the means, and else the best of each that
    the other does not reach.
    """
    found = result.comparison
    assert found.estimate is not None  # what failed was compared
    is_cost = result.direction is Direction.LOWER_IS_BETTER
    middle = median(result.base)
    told = [
        (middle, middle * found.estimate if is_cost else middle / found.estimate),
        (middle, median(result.candidate)),
        (fmean(result.base), fmean(result.candidate)),
    ]
    least = min if is_cost else max
    told.append((least(result.base), least(result.candidate)))
    baseline, candidate = next(
        ((old, new) for old, new in told if math.isfinite(new) and (new > old if is_cost else new < old)), told[-1]
    )
    return ReportedMetric(
        name=result.name, baseline=baseline, candidate=candidate, unit=result.unit, direction=result.direction
    )


def _run(judgement: SuiteJudgement, builds: Builds) -> BenchmarkRun:
    metrics = [
        BenchmarkMetric(
            name=each.name,
            outcome=each.comparison.outcome,
            estimate=_finite(each.comparison.estimate),
            lower=_finite(each.comparison.lower),
            upper=_finite(each.comparison.upper),
            p=each.comparison.p,
            base=each.comparison.base,
            candidate=each.comparison.candidate,
        )
        for each in judgement.results
        if each.decides
    ]
    return BenchmarkRun(metrics=tuple(metrics), measured_at=measured_until(builds))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
