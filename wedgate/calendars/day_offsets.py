"""Days counted from a feast: ``39``, ``-2..1``, ``[-47, 39]``; 0 is the feast itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import plain, shown

FURTHEST = 180
"""About half a year: what lies further off belongs to the feast of another year."""

_EXAMPLE = "write 39, -2..1 or [-47, 39]: days after the feast, or with a minus before it"
_NUMBER = r"(0|-?[1-9][0-9]{0,2})"


@dataclass(frozen=True, slots=True)
class OffsetItem:
    """Days ``first`` to ``last`` after the feast, both included; negative before it."""

    first: int
    last: int

    def __str__(self) -> str:
        """The spelling of one day or range."""
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


class DayOffsets(tuple[OffsetItem, ...]):
    """One day or range, or a list of them."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a number, a range with both ends, or a list of them."""
        items = raw if isinstance(raw, list | tuple) else [raw]
        if not items:
            raise SpellingError("expected at least one day, got an empty list", _EXAMPLE)
        return cls(_item_of(item) for item in items)

    def spell(self) -> object:
        """Write one item by itself, several as a list."""
        return plain(item.first if item.first == item.last else str(item) for item in self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a number, a text or a list of them."""
        number = {"type": "integer", "minimum": -FURTHEST, "maximum": FURTHEST}
        one = {"anyOf": [number, {"type": "string", "pattern": rf"^{_NUMBER}(\.\.{_NUMBER})?$"}]}
        return {"anyOf": [*one["anyOf"], {"type": "array", "items": one, "minItems": 1}]}


def _item_of(raw: object) -> OffsetItem:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise SpellingError(f"expected a number of days, got {shown(raw)}", _EXAMPLE)
    text = "".join(str(raw).split())
    if not re.fullmatch(rf"{_NUMBER}(\.\.{_NUMBER})?", text):
        raise SpellingError(f"{shown(raw)} is not a number of days", _EXAMPLE)
    first, dots, last = text.partition("..")
    item = OffsetItem(int(first), int(last) if dots else int(first))
    if item.last < item.first:
        raise SpellingError(f"{shown(text)} ends before it starts", "put the earlier day first")
    if max(-item.first, item.last) > FURTHEST:
        raise SpellingError(f"{shown(text)} is more than {FURTHEST} days from the feast", "count from a nearer day")
    return item
