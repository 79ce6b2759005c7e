"""Records of what was done by hand: a rollback from the rescue file, and an adoption."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from wedgate.engine.book import Book
from wedgate.engine.tick import release_claims
from wedgate.errors import ExternalSystemError, WedgateError
from wedgate.ledger.appending import Draft, drafted
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import Good, LedgerState, Poisoned, Stream
from wedgate.rollout.events import ReturnedByHand
from wedgate.rollout.journal import draft_of
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPhase, RegionPlan, RolloutState

Recorder = Callable[[Rescue, ReturnedByHand, int], str]
"""Writes down a rollback by hand (rescue file, what was done, epoch used) and says where it is recorded."""


def recorder_in(book: Book) -> Recorder:
    """Return the recorder that writes to the ledger, or to its spool when the ledger cannot be used."""

    def record(rescue: Rescue, returned: ReturnedByHand, epoch: int) -> str:
        drafts = drafts_of_rollback(rescue, returned)
        before: RolloutState | None = None

        def look(state: LedgerState) -> None:
            nonlocal before
            before = _told(book, rescue)

        # First where nobody can be in the way; the lease then writes what waits into the ledger.
        kept = book.keep(drafts)
        try:
            book.take_lease(returned.at, above=epoch, who="rollback by hand", allow=look)
            if kept is None:
                book.append(drafts)
            after = _told(book, rescue)
            if after is not None and after.is_over and before is not None and not before.is_over:
                book.append([release_claims(after, returned.at)])
        except Exception as error:
            # Traffic is back whatever this is: garbage in a file must not make that look like a failure.
            where = f"kept in {kept} until the next run writes it down" if kept else "NOT recorded: tell people"
            return f"the ledger could not be written ({error}); {where}"
        return "recorded in the ledger"

    return record


def rescue_in(
    book: Book,
    *,
    service: str,
    at: datetime,
    store_kind: str,
    store_options: Mapping[str, object],
    rollout: str | None = None,
) -> Rescue | None:
    """Return what a rescue file of a rollout would say, by the ledger; ``None`` without one.

    It is of the rollout that was started last, where none is named.
    """
    ledger = book.refresh()
    state = book.rollout(rollout or ledger.latest)
    if state is None:
        return None
    return Rescue(
        service=service,
        rollout=state.plan.rollout,
        release=state.plan.release,
        at=at,
        epoch=ledger.epoch,
        regions=state.plan.regions,
        store_kind=store_kind,
        migration=state.plan.migration,
        max_unwatched=state.plan.max_unwatched,
        store_options=dict(store_options),
    )


def _told(book: Book, rescue: Rescue) -> RolloutState | None:
    """Return what the ledger that was just read tells of the rollout; ``None`` where it tells nothing that is known."""
    try:
        return book.rollout(rescue.rollout)
    except WedgateError:
        return None


Told = TypeVar("Told")


def within(seconds: float, ask: Callable[[], Told]) -> Told:
    """Return what ``ask`` returns, or raises; ``ExternalSystemError`` when it takes longer than ``seconds``.

    A ledger on a disk that hangs answers never, and no error says so. What was asked goes on beside, and ends with the
    process.
    """
    found: list[Told] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            found.append(ask())
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not found:
        raise ExternalSystemError(f"the ledger has not answered for {seconds:g} s")
    return found[0]


def exposed_in(book: Book) -> Callable[[Rescue], Collection[str] | None]:
    """Return the reader of which regions have candidate traffic by the journal; ``None`` when that cannot be read."""

    def exposed(rescue: Rescue) -> Collection[str] | None:
        try:
            book.refresh()
            state = book.rollout(rescue.rollout)
        except WedgateError:
            return None
        return None if state is None else exposed_by(state)

    return exposed


def exposed_by(state: RolloutState) -> list[str]:
    """Return the regions whose candidate has, or may have, traffic that must be watched, or that owe a return."""
    return [each.region for each in state.regions if each.is_exposed or each.is_stranded or each.owes_return]


def open_in(book: Book) -> Callable[[Rescue], Collection[str] | None]:
    """Return the reader of which regions of a rollout are neither at rest nor done; ``None`` when it is over.

    It raises ``WedgateError`` where the ledger cannot be read.
    """

    def open_regions(rescue: Rescue) -> Collection[str] | None:
        book.refresh()
        state = book.rollout(rescue.rollout)
        if state is None or state.is_over:
            return None
        return [
            region.region for region in state.regions if region.is_moving or region.phase is RegionPhase.NEEDS_HUMAN
        ]

    return open_regions


def drafts_of_rollback(rescue: Rescue, returned: ReturnedByHand) -> list[Draft]:
    """Return what the ledger should say about a rollback by hand; the journal's event comes first."""
    at = returned.at
    drafts = [draft_of(returned, rollout=rescue.rollout)]
    why = f"rolled back by hand: {returned.why}"
    poisoned = Poisoned(digest=rescue.release.digest, why=why, rollout=rescue.rollout)
    drafts.append(drafted(Stream.POISON, "poisoned", at, to_plain(poisoned)))
    drafts += [_good(region, at) for region in rescue.regions if region.region in returned.regions]
    return drafts


def _good(region: RegionPlan, at: datetime) -> Draft:
    """Return the record that makes stable the last good version of a region again."""
    good = Good(region=region.region, colour=region.stable, release=region.stable_release, rollout=None)
    return drafted(Stream.HISTORY, "good", at, to_plain(good))


def drafts_of_adoption(goods: Sequence[Good], at: datetime) -> list[Draft]:
    """Return the records of what runs in some regions."""
    return [drafted(Stream.HISTORY, "good", at, to_plain(good)) for good in goods]
