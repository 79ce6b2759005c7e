"""YAML text to plain data in which every key and value knows its line and column.

Stricter than a YAML library on purpose: scalars by the core schema of YAML 1.2 (``NO`` is Norway, ``10:30`` a time of
day), a key given twice is an error, one document, no tags, and bounds on depth and on what aliases expand to. Built
on the parser's events, so that a bomb or a deep nest is refused before it is built.
Source of the scalar rules: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from wedgate.errors import ConfigurationError, Problem

MAX_DEPTH = 32
MAX_NODES = 100_000
"""Aliases included at every place they stand: what the file expands to, not what it is written with."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL = re.compile(r"0o[0-7]{1,300}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_SPECIAL = {".inf": "inf", "-.inf": "-inf", "+.inf": "inf", ".nan": "nan"}


@dataclass(slots=True)
class Node:
    """One YAML value: ``data`` is plain (text, number, bool, ``None``, dict, list); positions count from 1."""

    data: Any
    line: int
    column: int
    written: str = ""
    """A scalar as it stands in the file, for messages."""
    items: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    """Of a mapping: key and value nodes by key."""
    elements: list[Node] = field(default_factory=list)
    size: int = 1

    def at(self, path: Sequence[str | int]) -> Node:
        """Return the value at ``path``, or the nearest one above it that the file has."""
        node = self
        for part in path:
            if isinstance(part, str) and part in node.items:
                node = node.items[part][1]
            elif isinstance(part, int) and part < len(node.elements):
                node = node.elements[part]
            else:
                break
        return node

    def key_at(self, path: Sequence[str | int]) -> Node:
        """Return the key whose value is at ``path`` (of a list's element: the element itself)."""
        parent = self.at(path[:-1])
        if path and isinstance(path[-1], str) and path[-1] in parent.items:
            return parent.items[path[-1]][0]
        return self.at(path)


class WrittenInteger(int):
    """A number whose text is not how Python spells it (``010``, ``0x1F``), for values that are words of a command."""

    written: str


class WrittenFloat(float):
    """The same for a number with a point or an exponent."""

    written: str


def plain_scalar(text: str) -> str | int | float | bool | None:
    """Read an unquoted scalar by the core schema of YAML 1.2; whatever it does not name is text."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    number = _number(text)
    if number is None:
        return text
    if str(number) == text:
        return number
    kept = WrittenInteger(number) if isinstance(number, int) else WrittenFloat(number)
    kept.written = text
    return kept


def _number(text: str) -> int | float | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.lower() in _SPECIAL and text.lstrip("+-.") in ("inf", "Inf", "INF", "nan", "NaN", "NAN"):
        return float(_SPECIAL[text.lower()])
    return None


def parse_nodes(text: str, *, name: str, noted: list[Problem] | None = None) -> Node:
    """Parse one YAML document; ``ConfigurationError`` says where it cannot be read.

    A double key (the first value is kept) or a tag (it is passed over) leaves the rest readable: it is added to
    ``noted``, so that what else is wrong can be said too; without such a list it is an error as well.
    """
    reader = _Reader(name)
    node = reader.read(text)
    if noted is not None:
        noted.extend(reader.problems)
    elif reader.problems:
        raise ConfigurationError(tuple(reader.problems))
    return node


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet; ``key`` is the key that waits for its value."""

    node: Node
    anchor: str | None
    is_mapping: bool
    key: Node | None = None


class _Reader:
    """Builds nodes from events with a stack of its own, so that no depth of nesting can exhaust Python's."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.problems: list[Problem] = []
        self._anchors: dict[str, Node] = {}
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._count = 0

    def read(self, text: str) -> Node:
        """Return the root of the one document in ``text``."""
        import yaml

        try:
            for event in _events(text):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = " ".join(part for part in (error.context, error.problem) if part)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            self._refuse(line, column, f"this is not YAML: {what}", "check indentation, quotes and colons here")
        except yaml.reader.ReaderError as error:
            before = text[: error.position] if isinstance(error.position, int) else ""
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            character = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
            self._refuse(line, column, f"the character U+{character:04X} may not stand in YAML", "delete it")
        if self._root is None:
            self._refuse(0, 0, "the file says nothing (comments only)", "write a starter with `wedgate init`")
        return self._root

    def _note(self, line: int, column: int, what: str, remedy: str) -> None:
        self.problems.append(Problem(file=self._name, line=line, column=column, what=what, remedy=remedy))

    def _refuse(self, line: int, column: int, what: str, remedy: str) -> NoReturn:
        self._note(line, column, what, remedy)
        raise ConfigurationError(tuple(self.problems))

    def _take(self, event: Any) -> None:
        import yaml

        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.DocumentStartEvent):
            if self._root is not None:
                self._refuse(line, column, "a second YAML document starts here", "keep one document, without `---`")
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line, column)
        elif isinstance(event, yaml.ScalarEvent):
            self._pass_over_tag(event, line, column)
            is_plain = event.style in (None, "") and event.tag not in _TEXT_TAGS
            data = plain_scalar(event.value) if is_plain else event.value
            node = Node(data=data, line=line, column=column, written=event.value)
            if event.anchor:
                self._anchors[event.anchor] = node
            self._place(node)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._pass_over_tag(event, line, column)
            if len(self._open) >= MAX_DEPTH:
                self._refuse(line, column, f"nested more than {MAX_DEPTH} levels deep", "wedgate.yml needs five")
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            node = Node(data={} if is_mapping else [], line=line, column=column)
            self._open.append(_Open(node=node, anchor=event.anchor, is_mapping=is_mapping))
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._open.pop()
            if closed.anchor:
                self._anchors[closed.anchor] = closed.node
            self._place(closed.node)

    def _pass_over_tag(self, event: Any, line: int, column: int) -> None:
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self._note(line, column, f"the tag {event.tag} means nothing here", "delete it")

    def _alias(self, anchor: str, line: int, column: int) -> None:
        known = self._anchors.get(anchor)
        if known is None:
            inside = any(part.anchor == anchor for part in self._open)
            what = f"the alias *{anchor} stands inside what it names" if inside else f"nothing is anchored as &{anchor}"
            self._refuse(line, column, what, "write the value out")
        self._place(known, at=(line, column))

    def _place(self, node: Node, *, at: tuple[int, int] | None = None) -> None:
        line, column = at or (node.line, node.column)
        self._count += node.size if at else 1
        if self._count > MAX_NODES:
            self._refuse(line, column, f"the file expands to more than {MAX_NODES:,} values", "use fewer aliases")
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        parent.node.size += node.size
        if not parent.is_mapping:
            parent.node.data.append(node.data)
            parent.node.elements.append(node)
        elif parent.key is None:
            if node.items or node.elements or isinstance(node.data, dict | list):
                self._refuse(line, column, "a mapping or list cannot be a key", "write a word and a colon")
            parent.key = node if at is None else Node(data=node.data, line=line, column=column, written=node.written)
        else:
            self._pair(parent.node, parent.key, node)
            parent.key = None

    def _pair(self, mapping: Node, key: Node, value: Node) -> None:
        # A key is the text that stands there: a region may be called NO, and `on` is a word.
        word = key.written.strip()
        if word in mapping.items:
            first = mapping.items[word][0]
            what = f"the key {word!r} is given twice, first in line {first.line}"
            self._note(key.line, key.column, what, "delete or rename one of them")
            return
        mapping.items[word] = (key, value)
        mapping.data[word] = value.data


def _events(text: str) -> Iterator[Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: Iterator[Any] = yaml.parse(text, Loader=loader)
    return events
