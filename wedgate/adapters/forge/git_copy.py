"""The default branch's copy of a file as the local clone knows it, so that a terminal can say when they differ."""

from __future__ import annotations

from pathlib import Path

TIMEOUT_SECONDS = 5


def default_branch_copy(path: Path) -> bytes | None:
    """Return the file as ``origin/HEAD`` has it; ``None`` without git, a clone, a remote or such a file.

    The clone may be behind the forge: this is for saying so, never for deciding.
    """
    try:
        directory = path.resolve().parent
    except OSError:
        return None
    if not any((folder / ".git").exists() for folder in (directory, *directory.parents)):
        return None
    import subprocess

    # cat-file, not show: it runs no text conversion that the clone's own settings may name.
    command = ["git", "cat-file", "blob", f"refs/remotes/origin/HEAD:./{path.name}"]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
