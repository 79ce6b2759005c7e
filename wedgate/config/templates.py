"""The ``{words}`` in ``rollout.target``: filled in per region when the configuration is read.

``{region}`` and the words of ``places`` are known then; ``{colour}``, ``{digest}``, ``{commit}`` and ``{address}``
depend on the call and are left for the target. Braces around anything that is not a word stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LATE = frozenset({"colour", "digest", "commit", "address"})
RESERVED = LATE | {"region"}
TEMPLATES = ("admin", "routes", "socket", "weights", "variable", "read-back", "fence-file", "path", "running")
"""The keys of a target that are one text each."""

COMMANDS = ("deploy", "scale", "command")
"""The keys of a target that are commands, word by word; each has its ``-timeout``."""

PLACE_PATTERN = "^[a-z][a-z0-9_-]{0,62}$"

_WORD = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]*)\}")


def words_in(text: str) -> tuple[str, ...]:
    """Return the template words of ``text`` in order."""
    return tuple(_WORD.findall(text))


def fill(text: str, region: str, place: Mapping[str, str]) -> str:
    """Replace ``{region}`` and the words of ``place``; what they are replaced by is not looked at again."""
    known = {**place, "region": region}
    return _WORD.sub(lambda match: known.get(match[1], match[0]), text)
