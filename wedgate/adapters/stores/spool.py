"""A spool in one local file, with a second place to go to when the first cannot be written."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from wedgate.ledger.appending import Draft
from wedgate.ledger.plain import PlainError, from_plain, to_plain


class FileSpool:
    """Drafts as JSON lines in the first of ``paths`` that can be written. Never raises: it must not be in the way."""

    def __init__(self, *paths: Path) -> None:
        self.paths = paths

    def keep(self, drafts: Sequence[Draft]) -> str | None:
        """Append the drafts and flush them to the disk."""
        text = "".join(json.dumps(to_plain(draft), ensure_ascii=False) + "\n" for draft in drafts)
        for path in self.paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("a", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                continue
            return str(path)
        return None

    def waiting(self) -> tuple[Draft, ...]:
        """Return the drafts that can be read; a torn line was never acknowledged."""
        drafts: list[Draft] = []
        for path in self.paths:
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except (OSError, ValueError):
                continue
            for line in lines:
                try:
                    drafts.append(from_plain(Draft, json.loads(line)))
                except (PlainError, ValueError):
                    continue
        return tuple(drafts)

    def clear(self) -> None:
        """Remove the files."""
        for path in self.paths:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue
