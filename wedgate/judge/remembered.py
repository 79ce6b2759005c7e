"""What was worked out from values, remembered by which objects they are.

Every look of a bake judges the slices of all looks before it, which are the same objects. To compare or hash a slice,
with all of its buckets, costs as much as what is worked out from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Found = TypeVar("Found")

MOST = 4096
"""How many answers are remembered; then all of them are forgotten."""


class Remembered(Generic[Found]):
    """A function of frozen values that is asked for the same objects again and again."""

    def __init__(self, work_out: Callable[..., Found]) -> None:
        self._work_out = work_out
        self._known: dict[int | tuple[int, ...], tuple[Found, tuple[object, ...]]] = {}

    def __call__(self, *values: object) -> Found:
        """Return what the function does for these objects together."""
        which = tuple(map(id, values))
        known = self._known.get(which)
        return self._found(which, values) if known is None else known[0]

    def each(self, values: Iterable[object]) -> list[Found]:
        """Return what the function does for each of these objects."""
        known = self._known
        return [
            self._found(id(value), (value,)) if (one := known.get(id(value))) is None else one[0] for value in values
        ]

    def _found(self, which: int | tuple[int, ...], values: tuple[object, ...]) -> Found:
        found = self._work_out(*values)
        if len(self._known) >= MOST:
            self._known.clear()
        # The objects are kept with it: as long as they live, no others have their numbers.
        self._known[which] = found, values
        return found
