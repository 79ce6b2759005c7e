"""A changed copy of a frozen value, at half of what ``dataclasses.replace`` costs.

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
    put, fields = object.__setattr__, [(name, kind.__dict__[name].__set__) for name in names]

    def copied(value: object, changes: Mapping[str, object]) -> object:
        made: object = object.__new__(kind)
        for name, put_there in fields:
            put_there(made, getattr(value, name))
        for name, item in changes.items():
            put(made, name, item)
        return made

    return copied
