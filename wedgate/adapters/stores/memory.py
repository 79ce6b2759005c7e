"""A ledger and a spool in memory, for tests and virtual worlds; they keep every promise of the real ones but
durability."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from wedgate.adapters.stores.interface import RevisionConflictError, StoreUnreachableError
from wedgate.ledger.appending import Draft, refusal_to_append
from wedgate.ledger.chain import Entry


class MemoryStore:
    """A ledger in memory. Set ``broken`` to a text to make every append fail with it."""

    def __init__(self) -> None:
        self._entries: tuple[Entry, ...] = ()
        self._lock = threading.Lock()
        self.broken: str | None = None

    def read(self) -> tuple[Entry, ...]:
        """Return every entry in order."""
        return self._entries

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append if the ledger still has ``revision`` entries."""
        with self._lock:
            if self.broken is not None:
                raise StoreUnreachableError(f"the ledger in memory cannot be written: {self.broken}")
            if refusal := refusal_to_append(self._entries, entries, revision=revision):
                raise RevisionConflictError(f"the ledger in memory was not written: {refusal}")
            self._entries = (*self._entries, *entries)

    def notices(self) -> tuple[str, ...]:
        """Return nothing: memory has no torn lines."""
        return ()


class MemorySpool:
    """A spool in memory."""

    def __init__(self) -> None:
        self._drafts: tuple[Draft, ...] = ()

    def keep(self, drafts: Sequence[Draft]) -> str | None:
        """Keep drafts for later."""
        self._drafts = (*self._drafts, *drafts)
        return "memory"

    def waiting(self) -> tuple[Draft, ...]:
        """Return the drafts that wait."""
        return self._drafts

    def clear(self) -> None:
        """Forget the drafts."""
        self._drafts = ()
