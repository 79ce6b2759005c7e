"""The digest of a release: what the service reports is computed from the files that it runs from."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of(directory: Path) -> str:
    """Return ``sha256:`` over the names and bytes of a release's files."""
    total = hashlib.sha256()
    for path in sorted(path for path in directory.iterdir() if path.suffix in {".py", ".sql"}):
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)}\n".encode() + content)
    return f"sha256:{total.hexdigest()}"
