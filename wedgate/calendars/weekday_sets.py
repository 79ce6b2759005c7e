"""Sets of weekdays and of months, as places in a cycle of English words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import plain, shown, texts_of
from wedgate.calendars.words import MONTHS, WEEKDAYS, position_of


class _WordSet(frozenset[int]):
    """Places in a fixed cycle of English words; a subclass says which cycle, and the number of its first word."""

    WORDS: ClassVar[Sequence[str]]
    NOUN: ClassVar[str]
    FIRST: ClassVar[int]

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a word, a range ``a..b`` with both ends (it may wrap), or a list of them."""
        found: set[int] = set()
        for item in texts_of(raw, cls.NOUN, example=cls.WORDS[5]):
            found.update(cls._read(item))
        return cls(found)

    @classmethod
    def _read(cls, item: str) -> Iterable[int]:
        first, dots, last = item.partition("..")
        start = position_of(first, cls.WORDS, cls.NOUN)
        if not dots:
            return (start + cls.FIRST,)
        end = position_of(last, cls.WORDS, cls.NOUN)
        if start == end:
            raise SpellingError(f"{shown(item)} starts where it ends", f"write {cls.WORDS[start]} for that one alone")
        size = len(cls.WORDS)
        return tuple((start + step) % size + cls.FIRST for step in range((end - start) % size + 1))

    def spell(self) -> object:
        """Write one word, a range of three or more in a row, or a list."""
        size = len(self.WORDS)
        places = sorted(number - self.FIRST for number in self)
        starts = [place for place in places if (place - 1) % size not in places]
        if len(places) == size:
            return f"{self.WORDS[0]}..{self.WORDS[-1]}"
        if len(starts) == 1 and len(places) > 2:
            return f"{self.WORDS[starts[0]]}..{self.WORDS[(starts[0] + len(places) - 1) % size]}"
        return plain(self.WORDS[place] for place in places)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a word that an editor can complete, a range, or a list of both."""
        word = "|".join((*cls.WORDS, *(name[:3] for name in cls.WORDS)))
        one = {"anyOf": [{"enum": list(cls.WORDS)}, {"type": "string", "pattern": rf"^({word})(\.\.({word}))?$"}]}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


class WeekdaySet(_WordSet):
    """Weekdays, Monday = 0 as in ``date.weekday()``: ``saturday``, ``friday..sunday``, ``[tue, thu]``."""

    WORDS = WEEKDAYS
    NOUN = "weekday"
    FIRST = 0


class MonthSet(_WordSet):
    """Months, January = 1: ``june``, ``november..february``, ``[april, may]``. Equal to a plain ``frozenset``."""

    WORDS = MONTHS
    NOUN = "month"
    FIRST = 1
