"""Rule kinds: one module each, found by its own name, so that a new kind is one new module.

A kind is a frozen dataclass that a rule carries as ``rule.kind``. Its class says ``KEY``, the discriminator in
wedgate.yml, and its fields are the keys it takes there (``_`` for ``-``; a trailing ``_`` is dropped), each of a
``Spelled`` type; the field named like ``KEY`` is required, the others have defaults. Kinds do not know one another.
The module is named like the key and exports the class as ``KIND``; nothing else has to be told about it.
``every-day`` is the one kind without a key in the file: a rule that says only ``time:`` or ``months:``.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import ClassVar, Protocol

from wedgate.calendars.facts import Facts, Needs
from wedgate.calendars.matches import Matches, Modifier
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.values import Market

EVERY_DAY = "every-day"


class RuleKind(Protocol):
    """What the algebra asks of a rule kind; a kind derives from it and overrides what does not hold for it.

    The algebra applies the modifiers (months, time of day, zone), turns local time into instants and merges: a kind
    only says which local dates or wall times match, and for which dates it cannot know.
    """

    KEY: ClassVar[str]
    EXPIRES_SOFTLY: ClassVar[bool] = False
    """Whether what its source does not know is only a caution, whatever the load: opinions about days, not law."""
    BRINGS_LOADS: ClassVar[bool] = False
    """Whether its source may state loads of its own, so that a rule of this kind needs neither effect nor load."""
    KEEPS_OWN_TIMES: ClassVar[bool] = False
    """Whether what matches may have times that the rule's time of day does not narrow, on days not known too."""

    def needs(self, market: Market) -> Needs:
        """Say which facts it needs for a market: none, unless the kind says otherwise."""
        return Needs()

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return every match that touches the local dates ``first`` to ``last``, however long before it began."""
        ...

    def refuses(self, modifier: Modifier) -> SpellingError | None:
        """Say why a modifier does not fit this value; ``None`` if it does."""
        return None

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether no date can match, in those months if any are given: a warning of ``lint``."""
        return False

    def since(self, day: date) -> RuleKind | None:
        """Return it without what was over before a local date; ``None`` if that is all of it."""
        return self

    def words(self) -> str:
        """Say for a person when it applies: ``weekdays: saturday``."""
        ...


@cache
def kind_keys() -> tuple[str, ...]:
    """Return the discriminators that may stand in wedgate.yml, sorted; no kind is imported for it."""
    names = (module.name.replace("_", "-") for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(sorted(name for name in names if name != EVERY_DAY))


def kind_named(key: str) -> type[RuleKind]:
    """Import and return the kind of that key (or ``every-day``); ``KeyError`` if there is none."""
    if key != EVERY_DAY and key not in kind_keys():
        raise KeyError(key)
    kind: type[RuleKind] = import_module(f"{__name__}.{key.replace('-', '_')}").KIND
    return kind
