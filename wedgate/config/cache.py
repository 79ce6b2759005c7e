"""Remembers a validated configuration by its digest, so that the second `wedgate check` imports no pydantic.

What is kept is the normal plain data, not the answer: it is built and its rules are read again every time. A
remembered file is believed only where nobody else could have written it: never on a CI runner, never in a directory
that is not the user's own or that others may write. Every failure is silent and means: validate again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
from pathlib import Path

from wedgate import __version__
from wedgate.config.build import Validated, build
from wedgate.config.configuration import Configuration

FORMAT = 2
"""Of the remembered data; a change to what validation leaves behind raises it."""

MAX_FILES = 32
_MAX_BYTES = 4_000_000


def recall(content: bytes, *, path: str, digest: str) -> Configuration | None:
    """Return the configuration that these bytes were validated to before; ``None`` if that is not known for sure."""
    with contextlib.suppress(Exception):
        directory = _directory()
        if directory is None:
            return None
        key = _key(content)
        descriptor = os.open(directory / f"{key}.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not _is_own(os.fstat(descriptor)):
                return None
            plain = json.loads(file.read(_MAX_BYTES))
        if plain["key"] != key:
            return None
        return build(Validated(data=plain["data"], lines=plain["lines"]), path=path, digest=digest)
    return None


def remember(content: bytes, validated: Validated) -> None:
    """Keep what these bytes were validated to; does nothing where that is not safe or not possible."""
    with contextlib.suppress(Exception):
        directory = _directory(create=True)
        if directory is None:
            return
        key = _key(content)
        text = json.dumps({"key": key, "data": validated.data, "lines": validated.lines}, separators=(",", ":"))
        temporary = directory / f".{key}.{os.getpid()}.tmp"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            temporary.replace(directory / f"{key}.json")
        finally:
            temporary.unlink(missing_ok=True)
        _forget_oldest(directory)


def _forget_oldest(directory: Path) -> None:
    files = sorted(directory.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[MAX_FILES:]:
        file.unlink(missing_ok=True)


def _key(content: bytes) -> str:
    from wedgate.almanac.zones import zone_data_version

    parts = (str(FORMAT).encode(), __version__.encode(), zone_data_version().encode(), content)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _directory(*, create: bool = False) -> Path | None:
    """Return the directory of remembered files if it is safe to use here, making it if asked."""
    if os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS") or not hasattr(os, "getuid"):
        return None
    base = os.environ.get("XDG_CACHE_HOME") or ""
    if not base.startswith("/"):
        library = Path("Library/Caches") if sys.platform == "darwin" else Path(".cache")
        base = str(Path.home() / library)
    directory = Path(base) / "wedgate"
    if create:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory if stat.S_ISDIR(directory.lstat().st_mode) and _is_own(directory.lstat()) else None


def _is_own(found: os.stat_result) -> bool:
    """Whether only this user could have written it."""
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
