"""What a strategy is: the order of steps through one region."""

from __future__ import annotations

from typing import Protocol

from wedgate.rollout.values import Step, Strategy


class Path(Protocol):
    """One kind of strategy."""

    def next_step(self, strategy: Strategy, at_step: int) -> int | None:
        """Return the index of the step after ``at_step`` (-1: the first); ``None`` when the candidate is promoted."""

    def steps(self, strategy: Strategy) -> tuple[Step, ...]:
        """Return every step in order; the last gives the candidate all traffic."""
