"""What the readers of JSON share: objects, numbers and texts out of data that somebody else wrote."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wedgate.adapters.benchmarks.interface import UnreadableError


def load(text: str, tool: str) -> Any:
    """Return the data of a JSON text; ``UnreadableError`` with the line where it breaks off, or the key given twice."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except _TwiceError as error:
        what = f"the key {ascii(str(error))[:80]} stands in one object twice"
        raise UnreadableError(what, f"write it anew with {tool}") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is no JSON: {error.msg}", f"write it anew with {tool}", error.lineno) from None
    except (RecursionError, ValueError):
        raise UnreadableError("it is no JSON that can be read", f"write it anew with {tool}") from None


class _TwiceError(Exception):
    """A key that stands twice in an object: which of its values counts, nobody said."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return found


def items(data: Any, key: str, tool: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list under a key."""
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnreadableError(f"it has no list of {key}", f"give a file that {tool} wrote")
    return found


def numbers(found: Any, what: str) -> tuple[float, ...]:
    """Return finite numbers of a list, none below 0: they are of times, rates and sizes."""
    if not isinstance(found, list) or not found:
        raise UnreadableError(f"{what} has no values", "let the tool keep every value, not only a summary")
    return tuple(from_zero(each, what) for each in found)


def number(found: Any, what: str) -> float:
    """Return a finite number."""
    try:
        value = math.nan if isinstance(found, bool) or not isinstance(found, int | float) else float(found)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise UnreadableError(f"{what} has the value {found!r}"[:120], "measure it again")
    return value


def from_zero(found: Any, what: str) -> float:
    """Return a finite number that is not below 0: no time, rate or size is, and a median would hide it."""
    value = number(found, what)
    if value < 0:
        raise UnreadableError(f"{what} is {found!r}, below 0"[:120], "measure it again")
    return value


def text_of(found: Any, what: str) -> str:
    """Return a text, with its blanks and line ends as single blanks."""
    if not isinstance(found, str) or not found.strip():
        raise UnreadableError(f"{what} is {found!r}, and no text"[:120], "give the file as the tool wrote it")
    return " ".join(found.split())


def part(data: Any, key: str) -> dict[str, Any]:
    """Return the object under a key, or an empty one."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def instant(text: object) -> datetime | None:
    """Return the instant that a text is, in UTC if it has no offset, or ``None``."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def instant_of(seconds: float) -> datetime | None:
    """Return the instant so many seconds after 1970, or ``None`` where there is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
