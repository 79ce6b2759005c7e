"""CSV with a header: ``metric,value,unit,direction`` and, where known, ``time``; a row for each process."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.table import check_once, whole
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="csv", looks_like="CSV with the columns metric, value, unit, direction, and time if it is known")
_COLUMNS = ("metric", "value", "unit", "direction")


def knows(head: str) -> bool:
    """By its columns."""
    first = head.splitlines()[0] if head else ""
    return set(_COLUMNS) <= {name.strip().lower() for name in first.split(",")}


def read(text: str) -> Measurements:
    """Return the values in the order of the rows."""
    try:
        return _read(text)
    except csv.Error as error:
        raise UnreadableError(f"it is no CSV: {error}", f"write {','.join(_COLUMNS)}") from None


def _read(text: str) -> Measurements:
    remedy = f"write {','.join(_COLUMNS)}, and end each row with a line end"
    rows = csv.DictReader(whole(io.StringIO(text, newline=""), remedy))
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
    check_once(rows.fieldnames, "leave one of the two out")
    if not set(_COLUMNS) <= set(rows.fieldnames):
        missing = ", ".join(name for name in _COLUMNS if name not in rows.fieldnames)
        raise UnreadableError(f"its first line has no column {missing}", f"write {','.join(_COLUMNS)}", 1)
    found: dict[str, tuple[str, Direction, list[float], list[datetime]]] = {}
    for row in rows:
        if None in row:
            what = "a row is longer than the first line"
            raise UnreadableError(what, "write a dot in a number, and quote a comma in a name", rows.line_num)
        name, unit = (row["metric"] or "").strip(), (row["unit"] or "").strip()
        direction = _direction(row["direction"], rows.line_num)
        known = found.setdefault(name, (unit, direction, [], []))
        if not name or (unit, direction) != known[:2]:
            what = f"the metric {name!r} has no name, or another unit or direction than in the rows above"
            raise UnreadableError(what, "write the same in all rows of a metric", rows.line_num)
        known[2].append(_value(row["value"], rows.line_num))
        known[3].extend(_time(row.get("time"), rows.line_num))
    metrics = tuple(
        Metric(name=name, unit=unit, direction=direction, values=tuple(values), times=tuple(times))
        for name, (unit, direction, values, times) in found.items()
        if _fits(name, values, times)
    )
    return Measurements(metrics=metrics, tool=TOOL.name)


def _fits(name: str, values: list[float], times: list[datetime]) -> bool:
    if times and len(times) != len(values):
        raise UnreadableError(f"{name!r} has a time in some rows only", "write it in every row, or in none")
    return True


def _direction(text: str | None, line: int) -> Direction:
    try:
        return Direction((text or "").strip())
    except ValueError:
        raise UnreadableError(f"{text!r} is no direction", f"write {' or '.join(Direction)}", line) from None


def _value(text: str | None, line: int) -> float:
    try:
        found = float((text or "").strip())
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise UnreadableError(f"{text!r} is no number", "write a number without its unit", line)
    return found


def _time(text: str | None, line: int) -> list[datetime]:
    if not (text or "").strip():
        return []
    try:
        found = datetime.fromisoformat(str(text).strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UnreadableError(f"{text!r} is no instant", "write it with an offset: 2027-06-07T10:00:00Z", line)
    return [found]
