"""Chance that can be told and repeated: the same seed gives the same order, on every machine and version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")
_WORD = (1 << 64) - 1


class Chance:
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), seeded with a whole number. No source of secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _WORD

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, and without, ``limit``, each as likely as any other."""
        most = _WORD + 1 - (_WORD + 1) % limit
        while (found := self._next()) >= most:
            pass
        return found % limit

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """Return the items in a random order (Fisher and Yates)."""
        found = list(items)
        for place in range(len(found) - 1, 0, -1):
            other = self.below(place + 1)
            found[place], found[other] = found[other], found[place]
        return found

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _WORD
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        return mixed ^ (mixed >> 31)
