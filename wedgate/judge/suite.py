"""The judgement of one measurement report against another: every metric, with one false-alarm rate for all of them.

A clean candidate fails by chance no more often than the level says, however many metrics there are: each of them gets
its share of the level (Bonferroni), and one that could never say anything with so small a share says that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from wedgate.judge.arrangement import is_blocked, tells_order
from wedgate.judge.bounded import compare_bounded
from wedgate.judge.comparison import Comparison, Margins, compare
from wedgate.judge.history import AcceptedShift
from wedgate.judge.measurements import MACHINE, Measurements, Metric
from wedgate.judge.mixed_up import has_the_same_values, machine_untold
from wedgate.judge.presence import partly_missing, what_rose
from wedgate.judge.reading import Direction
from wedgate.judge.scoring import Score, ScoredMetric, Thresholds, score_metrics
from wedgate.judge.units import factor_between
from wedgate.judge.values import Outcome
from wedgate.judge.wording import spell_score

_GRAVEST_FIRST = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_ENOUGH_DATA, Outcome.MARGINAL, Outcome.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Metrics that are scored together; a name that ends in ``*`` stands for all that begin so.

    ``weight`` is percent; groups without one share what is left.
    """

    name: str
    metrics: tuple[str, ...]
    weight: float | None = None

    def has(self, metric: str) -> bool:
        """Whether a metric belongs to it."""
        return any(metric == each or (each.endswith("*") and metric.startswith(each[:-1])) for each in self.metrics)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """How metrics come to one score; those of no group are a group of their own, ``OTHERS``."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    critical: frozenset[str] = frozenset()
    groups: tuple[Group, ...] = ()


OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSettings:
    """How a suite is judged: the margins of each metric by its name, and of all others.

    ``advisory`` metrics are judged and shown, and decide nothing. ``level`` of ``margins`` is that of the whole suite.
    With a ``score`` the score decides; without one the gravest metric does. ``fewer_runs`` says that the candidate was
    meant to run less often than the base: otherwise those that are not there may have crashed. ``same_commit`` says
    that both are of one commit on purpose: otherwise a file of one build was given as the other.
    """

    margins: Margins = field(default_factory=Margins)
    margins_of: Mapping[str, Margins] = field(default_factory=dict)
    advisory: frozenset[str] = frozenset()
    score: ScoreSettings | None = None
    fewer_runs: bool = False
    same_commit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    """One metric: the comparison, in the base's unit, and the values that it was made of.

    A metric that ``is_critical`` has to pass, whatever the score of all is. ``accepted`` is the shift of the history
    that explains the difference, where somebody accepted it; it changes no verdict. ``in_turns`` says that times show
    that both builds were measured so.
    """

    name: str
    unit: str
    comparison: Comparison
    base: tuple[float, ...] = ()
    candidate: tuple[float, ...] = ()
    decides: bool = True
    is_critical: bool = False
    direction: Direction = Direction.LOWER_IS_BETTER
    accepted: AcceptedShift | None = None
    in_turns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteJudgement:
    """The verdict on a candidate: its score's, or the gravest of its metrics.

    ``new`` are metrics that the base does not have. ``left_out`` says in words what the files hold that nobody can
    judge. ``confirmation`` is the judgement of the fresh runs that an alarm was asked again on.
    """

    outcome: Outcome
    results: tuple[MetricResult, ...]
    level: float
    new: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    why: str = ""
    score: Score | None = None
    confirmation: SuiteJudgement | None = None


def judge_suite(base: Measurements, candidate: Measurements, settings: SuiteSettings | None = None) -> SuiteJudgement:
    """Judge every metric that the base has. An exception in here is the judgement ``error``."""
    asked = settings or SuiteSettings()
    try:
        return _judge(base, candidate, asked)
    except Exception as error:
        why = f"the judge could not judge: {type(error).__name__}: {error}"
        return SuiteJudgement(outcome=Outcome.ERROR, results=(), level=asked.margins.level, why=why)


def _judge(base: Measurements, candidate: Measurements, settings: SuiteSettings) -> SuiteJudgement:
    known = {metric.name for metric in base.metrics}
    others = {metric.name: metric for metric in candidate.metrics}
    gaps = partly_missing(base, candidate, fewer_runs=settings.fewer_runs)
    new = tuple(name for name in others if name not in known)
    elsewhere = _elsewhere(base, candidate)
    why = _mixed_up(base, candidate, settings)
    if why is not None:
        return SuiteJudgement(outcome=Outcome.ERROR, results=(), level=settings.margins.level, why=why)
    pairs = [(metric, others.get(metric.name)) for metric in base.metrics]
    troubles = {
        metric.name: _trouble(metric, other, elsewhere) or _no_amount(metric, settings) for metric, other in pairs
    }
    decided = [name for name, trouble in troubles.items() if trouble is None and name not in settings.advisory]
    family = max(1, len(decided))
    results = tuple(
        _held_back(_result(metric, other, settings, troubles[metric.name], family), gaps, metric, settings)
        for metric, other in pairs
    )
    left_out = tuple(f"{name}: {why}" for name, why in {**base.left_out, **candidate.left_out}.items())
    left_out += machine_untold(base, candidate)
    return decided_by(results, settings, new=new, left_out=left_out)


def decided_by(
    results: Sequence[MetricResult], settings: SuiteSettings, *, new: tuple[str, ...], left_out: tuple[str, ...]
) -> SuiteJudgement:
    """Return the verdict that single metrics come to."""
    deciding = [each.comparison.outcome for each in results if each.decides]
    outcome = next((each for each in _GRAVEST_FIRST if each in deciding), Outcome.NOT_ENOUGH_DATA)
    why = "" if deciding else "no metric decides anything"
    score = _score(results, settings.score) if settings.score is not None and deciding else None
    if score is not None:
        outcome, why = score.outcome, f"{score.why}; {spell_score(score)}"
    return SuiteJudgement(
        outcome=outcome,
        results=tuple(results),
        level=settings.margins.level,
        new=new,
        left_out=left_out,
        why=why,
        score=score,
    )


def _score(results: Sequence[MetricResult], settings: ScoreSettings) -> Score:
    metrics = [
        ScoredMetric(
            name=each.name,
            outcome=each.comparison.outcome,
            groups=tuple(group.name for group in settings.groups if group.has(each.name)) or (OTHERS,),
        )
        for each in results
        if each.decides
    ]
    weights = {group.name: group.weight for group in settings.groups if group.weight is not None}
    return score_metrics(metrics, weights=weights, thresholds=settings.thresholds, critical=settings.critical)


def _held_back(result: MetricResult, gaps: Mapping[str, str], metric: Metric, settings: SuiteSettings) -> MetricResult:
    """Return a metric that does not pass for its survivors alone, nor as a share that rose; what fails stays so."""
    gap, found = gaps.get(result.name), result.comparison
    if gap is not None and found.outcome in (Outcome.PASS, Outcome.MARGINAL):
        return replace(result, comparison=replace(found, outcome=Outcome.NOT_ENOUGH_DATA, why=gap))
    if found.outcome is not Outcome.PASS:
        return result
    margins = _margins_of(metric, settings)
    rose = what_rose(metric, replace(metric, values=result.candidate), margins.at_least)
    if rose is not None:
        return replace(result, comparison=replace(found, outcome=Outcome.MARGINAL, why=rose))
    return result


def _mixed_up(base: Measurements, candidate: Measurements, settings: SuiteSettings) -> str | None:
    """Return what says that both are of one build."""
    if has_the_same_values(base, candidate):
        return "the candidate's values are the base's own: one file was given twice, or one build measured as both"
    if base.commit is None or base.commit != candidate.commit or settings.same_commit:
        return None
    return f"both builds were measured of the commit {base.commit}; --same-commit says that it was meant"


def _elsewhere(base: Measurements, candidate: Measurements) -> str | None:
    """Return what says that the two were not measured on the same machine."""
    for name, value in base.environment.items():
        other = candidate.environment.get(name)
        if name in MACHINE and other is not None and other != value:
            return f"the base was measured on another machine ({name}: {value}, and here {other})"
    return None


def _result(
    metric: Metric,
    other: Metric | None,
    settings: SuiteSettings,
    trouble: tuple[Outcome, str] | None,
    family: int,
) -> MetricResult:
    decides = metric.name not in settings.advisory
    is_critical = settings.score is not None and metric.name in settings.score.critical
    if trouble is not None or other is None:
        outcome, why = trouble or (Outcome.ERROR, "it is missing")
        count = 0 if other is None else len(other.values)
        none = Comparison(outcome=outcome, why=why, base=len(metric.values), candidate=count)
        return MetricResult(
            name=metric.name,
            unit=metric.unit,
            comparison=none,
            decides=decides,
            is_critical=is_critical,
            direction=metric.direction,
        )
    factor = factor_between(other.unit, metric.unit)
    assert factor is not None  # that it is not is a trouble
    values = tuple(value * factor for value in other.values)
    margins = _margins_of(metric, settings)
    share = family if decides else 1
    in_turns = tells_order(metric.times, other.times)
    if metric.bounds or other.bounds:
        scaled = [(low * factor, high * factor) for low, high in other.within]
        comparison = compare_bounded(
            metric.within, scaled, direction=metric.direction, margins=margins, family=share, in_turns=in_turns
        )
    else:
        comparison = compare(
            metric.values, values, direction=metric.direction, margins=margins, family=share, in_turns=in_turns
        )
    return MetricResult(
        name=metric.name,
        unit=metric.unit,
        comparison=_with_order(comparison, metric, other),
        base=metric.values,
        candidate=values,
        decides=decides,
        is_critical=is_critical,
        direction=metric.direction,
        in_turns=in_turns,
    )


def _margins_of(metric: Metric, settings: SuiteSettings) -> Margins:
    """Return the margins of a metric; ``at_least`` counts in the metric's unit, and says its own."""
    margins = settings.margins_of.get(metric.name, settings.margins)
    if margins.at_least_unit is None:
        return replace(margins, at_least_unit=metric.unit)
    factor = factor_between(margins.at_least_unit, metric.unit)
    assert factor is not None  # that it is not is a trouble
    return replace(margins, at_least=margins.at_least * factor, at_least_unit=metric.unit)


def _with_order(comparison: Comparison, metric: Metric, other: Metric) -> Comparison:
    """Say where times do not tell the order: one arm's files have none and the other's do, or all are the same."""
    if tells_order(metric.times, other.times) or not (metric.times or other.times):
        return comparison
    untold = f"the {'base' if other.times else 'candidate'} has no times for all values"
    untold = "all times are the same" if metric.times and other.times else untold
    return replace(comparison, why=f"{comparison.why}; in which order is not known, as {untold}")


def _no_amount(metric: Metric, settings: SuiteSettings) -> tuple[Outcome, str] | None:
    """Return why a difference that is too small to matter cannot be told of a metric."""
    unit = settings.margins_of.get(metric.name, settings.margins).at_least_unit
    if unit is None or factor_between(unit, metric.unit) is not None:
        return None
    return Outcome.ERROR, f"at-least is in {unit}, the metric in {metric.unit}"


def _trouble(metric: Metric, other: Metric | None, elsewhere: str | None) -> tuple[Outcome, str] | None:
    """Return why a metric cannot be compared, and what that makes of it."""
    if other is None:
        return Outcome.ERROR, "the candidate does not have it: what vanished was not shown to be good"
    if factor_between(other.unit, metric.unit) is None:
        return Outcome.ERROR, f"the base is in {metric.unit}, the candidate in {other.unit}"
    if other.direction is not metric.direction:
        return Outcome.ERROR, f"the base says {metric.direction.value}, the candidate {other.direction.value}"
    if elsewhere is not None:
        return Outcome.ERROR, elsewhere
    aggregated = metric.aggregated or other.aggregated
    if aggregated is not None:
        return Outcome.NOT_ENOUGH_DATA, f"there is no value for each process: {aggregated}"
    if is_blocked(metric.times, other.times):
        why = "one was measured after the other, so what drifts in between looks like a difference; measure in turns"
        return Outcome.NOT_ENOUGH_DATA, why
    return None
