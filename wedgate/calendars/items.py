"""Values of a rule that are one item or a list of them, each of which is one text: days, ranges, stretches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, Self, TypeVar

from wedgate.calendars.wording import one_or_many, plain, texts_of

Item = TypeVar("Item")


class Items(tuple[Item, ...], Generic[Item]):
    """Items in the order of the file; a subclass says how one is read, and ``str`` of an item spells it."""

    __slots__ = ()

    NOUN: ClassVar[str]
    EXAMPLE: ClassVar[str]
    FORM: ClassVar[str]
    """A regular expression of one item's text, for the JSON Schema."""

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one text, or a list of them; ``SpellingError`` for anything else, or an empty list."""
        return cls(cls._read(text) for text in texts_of(raw, cls.NOUN, example=cls.EXAMPLE))

    @classmethod
    def _read(cls, text: str) -> Item:
        raise NotImplementedError

    def spell(self) -> object:
        """Write one item by itself, several as a list."""
        return plain(str(item) for item in self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a text or a list of texts."""
        return one_or_many(rf"^{cls.FORM}$")
