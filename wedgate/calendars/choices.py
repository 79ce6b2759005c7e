"""A word out of a few: the base of the choices that a rule kind offers in its keys."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import shown, text_of


class Choice(StrEnum):
    """A ``Spelled`` enumeration; a subclass lists the words and says what they are."""

    @classmethod
    def noun(cls) -> str:
        """Say what the words are, for messages: ``lunar calendar``."""
        raise NotImplementedError

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one of the words in any case; ``SpellingError`` for anything else."""
        words = tuple(member.value for member in cls)
        example = f"one of {', '.join(words)}"
        text = text_of(raw, cls.noun(), example=example).lower()
        if text not in words:  # No guess: one calendar is no better than another where a third was meant.
            raise SpellingError(f"{shown(raw)} is not a {cls.noun()}", f"write {example}")
        return cls(text)

    def spell(self) -> object:
        """Write the word."""
        return self.value

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: one of the words."""
        return {"enum": [member.value for member in cls]}
