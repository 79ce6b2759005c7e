"""Entries as lines of JSON, the form in which every store of files keeps them.

A line is an entry, or a list of entries that were appended together: all of them are there, or none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from wedgate.ledger.chain import Entry

_FIELDS = ("revision", "stream", "kind", "at", "epoch", "nonce", "body", "previous", "hash")


def line_of(entries: Sequence[Entry]) -> str:
    """Return the line that holds entries which are appended together, with its line end."""
    plain = [plain_of(entry) for entry in entries]
    return json.dumps(plain[0] if len(plain) == 1 else plain, ensure_ascii=False, sort_keys=True) + "\n"


def plain_of(entry: Entry) -> dict[str, object]:
    """Return an entry as JSON data."""
    data: dict[str, object] = {name: getattr(entry, name) for name in _FIELDS}
    data["at"] = entry.at.isoformat()
    return data


def entries_of(line: bytes) -> list[Entry] | None:
    """Return the entries of one line, ``None`` when it is not one."""
    try:
        plain = json.loads(line)
        entries = [_entry(item) for item in (plain if isinstance(plain, list) else [plain])]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return entries or None


def unreadable(line: bytes, number: int) -> tuple[str, str]:
    """Say what is wrong with a line that should begin with entry ``number``, and what to do, where that is known.

    A line that says all that an entry says, and more, was written by a newer wedgate: no reason to put a copy back.
    """
    try:
        plain = json.loads(line)
        items = plain if isinstance(plain, list) else [plain]
        is_newer = all(isinstance(item, dict) and set(_FIELDS) < set(item) for item in items)
        more = sorted({name for item in items for name in item} - set(_FIELDS))
    except (ValueError, TypeError, RecursionError):
        is_newer, more = False, []
    if not is_newer or not more:
        return f"entry {number} cannot be read", ""
    what = f"entry {number} was written by a newer wedgate: it has {', '.join(more)}, which this one does not know"
    return what, "use the wedgate that wrote it; `wedgate rollback` works without the ledger"


def _entry(plain: dict[str, object]) -> Entry:
    """Return the entry that one JSON object spells; ``ValueError``, ``TypeError`` or ``KeyError`` if it is none."""
    if set(plain) != set(_FIELDS):
        raise ValueError("not the fields of an entry")
    body, at = plain["body"], datetime.fromisoformat(str(plain["at"]))
    if not isinstance(body, dict) or at.tzinfo is None:
        raise ValueError("an entry needs a body, and an offset on its instant")
    revision, epoch = plain["revision"], plain["epoch"]
    if not isinstance(revision, int) or not isinstance(epoch, int):
        raise ValueError("an entry counts in integers")
    texts = {name: str(plain[name]) for name in ("stream", "kind", "nonce", "previous", "hash")}
    return Entry(revision=revision, at=at, epoch=epoch, body=body, **texts)
