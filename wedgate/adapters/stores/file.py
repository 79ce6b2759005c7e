"""A ledger in one file: one JSON line for each append, written at once and flushed to the disk.

A line is an entry, or a list of entries that were appended together, so that a torn last line is exactly an append
that nobody was told had succeeded. Such a line is left out on reading and cut off by the next append; anything else
that does not fit the chain is refused by name. The whole file is verified when somebody else has touched it since this
store last saw it whole, by its times and its size. The lock is a file beside it (``.lock``); it works on local disks,
not on network file systems without locks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from wedgate.adapters.stores.interface import RevisionConflictError, StoreUnreachableError
from wedgate.adapters.stores.locking import locked
from wedgate.errors import ConfigurationError, Problem
from wedgate.ledger.appending import refusal_to_follow
from wedgate.ledger.chain import GENESIS, Entry, broken_at
from wedgate.ledger.grown import Grown
from wedgate.ledger.lines import entries_of, line_of, unreadable

LOOK_EVERY = 0.25
"""Seconds between two looks at a file that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A file as it was verified, or left behind by an append: how to know it again, and where its chain ends."""

    identity: tuple[int, ...]
    count: int
    head: str
    epoch: int
    end: int
    needs_newline: bool

    @classmethod
    def of(cls, identity: tuple[int, ...], entries: Sequence[Entry], end: int, needs_newline: bool) -> _Seen:
        """Return what is known of a file that was just verified."""
        last = entries[-1] if entries else None
        return cls(
            identity=identity,
            count=len(entries),
            head=last.hash if last else GENESIS,
            epoch=last.epoch if last else 0,
            end=end,
            needs_newline=needs_newline,
        )


class FileStore:
    """The ledger of one service in the file ``path``; its directory is created with the first append."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notices: tuple[str, ...] = ()
        self._seen: _Seen | None = None
        self._looked_at: tuple[int, ...] | None = None
        """The file as it was when it was last read or written, usable or not."""
        self._is_kept = False
        self._entries = Grown[Entry]()
        """What was verified or written while the file was as ``_seen`` says."""

    def read(self) -> Sequence[Entry]:
        """Return every entry in order, their chain verified, if anybody has touched the file since that was done."""
        if self._known() is not None:
            return self._entries
        return self._load()[0]

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append entries as one line under the lock, and flush it to the disk."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_name(self.path.name + ".lock")):
                seen = self._known() or self._load()[1]
                refusal = refusal_to_follow(
                    entries, revision=revision, count=seen.count, head=seen.head, epoch=seen.epoch
                )
                if refusal:
                    raise RevisionConflictError(f"{self.path}: {refusal}")
                self._write(entries, seen)
        except OSError as error:
            raise StoreUnreachableError(
                f"{self.path}: the ledger cannot be written: {error.strerror or error}"
            ) from error

    def notices(self) -> tuple[str, ...]:
        """Say what the last ``read`` left out."""
        return self._notices

    def wait(self, timeout: timedelta) -> bool:
        """Wait for a write that the last ``read`` did not show and this store did not make; whether there is one.

        Returns at once when there is one already, ``False`` after ``timeout``: the file is looked at every
        ``LOOK_EVERY`` seconds. Raises ``StoreUnreachableError`` when it is not there, cannot be looked at, or was
        not read before: whoever cannot read it would only be woken again and again.
        """
        if self._looked_at is None:
            raise StoreUnreachableError(f"{self.path}: nothing was read of it that could have changed")
        deadline = time.monotonic() + timeout.total_seconds()
        while True:
            try:
                if _identity(os.stat(self.path)) != self._looked_at:
                    return True
            except OSError as error:
                raise StoreUnreachableError(f"{self.path}: {error.strerror or error}") from error
            rest = deadline - time.monotonic()
            if rest <= 0:
                return False
            time.sleep(min(rest, LOOK_EVERY))

    def _known(self) -> _Seen | None:
        """Return what was seen of the file, if it is the very same still."""
        seen = self._seen
        try:
            return seen if seen is not None and _identity(os.stat(self.path)) == seen.identity else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnreachableError(f"{self.path}: {error.strerror or error}") from error

    def _write(self, entries: Sequence[Entry], seen: _Seen) -> None:
        """Write one line at the end (cutting off a torn one); on failure leave the file as long as it was."""
        if not entries:
            return
        self._seen, end = None, seen.end
        rest = (("\n" if seen.needs_newline else "") + line_of(entries)).encode()
        end_after = end + len(rest)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            if os.fstat(descriptor).st_size != end:
                os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            try:
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
            identity = _identity(os.fstat(descriptor))
        finally:
            os.close(descriptor)
        if not self._is_kept:
            # Once by each store: whoever made the file may have died before its name was on the disk.
            _flush_directory(self.path.parent)
            self._is_kept = True
        last = entries[-1]
        self._entries, self._notices = self._entries.grown(entries), ()
        self._looked_at = identity
        self._seen = _Seen(
            identity=identity, count=last.revision, head=last.hash, epoch=last.epoch, end=end_after, needs_newline=False
        )

    def _load(self) -> tuple[Sequence[Entry], _Seen]:
        """Return the entries, verified, and what the next append needs to know of the file."""
        self._notices, self._seen, self._looked_at = (), None, None
        try:
            with self.path.open("rb") as file:
                before = _identity(os.fstat(file.fileno()))
                content = file.read()
                self._looked_at = before
                is_still = before == _identity(os.fstat(file.fileno()))
        except FileNotFoundError:
            self._entries = Grown()
            return self._entries, _Seen.of((), (), 0, False)
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
        seen = _Seen.of(before, entries, end, needs_newline)
        self._seen, self._entries = (seen if is_still else None), Grown(entries)
        return self._entries, seen

    def _unusable(self, line: int, what: str, remedy: str = "") -> ConfigurationError:
        """Make the error for a ledger that was changed by something other than wedgate."""
        remedy = remedy or (
            "an entry was edited or is missing: put the file back from a copy; "
            "`wedgate rollback` works without the ledger"
        )
        return ConfigurationError((Problem(file=str(self.path), line=line, column=1, what=what, remedy=remedy),))


def _identity(found: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is replaced or written to."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


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
