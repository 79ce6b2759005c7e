"""Sequences that only grow: a longer one shares what the shorter one holds, and the shorter one stays as it is.

A ledger's state has one for each of its streams. Copying them for each entry would cost the square of their length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Grown(Sequence[T]):
    """The first ``length`` items of a list that nothing but ``grown`` adds to."""

    __slots__ = ("_items", "_length")

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)
        self._length = len(self._items)

    def grown(self, more: Iterable[T]) -> Grown[T]:
        """Return this with more items at its end; where that end was grown before, on a list of its own."""
        if len(self._items) != self._length:
            return Grown([*self._items[: self._length], *more])
        longer: Grown[T] = Grown.__new__(Grown)
        longer._items = items = self._items
        items.extend(more)
        longer._length = len(items)
        return longer

    def __len__(self) -> int:
        """Return how many items there are."""
        return self._length

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        """Return one item, or some of them as a list."""
        if isinstance(place, slice):
            start, stop, step = place.indices(self._length)
            return self._items[start:stop:step] if step > 0 else self._items[: self._length][place]
        if not -self._length <= place < self._length:
            raise IndexError(place)
        return self._items[place if place >= 0 else place + self._length]

    def __iter__(self) -> Iterator[T]:
        """Yield every item."""
        return iter(self._items[: self._length])

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is a sequence of equal items."""
        if not isinstance(other, Grown | tuple | list):
            return NotImplemented
        return len(other) == self._length and list(self) == list(other)

    def __hash__(self) -> int:
        """Hash by the items."""
        return hash(tuple(self))

    def __repr__(self) -> str:
        """Show the items as a tuple does."""
        return repr(tuple(self))
