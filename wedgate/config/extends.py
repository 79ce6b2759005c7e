"""How ``extends:`` names a calendar: a preset that is shipped, or a file that an organisation shares at one commit.

A branch or a tag is refused: whoever can move it could open every gate that follows it, unseen, without a change to
any wedgate.yml. So is a short SHA, which another commit may share one day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from wedgate.calendars.spelling import SpellingError
from wedgate.config.scalars import NAME_PATTERN, parse_text, shown

PRESET_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*$"
SHARED_PATTERN = "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+//[A-Za-z0-9_./-]+@[0-9a-f]{40}$"
ROW_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]*(/{1,2}[A-Za-z0-9_.-]+)+$"
DISABLED = "disabled"

_EXAMPLE = "write org/repo//path/to/calendar.yml@ and the 40 digits of a commit"
_FULL_SHA = re.compile("[0-9a-f]{40}")
_ONE = {"type": "string", "anyOf": [{"pattern": PRESET_PATTERN}, {"pattern": SHARED_PATTERN}]}
SCHEMA = {"anyOf": [_ONE, {"type": "array", "minItems": 1, "items": _ONE}], "examples": ["wedding/us-east"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRef:
    """A file of a repository on the forge, at one commit."""

    repository: str
    path: str
    commit: str

    @property
    def name(self) -> str:
        """What the ids of its rows begin with: the same at every commit."""
        return f"{self.repository}//{self.path}"

    def __str__(self) -> str:
        """The spelling of ``extends:``."""
        return f"{self.name}@{self.commit}"


Shared = Callable[[SharedRef], bytes | None]
"""Fetches a shared calendar; ``None`` if there is no such file, ``SharedUnknownError`` if nobody answers."""


def parse_extends(raw: object) -> list[str]:
    """Read one name of a calendar or a list of them; what each name says is for ``expansion``, one by one."""
    items = raw if isinstance(raw, list) else [raw]
    if not items:
        raise SpellingError("the list is empty", "name a preset (`wedgate preset list`), or delete the key")
    return [str(item).strip() for item in items]


def parse_extended(raw: object) -> str | SharedRef:
    """Read the name of a preset, or a shared calendar at its commit; whether it exists is not asked."""
    text = parse_text(raw)
    if "//" not in text and "@" not in text:
        if not re.fullmatch(PRESET_PATTERN, text):
            raise SpellingError(f"{shown(text)} is not the name of a preset", "see `wedgate preset list`")
        return text
    place, _, commit = text.partition("@")
    repository, slashes, path = place.partition("//")
    if not slashes or not re.fullmatch("[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", repository):
        raise SpellingError(f"{shown(text)} does not name a file of a repository", _EXAMPLE)
    if not re.fullmatch("[A-Za-z0-9_./-]+", path) or any(part in ("", ".", "..") for part in path.split("/")):
        raise SpellingError(f"{shown(path)} is not a path in {repository}", _EXAMPLE)
    if not _FULL_SHA.fullmatch(commit):
        what = f"{place} is not pinned to a commit"
        if commit:
            what = f"{shown(commit)} can come to mean another file: only the full SHA of a commit cannot"
        raise SpellingError(what, f"write {place}@ and the 40 hexadecimal digits of the commit, in small letters")
    return SharedRef(repository=repository, path=path, commit=commit)


def parse_rule_id(raw: object) -> str:
    """Read the id of a rule of one's own (a name), or of a row of a preset (``wedding/us-east/labor-day-sunday``)."""
    from wedgate.config.scalars import parse_name

    text = parse_text(raw)
    return text if "/" in text and re.fullmatch(ROW_PATTERN, text) else parse_name(text)


RULE_ID = {"type": "string", "anyOf": [{"pattern": NAME_PATTERN}, {"pattern": ROW_PATTERN}]}
