"""A changed copy of a frozen value, at a quarter of what ``dataclasses.replace`` costs.

A rollout makes thousands of them, and a journal that is folded again makes all of them again. To the type checker it is
``dataclasses.replace`` itself.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Mapping

if typing.TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(value, /, **changes):
        """Return ``value`` with some fields changed; ``AttributeError`` for a field that it does not have."""
        return _copier(type(value))(value, changes)


Copier: typing.TypeAlias = Callable[[object, Mapping[str, object]], object]


@functools.cache
def _copier(kind: type) -> Copier:
    """Return the function that copies values of a type: slot by slot, where its constructor does nothing else."""
    names = [field.name for field in dataclasses.fields(kind)]
    if hasattr(kind, "__post_init__") or not set(names) <= set(kind.__dict__.get("__slots__", ())):
        return lambda value, changes: dataclasses.replace(value, **changes)  # type: ignore[type-var]
    # Spelled out as `dataclasses` spells a constructor out: a loop over the fields would cost twice as much.
    lines = [
        "def copied(value, changes):",
        "    made = new(kind)",
        *(f"    put_{name}(made, value.{name})" for name in names),
        "    for name, item in changes.items():",
        "        put(made, name, item)",
        "    return made",
    ]
    known = {"kind": kind, "new": object.__new__, "put": object.__setattr__}
    known |= {f"put_{name}": kind.__dict__[name].__set__ for name in names}
    exec("\n".join(lines), known)  # noqa: S102 (made of the names of fields, like every dataclass)
    return typing.cast(Copier, known["copied"])
