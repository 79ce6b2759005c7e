"""What a store is: append-only entries of one service behind a compare-and-swap on the revision.

Every implementation passes ``tests/contract/test_stores.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wedgate.errors import ExternalSystemError
from wedgate.ledger.chain import Entry


class RevisionConflictError(ExternalSystemError):
    """Somebody else appended since the revision that was read; read again and decide anew."""


class Store(Protocol):
    """The ledger of one service."""

    def read(self) -> tuple[Entry, ...]:
        """Return every entry in order (their chain verified); ``()`` when the ledger does not exist yet."""

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append ``entries`` durably if the ledger still has ``revision`` entries, all or none of them.

        Raises ``RevisionConflictError`` otherwise, ``ExternalSystemError`` when it cannot be written (full,
        read-only): then nothing was appended, or the next ``read`` shows all of it.
        """
