"""Who owns a path by a CODEOWNERS file: the last line whose pattern fits, as GitHub's documentation has it.

Patterns are those of gitignore without ``!``, ``[...]`` and escapes. A line that has no owners takes them away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may lie; the first that exists counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The logins and the teams (``org/team``) that own a path; addresses of mail are nobody that can comment."""

    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


def owners_of(text: str, path: str) -> Owners:
    """Return the owners of a path; nobody if no line fits."""
    found: list[str] = []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if words and _fits(words[0], path):
            found = words[1:]
    names = [word[1:] for word in found if word.startswith("@")]
    return Owners(
        people=tuple(name for name in names if "/" not in name), teams=tuple(name for name in names if "/" in name)
    )


def _fits(pattern: str, path: str) -> bool:
    is_anchored = "/" in pattern.rstrip("/")
    inner = pattern.strip("/")
    body = re.escape(inner).replace(r"\*\*", "\0").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    body = body.replace("\0/", "(?:.*/)?").replace("/\0", "/.*").replace("\0", ".*")
    start = "" if is_anchored else "(?:.*/)?"
    # A pattern names a file, or a directory and all that is in it; `docs/*` names files of that directory alone.
    names_files_alone = is_anchored and inner.rpartition("/")[2] == "*"
    end = "/.*" if pattern.endswith("/") else "" if names_files_alone else "(?:/.*)?"
    return re.fullmatch(f"{start}{body}{end}", path) is not None
