"""How calendar values are spelled in wedgate.yml: the contract between the algebra and the loader.

A value type that may stand in a rule is ``Spelled``: it reads itself from plain YAML data, writes itself back, and
says its JSON Schema. The loader builds its models from that, so a new kind needs no change there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self, runtime_checkable


class SpellingError(ValueError):
    """Plain data that does not spell a value: ``what`` is wrong with it and the ``remedy``, each a short phrase."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}")


@runtime_checkable
class Spelled(Protocol):
    """A value with a spelling: ``parse(x).spell()`` parses to an equal value."""

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read plain data (text, number, bool, list of them); ``SpellingError`` if it is not one of ours."""

    def spell(self) -> object:
        """Write the value back as plain data, in its shortest normal form."""

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the JSON Schema (2020-12) of the plain data."""
