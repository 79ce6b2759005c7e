"""Ways through one region, one module each. They do not know one another; the machine asks the one in force."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from wedgate.rollout.strategies import all_at_once, blue_green, canary, linear
from wedgate.rollout.strategies.interface import Path
from wedgate.rollout.values import Strategy, StrategyKind

AT_ONCE = "all-at-once is dangerous: everybody gets the version before anybody judged it"
"""What is said of a strategy that ``is_at_once``."""


def path_of(strategy: Strategy) -> Path:
    """Return the module that knows the order of this strategy's steps."""
    match strategy.kind:
        case StrategyKind.CANARY:
            return canary
        case StrategyKind.BLUE_GREEN:
            return blue_green
        case StrategyKind.LINEAR:
            return linear
        case StrategyKind.ALL_AT_ONCE:
            return all_at_once
        case unknown:
            assert_never(unknown)


def completed(strategy: Strategy) -> Strategy:
    """Return the strategy with every step spelled out, so that the last one gives the candidate all traffic."""
    if strategy.is_complete:
        return strategy
    return replace(strategy, steps=path_of(strategy).steps(strategy), is_complete=True)


def is_at_once(strategy: Strategy) -> bool:
    """Whether everybody gets the version in the first step, and nobody looks at it there, whatever its kind."""
    first = completed(strategy).steps[0]
    return first.weight == 100 and not first.bake
