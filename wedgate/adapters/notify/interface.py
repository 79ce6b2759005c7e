"""What a messenger is: takes messages somewhere, within a time limit, and says which did not arrive.

It never raises, never blocks for longer than it is told, and never says an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told to one destination, which is named by the variable of its address (``env/NAME``)."""

    to: str
    title: str
    body: str


class Messenger(Protocol):
    """Tells people something."""

    def send(self, messages: Sequence[Message], *, within: timedelta) -> tuple[str, ...]:
        """Send all messages at the same time; return for each why it did not arrive, in words, or an empty text."""
