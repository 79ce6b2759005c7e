"""Small pieces of text that several spellings share: lists of texts, times of day, and the nearest known word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import time

from wedgate.calendars.spelling import SpellingError

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
"""A time of day that may start a window, as a regular expression."""
CLOCK_END = rf"({CLOCK}|24:00)"
"""A time of day that may end one."""

_TIME = re.compile(r"(\d{2}):(\d{2})")


def shown(raw: object) -> str:
    """Return plain data as a person would find it in the file, shortened: ``"satday"``, ``[1, 2]``, ``true``."""
    if isinstance(raw, str):
        text = f'"{raw}"'
    elif isinstance(raw, bool):
        text = str(raw).lower()
    elif raw is None:
        text = "nothing"
    else:
        text = str(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest(word: str, words: Sequence[str]) -> str:
    """Return the remedy for an unknown word: the nearest known one, or all of them."""
    import difflib

    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f'did you mean "{close[0]}"?' if close else f"write one of {', '.join(words)}"


def text_of(raw: object, noun: str, *, example: str) -> str:
    """Return a text without the spaces around it; ``SpellingError`` for anything else."""
    if not isinstance(raw, str) or not raw.strip():
        raise SpellingError(f"expected a {noun}, got {shown(raw)}", f"write {example}")
    return raw.strip()


def texts_of(raw: object, noun: str, *, example: str) -> tuple[str, ...]:
    """Return a text, or a list of them, as texts; an empty list is refused."""
    if not isinstance(raw, list | tuple):
        return (text_of(raw, noun, example=example),)
    if not raw:
        raise SpellingError(f"expected at least one {noun}, got an empty list", f"write {example}")
    return tuple(text_of(item, noun, example=example) for item in raw)


def start_time_of(text: str) -> time:
    """Read ``HH:MM`` from 00:00 to 23:59."""
    if text.strip() == "24:00":
        raise SpellingError("24:00 cannot start a window", "write 00:00, or the next day")
    return _time_of(text)


def end_time_of(text: str) -> time | None:
    """Read ``HH:MM`` from 00:00 to 24:00; ``None`` is 24:00."""
    return None if text.strip() == "24:00" else _time_of(text)


def spelled_end(end: time | None) -> str:
    """Write the end of a window, ``24:00`` for ``None``."""
    return "24:00" if end is None else f"{end:%H:%M}"


def both_ends(text: str, noun: str, *, example: str) -> tuple[str, str]:
    """Split ``a..b``; a missing end is refused."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not dots or not first or not last:
        raise SpellingError(f"{shown(text)} is not a {noun} with a start and an end", f"write {example}")
    return first, last


def plain(items: Iterable[object]) -> object:
    """Return one item by itself, several as a list: the shortest normal form of an item or a list of them."""
    listed = list(items)
    return listed[0] if len(listed) == 1 else listed


def one_or_many(pattern: str) -> dict[str, object]:
    """Return the JSON Schema of a text of that form, or a list of such texts."""
    one: dict[str, object] = {"type": "string", "pattern": pattern}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _time_of(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise SpellingError(f"{shown(text)} is not a time of day", "write hours and minutes as HH:MM, such as 08:00")
    hours, minutes = int(found[1]), int(found[2])
    if hours > 23 or minutes > 59:
        raise SpellingError(f"{text.strip()} is not a time of day", "write 00:00 to 23:59, or 24:00 as an end")
    return time(hours, minutes)
