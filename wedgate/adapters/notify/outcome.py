"""How the process that sends a message says, by its exit status, what became of it."""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    """What became of one message."""

    SENT = 0
    NOT_SENT = 3
    BAD_ADDRESS = 4
    NO_APPRISE = 5
