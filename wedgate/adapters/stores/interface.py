"""What a store is: append-only entries of one service behind a compare-and-swap on the revision.

Every implementation passes ``tests/contract/test_stores.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wedgate.errors import ExternalSystemError
from wedgate.ledger.appending import Draft
from wedgate.ledger.chain import Entry


class StoreUnreachableError(ExternalSystemError):
    """The ledger cannot be read or written now: it is down, full, read-only or not to be reached."""


class StoreGoneError(StoreUnreachableError):
    """There is no such place: its repository or its database does not exist (any more), as its server itself says."""


class RevisionConflictError(ExternalSystemError):
    """Somebody else appended since the revision that was read; read again and decide anew."""


class Store(Protocol):
    """The ledger of one service."""

    def read(self) -> Sequence[Entry]:
        """Return every entry in order (their chain verified); ``()`` when the ledger does not exist yet.

        Raises ``ConfigurationError`` naming the entry when one was edited or is missing, ``StoreUnreachableError``
        when it cannot be read.
        """

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append ``entries`` durably if the ledger still has ``revision`` entries, all or none of them.

        Raises ``RevisionConflictError`` otherwise, ``StoreUnreachableError`` when it cannot be written (full,
        read-only): then nothing was appended, or the next ``read`` shows all of it.
        """

    def notices(self) -> tuple[str, ...]:
        """Return what a person should know about the last ``read`` (a torn line that was left out), in words."""


class Spool(Protocol):
    """Where a record waits while the store cannot be written. Local, and never in the way of a rollback."""

    def keep(self, drafts: Sequence[Draft]) -> str | None:
        """Keep drafts for later, after those already kept; return where, ``None`` if it could not be done."""

    def waiting(self) -> tuple[Draft, ...]:
        """Return the drafts that wait, in order."""

    def clear(self) -> None:
        """Forget the drafts: the store has them now."""
