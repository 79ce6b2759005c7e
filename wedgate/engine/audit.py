"""The audit stream in the hands of many writers: each reads, decides on what it read, and appends only onto that.

Nobody needs the lease for it. An entry is written under the epoch that is there, so that whoever holds the lease keeps
it; a writer that was overtaken reads and decides anew.
"""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from wedgate.adapters.stores.interface import RevisionConflictError, Store, StoreUnreachableError
from wedgate.engine.book import unreadable
from wedgate.engine.known import Known
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.plain import PlainError
from wedgate.ledger.streams import LedgerState, fold

TRIES = 30
LONGEST_PAUSE = 2.0
"""Seconds; pauses grow up to it, each of them random, so that writers do not meet again and again."""


class AuditBook:
    """The ledger of one service for whoever writes to its audit stream."""

    def __init__(self, store: Store, pause: Callable[[timedelta], None], known: Known | None = None) -> None:
        self._store = store
        self._known = known or Known()
        self._pause = pause
        # Whoever stopped waiting for an answer left the read going on beside: a store is no two threads'.
        self._lock = threading.RLock()

    def read(self) -> LedgerState:
        """Return what the ledger says now."""
        try:
            with self._lock:
                return self._known.ledger(self._store.read())
        except PlainError as error:
            raise unreadable(error) from error

    def transact(self, decide: Callable[[LedgerState], Sequence[Draft]]) -> LedgerState:
        """Append what ``decide`` makes of the ledger as it is, and return the ledger with it.

        ``decide`` is asked again whenever somebody else was faster. ``StoreUnreachableError`` if that never ends.
        """
        for attempt in range(TRIES):
            state = self.read()
            drafts = decide(state)
            if not drafts:
                return state
            nonces = [secrets.token_hex(8) for _ in drafts]
            entries = chain_onto(drafts, revision=state.revision, head=state.head, epoch=state.epoch, nonces=nonces)
            try:
                with self._lock:
                    self._store.append(entries, revision=state.revision)
            except RevisionConflictError:
                longest = min(LONGEST_PAUSE, 0.1 * 2**attempt)
                self._pause(timedelta(seconds=random.uniform(0, longest)))  # noqa: S311 (nothing secret)
                continue
            return fold(entries, state)
        raise StoreUnreachableError("the ledger could not be written: others kept writing; run this again")
