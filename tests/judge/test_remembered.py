"""What is remembered of slices is what would be worked out for them anew, and never that of another object."""

from __future__ import annotations

from wedgate.judge import remembered
from wedgate.judge.remembered import Remembered


def test_the_same_objects_are_worked_out_once() -> None:
    """Equal ones that are others are worked out too: nobody compares them."""
    asked: list[tuple[str, ...]] = []
    joined = Remembered(lambda *words: asked.append(words) or "".join(words))
    first, second = "".join(["ab"] * 2), "".join(["ab"] * 2)
    assert first == second
    assert first is not second
    assert [joined(first), joined(first), joined(second), joined(first, second)] == ["abab"] * 3 + ["abababab"]
    assert asked == [(first,), (second,), (first, second)]


def test_objects_that_come_and_go_are_not_taken_for_one_another() -> None:
    """Memory is used again, and with it the numbers of objects: each answer is of the object that was asked about."""
    first_of = Remembered(lambda items: items[0])
    assert all(first_of([number]) == number for number in range(3 * remembered.MOST))


def test_no_more_is_kept_than_said() -> None:
    """A run of days must not grow."""
    length = Remembered(len)
    for size in range(2 * remembered.MOST + 5):
        length([size])
    assert len(length._known) <= remembered.MOST
