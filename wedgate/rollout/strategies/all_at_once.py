"""All at once: all traffic with no bake to speak of. Dangerous: what is wrong with the version, everybody sees."""

from __future__ import annotations

from datetime import timedelta

from wedgate.rollout.values import Step, Strategy


def steps(strategy: Strategy) -> tuple[Step, ...]:
    """Return the one step: all traffic, judged as soon as there is anything to judge."""
    return (Step(weight=100, bake=strategy.steps[0].bake if strategy.steps else timedelta(0)),)


def next_step(strategy: Strategy, at_step: int) -> int | None:
    """Return the switch, then nothing."""
    return 0 if at_step < 0 else None
