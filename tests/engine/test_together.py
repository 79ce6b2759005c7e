"""A rollback in several regions: none waits for another, and one alone needs no thread."""

from __future__ import annotations

import threading

import pytest

from wedgate.engine.returning import in_threads, one_by_one


def test_several_calls_are_made_at_the_same_time() -> None:
    """Each waits until all of them are there; one after the other they would wait for ever."""
    meeting = threading.Barrier(3, timeout=5)
    assert list(in_threads(lambda number: (meeting.wait() >= 0, number * 10)[1], [3, 1, 2])) == [30, 10, 20]


def test_a_single_call_is_made_here() -> None:
    """Without a thread of its own."""
    assert in_threads(lambda item: threading.current_thread(), ["only"]) == [threading.current_thread()]


@pytest.mark.parametrize("together", [in_threads, one_by_one])
@pytest.mark.parametrize("items", [[0], [1, 0]])
def test_what_a_call_raises_is_raised(together: object, items: list[int]) -> None:
    """Whichever way the calls are made."""
    assert callable(together)
    with pytest.raises(ZeroDivisionError):
        list(together(lambda item: 1 // item, items))
