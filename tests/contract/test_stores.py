"""Every store keeps the contract of its interface: append-only, compare-and-swap, all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from git_server import TOKEN, GitServer

from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.git import GitStore
from wedgate.adapters.stores.interface import RevisionConflictError, Store
from wedgate.adapters.stores.memory import MemoryStore
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS, Entry, broken_at

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
Opener = Callable[[], Store]


@pytest.fixture(params=["memory", "file", "git"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Open the same ledger, each time as another process would."""
    if request.param == "memory":
        store = MemoryStore()
        yield lambda: store
    elif request.param == "file":
        yield lambda: FileStore(tmp_path / "deep" / "ledger.jsonl")
    else:
        with GitServer(tmp_path) as server:
            yield lambda: GitStore(server.url, "refs/heads/wedgate/venue-search", token=TOKEN)


def entries(store: Store, *texts: str, epoch: int = 1, nonce: str = "n") -> tuple[Entry, ...]:
    """Return entries that follow what the store holds."""
    known = store.read()
    drafts = [Draft(stream="journal", kind="said", at=AT, body={"text": text}) for text in texts]
    head = known[-1].hash if known else GENESIS
    nonces = [f"{nonce}{index}" for index in range(len(drafts))]
    return chain_onto(drafts, revision=len(known), head=head, epoch=epoch, nonces=nonces)


def test_ledger_that_does_not_exist_is_empty(open_store: Opener) -> None:
    """No ledger yet: no entries, no error."""
    assert open_store().read() == ()
    assert open_store().notices() == ()


def test_what_was_appended_is_read_back_in_order(open_store: Opener) -> None:
    """Entries come back as they were, and their chain holds."""
    store = open_store()
    first = entries(store, "München", "zwei")
    store.append(first, revision=0)
    second = entries(store, "drei")
    store.append(second, revision=2)
    found = open_store().read()
    assert found == (*first, *second)
    assert broken_at(found) is None


def test_second_writer_on_the_same_revision_is_refused(open_store: Opener) -> None:
    """Compare-and-swap: who read an older ledger does not write."""
    one, two = open_store(), open_store()
    mine, theirs = entries(one, "mine", nonce="a"), entries(two, "theirs", nonce="b")
    one.append(mine, revision=0)
    with pytest.raises(RevisionConflictError):
        two.append(theirs, revision=0)
    assert open_store().read() == mine


def test_identical_entries_are_refused_the_second_time(open_store: Opener) -> None:
    """The same bytes twice are two writers, and only one wins."""
    store = open_store()
    same = entries(store, "same")
    store.append(same, revision=0)
    with pytest.raises(RevisionConflictError):
        store.append(same, revision=0)


def test_lower_epoch_cannot_write(open_store: Opener) -> None:
    """Whoever lost the lease does not write, whatever revision it read."""
    store = open_store()
    store.append(entries(store, "new holder", epoch=7), revision=0)
    with pytest.raises(RevisionConflictError, match="lost the lease"):
        store.append(entries(store, "old holder", epoch=6), revision=1)


def test_entry_that_does_not_continue_the_chain_is_refused(open_store: Opener) -> None:
    """A store takes no entry that would break its chain."""
    store = open_store()
    stranger = chain_onto(
        [Draft(stream="journal", kind="said", at=AT, body={})], revision=0, head="f" * 64, epoch=1, nonces=["n"]
    )
    with pytest.raises(RevisionConflictError, match="does not follow"):
        store.append(stranger, revision=0)


def test_racing_writers_have_exactly_one_winner_for_each_revision(open_store: Opener) -> None:
    """Eight writers for ten revisions: ten entries, each won once."""
    start, wins = threading.Barrier(8), []

    def write(name: str) -> None:
        store = open_store()
        start.wait()
        for revision in range(10):
            while len(store.read()) == revision:
                try:
                    store.append(entries(store, name, nonce=name), revision=revision)
                    wins.append((revision, name))
                except RevisionConflictError:
                    break

    writers = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = open_store().read()
    assert broken_at(found) is None
    assert len(found) == len(wins) == len({revision for revision, _ in wins})
    assert [entry.body["text"] for entry in found] == [name for _, name in sorted(wins)]
