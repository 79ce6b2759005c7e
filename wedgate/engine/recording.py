"""Records of what was done by hand: a rollback from the rescue file, and an adoption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from wedgate.engine.book import Book
from wedgate.engine.tick import release_claims
from wedgate.errors import WedgateError
from wedgate.ledger.appending import Draft
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import Good, Poisoned, Stream
from wedgate.rollout.events import ReturnedByHand
from wedgate.rollout.journal import draft_of
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.step import step

Recorder = Callable[[Rescue, ReturnedByHand, int], str]
"""Writes down a rollback by hand (rescue file, what was done, epoch used) and says where it is recorded."""


def recorder_in(book: Book) -> Recorder:
    """Return the recorder that writes to the ledger, or to its spool when the ledger cannot be used."""

    def record(rescue: Rescue, returned: ReturnedByHand, epoch: int) -> str:
        drafts = drafts_of_rollback(rescue, returned)
        try:
            book.take_lease(returned.at, above=epoch, who="rollback by hand")
            state = book.rollout(rescue.rollout)
            if state is None:
                drafts = drafts[1:]
            elif not state.is_over:
                after, _ = step(state, returned)
                drafts = [*drafts, release_claims(after, returned.at)] if after.is_over else drafts
            book.append(drafts)
        except WedgateError as error:
            kept = book.keep(drafts)
            where = f"kept in {kept} until the next run writes it down" if kept else "NOT recorded: tell people"
            return f"the ledger could not be written ({error}); {where}"
        return "recorded in the ledger"

    return record


def drafts_of_rollback(rescue: Rescue, returned: ReturnedByHand) -> list[Draft]:
    """Return what the ledger should say about a rollback by hand; the journal's event comes first."""
    at = returned.at
    drafts = [draft_of(returned, rollout=rescue.rollout)]
    why = f"rolled back by hand: {returned.why}"
    poisoned = Poisoned(digest=rescue.release.digest, why=why, rollout=rescue.rollout)
    drafts.append(_draft(Stream.POISON, "poisoned", at, to_plain(poisoned)))
    drafts += [_good(region, at) for region in rescue.regions if region.region in returned.regions]
    return drafts


def _good(region: RegionPlan, at: datetime) -> Draft:
    """Return the record that makes stable the last good version of a region again."""
    good = Good(region=region.region, colour=region.stable, release=region.stable_release, rollout=None)
    return _draft(Stream.HISTORY, "good", at, to_plain(good))


def drafts_of_adoption(goods: Sequence[Good], at: datetime) -> list[Draft]:
    """Return the records of what runs in some regions."""
    return [_draft(Stream.HISTORY, "good", at, to_plain(good)) for good in goods]


def _draft(stream: Stream, kind: str, at: datetime, body: object) -> Draft:
    """Return one draft of a record."""
    if not isinstance(body, dict):
        raise TypeError("a record is an object")
    return Draft(stream=stream, kind=kind, at=at, body=body)
