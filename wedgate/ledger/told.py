"""What people were told: so that the same message about the same thing goes out once, whichever process thinks of it.

An entry names destinations by the variable that holds their address, never by the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CLAIM_LASTS = timedelta(minutes=1)
"""How long a process that said that it tells something is left to it. Also the pause between two tries."""

MOST_TRIES = 5
"""How often a destination that takes nothing is tried for one message."""


class Telling(StrEnum):
    """The kinds of entries in the stream of notices."""

    CLAIMED = "claimed"
    """A process is about to tell it; nobody else does for a while."""
    TOLD = "told"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What is told where: the destination (``env/NAME``), the keys of what it is about, and who tells it."""

    to: str
    about: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where one message to one destination stands: the last that happened to it, when, and how often it was tried."""

    kind: Telling
    at: datetime
    tries: int = 0


def marked(before: Mark | None, kind: Telling, at: datetime) -> Mark:
    """Return the mark after one more entry; what was told stays told."""
    if before is not None and before.kind is Telling.TOLD:
        return before
    tries = (0 if before is None else before.tries) + (kind is Telling.CLAIMED)
    return Mark(kind=kind, at=at, tries=tries)


def is_due(mark: Mark | None, at: datetime) -> bool:
    """Whether a message should go out now: it was not told, nobody is about to, and it was not tried too often."""
    if mark is None:
        return True
    return mark.kind is not Telling.TOLD and mark.tries < MOST_TRIES and at - mark.at >= CLAIM_LASTS
