"""`rollout.order`: no order of waves that is proposed breaks it, and the best of those that are left is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from wedgate.calendars.values import Verdict
from wedgate.cli.main import cli
from wedgate.rollout.ordering import best_order
from wedgate.rollout.planner import Goal, Stretch, Task, plan_from
from wedgate.rollout.values import Step, Strategy, StrategyKind

START = datetime(2026, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = "abcd"
STEADY = Strategy(
    name="steady",
    kind=StrategyKind.CANARY,
    steps=(Step(weight=10, bake=HOUR), Step(weight=100, bake=timedelta(0))),
    is_complete=True,
)
Pairs = tuple[tuple[str, str], ...]


def task(opens: Sequence[int], closes: Sequence[int], waves: Sequence[str], order: Pairs) -> Task:
    """Make a task in which each region is open once between two hours, and again from the third day on."""
    return Task(
        waves=tuple(tuple(wave) for wave in waves),
        in_flight=1,
        reserve=timedelta(0),
        deploy=timedelta(0),
        stretches={
            name: (
                Stretch(start=START + begin * HOUR, end=START + max(begin, end) * HOUR, verdict=Verdict.OPEN),
                Stretch(start=START + 72 * HOUR, end=START + 240 * HOUR, verdict=Verdict.OPEN),
            )
            for name, begin, end in zip(NAMES, opens, closes, strict=True)
        },
        strategy_of=lambda region, verdict: STEADY,
        horizon=START + 240 * HOUR,
        order=order,
    )


def keeps(waves: Sequence[str], order: Pairs) -> bool:
    """Whether an order of waves keeps to all pairs."""
    place = {name: index for index, wave in enumerate(waves) for name in wave}
    return all(place[first] < place[then] for first, then in order)


@settings(max_examples=80, deadline=None)
@given(
    opens=st.lists(st.integers(0, 20), min_size=4, max_size=4),
    closes=st.lists(st.integers(1, 40), min_size=4, max_size=4),
    waves=st.sampled_from([("a", "b", "c", "d"), ("a", "bc", "d"), ("ab", "cd")]),
    pairs=st.sets(st.sampled_from([("a", "b"), ("a", "c"), ("b", "d"), ("a", "d"), ("b", "c"), ("c", "d")])),
    goal=st.sampled_from(Goal),
)
def test_the_best_order_is_the_best_of_those_that_keep_to_it(
    opens: list[int], closes: list[int], waves: tuple[str, ...], pairs: set[tuple[str, str]], goal: Goal
) -> None:
    """Against every permutation of the waves, planned one by one."""
    order = tuple(pair for pair in sorted(pairs) if keeps(waves, (pair,)))
    found = best_order(task(opens, closes, waves, order), START, goal)
    assert keeps(["".join(wave) for wave in found.waves], order)
    plans = [
        plan_from(task(opens, closes, ["".join(wave) for wave in inner], ()), START)
        for outer in permutations(waves)
        if keeps(outer, order)
        for inner in _orders(outer)
    ]
    if goal is Goal.EARLIEST_FINISH:
        assert found.end == min(plan.end for plan in plans)
    else:
        assert found.least_runway == max(plan.least_runway for plan in plans)


def _orders(waves: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every order inside of the waves."""
    if not waves:
        return [()]
    return [("".join(first), *rest) for first in permutations(waves[0]) for rest in _orders(waves[1:])]


CONFIG = """version: 1
service: venue-search
regions:
  a: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  b: {markets: {ny: {zone: America/New_York, country: US}}}
rules:
  monday: {where: b, dates: 2027-06-07T14:00..2027-06-10T00:00, effect: block}
rollout:
  waves: [a, b]
ORDER
  reserve: 1m
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 4h}]}}
  target: {kind: simulated}
"""


@pytest.mark.parametrize("ordered", [True, False])
def test_the_command_moves_nothing_across_the_order(tmp_path: Path, ordered: bool) -> None:
    """b closes at 18:00 UTC on Monday, and each takes four hours: first b, then a, would be done on Monday."""
    path = tmp_path / "wedgate.yml"
    path.write_text(CONFIG.replace("ORDER", "  order: [{first: a, then: b}]" if ordered else ""))
    words = ["plan", "--config", str(path), "--start", "2027-06-07T12:00:00Z", "--optimise", "earliest-finish"]
    said = " ".join(CliRunner().invoke(cli, words, standalone_mode=False).output.split())
    assert ("no other order of the waves that rollout.order allows is better" in said) is ordered
    assert ("another order is done" in said) is not ordered
