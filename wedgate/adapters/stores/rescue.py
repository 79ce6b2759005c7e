"""The rescue file on disk: one JSON object, replaced whole, so that it is never half of two rollouts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from wedgate.errors import ConfigurationError, ExternalSystemError, Problem
from wedgate.ledger.plain import PlainError, from_plain, to_plain
from wedgate.rollout.rescue import Rescue


def save_rescue(path: Path, rescue: Rescue) -> str:
    """Write the rescue file and flush it to the disk; return where. ``ExternalSystemError`` if that failed."""
    text = json.dumps({"schema_version": 1, "rescue": to_plain(rescue)}, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or error
        raise ExternalSystemError(
            f"{path}: the rescue file cannot be written: {why}; the rollout did not start"
        ) from error
    return str(path)


def load_rescue(path: Path) -> Rescue:
    """Read a rescue file; ``ConfigurationError`` when it is missing or is not one."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(plain, dict) or plain.get("schema_version") != 1:
            raise PlainError("no rescue file of schema_version 1")
        return from_plain(Rescue, plain.get("rescue"))
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from error
    except (PlainError, ValueError, RecursionError) as error:
        raise _unusable(path, f"is no rescue file: {error}") from error


def _unusable(path: Path, what: str) -> ConfigurationError:
    """Make the error for a rescue file that is of no use."""
    remedy = "name the file that `wedgate rollout run` wrote at its start with --rescue"
    return ConfigurationError((Problem(file=str(path), line=0, column=0, what=what, remedy=remedy),))
