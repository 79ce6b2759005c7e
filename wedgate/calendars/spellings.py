"""The words of calendar rules: names and holiday categories; and, from beside, dates, weekdays and months.

Each is ``Spelled`` (``wedgate.calendars.spelling``): it reads itself from plain data, spells itself back in its
shortest normal form, and says its JSON Schema. Spaces around a value never matter, and English words are read in any
case, in full or by their first three letters. Numbers for weekdays and months are refused, because people and
programs do not agree where a week begins. Time of day is ``wedgate.calendars.values.ClockRange``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from wedgate.calendars.dated_items import DateItem, DateItems, Days, YearlyItem, YearlyItems
from wedgate.calendars.month_day_items import MonthDayItem, MonthDayItems
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.weekday_items import NthWeekday, WeekdayItems
from wedgate.calendars.weekday_sets import MonthSet, WeekdaySet
from wedgate.calendars.weekly_items import WeeklyItem, WeeklyItems
from wedgate.calendars.wording import nearest, plain, shown, texts_of

__all__ = [
    "CATEGORIES",
    "Categories",
    "DateItem",
    "DateItems",
    "Days",
    "MonthDayItem",
    "MonthDayItems",
    "MonthSet",
    "Names",
    "NthWeekday",
    "WeekdayItems",
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
