"""Canary: the candidate's share grows step by step, each with its bake."""

from __future__ import annotations

from datetime import timedelta

from wedgate.rollout.values import Step, Strategy


def steps(strategy: Strategy) -> tuple[Step, ...]:
    """Return the steps as given, ended by all traffic without a bake of its own where the last gives less."""
    given = strategy.steps
    if given and given[-1].weight == 100:
        return given
    return (*given, Step(weight=100, bake=timedelta(0)))


def next_step(strategy: Strategy, at_step: int) -> int | None:
    """Return the index of the step after ``at_step``, ``None`` after the last."""
    return at_step + 1 if at_step + 1 < len(steps(strategy)) else None
