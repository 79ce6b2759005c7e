"""Rule kinds: one module each, found by its own name, so that a new kind is one new module.

A kind is a frozen dataclass that a rule carries as ``rule.kind``. Its class says ``KEY``, the discriminator in
wedgate.yml, and its fields are the keys it takes there (``_`` for ``-``; a trailing ``_`` is dropped), each of a
``Spelled`` type; the field named like ``KEY`` is required, the others have defaults. Kinds do not know one another.
"""

from __future__ import annotations

from typing import ClassVar, Protocol


class RuleKind(Protocol):
    """What the algebra asks of a rule kind."""

    KEY: ClassVar[str]
