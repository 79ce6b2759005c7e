"""The ledger in the hands of one writer: it takes the lease, appends under it, and notices when it lost it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from wedgate.adapters.stores.interface import RevisionConflictError, Spool, Store
from wedgate.engine.known import Known
from wedgate.errors import ConfigurationError, NeedsHumanError, Problem, WedgateError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.audit import Frozen
from wedgate.ledger.chain import Entry
from wedgate.ledger.plain import PlainError
from wedgate.ledger.streams import EMPTY, WITHOUT_LEASE, LedgerState, Stream, fold
from wedgate.rollout.state import RolloutState
from wedgate.rollout.values import Fence


class LeaseLostError(NeedsHumanError):
    """Another process took the lease: this one must not write anything any more, neither ledger nor weights."""


_TRIES = 20


class Book:
    """The ledger of one service with the state folded from it."""

    def __init__(self, store: Store, spool: Spool, known: Known | None = None) -> None:
        self._store = store
        self._spool = spool
        self._known = known or Known()
        self.epoch = 0
        self.was_given_back = False
        """Whether the lease taken was given back before; who lost an earlier one may still work under that."""
        self.state = EMPTY

    def refresh(self) -> LedgerState:
        """Read the ledger anew."""
        try:
            self.state = self._known.ledger(self._store.read())
        except PlainError as error:
            raise unreadable(error) from error
        return self.state

    def freezes(self) -> tuple[Frozen, ...]:
        """Return what is frozen by the ledger as it is now."""
        return self.look().freezes

    def look(self) -> LedgerState:
        """Return the ledger as it is now; a lease that was lost shows at the next write."""
        entries, known = self._store.read(), self.state.revision
        if entries and len(entries) == known and entries[-1].hash == self.state.head:
            return self.state
        try:
            state = self._known.ledger(entries)
        except PlainError as error:
            raise unreadable(error) from error
        goes_on = 0 < known <= len(entries) and entries[known - 1].hash == self.state.head
        if goes_on and all(entry.stream in WITHOUT_LEASE for entry in entries[known:]):
            self.state = state
        return state

    def notices(self) -> tuple[str, ...]:
        """What a person should know about the last reading."""
        return self._store.notices()

    def rollout(self, name: str | None) -> RolloutState | None:
        """Return the state of one rollout from its journal; ``None`` when there is none of that name."""
        if name is None:
            return None
        try:
            return self._known.rollout(self.state, name)
        except PlainError as error:
            raise unreadable(error) from error

    def take_lease(
        self, at: datetime, *, above: int, who: str, allow: Callable[[LedgerState], None] = lambda state: None
    ) -> int:
        """Take the lease with an epoch above every one known, ``above`` included; return how many records that
        waited in the spool were written with it. ``allow`` sees the ledger just before, and raises to refuse."""
        for _ in range(_TRIES):
            state = self.refresh()
            allow(state)
            epoch = max(state.epoch, above) + 1
            waiting = self._missing(self._spool.waiting())
            lease = Draft(stream=Stream.LEASE, kind="taken", at=at, body={"who": who})
            try:
                self._append([lease, *waiting], epoch)
            except RevisionConflictError:
                continue
            self.epoch = epoch
            self.was_given_back = state.lease is not None and state.lease.ended
            self._spool.clear()
            return len(waiting)
        raise NeedsHumanError("the lease could not be taken: others kept writing; see who else is rolling out")

    def release_lease(self, at: datetime) -> None:
        """Give the lease back; one that cannot be given back, or was lost, runs out by itself."""
        with suppress(WedgateError):
            self._append([Draft(stream=Stream.LEASE, kind="released", at=at, body={})], self.epoch)

    def append(self, drafts: Sequence[Draft]) -> None:
        """Append under the lease. Raises ``LeaseLostError`` when somebody else took it since.

        What others wrote meanwhile to streams that need no lease is read and built upon.
        """
        for _ in range(_TRIES):
            try:
                self._append(drafts, self.epoch)
            except RevisionConflictError as error:
                lost = error
                known = self.state.revision
                entries = self._store.read()
                if all(entry.stream in WITHOUT_LEASE for entry in entries[known:]) and len(entries) > known:
                    self.state = self._known.ledger(entries)
                    continue
            else:
                return
            break
        raise LeaseLostError(
            "another wedgate process took over this service's ledger; this one stops and touches nothing more"
        ) from lost

    def keep(self, drafts: Sequence[Draft]) -> str | None:
        """Keep drafts in the spool; return where, ``None`` if that failed too or there was nothing to keep."""
        return self._spool.keep(drafts) if drafts else None

    @property
    def has_kept(self) -> bool:
        """Whether records wait in the spool."""
        return self._spool.waiting() != ()

    def forget_kept(self) -> None:
        """Clear the spool after its drafts were appended."""
        self._spool.clear()

    def fence(self, rollout: str) -> Fence:
        """Return the fence under which this writer sets weights now."""
        return Fence(epoch=self.epoch, revision=self.state.revision, rollout=rollout)

    def _missing(self, waiting: Sequence[Draft]) -> Sequence[Draft]:
        """Return the drafts that the ledger does not have, each once.

        The answer to an append may have been lost, and the answer to its second try as well: what was kept for later
        is there then.
        """
        if not waiting:
            return ()
        there = {_mark(entry) for entry in self._store.read()}
        return [draft for mark, draft in {_mark(draft): draft for draft in waiting}.items() if mark not in there]

    def _append(self, drafts: Sequence[Draft], epoch: int) -> None:
        """Chain drafts onto what was read, and append them."""
        nonces = [os.urandom(8).hex() for _ in drafts]
        entries = chain_onto(drafts, revision=self.state.revision, head=self.state.head, epoch=epoch, nonces=nonces)
        self._store.append(entries, revision=self.state.revision)
        self.state = fold(entries, self.state)
        self._known.wrote(self.state)


def _mark(said: Draft | Entry) -> tuple[object, ...]:
    """Return what makes a record the same wherever it stands: its words and its instant, to the microsecond."""
    return said.stream, said.kind, said.at, json.dumps(said.body, sort_keys=True)


def unreadable(error: PlainError) -> ConfigurationError:
    """Make the error for a ledger whose chain holds but whose entries this version cannot read."""
    remedy = "a newer version of wedgate may have written it: use that one; `wedgate rollback` works without the ledger"
    return ConfigurationError((Problem(file="the ledger", line=0, column=0, what=str(error), remedy=remedy),))
