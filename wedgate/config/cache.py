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
from wedgate.config.source import digest_of

FORMAT = 3
"""Of the remembered data; a change to what validation leaves behind raises it."""

MAX_FILES = 32
_MAX_BYTES = 4_000_000
_KEPT = ("data", "lines", "rows", "changes", "extended")


def recall(content: bytes, *, path: str, digest: str) -> Configuration | None:
    """Return the configuration that these bytes were validated to before; ``None`` if that is not known for sure."""
    with contextlib.suppress(Exception):
        directory = own_directory()
        if directory is None:
            return None
        key = _key(content)
        descriptor = os.open(directory / f"{key}.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not is_own(os.fstat(descriptor)):
                return None
            plain = json.loads(file.read(_MAX_BYTES))
        if plain["key"] != key:
            return None
        validated = Validated(**{name: plain[name] for name in _KEPT})
        return build(validated, path=path, digest=digest) if _is_current(validated) else None
    return None


def remember(content: bytes, validated: Validated) -> None:
    """Keep what these bytes were validated to; does nothing where that is not safe or not possible."""
    with contextlib.suppress(Exception):
        directory = own_directory(create=True)
        if directory is None:
            return
        key = _key(content)
        text = json.dumps({"key": key, **{name: getattr(validated, name) for name in _KEPT}}, separators=(",", ":"))
        _write(directory, f"{key}.json", text.encode())
        _forget_oldest(directory)


def recall_shared(ref: str) -> bytes | None:
    """Return this machine's copy of a shared calendar; ``None`` if there is none that can be believed."""
    with contextlib.suppress(Exception):
        directory = own_directory()
        if directory is None:
            return None
        descriptor = os.open(directory / _shared_name(ref), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not is_own(os.fstat(descriptor)):
                return None
            digest, _, content = file.read(_MAX_BYTES).partition(b"\n")
        return content if digest.decode() == digest_of(content) else None
    return None


def remember_shared(ref: str, content: bytes) -> None:
    """Keep a copy of a shared calendar under its name and digest; does nothing where that is not safe."""
    with contextlib.suppress(Exception):
        directory = own_directory(create=True)
        if directory is not None:
            _write(directory, _shared_name(ref), digest_of(content).encode() + b"\n" + content)


def _shared_name(ref: str) -> str:
    return f"{hashlib.sha256(ref.encode()).hexdigest()}.calendar"


def _write(directory: Path, name: str, content: bytes) -> None:
    temporary = directory / f".{name}.{os.getpid()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.replace(directory / name)
    finally:
        temporary.unlink(missing_ok=True)


def _is_current(validated: Validated) -> bool:
    """Whether the presets that went in are those shipped now; a shared calendar is pinned to its commit."""
    shipped = {name: digest for name, digest in validated.extended.items() if "@" not in name}
    if not shipped:
        return True
    from wedgate.almanac.presets import preset_bytes

    return all(digest_of(preset_bytes(name)) == digest for name, digest in shipped.items())


def _forget_oldest(directory: Path) -> None:
    files = sorted(directory.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[MAX_FILES:]:
        file.unlink(missing_ok=True)


def _key(content: bytes) -> str:
    from wedgate.almanac.zones import zone_data_version

    parts = (str(FORMAT).encode(), __version__.encode(), zone_data_version().encode(), content)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def own_directory(*, create: bool = False) -> Path | None:
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
    return directory if stat.S_ISDIR(directory.lstat().st_mode) and is_own(directory.lstat()) else None


def is_own(found: os.stat_result) -> bool:
    """Whether only this user could have written it."""
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
