"""Durations in words are rounded down: nobody is promised more time than there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wedgate.gate.clock import clock_trouble
from wedgate.gate.decide import words_of


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (2700, "45 min"), (3600, "1 h"), (5399, "1 h 29 min"),
     (86400 * 3 + 3600 * 15 + 3599, "3 d 15 h"), (86400, "1 d"), (86399, "23 h 59 min")],
)  # fmt: skip
def test_at_most_two_units_and_never_more_than_there_is(seconds: int, words: str) -> None:
    """Two units are enough for a person."""
    assert words_of(timedelta(seconds=seconds)) == words


def test_the_trouble_with_a_clock_says_how_far_and_which_way() -> None:
    """So that a person knows what to set."""
    now = datetime(2026, 6, 5, 12, tzinfo=UTC)
    assert "3,600 s ahead of" in (clock_trouble(now, now - timedelta(hours=1)) or "")
    assert "3,600 s behind" in (clock_trouble(now, now + timedelta(hours=1)) or "")
