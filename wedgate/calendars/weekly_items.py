"""Stretches of the week with a time at both ends: ``friday 17:00..monday 09:00``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from wedgate.calendars.items import Items
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import (
    CLOCK,
    CLOCK_END,
    both_ends,
    end_time_of,
    shown,
    spelled_end,
    start_time_of,
)
from wedgate.calendars.words import WEEKDAYS, position_of

_EXAMPLE = "friday 17:00..monday 09:00"
_WORD = "|".join((*WEEKDAYS, *(name[:3] for name in WEEKDAYS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyItem:
    """A half-open stretch of the local week, Monday = 0; it may wrap. ``end is None`` is 24:00 of ``last``."""

    first: int
    start: time
    last: int
    end: time | None

    @property
    def nights(self) -> int:
        """How many local dates after the first one the last one is: 0 to 7."""
        nights = (self.last - self.first) % 7
        same_day_before = nights == 0 and self.end is not None and self.end <= self.start
        return 7 if same_day_before else nights

    def __str__(self) -> str:
        """The spelling of one stretch."""
        return f"{WEEKDAYS[self.first]} {self.start:%H:%M}..{WEEKDAYS[self.last]} {spelled_end(self.end)}"


class WeeklyItems(Items[WeeklyItem]):
    """One stretch of the week, or a list of them."""

    __slots__ = ()

    NOUN = "stretch of the week"
    EXAMPLE = _EXAMPLE
    FORM = rf"({_WORD}) {CLOCK}\.\.({_WORD}) {CLOCK_END}"

    @classmethod
    def _read(cls, text: str) -> WeeklyItem:
        return _parse(text)


def _parse(text: str) -> WeeklyItem:
    first, last = both_ends(text, "stretch of the week", example=_EXAMPLE)
    first_day, first_time = _day_and_time(first, text)
    last_day, last_time = _day_and_time(last, text)
    item = WeeklyItem(
        first=position_of(first_day, WEEKDAYS, "weekday"),
        start=start_time_of(first_time),
        last=position_of(last_day, WEEKDAYS, "weekday"),
        end=end_time_of(last_time),
    )
    if (item.first, item.start) == (item.last, item.end):
        raise SpellingError(f"{shown(text)} starts where it ends", "give it a length, or use weekdays: monday..sunday")
    return item


def _day_and_time(end: str, text: str) -> tuple[str, str]:
    parts = end.split()
    if len(parts) != 2:
        raise SpellingError(f"{shown(text)} needs a weekday and a time at both ends", f"write {_EXAMPLE}")
    return parts[0], parts[1]
