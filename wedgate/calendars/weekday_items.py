"""Which days of the week: ``saturday``, ``friday..sunday``, ``third sunday`` of a month, or a market's wedding days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.weekday_sets import WeekdaySet
from wedgate.calendars.wording import nearest, shown, texts_of
from wedgate.calendars.words import WEEKDAYS, position_of

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
WEDDING_DAYS = "wedding-days"


@dataclass(frozen=True, slots=True, order=True)
class NthWeekday:
    """The ``nth`` weekday of a month (-1: the last one), Monday = 0."""

    nth: int
    weekday: int

    def __str__(self) -> str:
        """The spelling: ``third sunday``."""
        word = next(word for word, nth in ORDINALS.items() if nth == self.nth)
        return f"{word} {WEEKDAYS[self.weekday]}"


_NONE = WeekdaySet()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekdayItems:
    """Weekdays of every week, some of every month, and the wedding days of each market; at least one of them."""

    every: WeekdaySet = _NONE
    nth: tuple[NthWeekday, ...] = ()
    wedding_days: bool = False

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one of the spellings, or a list of them."""
        every: set[int] = set()
        nth: set[NthWeekday] = set()
        wedding_days = False
        for text in texts_of(raw, "weekday", example="saturday, third sunday or wedding-days"):
            if text.lower() == WEDDING_DAYS:
                wedding_days = True
            elif len(text.split()) == 2 and ".." not in text:
                nth.add(_nth_of(text))
            else:
                every |= WeekdaySet.parse(text)
        return cls(every=WeekdaySet(every), nth=tuple(sorted(nth)), wedding_days=wedding_days)

    def spell(self) -> object:
        """Write one item by itself, several as a list."""
        items = list(self._items())
        return items[0] if len(items) == 1 else items

    def _items(self) -> Iterator[str]:
        if self.every:
            spelled = self.every.spell()
            yield from spelled if isinstance(spelled, list) else [str(spelled)]
        yield from map(str, self.nth)
        if self.wedding_days:
            yield WEDDING_DAYS

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: one spelling that an editor can complete, or a list of them."""
        word = "|".join((*WEEKDAYS, *(name[:3] for name in WEEKDAYS)))
        patterns = rf"^(({word})(\.\.({word}))?|({'|'.join(ORDINALS)}) ({word})|{WEDDING_DAYS})$"
        one = {"anyOf": [{"enum": [*WEEKDAYS, WEDDING_DAYS]}, {"type": "string", "pattern": patterns}]}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _nth_of(text: str) -> NthWeekday:
    ordinal, weekday = text.split()
    nth = ORDINALS.get(ordinal.lower())
    if nth is None:
        raise SpellingError(f"{shown(text)} is not a weekday of a month", nearest(ordinal.lower(), tuple(ORDINALS)))
    return NthWeekday(nth, position_of(weekday, WEEKDAYS, "weekday"))
