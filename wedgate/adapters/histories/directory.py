"""A history in a directory of this machine: one file, to which lines are added."""

from __future__ import annotations

import os
from pathlib import Path

from wedgate.adapters.stores.locking import locked
from wedgate.errors import ExternalSystemError

FILE = "history.jsonl"


class DirectoryHistory:
    """Lines in ``history.jsonl`` of a directory, which the first line makes."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE

    @property
    def name(self) -> str:
        """Return the path of the file."""
        return str(self._path)

    def lines(self) -> tuple[str, ...]:
        """Read the file."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ExternalSystemError(f"{self.name} cannot be read: {error.strerror or error}") from error
        return tuple(content.decode("utf-8", "replace").splitlines())

    def add(self, line: str) -> None:
        """Write the line at the end, behind a line that was cut off a line of its own."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._path.with_name(f".{FILE}.lock")), self._path.open("ab+") as file:
                size = file.seek(0, os.SEEK_END)
                if size:
                    file.seek(size - 1)
                    line = line if file.read(1) == b"\n" else f"\n{line}"
                file.write(f"{line}\n".encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ExternalSystemError(f"{self.name} cannot be written: {error.strerror or error}") from error
