"""What must hold for the commands of ``rollout.hooks``: limits that no rollback waits longer for, and no templates.

Like ``references`` it reads plain data of any shape and leaves wrong types to ``shape``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.calendars.durations import parse_duration, spell_duration
from wedgate.calendars.spelling import SpellingError
from wedgate.config.complaints import Complaints, Path
from wedgate.config.templates import words_in
from wedgate.rollout.values import HookPoint

_FACTS = {
    "region": "WEDGATE_REGION",
    "colour": "WEDGATE_COLOUR",
    "digest": "WEDGATE_DIGEST",
    "commit": "WEDGATE_COMMIT",
}


def check_hooks(hooks: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about limits that are too long, and about words that nobody fills in."""
    for point in HookPoint:
        plain = hooks.get(point.value)
        if not isinstance(plain, dict):
            continue
        path: Path = ("rollout", "hooks", point.value)
        _check_limit(point, plain.get("timeout"), (*path, "timeout"), complaints)
        command = plain.get("command")
        for index, text in enumerate(command if isinstance(command, list) else ()):
            for word in words_in(text) if isinstance(text, str) else ():
                what = f"{{{word}}} is not filled in here"
                remedy = f"the command gets it as the variable {_FACTS.get(word, 'WEDGATE_...')}"
                complaints.value((*path, "command", index), what, f"{remedy} (docs/reference/hooks.md)")


def _check_limit(point: HookPoint, plain: object, at: Path, complaints: Complaints) -> None:
    if not isinstance(plain, str):
        return
    try:
        limit = parse_duration(plain)
    except SpellingError:
        return
    if limit > point.longest:
        why = (
            "traffic is on a bad version meanwhile" if point is HookPoint.BEFORE_ROLLBACK else "a rollout waits for it"
        )
        longest = spell_duration(point.longest)
        complaints.value(at, f"{plain.strip()} is longer than {longest}: {why}", f"write {longest} or less")
