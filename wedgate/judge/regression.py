"""A regression report made of a judgement: what a benchmark found, in the form that a rollout takes."""

from __future__ import annotations

import math
from datetime import datetime
from statistics import median

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
    """Return the base's median, and the candidate's as the estimate has it: lowest ranks know nothing of medians."""
    found, baseline = result.comparison, median(result.base)
    assert found.estimate is not None  # what failed was compared
    assert found.lower is not None
    times = found.estimate if found.estimate > 1 else found.lower
    is_cost = result.direction is Direction.LOWER_IS_BETTER
    candidate = baseline * times if is_cost else baseline / times
    if baseline == candidate or not math.isfinite(candidate):
        candidate = median(result.candidate)
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
