"""Sequences that only grow, and copies of frozen values: as tuples and as ``dataclasses.replace`` would have it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wedgate.ledger.copying import replace
from wedgate.ledger.grown import Grown
from wedgate.rollout.state import RegionPhase, RegionState
from wedgate.rollout.values import Colour, Weights


@given(st.lists(st.tuples(st.integers(0, 20), st.lists(st.integers(), max_size=3)), max_size=12))
def test_whatever_grows_from_it_a_sequence_stays_as_it_was(steps: list[tuple[int, list[int]]]) -> None:
    """Any of those made so far may be grown, again and again: all are what tuples would be."""
    made: list[tuple[Grown[int], tuple[int, ...]]] = [(Grown(), ())]
    for place, more in steps:
        grown, same = made[place % len(made)]
        made.append((grown.grown(more), (*same, *more)))
    for grown, same in made:
        assert (list(grown), len(grown), grown == same, same == grown) == (list(same), len(same), True, True)
        assert [grown[place] for place in range(-len(same), len(same))] == [*same, *same]
        assert (grown[1:], grown[-2:], grown[::-1], grown[:1]) == tuple(
            list(same[part]) for part in (slice(1, None), slice(-2, None), slice(None, None, -1), slice(1))
        )
        with pytest.raises(IndexError):
            grown[len(same)]


def test_a_copy_is_what_dataclasses_make() -> None:
    """Every field but the changed ones, and the value that it was made of stays as it is."""
    region = RegionState(region="us-west", phase=RegionPhase.BAKING, weight=10)
    assert replace(region, weight=50, why="more") == dataclasses.replace(region, weight=50, why="more")
    assert region.weight == 10
    with pytest.raises(AttributeError):
        replace(region, wait=50)  # type: ignore[call-arg]


def test_a_copy_is_checked_as_its_value_is() -> None:
    """Weights that sum to something else than a hundred cannot be had by changing others."""
    with pytest.raises(ValueError, match="sum to 100"):
        replace(Weights.giving(Colour.BLUE, 90), blue=95)
