"""A ledger that cannot even be opened: every use says why, as one that is down does."""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.adapters.stores.interface import StoreUnreachableError
from wedgate.ledger.chain import Entry


class UnusableStore:
    """The store of a kind that is not known here, or whose settings cannot be used; ``why`` is one line."""

    def __init__(self, why: str) -> None:
        self._why = why

    def read(self) -> tuple[Entry, ...]:
        """Raise ``StoreUnreachableError``."""
        raise StoreUnreachableError(self._why)

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Raise ``StoreUnreachableError``."""
        raise StoreUnreachableError(self._why)

    def notices(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()
