"""What a forge is to the gate: the default branch's files, a pull request's changes, and a clock to compare with.

Every implementation passes ``tests/contract/test_forge.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeFile:
    """A file as the forge holds it: its bytes and the commit it was read at."""

    path: str
    content: bytes
    ref: str


class Forge(Protocol):
    """A repository on a forge. Calls raise ``ExternalSystemError``; a file that does not exist is ``None``."""

    def default_branch_file(self, paths: tuple[str, ...]) -> ForgeFile | None:
        """Fetch the first of ``paths`` that exists on the default branch."""

    def file_at(self, path: str, ref: str) -> ForgeFile | None:
        """Fetch one file at a commit."""

    def changed_paths(self, pull_request: int) -> tuple[str, ...]:
        """Fetch the paths that a pull request changes, old names of moved files too: all pages or an error."""

    def head_of(self, pull_request: int) -> str:
        """Fetch the commit that a pull request's branch is at."""

    def changed_between(self, base: str, head: str) -> tuple[str, ...]:
        """Fetch the paths changed between two commits, old names of moved files too: all of them or an error."""

    def keep_comment(self, pull_request: int, marker: str, body: str) -> bool:
        """Write a comment that holds ``marker``, or bring the one that this token wrote earlier up to date.

        Returns whether it is there now: ``False`` for a token that may not write.
        """

    def date(self) -> datetime:
        """Return the forge's own clock, from the ``Date`` header of an answer just received."""
