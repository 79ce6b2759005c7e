"""What a run says of its machine, and what a comparison of the base with itself looks like."""

from __future__ import annotations

import pytest

from wedgate.judge.comparison import Comparison
from wedgate.judge.values import Outcome
from wedgate.render.bench import machine_words, same_words


@pytest.mark.parametrize(("load", "is_busy"), [("2.00", False), ("2.01", True)])
def test_a_machine_with_more_to_do_than_cpus_is_called_busy(load: str, is_busy: bool) -> None:
    """By the load before the start, which is not the run's own."""
    words = machine_words({"cpu": "Large CPU", "cpus": "2", "load before": load, "governor": "powersave"}, pinned=1)
    assert words.startswith(f"Large CPU, 2 CPUs, pinned to CPU 1, governor powersave, load before {load}")
    assert words.endswith("busy: others want more than there is") is is_busy


def test_a_machine_that_tells_nothing_is_said_so() -> None:
    """No reading is invented."""
    assert machine_words({}, pinned=None) == "an unknown CPU, ? CPUs, not pinned"


def test_a_base_that_cannot_be_compared_with_itself_says_why() -> None:
    """Or by how much it differs."""
    few = Comparison(outcome=Outcome.NOT_ENOUGH_DATA, why="3 and 3 values cannot tell", base=3, candidate=3)
    assert same_words(few) == "base against itself: 3 and 3 values cannot tell"
    found = Comparison(outcome=Outcome.PASS, why="", base=9, candidate=9, estimate=1.01, lower=0.99, upper=1.0304)
    assert same_words(found) == "base against itself: x1.010 (0.990..1.030)"
