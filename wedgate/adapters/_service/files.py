"""A file of weights on disk: read it, replace it whole under a lock, and never leave half a file.

What routes the traffic often reads the file itself (Envoy notices a rename inside the watched directory and nothing
else). The lock is the kernel's and ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wedgate.errors import ExternalSystemError

LOCK_SECONDS = 10.0
"""How long a writer waits for another one; a write with its read-back takes at most 5 seconds."""


@contextmanager
def locked(path: Path, *, longer: float = 0.0) -> Iterator[int]:
    """Hold the lock beside ``path``; ``ExternalSystemError`` when it is not free within ``LOCK_SECONDS``.

    ``longer`` is added to them, where a write takes more than the 5 seconds that they allow for. Gives the lock's
    descriptor: a command that inherits it holds the lock for as long as it runs, also where this process is killed.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ExternalSystemError(
            f"cannot lock {path}: {error.strerror}; wedgate needs to write in its directory"
        ) from error
    try:
        wait = LOCK_SECONDS + longer
        deadline = time.monotonic() + wait
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise ExternalSystemError(
                    f"{lock} has been held by another process for {wait:g} s; nothing was written"
                )
            time.sleep(0.005)
        try:
            yield descriptor
        finally:
            # Said, and not only closed: what a command left running in the background must not hold it on, least of
            # all one that failed, because a rollback comes next.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def read(path: Path) -> str | None:
    """Return the text of the file, or ``None`` when there is none; ``ExternalSystemError`` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExternalSystemError(f"cannot read {path}: {error.strerror}") from error


def replace(path: Path, text: str) -> None:
    """Put ``text`` in the place of the file durably, in one rename; ``ExternalSystemError`` when that fails.

    The mode of the old file is kept, because the proxy often runs as another user.
    """
    temporary: str | None = None
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path)
        temporary = None
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise ExternalSystemError(f"cannot write {path}: {error.strerror}; the weights are what they were") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
