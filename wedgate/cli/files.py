"""Files that a command is told to write: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from wedgate.errors import UsageError


def read_text(path: Path) -> str:
    """Return the text of a file of UTF-8 as it stands, line ends included; ``UsageError`` if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8; move it away, or name another file") from error


def write_whole(path: Path, text: str) -> None:
    """Write UTF-8 text to a file in one move, so that no reader ever sees half of it; ``UsageError`` if that fails.

    What was there keeps its permissions; a link is followed, and a pipe or a device is written to as it is.
    """
    content = text.encode("utf-8")
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
            os.replace(name, target)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"--output: {path} cannot be written ({why}); name a file in a directory of yours") from error


def _umask() -> int:
    """Return the mask for new files; it can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
