"""A changed copy of a frozen value, at a quarter of what ``dataclasses.replace`` costs.

A rollout makes thousands of them, and a journal that is folded again makes all of them again. To the type checker it is
``dataclasses.replace`` itself.
"""

from __future__ import annotations

import dataclasses
import functools
import typing

from wedgate.making import Copier, copier, has_slots

if typing.TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(value, /, **changes):
        """Return ``value`` with some fields changed; ``AttributeError`` for a field that it does not have."""
        return _copier(type(value))(value, changes)


@functools.cache
def _copier(kind: type) -> Copier:
    """Return the function that copies values of a type: slot by slot, where its constructor does nothing else."""
    names = [field.name for field in dataclasses.fields(kind)]
    if hasattr(kind, "__post_init__") or not has_slots(kind, names):
        return lambda value, changes: dataclasses.replace(value, **changes)
    return copier(kind)
