"""A ledger in one file: one JSON line for each append, written at once and flushed to the disk.

A line is an entry, or a list of entries that were appended together, so that a torn last line is exactly an append
that nobody was told had succeeded. Such a line is left out on reading and cut off by the next append; anything else
that does not fit the chain is refused by name. The lock is a file beside it (``.lock``); it works on local disks,
not on network file systems without locks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from wedgate.adapters.stores.interface import RevisionConflictError, StoreUnreachableError
from wedgate.adapters.stores.locking import locked
from wedgate.errors import ConfigurationError, Problem
from wedgate.ledger.appending import refusal_to_append
from wedgate.ledger.chain import Entry, broken_at
from wedgate.ledger.lines import entries_of, line_of, unreadable


class FileStore:
    """The ledger of one service in the file ``path``; its directory is created with the first append."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notices: tuple[str, ...] = ()

    def read(self) -> tuple[Entry, ...]:
        """Return every entry in order, their chain verified."""
        entries, _, _ = self._load()
        return entries

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append entries as one line under the lock, and flush it to the disk."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_name(self.path.name + ".lock")):
                existing, end, needs_newline = self._load()
                if refusal := refusal_to_append(existing, entries, revision=revision):
                    raise RevisionConflictError(f"{self.path}: {refusal}")
                self._write(("\n" if needs_newline else "") + line_of(entries), end)
        except OSError as error:
            raise StoreUnreachableError(
                f"{self.path}: the ledger cannot be written: {error.strerror or error}"
            ) from error

    def notices(self) -> tuple[str, ...]:
        """Say what the last ``read`` left out."""
        return self._notices

    def _write(self, text: str, end: int) -> None:
        """Write at ``end`` (cutting off a torn line); on failure leave the file as long as it was."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            try:
                rest = text.encode()
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        _flush_directory(self.path.parent)

    def _load(self) -> tuple[tuple[Entry, ...], int, bool]:
        """Return the entries, where the next line goes, and whether the last line lacks its newline."""
        self._notices = ()
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return (), 0, False
        except OSError as error:
            raise StoreUnreachableError(f"{self.path}: the ledger cannot be read: {error.strerror or error}") from error
        complete, newline, tail = content.rpartition(b"\n")
        lines = complete.split(b"\n") if newline else []
        entries: list[Entry] = []
        for number, line in enumerate(lines, start=1):
            read = entries_of(line)
            if read is None:
                raise self._unusable(number, *unreadable(line, len(entries) + 1))
            entries += read
        end, needs_newline = len(complete) + len(newline), False
        if tail:
            extra = entries_of(tail)
            if extra is not None and broken_at([*entries, *extra]) is None:
                entries, end, needs_newline = [*entries, *extra], len(content), True
            else:
                self._notices = (
                    f"{self.path}: the last line was cut off while it was written ({len(tail)} bytes) and is left out; "
                    "whoever wrote it was never told that it was kept",
                )
        if (broken := broken_at(entries)) is not None:
            raise self._unusable(_line_of(lines, broken), f"entry {broken} does not follow entry {broken - 1}")
        return tuple(entries), end, needs_newline

    def _unusable(self, line: int, what: str, remedy: str = "") -> ConfigurationError:
        """Make the error for a ledger that was changed by something other than wedgate."""
        remedy = remedy or (
            "an entry was edited or is missing: put the file back from a copy; "
            "`wedgate rollback` works without the ledger"
        )
        return ConfigurationError((Problem(file=str(self.path), line=line, column=1, what=what, remedy=remedy),))


def _line_of(lines: Sequence[bytes], revision: int) -> int:
    """Return the line (from 1) that holds the entry at this place; the last line when none does."""
    count = 0
    for number, line in enumerate(lines, start=1):
        count += len(entries_of(line) or ())
        if count >= revision:
            return number
    return max(1, len(lines))


def _flush_directory(path: Path) -> None:
    """Flush a directory, so that a new file survives a power cut; not every system can."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
