"""Who owns a path by a CODEOWNERS file: the last line whose pattern fits, as GitHub's documentation has it.

Patterns are those of gitignore; a backslash takes the next character as it is, a space too. Of those GitHub says that
``!``, ``[...]`` and a backslash before ``#`` do not work, and not what comes of them. A line that has no owners takes
them away. Where it is not sure what a line comes to, fewer own the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may lie; the first that exists counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The logins and the teams (``org/team``) that own a path, each once and in lower case: the forge knows no other.

    Addresses of mail are nobody that can comment.
    """

    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


LARGEST = 3_000_000
"""GitHub loads a file that is under 3 MB; by one of so many bytes nobody owns anything."""
_UNSURE = re.compile(r"!|(?:\\.|[^\\])*?(?:\\#|\[)")
_CLASS = re.compile(r"(\\.)|\[[!^]?\]?(?:\\.|[^\]\\])*\]?")
_COMMENT = re.compile(r"(?<!\S)#.*")
_WORD = re.compile(r"(?:\\.|\S)+")
_OWNER = re.compile(r"@[A-Za-z0-9_-]+(?:/[A-Za-z0-9_.-]+)?|[^@\s]+@[^@\s]+")
_ANY_NAME = "\0"


def owners_of(text: str, path: str) -> Owners:
    """Return the owners of a path; nobody if no line fits.

    A path that a directory may have is one: the owners of whatever lies in it directly. A line with an owner that is
    spelled wrong, which GitHub passes over, leaves those who own the path with it and without it. So does a pattern
    that does not work there, on each path that it may be read as; one with ``!`` leaves none on what it would except.
    """
    if len(text.encode("utf-8", "replace")) >= LARGEST:
        return Owners()
    place = path.lstrip("/")
    whole, inside = place.rstrip("/"), f"{place.rstrip('/')}/{_ANY_NAME}"
    names_directory = place.endswith("/")
    found: list[str] = []

    def fits(pattern: str) -> bool:
        return _fits(pattern, inside) or (not names_directory and _fits(pattern, whole))

    for line in text.splitlines():
        words = _WORD.findall(_COMMENT.sub("", line))
        if not words:
            continue
        owners = [word.lower() for word in words[1:]]
        is_sure = _UNSURE.match(words[0]) is None
        if words[0].startswith("!") and any(map(fits, _readings(words[0][1:]))):
            found = []
        elif any(map(fits, (words[0],) if is_sure else _readings(words[0]))):
            is_valid = is_sure and all(map(_OWNER.fullmatch, owners))
            found = owners if is_valid else [owner for owner in found if owner in owners]
    names = dict.fromkeys(word[1:] for word in found if word.startswith("@"))
    return Owners(
        people=tuple(name for name in names if "/" not in name), teams=tuple(name for name in names if "/" in name)
    )


def _readings(pattern: str) -> Iterator[str]:
    """Yield what a pattern that does not work may be read as, in patterns that do; a range as any one character."""
    yield pattern
    yield pattern.replace("\\#", "\\\\#")
    yield _CLASS.sub(lambda found: found[0] if found[1] or not found[0].endswith("]") else "?", pattern)


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
