"""Sets of buckets: a directory for each change of the weights, and one link that says which is in force.

``current/N`` exists for each bucket N below green's share, so one look at a path decides each request. A set is
written whole before the link is renamed onto it, in one step. ``current/weights.json`` says what the set stands for
and who wrote it; nginx serves that file, so that it can be asked which set it sees.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from wedgate.adapters._service.statements import Held, parse_json, parse_statement, plain_statement
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Fence

CURRENT = "current"
STATEMENT = "weights.json"
PREFIX = "set-"


def parse_answer(text: bytes) -> Held:
    """Read ``weights.json``; ``ValueError`` says what is wrong with it."""
    return parse_statement(parse_json(text))


def read_current(directory: Path) -> Held | None:
    """Return what the set in force stands for; ``None`` when there is none, or its buckets are others."""
    current = directory / CURRENT
    try:
        held = parse_answer((current / STATEMENT).read_bytes())
        buckets = {name for name in os.listdir(current) if name != STATEMENT}
    except (OSError, ValueError):
        return None
    return held if buckets == {str(bucket) for bucket in range(held.weights.green)} else None


def held_fence(directory: Path) -> Fence | None:
    """Return who wrote the set in force, whatever became of its buckets."""
    try:
        return parse_answer((directory / CURRENT / STATEMENT).read_bytes()).fence
    except (OSError, ValueError):
        return None


def replace_current(directory: Path, wanted: Held) -> None:
    """Put a new set in force durably, in one rename; ``ExternalSystemError`` when that fails.

    The set before it stays on disk: a request may be about to look into it.
    """
    made: Path | None = None
    link = directory / f".{CURRENT}.new"
    try:
        before = _target_of(directory)
        made = Path(tempfile.mkdtemp(dir=directory, prefix=PREFIX))
        _fill(made, wanted)
        link.unlink(missing_ok=True)
        link.symlink_to(made.name)
        os.rename(link, directory / CURRENT)
        kept, made = {made.name, before}, None
        _sync(directory)
    except OSError as error:
        raise ExternalSystemError(
            f"cannot write weights in {directory}: {error.strerror}; the weights are what they were. "
            f"wedgate needs to write there, and {CURRENT} must be a symbolic link"
        ) from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    for old in directory.glob(f"{PREFIX}*"):
        if old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)


def _fill(made: Path, wanted: Held) -> None:
    for bucket in range(wanted.weights.green):
        os.close(os.open(made / str(bucket), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    with (made / STATEMENT).open("w", encoding="utf-8") as file:
        file.write(json.dumps(plain_statement(wanted), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    # nginx often runs as another user.
    (made / STATEMENT).chmod(0o644)
    made.chmod(0o755)
    _sync(made)


def _target_of(directory: Path) -> str | None:
    try:
        return os.readlink(directory / CURRENT)
    except FileNotFoundError:
        return None


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
