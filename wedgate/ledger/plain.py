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
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

T = typing.TypeVar("T")


class PlainError(ValueError):
    """Data that does not spell the value asked for; the message names the field."""


def to_plain(value: object) -> object:
    """Return ``value`` as JSON data: instants as ISO 8601, durations as seconds, decimals as text."""
    writer = _WRITERS[type(value)]
    return value if writer is None else writer(value)


Writer: typing.TypeAlias = Callable[[typing.Any], object]


class _Writers(dict[type, Writer | None]):
    """What writes values of each type, ``None`` for what is JSON data as it is.

    A ledger is written value by value, of a few types again and again.
    """

    def __missing__(self, kind: type) -> Writer | None:
        writer = self[kind] = _writer(kind)
        return writer


_WRITERS = _Writers()


def _writer(kind: typing.Any) -> Writer | None:
    """Return what writes values of a type."""
    if issubclass(kind, StrEnum):
        return str.__str__
    if kind is type(None) or issubclass(kind, bool | int | float | str):
        return None
    if issubclass(kind, datetime):
        return datetime.isoformat
    if issubclass(kind, timedelta):
        return timedelta.total_seconds
    if issubclass(kind, Decimal):
        return str
    if issubclass(kind, Mapping):
        return lambda value: {str(key): to_plain(item) for key, item in value.items()}
    if issubclass(kind, tuple | list | frozenset):
        return lambda value: list(map(to_plain, value))
    if dataclasses.is_dataclass(kind):
        return _fields_writer(kind)
    raise PlainError(f"{kind.__name__} has no plain spelling")


def _fields_writer(kind: typing.Any) -> Writer:
    names = _names(kind)

    def write(value: object) -> object:
        plain = {}
        for name in names:
            item = getattr(value, name)
            writer = _WRITERS[type(item)]
            plain[name] = item if writer is None else writer(item)
        return plain

    return write


def _names(kind: typing.Any) -> tuple[str, ...]:
    """Return the fields that are written; what a value works out from its other fields is not."""
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def from_plain(kind: type[T], plain: object) -> T:
    """Return the value of type ``kind`` that ``plain`` spells; ``PlainError`` when it does not."""
    try:
        return typing.cast(T, _reader(typing.cast(typing.Hashable, kind))(plain))
    except _WrongError as wrong:
        raise PlainError(f"{kind.__name__}{wrong.place}: {wrong.what}") from wrong


Reader: typing.TypeAlias = Callable[[object], object]


class _WrongError(Exception):
    """What is wrong, and the place below the value that is being read; each level puts its own name before it."""

    def __init__(self, what: str, place: str = "") -> None:
        self.what = what
        self.place = place
        super().__init__(what)

    def below(self, name: str) -> _WrongError:
        """Return the same as seen from one level higher."""
        return _WrongError(self.what, f"{name}{self.place}")


@functools.cache
def _reader(kind: object) -> Reader:
    """Return the reader of a (possibly generic) type; a journal asks for the same few thousands of times."""
    origin = typing.get_origin(kind)
    if kind is object:
        return lambda plain: plain
    if origin in (types.UnionType, typing.Union):
        return _optional(typing.get_args(kind))
    if origin is tuple:
        return _tuple(typing.get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*typing.get_args(kind))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    return _scalar(kind)


def _optional(kinds: tuple[object, ...]) -> Reader:
    """Read ``X | None``: the only union that values of the ledger use."""
    rest = [kind for kind in kinds if kind is not type(None)]
    if len(rest) != 1:
        return _refusing("a choice of several types has no plain spelling")
    reader = _reader(rest[0])
    return lambda plain: None if plain is None else reader(plain)


def _refusing(what: str) -> Reader:
    def refuse(plain: object) -> object:
        raise _WrongError(what)

    return refuse


def _tuple(kinds: tuple[object, ...]) -> Reader:
    """Read ``tuple[X, ...]`` or a tuple of fixed length."""
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        reader = _reader(kinds[0])

        def read_all(plain: object) -> object:
            items = plain if type(plain) is list else _expect(list, plain)
            read: list[object] = []
            try:
                read.extend(map(reader, items))
            except _WrongError as wrong:
                raise wrong.below(f"[{len(read)}]") from None
            return tuple(read)

        return read_all
    readers = [_reader(kind) for kind in kinds]

    def read(plain: object) -> object:
        items = _expect(list, plain)
        if len(readers) != len(items):
            raise _WrongError(f"expected {len(readers)} items, got {len(items)}")
        return tuple(
            [_at(f"[{index}]", reader, item) for index, (reader, item) in enumerate(zip(readers, items, strict=True))]
        )

    return read


def _at(name: str, reader: Reader, plain: object) -> object:
    """Read one part, and say where it is when it cannot be read."""
    try:
        return reader(plain)
    except _WrongError as wrong:
        raise wrong.below(name) from None


def _mapping(key: object, item: object) -> Reader:
    key_reader, item_reader = _reader(key), _reader(item)

    def read(plain: object) -> object:
        data = _expect(dict, plain)
        return {key_reader(name): _at(f".{name}", item_reader, value) for name, value in data.items()}

    return read


def _dataclass(kind: type) -> Reader:
    """Read a dataclass field by field. Its readers are made at the first use: a type may hold itself."""
    names = frozenset(_names(kind))
    readers: dict[str, tuple[Reader, object]] = {}

    def read(plain: object) -> object:
        data = plain if type(plain) is dict else _expect(dict, plain)
        if not readers:
            hints = typing.get_type_hints(kind)
            readers.update((name, (_reader(hints[name]), _as_it_is(hints[name]))) for name in names)
        if not data.keys() <= names:
            raise _WrongError(f"unknown field {min(data.keys() - names)}")
        given: dict[str, object] = {}
        name = ""
        try:
            for name, value in data.items():
                reader, same = readers[name]
                given[name] = value if type(value) is same else reader(value)
        except _WrongError as wrong:
            raise wrong.below(f".{name}") from None
        try:
            return kind(**given)
        except (TypeError, ValueError) as error:
            raise _WrongError(str(error)) from error

    return read


def _as_it_is(kind: object) -> object:
    """Return the type whose values spell themselves as a field of this type: the type itself, where it is JSON's."""
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (types.UnionType, typing.Union) else (kind,)
    return next((each for each in kinds if each in (str, int, bool, float)), None)


def _scalar(kind: object) -> Reader:
    """Read text, numbers, choices, instants, durations."""
    if kind is datetime:
        return _instant
    if kind is timedelta:
        return lambda plain: _made(lambda given: timedelta(seconds=float(given)), _expect((int, float), plain))
    if kind is Decimal:
        return lambda plain: _made(Decimal, _expect(str, plain))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        choices = {choice.value: choice for choice in kind}
        return lambda plain: (choices.get(plain) if type(plain) is str else None) or _made(kind, _expect(str, plain))
    if kind is float:
        return lambda plain: float(_expect((int, float), plain))
    if isinstance(kind, type):
        return lambda plain: plain if type(plain) is kind else _of_type(kind, plain)
    return _refusing(f"{kind} has no plain spelling")


def _made(make: Callable[[typing.Any], object], given: object) -> object:
    try:
        return make(given)
    except (ValueError, ArithmeticError) as error:
        raise _WrongError(str(error)) from error


def _instant(plain: object) -> object:
    try:
        instant = datetime.fromisoformat(plain if type(plain) is str else _expect(str, plain))
    except ValueError as error:
        raise _WrongError(str(error)) from error
    if instant.tzinfo is None:
        raise _WrongError("an instant needs an offset")
    return instant


def _of_type(kind: type, plain: object) -> object:
    # bool is an int to Python, and must not pass for a number here.
    if isinstance(plain, bool) and kind is not bool:
        raise _WrongError(f"expected {kind.__name__}, got {plain}")
    return _expect(kind, plain)


def _expect(kind: typing.Any, plain: object) -> typing.Any:
    """Return ``plain`` if it is of the JSON type ``kind``."""
    if not isinstance(plain, kind):
        wanted = kind.__name__ if isinstance(kind, type) else "a number"
        raise _WrongError(f"expected {wanted}, got {type(plain).__name__}")
    return plain
