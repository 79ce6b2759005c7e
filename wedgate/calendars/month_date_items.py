"""Days of the year of a lunar or Hijri calendar: ``07-07``, ``12-last``, and ranges with both ends.

Months are counted and never named, and have 29 or 30 days. ``last`` is the last day of the month, and so is day 30 of
a month of 29: people who say "the thirtieth of the twelfth" for New Year's Eve mean it in those years too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wedgate.calendars.items import Items
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import both_ends, shown

LAST = 30
"""The last day of any month: its thirtieth, or its twenty-ninth if it has no more."""

_EXAMPLE = "07-07, 12-last or 07-01..07-last"
_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|30|last)"


@dataclass(frozen=True, slots=True)
class MonthDateItem:
    """(month, day) ``first`` to ``last``, both included, wrapping the calendar's year if ``last`` is earlier."""

    first: tuple[int, int]
    last: tuple[int, int]

    @property
    def wraps(self) -> bool:
        """Whether it ends in the year after the one it began in."""
        return self.last < self.first

    def touches(self, month: int) -> bool:
        """Whether some day of a month, counted from 1, belongs to it."""
        return (month - self.first[0]) % 12 <= (self.last[0] - self.first[0]) % 12

    def __str__(self) -> str:
        """The spelling of one day or range."""
        first, last = (f"{month:02}-{'last' if day == LAST else f'{day:02}'}" for month, day in (self.first, self.last))
        return first if first == last else f"{first}..{last}"


class MonthDateItems(Items[MonthDateItem]):
    """One day or range of every year of the calendar, or a list of them; day 30 is spelled ``last``, the same day."""

    __slots__ = ()

    NOUN = "month and day"
    EXAMPLE = _EXAMPLE
    FORM = rf"{_DAY}(\.\.{_DAY})?"

    @classmethod
    def _read(cls, text: str) -> MonthDateItem:
        return _item_of(text)


def _item_of(text: str) -> MonthDateItem:
    if ".." not in text:
        return MonthDateItem(_day_of(text), _day_of(text))
    first, last = both_ends(text, "range of days", example=_EXAMPLE)
    item = MonthDateItem(_day_of(first), _day_of(last))
    if item.wraps and item.first[0] == item.last[0]:
        raise SpellingError(f"{shown(text)} ends before it starts", "put the earlier day first")
    return item


def _day_of(text: str) -> tuple[int, int]:
    if not re.fullmatch(r"[0-9]{2}-([0-9]{2}|last)", text):
        raise SpellingError(f"{shown(text)} is not a day of the calendar's year", f"write month and day: {_EXAMPLE}")
    if not re.fullmatch(_DAY, text):
        raise SpellingError(f"there is no day {text}", "write a month from 01 to 12, and a day from 01 to 30 or last")
    month, _, day = text.partition("-")
    return int(month), LAST if day == "last" else int(day)
