"""Read a table of dates: YAML with its source, the day it expires, and one row for each stretch of days.

::

    source: "Sydney venue fairs, published by the city, read 2026-11-02"
    expires: 2027-06-30
    dates:
      - {on: 2026-12-05, name: harbour fair, load: 6}
      - {on: 2027-05-01..2027-05-03, name: autumn fair}

It is read as strictly as the configuration, and one mistake in it makes all of it unusable: half of a table would leave
days open that somebody meant to close.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar

from wedgate.almanac.files import CalendarFiles, Unread
from wedgate.calendars.facts import TableKey
from wedgate.calendars.source_items import SHIPPED
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import Days
from wedgate.calendars.tables import NEVER_VERIFIED, DateTable, TableRow
from wedgate.calendars.values import Span
from wedgate.config.complaints import Complaints, Path
from wedgate.config.nodes import Node, parse_nodes
from wedgate.config.scalars import parse_load, parse_text
from wedgate.config.source import decode
from wedgate.errors import ConfigurationError

_KEYS = ("source", "expires", "from", "dates")
_ROW_KEYS = ("on", "name", "load")

Value = TypeVar("Value")


def date_table(key: TableKey, span: Span, files: CalendarFiles) -> DateTable:
    """Return the whole table, whatever the span; one that cannot be used has ``trouble`` and nothing verified."""
    content = _shipped(key.path.removeprefix(SHIPPED)) if key.path.startswith(SHIPPED) else files.read(key.path)
    if isinstance(content, Unread):
        return _unusable(key, content.trouble, None)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    try:
        return parse_table(content, name=key.path, digest=digest)
    except ConfigurationError as error:
        first, more = error.problems[0], len(error.problems) - 1
        place = f"line {first.line}, column {first.column}: " if first.line else ""
        also = f" (and {more} more)" if more else ""
        return _unusable(key, f"{place}{first.what}; {first.remedy}{also}", digest)


@lru_cache(maxsize=64)
def parse_table(content: bytes, *, name: str, digest: str | None = None) -> DateTable:
    """Read the text of a table; ``ConfigurationError`` names everything wrong with it, by line and column."""
    root = parse_nodes(decode(content, name=name), name=name)
    complaints = Complaints(name, root)
    reader = _Reader(root, complaints)
    table = reader.table(digest)
    if complaints.problems or table is None:
        raise ConfigurationError(complaints.problems)
    return table


class _Reader:
    """Reads values where they stand, and complains there."""

    def __init__(self, root: Node, complaints: Complaints) -> None:
        self._root = root
        self._complaints = complaints

    def table(self, digest: str | None) -> DateTable | None:
        if not isinstance(self._root.data, dict):
            self._complaints.value((), "a table has source, expires and dates", "write these keys")
            return None
        self._refuse_strangers((), _KEYS)
        source = self._value(("source",), parse_text, 'say where the dates come from: source: "..."')
        expires = self._value(("expires",), _day_of, "write the last day it is complete for, such as 2027-06-30")
        start = self._value(("from",), _day_of, None)
        rows = self._rows()
        if source is None or expires is None:
            return None
        first = start or min((row.first for row in rows), default=expires)
        if expires < first:
            self._complaints.value(("expires",), "it expires before it begins", "put the later day here")
        return DateTable(verified_from=first, verified_until=expires, source=source, digest=digest, rows=tuple(rows))

    def _rows(self) -> list[TableRow]:
        listed = self._root.data.get("dates")
        if not isinstance(listed, list) or not listed:
            self._complaints.value(("dates",), "a table has a list of dates", "write - {on: 2026-12-05, name: ...}")
            return []
        found: list[TableRow] = []
        for index in range(len(listed)):
            found += self._row(("dates", index), listed[index])
        return found

    def _row(self, path: Path, row: Any) -> list[TableRow]:
        if not isinstance(row, dict):
            self._complaints.value(path, "expected a row", "write {on: 2026-12-05, name: ...}")
            return []
        self._refuse_strangers(path, _ROW_KEYS)
        days = self._value((*path, "on"), Days.parse, "write a day, 2026-12-05, or a range, 2027-05-01..2027-05-03")
        name = self._value((*path, "name"), parse_text, None) or ""
        load: Decimal | None = self._value((*path, "load"), parse_load, None)
        return [TableRow(item.first, item.last, name, load) for item in days or ()]

    def _value(self, path: Path, parse: Callable[[object], Value], missing: str | None) -> Value | None:
        """Return the value at a path; where it must be and is not, ``missing`` says what to write."""
        parent = self._root.at(path[:-1])
        if path[-1] not in parent.items:
            if missing is not None:
                self._complaints.key(path[:-1], f"it has no {path[-1]}", missing)
            return None
        try:
            return parse(parent.items[str(path[-1])][1].data)
        except SpellingError as error:
            self._complaints.value(path, error.what, error.remedy)
            return None

    def _refuse_strangers(self, path: Path, known: tuple[str, ...]) -> None:
        for key in self._root.at(path).items:
            if key not in known:
                self._complaints.key((*path, key), "there is no such key here", f"it takes {', '.join(known)}")


def _day_of(raw: object) -> date:
    days = Days.parse(raw)
    if len(days) != 1 or days[0].first != days[0].last:
        raise SpellingError("expected one day", "write such as 2027-06-30")
    return days[0].first


def _shipped(name: str) -> bytes | Unread:
    found = resources.files("wedgate.almanac") / "resources" / "tables" / f"{name}.yml"
    return found.read_bytes() if found.is_file() else Unread("wedgate ships no such table; update it, or name a file")


def _unusable(key: TableKey, trouble: str, digest: str | None) -> DateTable:
    first, last = NEVER_VERIFIED
    return DateTable(verified_from=first, verified_until=last, source=key.path, digest=digest, trouble=trouble, rows=())
