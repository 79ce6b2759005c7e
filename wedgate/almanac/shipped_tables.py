"""Tables of dates that come with wedgate, read from its own files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from wedgate.calendars.facts import TableKey
from wedgate.calendars.spellings import Days
from wedgate.calendars.tables import NEVER_VERIFIED, DateTable, TableRow

FOLDER = Path(__file__).parent / "resources" / "tables"


def shipped_table(key: TableKey) -> DateTable:
    """Return a shipped table; one that is not shipped has ``trouble``, and nothing of it is verified."""
    import yaml

    path = FOLDER / f"{key.path.removeprefix('shipped:')}.yml"
    if not key.path.startswith("shipped:") or not path.is_file():
        first, last = NEVER_VERIFIED
        trouble = "wedgate ships no such table"
        return DateTable(verified_from=first, verified_until=last, source=key.path, trouble=trouble, rows=())
    plain: dict[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.BaseLoader)  # noqa: S506 (texts only)
    return DateTable(
        verified_from=date.fromisoformat(plain["from"]),
        verified_until=date.fromisoformat(plain["expires"]),
        source=plain["source"],
        rows=tuple(
            TableRow(item.first, item.last, row["name"]) for row in plain["dates"] for item in Days.parse(row["on"])
        ),
    )
