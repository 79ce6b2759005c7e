"""Who owns a path by a CODEOWNERS file: the last line whose pattern fits, as GitHub's documentation has it.

Patterns are those of gitignore without ``!`` and ``[...]``; a backslash takes the next character as it is, a space too.
A line that has no owners takes them away. Where it is not sure what a line comes to, fewer own the path.
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


_COMMENT = re.compile(r"(?<!\S)#.*")
_WORD = re.compile(r"(?:\\.|\S)+")
_OWNER = re.compile(r"@[A-Za-z0-9_-]+(?:/[A-Za-z0-9_.-]+)?|[^@\s]+@[^@\s]+")
_ANY_NAME = "\0"


def owners_of(text: str, path: str) -> Owners:
    """Return the owners of a path; nobody if no line fits.

    A path that a directory may have is one: the owners of whatever lies in it directly. A line with an owner that is
    spelled wrong, which GitHub passes over, leaves those who own the path with it and without it.
    """
    place = path.lstrip("/")
    whole, inside = place.rstrip("/"), f"{place.rstrip('/')}/{_ANY_NAME}"
    names_directory = place.endswith("/")
    found: list[str] = []
    for line in text.splitlines():
        words = _WORD.findall(_COMMENT.sub("", line))
        if words and (_fits(words[0], inside) or (not names_directory and _fits(words[0], whole))):
            is_valid = all(map(_OWNER.fullmatch, words[1:]))
            found = words[1:] if is_valid else [owner for owner in found if owner in words[1:]]
    names = [word[1:] for word in found if word.startswith("@")]
    return Owners(
        people=tuple(name for name in names if "/" not in name), teams=tuple(name for name in names if "/" in name)
    )


def _fits(pattern: str, path: str) -> bool:
    is_anchored = "/" in pattern.rstrip("/")
    inner = pattern.strip("/")
    plain = (_literal(part) if part.startswith("\\") else re.escape(part) for part in re.split(r"(\\.)", inner))
    body = "".join(plain).replace(r"\*\*", "\1").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    body = body.replace("\1/", "(?:.*/)?").replace("/\1", "/.*").replace("\1", ".*")
    start = "" if is_anchored else "(?:.*/)?"
    # A pattern names a file, or a directory and all that is in it; `docs/*` names files of that directory alone.
    names_files_alone = is_anchored and inner.rpartition("/")[2] == "*"
    end = "/.*" if pattern.endswith("/") else "" if names_files_alone else "(?:/.*)?"
    return re.fullmatch(f"{start}{body}{end}", path) is not None


def _literal(escaped: str) -> str:
    """Return what stands behind a backslash as a pattern that means itself and is no wildcard."""
    return f"\\U{ord(escaped[1]):08x}"
