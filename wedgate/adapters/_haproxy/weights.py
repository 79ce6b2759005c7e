"""The two variables of HAProxy that are wedgate's, and the file that sets them when HAProxy starts.

``proc.NAME_green`` is what traffic is routed by: green's share in percent, one number, so that no half of a change
can be seen. ``proc.NAME_stamp`` says who wrote it: ``rollout/epoch/revision@green``. The stamp repeats the share, so
that a share which somebody set by hand is not taken for the writer's.

Source of the format: HAProxy's configuration manual, ``set-var`` in section ``global`` (2.5 and later).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from wedgate.adapters._service.fences import fence_in
from wedgate.rollout.values import Fence

INITIAL = "initial"
"""The writer of a file that no rollout has written yet: it carries no fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What HAProxy or the file holds: green's share in percent, who wrote last, and whether it is what they wrote."""

    green: int
    fence: Fence | None
    is_as_written: bool


def green_variable(name: str) -> str:
    """Return the variable that traffic is routed by."""
    return f"proc.{name}_green"


def stamp_variable(name: str) -> str:
    """Return the variable that says who wrote."""
    return f"proc.{name}_stamp"


def spell_stamp(green: int, fence: Fence | None) -> str:
    """Spell who wrote, with nothing in it that the command line of HAProxy reads in its own way."""
    writer = INITIAL if fence is None else f"{quote(fence.rollout, safe='')}/{fence.epoch}/{fence.revision}"
    return f"{writer}@{green}"


def parse_held(green: str, stamp: str | None) -> Held:
    """Read both variables; ``ValueError`` when the share is no number."""
    writer, _, written = (stamp or "").rpartition("@")
    found = fence_in(writer)
    fence = found and Fence(rollout=unquote(found.rollout), epoch=found.epoch, revision=found.revision)
    return Held(green=int(green), fence=fence, is_as_written=written == green)


def render_weights(name: str, green: int, fence: Fence | None = None) -> str:
    """Render the file that gives green its share when HAProxy starts; without a fence, nobody has rolled out yet."""
    return (
        "# Written by wedgate, read by HAProxy when it starts.\n"
        "global\n"
        f"    set-var {green_variable(name)} int({green})\n"
        f"    set-var {stamp_variable(name)} str({spell_stamp(green, fence)})\n"
    )


def parse_weights(text: str, name: str) -> Held | None:
    """Read such a file; ``None`` when it does not set the share."""

    def value(variable: str, kind: str) -> str | None:
        found = re.search(rf"^\s*set-var\s+{re.escape(variable)}\s+{kind}\(([^()\s]*)\)\s*$", text, re.MULTILINE)
        return found and found[1]

    green = value(green_variable(name), "int")
    try:
        return None if green is None else parse_held(green, value(stamp_variable(name), "str"))
    except ValueError:
        return None
