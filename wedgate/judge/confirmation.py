"""An alarm, asked again on fresh runs before anything is rolled back for it.

Identical builds alarm now and then, and a machine that drifts makes them do so more often. What alarmed once by chance
hardly does so again when both builds are measured anew, in turns. Only the metrics that alarmed are asked again, and
they share the whole level: a slowdown that is there is found again more often than it was the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from wedgate.judge.arrangement import tells_order
from wedgate.judge.measurements import Measurements
from wedgate.judge.suite import MetricResult, SuiteJudgement, SuiteSettings, decided_by, judge_suite
from wedgate.judge.values import Outcome

Builds = tuple[Measurements, Measurements]
"""What was measured of the base, and of the candidate."""


def alarms_of(judgement: SuiteJudgement) -> tuple[str, ...]:
    """Return the metrics that failed, and that decide."""
    return tuple(each.name for each in judgement.results if each.decides and each.comparison.outcome is Outcome.FAIL)


def confirm(
    judgement: SuiteJudgement, first: Builds, again: Builds, settings: SuiteSettings | None = None
) -> SuiteJudgement:
    """Return the judgement of ``first`` with every alarm that the fresh runs, ``again``, did not repeat taken back.

    Without an alarm it stays what it is. Runs that are not fresh, or that nothing shows to have been measured in turns,
    confirm nothing: the answer is ``not_enough_data``, not a fail. An exception in here is the judgement ``error``.
    """
    asked = settings or SuiteSettings()
    alarms = alarms_of(judgement)
    if not alarms:
        return judgement
    try:
        return _confirmed(judgement, alarms, first, again, asked)
    except Exception as error:
        why = f"the judge could not judge: {type(error).__name__}: {error}"
        return replace(judgement, outcome=Outcome.ERROR, why=why)


def _confirmed(
    judgement: SuiteJudgement, alarms: tuple[str, ...], first: Builds, again: Builds, asked: SuiteSettings
) -> SuiteJudgement:
    others = {metric.name for build in again for metric in build.metrics} - set(alarms)
    fresh = judge_suite(*_only(alarms, again), replace(asked, advisory=frozenset(others), score=None))
    answers = {each.name: each for each in fresh.results}
    results = [
        _asked_again(each, answers, _staleness(each.name, first, again)) if each.name in alarms else each
        for each in judgement.results
    ]
    found = decided_by(results, asked, new=judgement.new, left_out=judgement.left_out)
    return replace(found, confirmation=fresh)


def measured_until(builds: Builds) -> datetime | None:
    """Return when the last value was measured; ``None`` where no file says."""
    times = [at for build in builds for metric in build.metrics for at in metric.times]
    return max(times, default=None)


def _only(names: tuple[str, ...], builds: Builds) -> Builds:
    base, candidate = (
        replace(build, metrics=tuple(metric for metric in build.metrics if metric.name in names), left_out={})
        for build in builds
    )
    return base, candidate


def _staleness(name: str, first: Builds, again: Builds) -> str | None:
    """Return why the second runs of a metric are no fresh ones in turns."""
    metrics = [(old.named(name), new.named(name)) for old, new in zip(first, again, strict=True)]
    known = [(old, new) for old, new in metrics if old is not None and new is not None]
    if any(old.values == new.values for old, new in known):
        return "the runs that should confirm it are those that alarmed: measure both builds anew"
    if len(known) != len(again) or not tells_order(*(new.times for _, new in known)):
        return "nothing says when the runs that should confirm it were measured, so not that it was in turns"
    if not all(old.times for old, _ in known):
        return (
            "nothing says when the runs that alarmed were measured, so not that those that should confirm it are later"
        )
    if min(at for _, new in known for at in new.times) <= max(at for old, _ in known for at in old.times):
        return "the runs that should confirm it are not later than those that alarmed: measure both builds anew"
    return None


def _asked_again(result: MetricResult, answers: Mapping[str, MetricResult], stale: str | None) -> MetricResult:
    """Return what an alarm is once it was asked again."""
    answer = answers.get(result.name)
    alarm = result.comparison
    if answer is None:
        why = "it alarmed, and the base's fresh runs do not have it: measure both builds anew"
        return replace(result, comparison=replace(alarm, outcome=Outcome.NOT_ENOUGH_DATA, why=why))
    if answer.comparison.outcome in (Outcome.ERROR, Outcome.NOT_ENOUGH_DATA):
        why = f"it alarmed, and fresh runs did not say: {answer.comparison.why}"
        return replace(result, comparison=replace(alarm, outcome=answer.comparison.outcome, why=why))
    if stale is not None:
        return replace(result, comparison=replace(alarm, outcome=Outcome.NOT_ENOUGH_DATA, why=f"it alarmed; {stale}"))
    if answer.comparison.outcome is Outcome.FAIL:
        return replace(result, comparison=replace(alarm, why=f"{alarm.why}, and again on fresh runs"))
    why = f"it alarmed, and fresh runs did not: {answer.comparison.why}"
    return replace(result, comparison=replace(alarm, outcome=Outcome.MARGINAL, why=why))
