"""Orders: what a person tells a rollout that somebody else drives, without its lease; obeyed at the next tick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Order(StrEnum):
    """The kinds of entries in the orders stream."""

    PAUSE = "pause"
    """Nothing increases in some regions; what has traffic stays, and is watched."""
    RESUME = "resume"
    ABORT = "abort"
    """The rollout ends: what is in flight goes back to stable, and nothing is poisoned."""
    REPORT = "report"
    """A regression was reported: back to stable, as if the judge had found it."""
    DRAIN = "drain"
    """Somebody has seen what no rollback takes back: promoted regions may let their old colour go."""
    CLEAR = "clear"
    """A digest is poisoned no more. It concerns no rollout that runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An order as it is written: by whom and why, for which rollout and regions (``None``: whichever there are)."""

    order: Order
    by: str
    why: str
    rollout: str | None = None
    regions: tuple[str, ...] | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """An order with its place in the ledger: each is obeyed once, in this order."""

    revision: int
    at: datetime
    given: Given
