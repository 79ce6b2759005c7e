"""What a rollout tells whoever watches it, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from wedgate.rollout.values import Weights


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
