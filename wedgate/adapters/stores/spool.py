"""A spool in one local file, with a second place to go to when the first cannot be written."""

from __future__ import annotations

import json
import os
import stat
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
                _append(path, text.encode())
            except OSError:
                continue
            return str(path)
        return None

    def waiting(self) -> tuple[Draft, ...]:
        """Return the drafts that can be read; a torn line was never acknowledged."""
        drafts: list[Draft] = []
        for path in self.paths:
            try:
                if not _is_own(path):
                    continue
                lines = path.read_text(encoding="utf-8").splitlines()
            except (OSError, ValueError):
                continue
            for line in lines:
                try:
                    drafts.append(from_plain(Draft, json.loads(line)))
                except (PlainError, ValueError, RecursionError):
                    continue
        return tuple(drafts)

    def clear(self) -> None:
        """Remove the files."""
        for path in self.paths:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def _append(path: Path, text: bytes) -> None:
    """Append lines and flush them to the disk, or leave the file as it was; what was torn before stays a line apart."""
    descriptor = _open_own(path)
    try:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            if os.read(descriptor, 1) != b"\n":
                text = b"\n" + text
        try:
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _open_own(path: Path) -> int:
    """Open a file for appending that only this user can read or write; ``OSError`` for a link or another's file."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    if not _is_own(path):
        os.close(descriptor)
        raise PermissionError(f"{path} belongs to somebody else")
    return descriptor


def _is_own(path: Path) -> bool:
    """Whether a file was written by this user. The second place may be one where anybody can put a file, and what is
    read here becomes part of the ledger."""
    found = path.lstat()
    own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return own and stat.S_ISREG(found.st_mode)
