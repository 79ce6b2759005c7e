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
from dataclasses import dataclass
from pathlib import Path

from wedgate.adapters._service.fences import fence_in
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Fence, Weights

CURRENT = "current"
STATEMENT = "weights.json"
PREFIX = "set-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a set stands for, and who wrote it (``None``: nobody that wedgate knows)."""

    weights: Weights
    fence: Fence | None


def render_statement(weights: Weights, fence: Fence | None = None) -> str:
    """Render ``weights.json``; without a fence, nobody has rolled out yet."""
    plain = {"weights": {"blue": weights.blue, "green": weights.green}, "fence": fence and str(fence)}
    return json.dumps(plain, indent=1) + "\n"


def parse_statement(text: str | bytes) -> Held:
    """Read ``weights.json``; ``ValueError`` says what is wrong with it."""
    try:
        plain = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    shares = plain.get("weights") if isinstance(plain, dict) else None
    blue, green = (shares.get("blue"), shares.get("green")) if isinstance(shares, dict) else (None, None)
    if type(blue) is not int or type(green) is not int:
        raise ValueError('it has no {"weights": {"blue": ..., "green": ...}} in whole percent')
    fence = plain.get("fence")
    return Held(weights=Weights(blue=blue, green=green), fence=fence_in(fence) if isinstance(fence, str) else None)


def read_current(directory: Path) -> Held | None:
    """Return what the set in force stands for; ``None`` when there is none, or its buckets are others."""
    current = directory / CURRENT
    try:
        held = parse_statement((current / STATEMENT).read_bytes())
        buckets = {name for name in os.listdir(current) if name != STATEMENT}
    except (OSError, ValueError):
        return None
    return held if buckets == {str(bucket) for bucket in range(held.weights.green)} else None


def held_fence(directory: Path) -> Fence | None:
    """Return who wrote the set in force, whatever became of its buckets."""
    try:
        return parse_statement((directory / CURRENT / STATEMENT).read_bytes()).fence
    except (OSError, ValueError):
        return None


def replace_current(directory: Path, weights: Weights, fence: Fence | None) -> None:
    """Put a new set in force durably, in one rename; ``ExternalSystemError`` when that fails.

    The set before it stays on disk: a request may be about to look into it.
    """
    made: Path | None = None
    link = directory / f".{CURRENT}.new"
    try:
        before = _target_of(directory)
        made = Path(tempfile.mkdtemp(dir=directory, prefix=PREFIX))
        _fill(made, weights, fence)
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


def _fill(made: Path, weights: Weights, fence: Fence | None) -> None:
    for bucket in range(weights.green):
        os.close(os.open(made / str(bucket), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    with (made / STATEMENT).open("w", encoding="utf-8") as file:
        file.write(render_statement(weights, fence))
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
