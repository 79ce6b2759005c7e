"""What widens a rule: ``pad: {before: 6h, after: 1d}``, in local wall time, days as local dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import shown

_LENGTH = r"^(?=.*[1-9])([0-9]{1,2}d)?([0-9]{1,3}h)?([0-9]{1,4}m)?$"
_LONGEST_DAYS = 60
_EXAMPLE = "pad: {before: 6h, after: 1d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WallLength:
    """A length of wall time: whole local dates, and minutes beside them. A date is never a number of hours."""

    days: int = 0
    minutes: int = 0

    @property
    def seconds(self) -> int:
        """Seconds on a clock that knows no change: what is added to a wall time, not to an instant."""
        return self.days * 86400 + self.minutes * 60

    def __str__(self) -> str:
        """The spelling: ``1d``, ``6h30m``."""
        hours, minutes = divmod(self.minutes, 60)
        parts = ((self.days, "d"), (hours, "h"), (minutes, "m"))
        return "".join(f"{number}{unit}" for number, unit in parts if number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """How much earlier a rule begins and how much later it ends."""

    before: WallLength = WallLength()
    after: WallLength = WallLength()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read ``{before: 6h, after: 1d}``; one of the two may be left out, and neither may be nothing."""
        if not isinstance(raw, dict) or not raw:
            raise SpellingError(f"expected before and after, got {shown(raw)}", f"write {_EXAMPLE}")
        for key in raw:
            if key not in ("before", "after"):
                raise SpellingError(f"pad has no {shown(key)}", "it takes before and after")
        return cls(**{key: _length_of(text, key) for key, text in raw.items()})

    def spell(self) -> object:
        """Write it as it stands in the file."""
        sides = (("before", self.before), ("after", self.after))
        return {key: str(length) for key, length in sides if length != WallLength()}

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the JSON Schema of the mapping."""
        one = {"type": "string", "pattern": _LENGTH, "examples": ["6h", "1d"]}
        sides = {"before": "How much earlier it begins.", "after": "How much later it ends."}
        return {
            "type": "object",
            "properties": {side: {**one, "description": said} for side, said in sides.items()},
            "additionalProperties": False,
            "minProperties": 1,
        }


def _length_of(raw: object, key: str) -> WallLength:
    text = raw.strip().replace(" ", "") if isinstance(raw, str) else ""
    found = re.fullmatch(_LENGTH, text)
    if found is None:
        raise SpellingError(f"{key}: {shown(raw)} is not a length", "write a number above 0 with d, h or m: 6h, 1d")
    days, hours, minutes = (int(part[:-1]) if part else 0 for part in found.groups())
    length = WallLength(days=days, minutes=hours * 60 + minutes)
    if length.seconds > _LONGEST_DAYS * 86400:
        raise SpellingError(f"{key}: {text} is longer than {_LONGEST_DAYS} days", "write the dates themselves")
    return length
