"""Linear: the candidate's share grows by the same amount each time, each with the same bake."""

from __future__ import annotations

from datetime import timedelta

from wedgate.rollout.values import Step, Strategy


def steps(strategy: Strategy) -> tuple[Step, ...]:
    """Return every step of the one given: 20, 40, 60, 80 with its bake, and all traffic without one of its own."""
    by, bake = strategy.steps[0].weight, strategy.steps[0].bake
    return (*(Step(weight=weight, bake=bake) for weight in range(by, 100, by)), Step(weight=100, bake=timedelta(0)))


def next_step(strategy: Strategy, at_step: int) -> int | None:
    """Return the index of the step after ``at_step``, ``None`` after the last."""
    return at_step + 1 if at_step + 1 < len(strategy.steps) else None
