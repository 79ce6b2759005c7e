"""The lease as the ledger tells it: who holds it, when that run was last heard of, and whether it gave it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS
from wedgate.ledger.streams import Lease, LedgerState, Stream, fold

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
MIN = timedelta(minutes=1)


def after(*written: tuple[str, str, int, int]) -> LedgerState:
    """Fold entries of (stream, kind, minutes after noon, epoch)."""
    state = LedgerState()
    for stream, kind, minutes, epoch in written:
        draft = Draft(stream=stream, kind=kind, at=NOON + minutes * MIN, body={"who": f"host:{epoch}"})
        entries = chain_onto([draft], revision=state.revision, head=state.head, epoch=epoch, nonces=["n"])
        state = fold(entries, state)
    return state


def test_no_lease_in_an_empty_ledger() -> None:
    """Nobody was ever here."""
    assert after().lease is None
    assert after().head == GENESIS


def test_everything_written_under_a_lease_is_a_sign_of_life() -> None:
    """A renewal, and any other entry of the holder's epoch; one of another epoch is not."""
    taken = (Stream.LEASE, "taken", 0, 1)
    assert after(taken).lease == Lease(who="host:1", epoch=1, at=NOON, seen=NOON)
    assert after(taken, (Stream.LEASE, "renewed", 2, 1)).lease.seen == NOON + 2 * MIN
    assert after(taken, ("something", "else", 3, 1)).lease.seen == NOON + 3 * MIN
    assert after(taken, ("something", "late", -9, 1)).lease.seen == NOON


def test_lease_given_back_has_ended_until_it_is_taken_again() -> None:
    """The next holder's lease is its own."""
    given_back = ((Stream.LEASE, "taken", 0, 1), (Stream.LEASE, "released", 1, 1))
    assert after(*given_back).lease.ended
    again = after(*given_back, (Stream.LEASE, "taken", 5, 2)).lease
    assert (again.who, again.ended, again.at) == ("host:2", False, NOON + 5 * MIN)
