"""A judgement as annotations of a run: what failed as errors, what could not be judged as warnings."""

from __future__ import annotations

from wedgate.judge.suite import MetricResult, SuiteJudgement
from wedgate.judge.values import Outcome
from wedgate.render.annotations import MOST, command
from wedgate.render.decision_words import clean
from wedgate.render.history import accepted_shift_words
from wedgate.render.judge import spell_interval, spell_verdict, spell_why


def judgement_annotations(judgement: SuiteJudgement) -> tuple[str, ...]:
    """Return a command for each metric that failed or that is an error, the failed ones first, ten of a level.

    What only advises is a warning. A judgement that failed to judge is one error.
    """
    if not judgement.results:
        return (command("error", clean(spell_verdict(judgement)), title="wedgate judge"),)
    failed = [each for each in judgement.results if each.comparison.outcome is Outcome.FAIL]
    errors = [each for each in failed if each.decides]
    warnings = [each for each in failed if not each.decides]
    warnings += [each for each in judgement.results if each.comparison.outcome is Outcome.ERROR]
    return (
        *(_annotation("error", each) for each in errors[:MOST]),
        *(_annotation("warning", each) for each in warnings[:MOST]),
    )


def _annotation(level: str, result: MetricResult) -> str:
    found = result.comparison
    name = clean(result.name)
    words = f"{name}: {spell_interval(found)} {spell_why(found)}"
    words += "" if result.accepted is None else f"; {accepted_shift_words(result.accepted)}"
    return command(level, clean(words), title=f"wedgate judge: {name} {found.outcome.value}")
