"""Days and ranges of them, of one year (``2026-12-18``) or of every year (``12-24``), with or without times.

Without times both ends belong to the range. With a time at both ends it is a half-open range of local instants.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

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

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MONTH_DAY = r"[0-9]{2}-[0-9]{2}"
_DATE_EXAMPLE = "2026-05-24, 2026-12-18..2027-01-04 or 2026-12-18T17:00..2027-01-04T09:00"
_YEARLY_EXAMPLE = "02-14, 04-01..10-31 or 12-31T12:00..01-01T24:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateItem:
    """Local dates ``first`` to ``last``, both included; with ``start``, from that time to ``end`` (``None``: 24:00)."""

    first: date
    last: date
    start: time | None = None
    end: time | None = None

    @property
    def wall_start(self) -> datetime:
        """The local wall time at which it begins."""
        return datetime.combine(self.first, self.start or time(0))

    @property
    def wall_end(self) -> datetime:
        """The local wall time at which it ends (excluded)."""
        if self.end is None:
            return datetime.combine(self.last, time(0)) + timedelta(days=1)
        return datetime.combine(self.last, self.end)

    def __str__(self) -> str:
        """The spelling of one day or range."""
        if self.start is not None:
            return f"{self.first}T{self.start:%H:%M}..{self.last}T{spelled_end(self.end)}"
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


class DateItems(Items[DateItem]):
    """One day, range with both ends or range of local instants, or a list of them; all dated."""

    __slots__ = ()

    NOUN = "date"
    EXAMPLE = _DATE_EXAMPLE
    FORM = rf"({_DAY}(\.\.{_DAY})?|{_DAY}T{CLOCK}\.\.{_DAY}T{CLOCK_END})"

    @classmethod
    def _read(cls, text: str) -> DateItem:
        return _parse_dated(text)


class Days(DateItems):
    """Dated days and ranges of whole days, without times."""

    __slots__ = ()

    FORM = rf"{_DAY}(\.\.{_DAY})?"

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a day, a range with both ends, or a list of them; a time is refused."""
        items = super().parse(raw)
        for item in items:
            if item.start is not None:
                raise SpellingError(f"{shown(str(item))} has times", "write whole days, without T and a time")
        return items


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyItem:
    """(month, day) ``first`` to ``last``, both included, wrapping the year if ``last`` is earlier; times as above.

    A day that some or all years lack (02-29, 02-30) is legal: it matches where it exists, and nothing otherwise.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    start: time | None = None
    end: time | None = None

    @property
    def wraps(self) -> bool:
        """Whether it ends in the year after the one it began in."""
        if self.first == self.last and self.start is not None and self.end is not None:
            return self.end <= self.start
        return self.last < self.first

    def __str__(self) -> str:
        """The spelling of one day or range."""
        first, last = (f"{month:02}-{day:02}" for month, day in (self.first, self.last))
        if self.start is not None:
            return f"{first}T{self.start:%H:%M}..{last}T{spelled_end(self.end)}"
        return first if first == last else f"{first}..{last}"


class YearlyItems(Items[YearlyItem]):
    """One day, range with both ends or range of local instants of every year, or a list of them."""

    __slots__ = ()

    NOUN = "day of the year"
    EXAMPLE = _YEARLY_EXAMPLE
    FORM = rf"({_MONTH_DAY}(\.\.{_MONTH_DAY})?|{_MONTH_DAY}T{CLOCK}\.\.{_MONTH_DAY}T{CLOCK_END})"

    @classmethod
    def _read(cls, text: str) -> YearlyItem:
        return _parse_yearly(text)


def _parse_dated(text: str) -> DateItem:
    first, last, start, end = _split(text, "date", _DATE_EXAMPLE)
    item = DateItem(first=_date_of(first), last=_date_of(last), start=start, end=end)
    if item.last < item.first or item.wall_end <= item.wall_start:
        raise SpellingError(f"{shown(text)} ends before it starts, or where it starts", "put the earlier end first")
    return item


def _parse_yearly(text: str) -> YearlyItem:
    first, last, start, end = _split(text, "day of the year", _YEARLY_EXAMPLE)
    item = YearlyItem(first=_month_day_of(first), last=_month_day_of(last), start=start, end=end)
    if start is not None and (item.first, item.start) == (item.last, item.end):
        raise SpellingError(f"{shown(text)} starts where it ends", "give it a length")
    return item


def _split(text: str, noun: str, example: str) -> tuple[str, str, time | None, time | None]:
    """Return both days of an item, and both times if it has any; one day alone is its own first and last."""
    if ".." not in text:
        if "T" in text:
            raise SpellingError(f"{shown(text)} has a time but no end", f"write {example}")
        return text, text, None, None
    first, last = both_ends(text, noun, example=example)
    first_day, first_t, first_time = first.partition("T")
    last_day, last_t, last_time = last.partition("T")
    if bool(first_t) != bool(last_t):
        raise SpellingError(f"{shown(text)} has a time at one end only", "write a time at both ends, or at none")
    if not first_t:
        return first_day, last_day, None, None
    return first_day, last_day, start_time_of(first_time), end_time_of(last_time)


def _date_of(text: str) -> date:
    if re.fullmatch(_DAY, text):
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise SpellingError(f"there is no day {text}", "check the month and the day") from None
        if 1970 <= found.year <= 9000:
            return found
    raise SpellingError(f"{shown(text)} is not a date", f"write {_DATE_EXAMPLE}")


def _month_day_of(text: str) -> tuple[int, int]:
    if not re.fullmatch(_MONTH_DAY, text):
        raise SpellingError(f"{shown(text)} is not a day of the year", f"write month and day: {_YEARLY_EXAMPLE}")
    month, day = int(text[:2]), int(text[3:])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise SpellingError(f"there is no day {text}", f"write month and day: {_YEARLY_EXAMPLE}")
    return month, day
