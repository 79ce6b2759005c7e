"""CSV that a tool wrote: rows by their columns, each as long as the first line, with its place in the file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite, nan

from wedgate.adapters.benchmarks.interface import UnreadableError


def rows(lines: Iterable[str], needed: Iterable[str], remedy: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each row with its line; ``UnreadableError`` where a column lacks or a row breaks off."""
    reader = csv.reader(whole(lines, remedy), strict=True)
    try:
        names = next(reader, [])
        check_once(names, remedy)
        lacking = [name for name in needed if name not in names]
        if lacking:
            raise UnreadableError(f"its first line has no column {lacking[0]}", remedy, 1)
        for cells in reader:
            if cells and len(cells) != len(names):
                raise UnreadableError("a row is not as long as the first line", remedy, reader.line_num)
            if cells:
                yield reader.line_num, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise UnreadableError(f"it is no CSV: {error}", remedy, reader.line_num) from None


def check_once(names: Sequence[str], remedy: str) -> None:
    """Refuse a first line that has a column twice: which of the two counts nobody said."""
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise UnreadableError(f"its first line has the column {ascii(twice)[:60]} twice", remedy, 1)


def cell(row: Mapping[str, str], name: str, line: int) -> float:
    """Return the number in a column: a time or a count, not below 0."""
    try:
        found = float(row[name])
    except ValueError:
        found = nan
    if not isfinite(found) or found < 0:
        raise UnreadableError(f"{name} is {row[name]!r}"[:80], "measure it again", line)
    return found


def whole(lines: Iterable[str], remedy: str) -> Iterator[str]:
    """Pass lines on. A program ends its last line, so a file that does not end in one broke off."""
    for place, line in enumerate(lines, 1):
        if not line.endswith(("\n", "\r")):
            raise UnreadableError("its last line breaks off", remedy, place)
        yield line
