"""Whose conversation it is: a repository may hold several services, and none of them answers or votes for another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from wedgate.overrides.anchors import MARKER

STATUS = "wedgate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of a configuration: its ``path`` in the repository; empty for the one of the root, or of ``.github``.

    Each has a status, a comment, anchors and requests of its own.
    """

    path: str = ""

    @property
    def status(self) -> str:
        """The name of its status, which a rule of a branch may require."""
        return f"{STATUS} ({self.path})" if self.path else STATUS

    @property
    def marker(self) -> str:
        """The line by which its comment is found again."""
        if not self.path:
            return MARKER
        return MARKER.replace(" -->", f" {hashlib.sha256(self.path.encode()).hexdigest()[:12]} -->")

    @property
    def trouble(self) -> str:
        """The line by which the comment is found that says why there was no answer; it anchors nothing."""
        return self.marker.replace(":override", ":trouble")

    def is_beside(self, comment: str) -> bool:
        """Whether a comment looks like the one of another service of the repository."""
        return comment.startswith(_ANY) and not comment.startswith(self.marker)


_ANY = MARKER.removesuffix(" -->")
ROOT = Place()
