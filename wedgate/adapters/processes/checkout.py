"""Which commit a directory holds, so that what was measured in it can be held to that commit later."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A directory of a clone: the commit it was checked out at, and whether tracked files were changed since."""

    commit: str
    is_changed: bool


def checkout_at(directory: Path) -> Checkout | None:
    """Return what a directory holds; ``None`` where no clone's commit has it, or git does not say.

    A directory below a clone that the commit does not know, as one that builds are put into, is not that commit's.
    """
    head = _git(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    known = _git(directory, "ls-tree", "--name-only", "HEAD")
    changed = _git(directory, "status", "--porcelain", "--untracked-files=no")
    if head is None or changed is None or not known:
        return None
    return Checkout(commit=head.strip(), is_changed=bool(changed.strip()))


def _git(directory: Path, *arguments: str) -> str | None:
    """Return what git prints of the clone around a directory; ``None`` if it fails, is not there or takes too long."""
    # A hook of git runs with variables that name another clone than the directory's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=directory,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
