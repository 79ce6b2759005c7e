"""Where things lie beside a configuration: the directory that its paths start from, and the ledger by default."""

from __future__ import annotations

from pathlib import Path

STATE_DIRECTORY = ".wedgate"
"""Where the ledger lies when wedgate.yml does not say; the spool and the rescue file of one that lies elsewhere."""


def base_of_file(config: Path) -> Path:
    """Return the directory that relative paths of a configuration start from, whether the file is there or not.

    That is the file's own, or the repository root for .github/wedgate.yml. Never the current directory: the same
    command means the same wherever it is typed.
    """
    parent = config.resolve().parent
    return parent.parent if parent.name == ".github" else parent


def default_ledger(config: Path, service: str) -> Path:
    """Return the ledger of a service whose configuration does not say where it is kept."""
    return base_of_file(config) / STATE_DIRECTORY / f"{service}.jsonl"
