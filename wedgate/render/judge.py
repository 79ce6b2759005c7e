"""A judgement of measurements as text with a picture, as Markdown for a pull request, and as plain data."""

from __future__ import annotations

import math
from typing import Any

from wedgate.judge.comparison import Comparison
from wedgate.judge.scoring import Score
from wedgate.judge.shift import Shift, shift_between, superiority
from wedgate.judge.suite import MetricResult, SuiteJudgement
from wedgate.judge.values import Outcome
from wedgate.judge.wording import spell_p
from wedgate.render.decision_words import clean
from wedgate.render.history import accepted_shift_words, plain_accepted_shift
from wedgate.render.markdown import inert_text

MARKS = {
    Outcome.PASS: "✅",
    Outcome.MARGINAL: "⚠️",
    Outcome.FAIL: "⛔",
    Outcome.NOT_ENOUGH_DATA: "❔",
    Outcome.ERROR: "❗",
}
_WIDTH = 21
_REACH = 0.25
_MANY_TIMES = 10_000
"""From so many times on a ratio is told by its size: an enormous one has three hundred digits."""
"""How far the picture reaches to each side, as a fraction of the base; what is beyond stands at its edge."""


def render_judgement(judgement: SuiteJudgement) -> str:
    """Return a line for each metric, with its interval against the margin, and the verdict in the last line."""
    names = [clean(each.name) for each in judgement.results]
    wide = min(44, max((len(name) for name in names), default=0))
    lines = []
    for name, each in zip(names, judgement.results, strict=True):
        shown = name if len(name) <= wide else f"{name[: wide - 3]}..."
        advisory = weight_words(each)
        lines.append(
            f"{shown:<{wide}}  {each.comparison.outcome.value:<15} {spell_interval(each.comparison):<24} "
            f"{_picture(each.comparison)}  {clean(spell_why(each.comparison))}{advisory}"
        )
    lines += [f"{clean(name)}: new, and not judged" for name in judgement.new]
    lines += [f"left out: {clean(words)}" for words in judgement.left_out]
    lines += [clean(words) for words in (*spell_confirmation(judgement), *spell_accepted(judgement))]
    return "\n".join([*lines, clean(spell_verdict(judgement)), ""])


def render_judgement_markdown(judgement: SuiteJudgement) -> str:
    """Return a table for a pull request; whatever a file named is inert in it."""
    lines = [f"### {MARKS[judgement.outcome]} wedgate judge: {judgement.outcome.value.replace('_', ' ')}", ""]
    lines += ["| metric | | candidate / base | n | why |", "|---|---|---|---|---|"]
    for each in judgement.results:
        comparison = each.comparison
        cells = (
            inert_text(each.name),
            f"{MARKS[comparison.outcome]} {comparison.outcome.value.replace('_', ' ')}",
            spell_interval(comparison),
            f"{comparison.base} + {comparison.candidate}",
            inert_text(f"{spell_why(comparison)}{weight_words(each)}"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [f"| {inert_text(name)} | new | | | not judged |" for name in judgement.new]
    lines += ["", *(f"- left out: {inert_text(words)}" for words in judgement.left_out)] if judgement.left_out else []
    again = [*spell_confirmation(judgement), *spell_accepted(judgement)]
    lines += ["", *(f"- {inert_text(words)}" for words in again)] if again else []
    return "\n".join([*lines, "", inert_text(spell_verdict(judgement)), ""])


def plain_judgement(judgement: SuiteJudgement) -> dict[str, Any]:
    """Return it as plain data, ``schema_version`` 1; what is not finite is ``null``."""
    return {
        "schema_version": 1,
        "outcome": judgement.outcome.value,
        "level": judgement.level,
        "why": judgement.why,
        "metrics": [_plain(each, 2 * judgement.level) for each in judgement.results],
        "new": list(judgement.new),
        "left_out": list(judgement.left_out),
        "score": None if judgement.score is None else _plain_score(judgement.score),
        "confirmation": None if judgement.confirmation is None else plain_judgement(judgement.confirmation),
    }


def _plain_score(score: Score) -> dict[str, Any]:
    return {
        "value": score.value,
        "at_least": score.at_least,
        "at_most": score.at_most,
        "groups": dict(score.groups),
    }


def _plain(result: MetricResult, level: float) -> dict[str, Any]:
    found = result.comparison
    shift = shift_of(result, level)
    return {
        "name": result.name,
        "unit": result.unit,
        "outcome": found.outcome.value,
        "why": found.why,
        "rule": None if found.rule is None else found.rule.value,
        "estimate": _finite(found.estimate),
        "lower": _finite(found.lower),
        "upper": _finite(found.upper),
        "p": found.p,
        "n": {"base": found.base, "candidate": found.candidate},
        "decides": result.decides,
        "critical": result.is_critical,
        "shift": None if shift is None else {"estimate": shift.estimate, "lower": shift.lower, "upper": shift.upper},
        "accepted": None if result.accepted is None else plain_accepted_shift(result.accepted),
        "larger_in_pairs": None if shift is None else superiority(result.base, result.candidate),
    }


def weight_words(result: MetricResult) -> str:
    """Say whether a metric decides nothing, or more than others."""
    return " (critical)" if result.is_critical else "" if result.decides else " (advisory)"


def shift_of(result: MetricResult, level: float) -> Shift | None:
    """Return how far the arms lie apart in the metric's own unit; ``None`` where a value or a limit is none."""
    if not all(math.isfinite(value) for value in (*result.base, *result.candidate)):
        return None
    found = shift_between(result.base, result.candidate, level=level)
    return found if found is not None and math.isfinite(found.lower) and math.isfinite(found.upper) else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def spell_interval(found: Comparison) -> str:
    """Spell estimate and limits: ``x1.052 (1.031..1.074)``."""
    if found.estimate is None or found.lower is None or found.upper is None:
        return ""
    return f"x{_ratio(found.estimate)} ({_limit(found.lower)}..{_limit(found.upper)})"


def _limit(value: float) -> str:
    return _ratio(value) if math.isfinite(value) else "?"


def _ratio(value: float) -> str:
    return f"{value:.3f}" if value < _MANY_TIMES or math.isinf(value) else f"{value:.3g}"


def spell_confirmation(judgement: SuiteJudgement) -> list[str]:
    """Say what fresh runs said of each metric that had alarmed."""
    if judgement.confirmation is None:
        return []
    return [
        f"fresh runs: {each.name} {each.comparison.outcome.value} {spell_interval(each.comparison)}".rstrip()
        + f"; {spell_why(each.comparison)}"
        for each in judgement.confirmation.results
        if each.decides
    ]


def spell_accepted(judgement: SuiteJudgement) -> list[str]:
    """Say of each metric that differs by a shift that was accepted who accepted it, when and why."""
    return [
        f"{each.name}: {accepted_shift_words(each.accepted)}" for each in judgement.results if each.accepted is not None
    ]


def spell_why(found: Comparison) -> str:
    """Say why, and by which rule, p and how many values."""
    if found.rule is None or found.p is None:
        return found.why
    return f"{found.why}; {found.rule.value}, p {spell_p(found.p)}, n {found.base} + {found.candidate}"


def _picture(found: Comparison) -> str:
    """Draw the interval around what the base takes: ``|`` is the base, ``=`` the interval, ``o`` the estimate."""
    if found.estimate is None or found.lower is None or found.upper is None:
        return " " * _WIDTH
    row = [" "] * _WIDTH
    low, middle, high = (_place(value) for value in (found.lower, found.estimate, found.upper))
    row[low : high + 1] = "=" * (high + 1 - low)
    row[_WIDTH // 2] = "|"
    row[middle] = "o"
    return "".join(row)


def _place(value: float) -> int:
    share = min(1.0, max(-1.0, (value - 1) / _REACH))
    return round((share + 1) / 2 * (_WIDTH - 1))


def spell_verdict(judgement: SuiteJudgement) -> str:
    """Say the verdict in one line: by how many metrics, and how often a clean candidate fails, and on what terms."""
    if judgement.why:
        return f"{judgement.outcome.value}: {judgement.why}"
    decided = [each for each in judgement.results if each.decides]
    count = sum(each.comparison.outcome is judgement.outcome for each in decided)
    metrics = f"{count} of {len(decided)} metrics"
    share = f"a candidate that is no worse fails in at most {100 * judgement.level:.3g} % of cases"
    if any(each.comparison.rule is not None and not each.in_turns for each in decided):
        share += " unless the machine changed in between: in which order was measured is not known"
    return f"{judgement.outcome.value}: {metrics}; {share}"
