"""Frozen values as plain JSON data and back, so that a journal can hold events and a rescue file a plan.

Knows only what the ledger needs: dataclasses, choices, instants, durations, decimals, tuples, mappings with text
keys, and optional fields. A field with a default may be missing from the data (an older writer did not know it);
an unknown field is refused (a newer writer meant something by it).
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

T = typing.TypeVar("T")


class PlainError(ValueError):
    """Data that does not spell the value asked for; the message names the field."""


def to_plain(value: object) -> object:
    """Return ``value`` as JSON data: instants as ISO 8601, durations as seconds, decimals as text."""
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(key): to_plain(item) for key, item in value.items()}
        case tuple() | list() | frozenset():
            return [to_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise PlainError(f"{type(value).__name__} has no plain spelling")


def from_plain(kind: type[T], plain: object) -> T:
    """Return the value of type ``kind`` that ``plain`` spells; ``PlainError`` when it does not."""
    return typing.cast(T, _read(kind, plain, kind.__name__))


def _read(kind: object, plain: object, place: str) -> object:
    """Read one value of a (possibly generic) type."""
    origin = typing.get_origin(kind)
    if kind is object:
        return plain
    if origin in (types.UnionType, typing.Union):
        return _read_optional(typing.get_args(kind), plain, place)
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), plain, place)
    if origin is not None and issubclass(origin, Mapping):
        key, item = typing.get_args(kind)
        data = _expect(dict, plain, place)
        return {_read(key, name, place): _read(item, value, f"{place}.{name}") for name, value in data.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, plain, place)
    return _read_scalar(kind, plain, place)


def _read_optional(kinds: tuple[object, ...], plain: object, place: str) -> object:
    """Read ``X | None``: the only union that values of the ledger use."""
    rest = [kind for kind in kinds if kind is not type(None)]
    if len(rest) != 1:
        raise PlainError(f"{place}: a choice of several types has no plain spelling")
    return None if plain is None else _read(rest[0], plain, place)


def _read_tuple(kinds: tuple[object, ...], plain: object, place: str) -> object:
    """Read ``tuple[X, ...]`` or a tuple of fixed length."""
    items = _expect(list, plain, place)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item, f"{place}[{index}]") for index, item in enumerate(items))
    if len(kinds) != len(items):
        raise PlainError(f"{place}: expected {len(kinds)} items, got {len(items)}")
    return tuple(
        _read(kind, item, f"{place}[{index}]") for index, (kind, item) in enumerate(zip(kinds, items, strict=True))
    )


def _read_dataclass(kind: type, plain: object, place: str) -> object:
    """Read a dataclass field by field."""
    data = _expect(dict, plain, place)
    hints = _fields_of(kind)
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise PlainError(f"{place}: unknown field {unknown[0]}")
    given = {name: _read(hint, data[name], f"{place}.{name}") for name, hint in hints.items() if name in data}
    try:
        return kind(**given)
    except (TypeError, ValueError) as error:
        raise PlainError(f"{place}: {error}") from error


@functools.cache
def _fields_of(kind: type) -> Mapping[str, object]:
    """Return the types of a dataclass's fields; a journal asks for the same few thousands of times."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _read_scalar(kind: object, plain: object, place: str) -> object:
    """Read text, numbers, choices, instants, durations."""
    try:
        if kind is datetime:
            instant = datetime.fromisoformat(_expect(str, plain, place))
            if instant.tzinfo is None:
                raise PlainError(f"{place}: an instant needs an offset")
            return instant
        if kind is timedelta:
            return timedelta(seconds=float(_expect((int, float), plain, place)))
        if kind is Decimal:
            return Decimal(_expect(str, plain, place))
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return kind(_expect(str, plain, place))
    except (ValueError, ArithmeticError) as error:
        raise PlainError(f"{place}: {error}") from error
    if kind is float:
        return float(_expect((int, float), plain, place))
    if isinstance(kind, type):
        # bool is an int to Python, and must not pass for a number here.
        if isinstance(plain, bool) and kind is not bool:
            raise PlainError(f"{place}: expected {kind.__name__}, got {plain}")
        return _expect(kind, plain, place)
    raise PlainError(f"{place}: {kind} has no plain spelling")


def _expect(kind: typing.Any, plain: object, place: str) -> typing.Any:
    """Return ``plain`` if it is of the JSON type ``kind``."""
    if not isinstance(plain, kind):
        wanted = kind.__name__ if isinstance(kind, type) else "a number"
        raise PlainError(f"{place}: expected {wanted}, got {type(plain).__name__}")
    return plain
