"""Files that stand beside the configuration: who reads them, and why one cannot be read.

In a terminal they are read from the disk, on a runner from the default branch (``wedgate.cli.sources``): a change to a
table or a feed decides nothing before it is merged, exactly as a change to the configuration itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wedgate.calendars.facts import FeedKey

MAX_BYTES = 10_000_000
"""Of one file, and of one page: more is no calendar."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file or a page could not be read, and what to do about it.

    ``is_known``: that is how the file is; otherwise nobody answered, and it may be another way.
    """

    trouble: str
    is_known: bool = True


class CalendarFiles(Protocol):
    """Reads the files that rules name, by their path from where the configuration is."""

    def read(self, path: str) -> bytes | Unread:
        """Return the content, or why it cannot be had; never raises for a file."""


class NoFiles:
    """Where no configuration stands anywhere: a file cannot be had."""

    def read(self, path: str) -> bytes | Unread:
        """Say that there is no place to look."""
        return Unread("there is no directory to read it from; ask with --config")


class WorkingFiles:
    """The files of a directory and below it; a link that leads out of it is refused."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, path: str) -> bytes | Unread:
        """Return the content of the file."""
        try:
            root = self._directory.resolve()
            found = (root / path).resolve()
            if not found.is_relative_to(root):
                return Unread("it is a link that leads out of where the configuration is; put the file itself there")
            # Not to be kept waiting by a pipe that nobody writes to.
            if not found.is_file():
                missing = not found.exists()
                return Unread("there is no such file; add it, or correct the path" if missing else "it is not a file")
            with found.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except (OSError, ValueError, RuntimeError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its path loops"
            return Unread(f"it cannot be read ({reason}); make it readable")
        if len(content) > MAX_BYTES:
            return Unread(f"it is longer than {MAX_BYTES // 1_000_000} MB; keep only what the rule needs")
        return content


class Shelf:
    """The files and pages of one run, each read once, so that all answers of it go by the same content."""

    def __init__(self, files: CalendarFiles | None = None, now: Callable[[], datetime] | None = None) -> None:
        self._files = files or NoFiles()
        self._now = now or (lambda: datetime.now(UTC))
        self._read: dict[str, bytes | Unread] = {}
        self._fetched: dict[FeedKey, bytes | Unread] = {}

    def with_files(self, files: CalendarFiles) -> Shelf:
        """Return a shelf of other files and the same pages, each of which is fetched once for both."""
        other = Shelf(files, self._now)
        other._fetched = self._fetched
        return other

    def now(self) -> datetime:
        """Return the present instant."""
        return self._now()

    def read(self, path: str) -> bytes | Unread:
        """Return the content of a file beside the configuration, or why it cannot be had."""
        if path not in self._read:
            self._read[path] = self._files.read(path)
        return self._read[path]

    def page(self, key: FeedKey) -> bytes | Unread:
        """Return the content of a page, perhaps from the copies that are kept, or why it cannot be had."""
        if key not in self._fetched:
            from wedgate.almanac.feed_copies import page_of

            self._fetched[key] = page_of(key, self._now())
        return self._fetched[key]
