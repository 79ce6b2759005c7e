"""Reads wedgate.yml: bytes to text to positioned data to a checked ``Configuration``, or everything wrong at once.

Light to import: YAML and pydantic are loaded when a file is read that was not validated before.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.config.configuration import Configuration
from wedgate.config.source import MAX_BYTES, decode, digest_of, load_bytes

if TYPE_CHECKING:
    from wedgate.config.extends import Shared, SharedRef

__all__ = [
    "CONFIG_PATHS",
    "MAX_BYTES",
    "find_configuration",
    "load_configuration",
    "parse_configuration",
    "parse_unshared",
]

CONFIG_PATHS = ("wedgate.yml", ".github/wedgate.yml")


def find_configuration(start: Path) -> Path | None:
    """Return the first of ``CONFIG_PATHS`` that exists in ``start``; ``None`` if there is none.

    A name that is there but cannot be read is found too, so that the reader says what is wrong with it.
    """
    for name in CONFIG_PATHS:
        path = start / name
        if path.exists() or path.is_symlink():
            return path
    return None


def load_configuration(path: Path, *, shared: Shared | None = None) -> Configuration:
    """Read and check one file; ``ConfigurationError`` names everything wrong with it at once."""
    return parse_configuration(load_bytes(path), name=str(path), shared=shared)


def parse_configuration(
    content: bytes, *, name: str, shared: Shared | None = None, is_earlier: bool = False
) -> Configuration:
    """Check a configuration that was read already; ``name`` is how messages name it.

    ``shared`` fetches the calendars that other repositories share; ``ExternalSystemError`` when nobody answers it.
    ``is_earlier``: a file that was valid before limits came to be still is.
    The same bytes are validated once per machine and version where ``wedgate.config.cache`` may remember them.
    """
    from wedgate.config import cache

    digest = digest_of(content)
    remembered = cache.recall(content, path=name, digest=digest)
    if remembered is not None:
        return remembered
    from wedgate.config.build import build
    from wedgate.config.validation import validate

    validated = validate(decode(content, name=name), name=name, shared=shared, is_earlier=is_earlier)
    configuration = build(validated, path=name, digest=digest)
    if not is_earlier:
        cache.remember(content, validated)
    return configuration


def parse_unshared(content: bytes, *, name: str) -> Configuration:
    """Check a configuration without what other repositories share: each such calendar closes its regions at all times.

    For who may approve, and as the strictest that the configuration can be, where a shared calendar cannot be had: no
    row of it is switched off or changed, because nobody knows what a change would be laid over.
    Nothing of it is remembered. ``ConfigurationError`` names everything wrong in the file itself.
    """
    from wedgate.config.build import build
    from wedgate.config.validation import validate

    text = decode(content, name=name)
    validated = validate(
        text, name=name, shared=lambda ref: _closed_calendar(ref, text), is_stand_in=True, is_earlier=True
    )
    return build(validated, path=name, digest=digest_of(content))


def _closed_calendar(ref: SharedRef, text: str) -> bytes:
    """Return a calendar that closes every day, with every row that a configuration names of the shared one."""
    named = re.findall(rf"{re.escape(ref.name)}/([A-Za-z0-9_-]+)", text)
    row = "{weekdays: monday..sunday, effect: block, confidence: high, source: not known}"
    rows = "".join(f'  "{each}": {row}\n' for each in dict.fromkeys(("cannot-be-read", *named)))
    return f"title: not known\nversion: 1\nrules:\n{rows}".encode()
