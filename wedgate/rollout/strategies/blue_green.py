"""Blue-green: all traffic in one switch, then one bake; the old colour stays up behind it."""

from __future__ import annotations

from datetime import timedelta

from wedgate.rollout.values import Step, Strategy


def steps(strategy: Strategy) -> tuple[Step, ...]:
    """Return the one step: all traffic, for the longest bake given."""
    return (Step(weight=100, bake=max((step.bake for step in strategy.steps), default=timedelta(0))),)


def next_step(strategy: Strategy, at_step: int) -> int | None:
    """Return the switch, then nothing."""
    return 0 if at_step < 0 else None
