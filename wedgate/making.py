"""Frozen values made and copied at the cost of ordinary ones.

A frozen dataclass fills itself by ``object.__setattr__``, field by field, at several times the cost of an assignment,
and a rollout makes thousands of them. Here a value is open while it is filled, as an instance of a subclass that
changes nothing but that, and of its own frozen class from then on.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Mapping

T = typing.TypeVar("T")
Copier: typing.TypeAlias = Callable[[typing.Any, Mapping[str, object]], typing.Any]

_MISSING = dataclasses.MISSING


def quick(kind: type[T]) -> type[T]:
    """Let a frozen, slotted dataclass with keywords only fill its values quickly; what it takes stays the same.

    Raises ``TypeError`` for another kind of class. Pays from three fields on.
    """
    names = [field.name for field in dataclasses.fields(typing.cast(typing.Any, kind))]
    wrong = [
        each.name for each in dataclasses.fields(typing.cast(typing.Any, kind)) if not (each.init and each.kw_only)
    ]
    if wrong or not has_slots(kind, names):
        raise TypeError(f"{kind.__name__} is no slotted dataclass with keywords only")

    def first(self: T, **given: object) -> None:
        # Written at the first use: most of what is imported is never made.
        filler = _filler(kind)
        type.__setattr__(kind, "__init__", filler)
        filler(self, **given)

    type.__setattr__(kind, "__init__", first)
    return kind


def has_slots(kind: type, names: list[str]) -> bool:
    """Whether every one of these fields is a slot of the class itself."""
    return set(names) <= set(kind.__dict__.get("__slots__", ()))


def copier(kind: type) -> Copier:
    """Return what copies values of a frozen, slotted dataclass with some fields changed."""
    names = [field.name for field in dataclasses.fields(kind)]
    lines = [
        "def made(value, changes):",
        "    copy = _new_(_open_)",
        *[f"    copy.{name} = value.{name}" for name in names],
        "    for name, item in changes.items():",
        "        setattr(copy, name, item)",
        "    copy.__class__ = _kind_",
        "    return copy",
    ]
    return _written(lines, kind, {"_new_": object.__new__})


def _filler(kind: type) -> Callable[..., None]:
    """Return an ``__init__`` that does what the dataclass's own does."""
    taken, lines, names = [], [], {}
    for each in dataclasses.fields(kind):
        name, value = each.name, each.name
        if each.default_factory is not _MISSING:
            names[f"_make_{name}"] = each.default_factory
            value = f"_make_{name}() if {name} is _missing_ else {name}"
            taken.append(f"{name}=_missing_")
        elif each.default is not _MISSING:
            names[f"_default_{name}"] = each.default
            taken.append(f"{name}=_default_{name}")
        else:
            taken.append(name)
        lines.append(f"    self.{name} = {value}")
    after = ["    self.__post_init__()"] if hasattr(kind, "__post_init__") else []
    first = [f"def made(self, *, {', '.join(taken)}):", "    _become_(self, _open_)"]
    return _written([*first, *lines, "    self.__class__ = _kind_", *after], kind, names)


def _written(lines: list[str], kind: type, names: Mapping[str, object]) -> Callable[..., typing.Any]:
    """Return the function ``made`` of some lines of Python, as ``dataclasses`` writes its own."""
    known: dict[str, typing.Any] = {
        **names,
        "_kind_": kind,
        "_open_": _open(kind),
        "_become_": object.__dict__["__class__"].__set__,
        "_missing_": _MISSING,
    }
    exec("\n".join(lines), known)  # noqa: S102 (made of the names of fields alone)
    made: Callable[..., typing.Any] = known["made"]
    return made


@functools.cache
def _open(kind: type) -> type:
    """Return the subclass whose values can be filled."""
    assigns = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(kind.__name__, (kind,), {"__slots__": (), **assigns})
