"""What a rollout tells whoever watches it, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from wedgate.making import quick
from wedgate.rollout.values import Weights


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One thing that happened: when, where (``None``: the rollout as a whole), what, why, and until when.

    ``weights`` is set when new weights were read back from the region.
    """

    at: datetime
    region: str | None
    what: str
    why: str = ""
    until: datetime | None = None
    weights: Weights | None = None


Observer: TypeAlias = Callable[[Progress], None]


def unfailing(observe: Observer) -> Observer:
    """Return ``observe`` as something that never raises: after its first failure it is not told anything any more.

    Whoever watches may go away (a closed pipe, a full disk under a log). That is no reason to leave traffic where it
    is.
    """
    failed = False

    def told(progress: Progress) -> None:
        nonlocal failed
        if failed:
            return
        try:
            observe(progress)
        except Exception:
            failed = True

    return told
