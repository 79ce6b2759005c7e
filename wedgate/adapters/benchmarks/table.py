"""CSV that a tool wrote: rows by their columns, each as long as the first line, with its place in the file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite, nan

from wedgate.adapters.benchmarks.interface import UnreadableError


def rows(lines: Iterable[str], needed: Iterable[str], remedy: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each row with its line; ``UnreadableError`` where a column lacks or a row breaks off."""
    reader = csv.reader(_whole(lines, remedy), strict=True)
    try:
        names = next(reader, [])
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


def cell(row: Mapping[str, str], name: str, line: int) -> float:
    """Return the number in a column."""
    try:
        found = float(row[name])
    except ValueError:
        found = nan
    if not isfinite(found):
        raise UnreadableError(f"{name} is {row[name]!r}"[:80], "measure it again", line)
    return found


def _whole(lines: Iterable[str], remedy: str) -> Iterator[str]:
    """Pass lines on. A program ends its last line, so a file that does not end in one broke off."""
    for place, line in enumerate(lines, 1):
        if not line.endswith(("\n", "\r")):
            raise UnreadableError("its last line breaks off", remedy, place)
        yield line
