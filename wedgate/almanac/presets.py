"""The presets that are shipped: calendars of regions that a configuration extends by name.

This module finds and returns their bytes; what stands in them is for ``wedgate.config.preset_file`` to read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "resources" / "presets"


@cache
def preset_names() -> tuple[str, ...]:
    """Return the names that ``extends:`` takes: ``finance-close``, ``wedding/us-east``."""
    return tuple(sorted(str(path.relative_to(_FOLDER).with_suffix("").as_posix()) for path in _FOLDER.rglob("*.yml")))


def preset_bytes(name: str) -> bytes:
    """Return the content of one preset; ``KeyError`` if there is none of that name."""
    if name not in preset_names():
        raise KeyError(name)
    return (_FOLDER / f"{name}.yml").read_bytes()
