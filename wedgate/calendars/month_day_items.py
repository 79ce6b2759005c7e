"""Days of a month by number: ``1``, ``10..15``, and from its end ``last`` or ``last 3``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import plain, shown

_EXAMPLE = "write 1, 10..15, last or last 3"
_NUMBER = "(0?[1-9]|[12][0-9]|3[01])"
_PATTERN = rf"^({_NUMBER}(\.\.{_NUMBER})?|last( {_NUMBER})?)$"


@dataclass(frozen=True, slots=True)
class MonthDayItem:
    """Days ``first`` to ``last`` of a month, both included; with ``first`` = -n the last n days, and ``last`` -1."""

    first: int
    last: int

    def __str__(self) -> str:
        """The spelling of one day or range."""
        if self.first < 0:
            return "last" if self.first == -1 else f"last {-self.first}"
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


class MonthDayItems(tuple[MonthDayItem, ...]):
    """One day or range of every month, or a list of them."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a number, a range with both ends, ``last``, ``last 3``, or a list of them."""
        items = raw if isinstance(raw, list | tuple) else [raw]
        if not items:
            raise SpellingError("expected at least one day of the month, got an empty list", _EXAMPLE)
        return cls(_item_of(item) for item in items)

    def spell(self) -> object:
        """Write one item by itself, several as a list."""
        return plain(int(str(item)) if str(item).isdigit() else str(item) for item in self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a number, a text or a list of them."""
        one = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 31}, {"type": "string", "pattern": _PATTERN}]}
        return {"anyOf": [*one["anyOf"], {"type": "array", "items": one, "minItems": 1}]}


def _item_of(raw: object) -> MonthDayItem:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise SpellingError(f"expected a day of the month, got {shown(raw)}", _EXAMPLE)
    text = " ".join(str(raw).split())
    if not re.fullmatch(_PATTERN, text):
        raise SpellingError(f"{shown(raw)} is not a day of the month", _EXAMPLE)
    if text.startswith("last"):
        number = int(text.removeprefix("last") or 1)
        if number > 27:
            raise SpellingError(f"{text} days are longer than February", "write at most last 27, or 1..31")
        return MonthDayItem(-number, -1)
    first, dots, last = text.partition("..")
    item = MonthDayItem(int(first), int(last) if dots else int(first))
    if item.last < item.first:
        raise SpellingError(f"{shown(text)} ends before it starts", "put the earlier day first, or make two of it")
    return item
