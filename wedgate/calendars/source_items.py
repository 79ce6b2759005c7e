"""What names a source in a rule: a file beside the configuration, or a page and how old it may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import shown, text_of, texts_of

SHIPPED = "shipped:"
"""Before the name of a table that comes with wedgate."""

_URL = re.compile(r"https?://[^\s/@?#]+(/[^\s#]*)?(\?[^\s#]*)?")


class FilePath(str):
    """A path beside the configuration, ``calendars/fairs.yml``, or a table of wedgate's own, ``shipped:muhurta``."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a path with ``/``; one that leads out of the configuration's directory is refused."""
        text = text_of(raw, "path", example="calendars/fairs.yml")
        if text.startswith(SHIPPED):
            if not re.fullmatch(r"[a-z0-9-]{1,63}", text.removeprefix(SHIPPED)):
                raise SpellingError(f"{shown(text)} is not the name of a table", "write such as shipped:muhurta")
            return cls(text)
        return cls(_path_of(text))

    def spell(self) -> object:
        """Write it as it stands in the file."""
        return str(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a text."""
        said = "A table of dates in a file beside wedgate.yml, with its source and the day it expires."
        return {"type": "string", "minLength": 1, "examples": ["calendars/fairs.yml"], "description": said}


class Location(str):
    """A path beside the configuration, or an address that begins with ``https://`` or ``http://``."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a path or an address; user names and passwords in an address are refused, and other schemes."""
        text = text_of(raw, "feed", example="calendars/fairs.ics or https://example.org/fairs.ics")
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) is None:
            return cls(_path_of(text))
        if text.lower().startswith("webcal://"):
            raise SpellingError(f"{shown(text)} is an address for calendar programs", "write https:// instead")
        if not text.startswith(("https://", "http://")):
            raise SpellingError(f"{shown(text)} is neither a path nor a web address", "write https:// or a path")
        if "@" in text.partition("://")[2].partition("/")[0]:
            raise SpellingError("an address in the configuration may not hold a password", "use an address without one")
        if _URL.fullmatch(text) is None:
            raise SpellingError(f"{shown(text)} is not an address", "write such as https://example.org/fairs.ics")
        return cls(text)

    def spell(self) -> object:
        """Write it as it stands in the file."""
        return str(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a text."""
        said = "An iCalendar file beside wedgate.yml, or its address on the web."
        return {"type": "string", "minLength": 1, "examples": ["calendars/fairs.ics"], "description": said}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAge:
    """How old a copy of a page may be before it no longer counts: ``12h``, ``7d``."""

    age: timedelta

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a number of hours or days: one hour to ninety days."""
        text = raw.strip() if isinstance(raw, str) else ""
        found = re.fullmatch(r"([0-9]{1,4})([hd])", text)
        age = timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1)) if found else timedelta(0)
        if not timedelta(hours=1) <= age <= timedelta(days=90):
            raise SpellingError(f"{shown(raw)} is not an age from 1h to 90d", "write hours or days, such as 12h or 7d")
        return cls(age=age)

    def spell(self) -> object:
        """Write it in days where they are whole."""
        hours = int(self.age.total_seconds()) // 3600
        return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema of the text."""
        said = "With `feed`: how old the last copy of a page may be when the page cannot be fetched."
        return {"type": "string", "pattern": "^[0-9]{1,4}[hd]$", "examples": ["7d"], "description": said}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateAllowed:
    """Whether an address inside a private network may be fetched."""

    allowed: bool = False

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read ``true`` or ``false``; a text is refused."""
        if not isinstance(raw, bool):
            raise SpellingError(f"expected true or false, got {shown(raw)}", "write true or false without quotes")
        return cls(allowed=raw)

    def spell(self) -> object:
        """Write it as a boolean."""
        return self.allowed

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a boolean."""
        return {"type": "boolean", "description": "With `feed`: let its address be one of a private network."}


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDay:
    """The last day for which a source is complete."""

    day: date

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a date."""
        text = text_of(raw, "date", example="2027-06-30")
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            try:
                return cls(day=date.fromisoformat(text))
            except ValueError:
                raise SpellingError(f"there is no day {text}", "check the month and the day") from None
        raise SpellingError(f"{shown(raw)} is not a date", "write such as 2027-06-30")

    def spell(self) -> object:
        """Write it as it stands in the file."""
        return f"{self.day}"

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema of the text."""
        said = "With `feed`: the last day that it is complete for; later days are unverified."
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": said}


class Words(tuple[str, ...]):
    """Words, one or a list, of which one has to stand in the title of an event; case does not matter."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one text or a list of them."""
        return cls(texts_of(raw, "word", example="fair"))

    def spell(self) -> object:
        """Write one by itself, several as a list."""
        return self[0] if len(self) == 1 else list(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a text or a list of texts."""
        one = {"type": "string", "minLength": 1}
        said = "With `feed`: only events with one of these words in their title."
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}], "description": said}


def _path_of(text: str) -> str:
    if text.startswith(("/", "~")) or "\\" in text or re.match(r"[A-Za-z]:", text):
        raise SpellingError(
            f"{shown(text)} is not a path inside the repository", "write it from where wedgate.yml is, with /"
        )
    parts = text.split("/")
    if ".." in parts:
        raise SpellingError(f"{shown(text)} leads out of where wedgate.yml is", "keep the file beside or below it")
    if any(ord(character) < 32 for character in text) or parts[-1] in ("", "."):
        raise SpellingError(f"{shown(text)} names no file", "write such as calendars/fairs.yml")
    return "/".join(part for part in parts if part not in ("", "."))
