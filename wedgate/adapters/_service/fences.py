"""The fence as text, and the one rule by which a newer writer keeps an older one out."""

from __future__ import annotations

from wedgate.adapters.targets.interface import FenceError
from wedgate.rollout.values import Fence


def fence_in(text: str) -> Fence | None:
    """Return the fence that ``rollout/epoch/revision`` spells, or ``None`` when wedgate did not write it."""
    parts = text.rsplit("/", 2)
    if len(parts) != 3 or not parts[0] or not all(part.isascii() and part.isdigit() for part in parts[1:]):
        return None
    return Fence(rollout=parts[0], epoch=int(parts[1]), revision=int(parts[2]))


def refuse_older(region: str, fence: Fence, *, holder: str, held: Fence | None) -> None:
    """Raise ``FenceError`` where ``holder`` was written under ``held``, a fence that ``fence`` may not replace."""
    if held is None:
        return
    older = (fence.epoch, fence.revision) < (held.epoch, held.revision)
    stranger = (fence.epoch, fence.revision) == (held.epoch, held.revision) and fence.rollout != held.rollout
    if older or stranger:
        raise FenceError(
            f"{region}: {holder} was last written under {held}, which {fence} may not replace; "
            "a newer writer is at work, nothing was changed",
            held=held,
        )
