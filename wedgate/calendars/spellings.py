"""The words of calendar rules: sets of weekdays and months, names, holiday categories; and, from beside, dates.

Each is ``Spelled`` (``wedgate.calendars.spelling``): it reads itself from plain data, spells itself back in its
shortest normal form, and says its JSON Schema. Spaces around a value never matter, and English words are read in any
case, in full or by their first three letters. Numbers for weekdays and months are refused, because people and
programs do not agree where a week begins. Time of day is ``wedgate.calendars.values.ClockRange``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Self

from wedgate.calendars.dated_items import DateItem, DateItems, Days, YearlyItem, YearlyItems
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.weekly_items import WeeklyItem, WeeklyItems
from wedgate.calendars.wording import nearest, plain, shown, texts_of
from wedgate.calendars.words import MONTHS, WEEKDAYS, position_of

__all__ = [
    "CATEGORIES",
    "Categories",
    "DateItem",
    "DateItems",
    "Days",
    "MonthSet",
    "Names",
    "WeekdaySet",
    "WeeklyItem",
    "WeeklyItems",
    "YearlyItem",
    "YearlyItems",
]

CATEGORIES = (
    *("albanian", "armed_forces", "armenian", "bank", "bosnian", "catholic", "christian", "de_facto"),
    *("government", "half_day", "hebrew", "hindu", "islamic", "optional", "optional_women", "orthodox", "protestant"),
    *("public", "restricted_settlement", "roma", "sabian", "school", "serbian", "turkish", "unofficial", "vlach"),
    *("workday", "yazidi"),
)
"""The categories that the ``holidays`` package knows (its ``constants`` module); a test holds the two together."""


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


class Names(tuple[str, ...]):
    """Names of holidays, one or a list; matched without regard to case."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one name or a list of them."""
        return cls(texts_of(raw, "name", example='"Good Friday"'))

    def spell(self) -> object:
        """Write one name by itself, several as a list."""
        return plain(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a text or a list of texts."""
        one = {"type": "string", "minLength": 1}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


class Categories(tuple[str, ...]):
    """Holiday categories, sorted: ``public``, ``[bank, public]``."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one category or a list of them; whether a country has it is for the almanac to say."""
        words = tuple(word.lower().replace("-", "_") for word in texts_of(raw, "holiday category", example="public"))
        for word in words:
            if word not in CATEGORIES:
                raise SpellingError(f"{shown(word)} is not a holiday category", nearest(word, CATEGORIES))
        return cls(sorted(set(words)))

    def spell(self) -> object:
        """Write one category by itself, several as a list."""
        return plain(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a category or a list of them."""
        one = {"enum": list(CATEGORIES)}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
