"""Every store keeps the contract of its interface: append-only, compare-and-swap, all or nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from git_server import GitServer
from postgres_server import PostgresServer, wire_to
from store_places import FilePlace, GitPlace, MemoryPlace, PostgresPlace

from wedgate.adapters.stores import memory
from wedgate.adapters.stores.interface import RevisionConflictError, Store, StoreUnreachableError
from wedgate.errors import ConfigurationError, WedgateError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS, Entry, broken_at
from wedgate.ledger.streams import Stream, fold

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
Opener = Callable[[], Store]


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A ledger of the kind asked for."""
    kind = request.param
    if kind == "memory":
        yield MemoryPlace()
    elif kind == "file":
        yield FilePlace(tmp_path / "deep" / "ledger.jsonl")
    elif kind == "git":
        with GitServer(tmp_path) as server:
            yield GitPlace(server)
    else:
        running: PostgresServer = request.getfixturevalue("postgres_server")
        with wire_to(running) as wire:
            yield PostgresPlace(running, wire)


@pytest.fixture
def open_store(place: Any) -> Opener:
    """Open the same ledger, each time as another process would."""
    opener: Opener = place.open
    return opener


every_store = pytest.mark.parametrize("place", ["memory", "file", "git", "postgres"], indirect=True)
stores_that_can_be_edited = pytest.mark.parametrize("place", ["file", "git", "postgres"], indirect=True)
stores_far_away = pytest.mark.parametrize("place", ["git", "postgres"], indirect=True)


def entries(
    store: Store, *texts: str, epoch: int = 1, nonce: str = "n", at: datetime = AT, stream: str = "journal"
) -> tuple[Entry, ...]:
    """Return entries that follow what the store holds."""
    return following(store.read(), *texts, epoch=epoch, nonce=nonce, at=at, stream=stream)


def following(
    known: tuple[Entry, ...],
    *texts: str,
    epoch: int = 1,
    nonce: str = "n",
    at: datetime = AT,
    stream: str = "journal",
) -> tuple[Entry, ...]:
    """Return entries that follow those known."""
    drafts = [Draft(stream=stream, kind="said", at=at, body={"text": text}) for text in texts]
    head = known[-1].hash if known else GENESIS
    nonces = [f"{nonce}{index}" for index in range(len(drafts))]
    return chain_onto(drafts, revision=len(known), head=head, epoch=epoch, nonces=nonces)


def said(store: Store) -> list[object]:
    """Return what the entries say, in order."""
    return [entry.body["text"] for entry in store.read()]


def together(*works: Callable[[], None]) -> list[BaseException]:
    """Do all works at once, each in a thread; return what they raised."""
    start, raised = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@every_store
def test_ledger_that_does_not_exist_is_empty(open_store: Opener) -> None:
    """No ledger yet: no entries, no error."""
    assert open_store().read() == ()
    assert open_store().notices() == ()


@every_store
def test_what_was_appended_is_read_back_in_order(open_store: Opener) -> None:
    """Entries come back as they were, and their chain holds."""
    store = open_store()
    first = entries(store, "München \u0000 '\"\\", "zwei")
    store.append(first, revision=0)
    second = entries(store, "drei")
    store.append(second, revision=2)
    found = open_store().read()
    assert found == (*first, *second)
    assert broken_at(found) is None


@every_store
def test_append_of_nothing_changes_nothing(open_store: Opener) -> None:
    """It asks whether the revision still holds, and leaves no line behind."""
    store = open_store()
    store.append((), revision=0)
    store.append(entries(store, "one"), revision=0)
    store.append((), revision=1)
    with pytest.raises(RevisionConflictError):
        store.append((), revision=0)
    assert said(open_store()) == ["one"]


@every_store
def test_second_writer_on_the_same_revision_is_refused(open_store: Opener) -> None:
    """Compare-and-swap: who read an older ledger does not write."""
    one, two = open_store(), open_store()
    mine, theirs = entries(one, "mine", nonce="a"), entries(two, "theirs", nonce="b")
    one.append(mine, revision=0)
    with pytest.raises(RevisionConflictError):
        two.append(theirs, revision=0)
    assert open_store().read() == mine


@every_store
@pytest.mark.parametrize("claimed", [0, 1, 3])
def test_revision_must_be_the_number_of_entries_there_are(open_store: Opener, claimed: int) -> None:
    """Too low or too high: neither is taken, and nothing changes."""
    store = open_store()
    store.append(entries(store, "one", "two"), revision=0)
    with pytest.raises(RevisionConflictError):
        open_store().append(entries(store, "three"), revision=claimed)
    assert said(open_store()) == ["one", "two"]


@every_store
def test_identical_entries_are_refused_the_second_time(open_store: Opener) -> None:
    """The same bytes twice are two writers, and only one wins."""
    store = open_store()
    same = entries(store, "same")
    store.append(same, revision=0)
    for again in (store, open_store()):
        with pytest.raises(RevisionConflictError):
            again.append(same, revision=0)


@every_store
def test_the_nonce_tells_two_writers_apart_who_say_the_same(open_store: Opener) -> None:
    """Same words, same instant, same revision: the ledger shows whose entry it is."""
    one, two = entries(open_store(), "same", nonce="a"), entries(open_store(), "same", nonce="b")
    assert one[0].hash != two[0].hash
    open_store().append(two, revision=0)
    with pytest.raises(RevisionConflictError):
        open_store().append(one, revision=0)
    assert open_store().read() == two


@every_store
def test_lower_epoch_cannot_write(open_store: Opener) -> None:
    """Whoever lost the lease does not write, whatever revision it read."""
    store = open_store()
    store.append(entries(store, "new holder", epoch=7), revision=0)
    with pytest.raises(RevisionConflictError, match="lost the lease"):
        store.append(entries(store, "old holder", epoch=6), revision=1)
    store.append(entries(store, "new holder again", epoch=7), revision=1)
    with pytest.raises(RevisionConflictError, match="lost the lease"):
        open_store().append(entries(store, "old holder, read anew", epoch=6), revision=2)
    assert said(open_store()) == ["new holder", "new holder again"]


@every_store
def test_epoch_may_not_fall_within_one_append(open_store: Opener) -> None:
    """All of it is refused, the entry before the fall as well."""
    store = open_store()
    high = entries(store, "high", epoch=5)
    low = following(high, "low", epoch=4)
    with pytest.raises(RevisionConflictError, match="lost the lease"):
        store.append((*high, *low), revision=0)
    assert open_store().read() == ()


@every_store
def test_two_who_take_the_lease_with_one_epoch_are_one_who_has_it(open_store: Opener) -> None:
    """The epoch is one higher for both; the revision lets one of them through, and the old holder is out."""
    store = open_store()
    store.append(entries(store, "old holder", epoch=3), revision=0)
    takers = {name: entries(store, name, epoch=4, nonce=name) for name in ("a", "b")}
    raised = together(*(lambda taken=taken: open_store().append(taken, revision=1) for taken in takers.values()))
    assert [type(error) for error in raised] == [RevisionConflictError]
    winner = said(open_store())[1]
    assert winner in takers
    with pytest.raises(RevisionConflictError):
        open_store().append(entries(store, "old holder", epoch=3), revision=2)


@every_store
def test_entry_that_does_not_continue_the_chain_is_refused(open_store: Opener) -> None:
    """A store takes no entry that would break its chain."""
    store = open_store()
    stranger = chain_onto(
        [Draft(stream="journal", kind="said", at=AT, body={})], revision=0, head="f" * 64, epoch=1, nonces=["n"]
    )
    with pytest.raises(RevisionConflictError, match="does not follow"):
        store.append(stranger, revision=0)


@every_store
def test_racing_writers_have_exactly_one_winner_for_each_revision(open_store: Opener) -> None:
    """Eight writers for ten revisions: ten entries, each won once."""
    wins: list[tuple[int, str]] = []

    def write(name: str) -> None:
        store = open_store()
        for revision in range(10):
            while len(store.read()) == revision:
                try:
                    store.append(entries(store, name, nonce=name), revision=revision)
                    wins.append((revision, name))
                except RevisionConflictError:
                    break

    assert together(*(lambda name=f"w{number}": write(name) for number in range(8))) == []
    found = open_store().read()
    assert broken_at(found) is None
    assert len(found) == len(wins) == len({revision for revision, _ in wins})
    assert [entry.body["text"] for entry in found] == [name for _, name in sorted(wins)]


@pytest.mark.timeout(600)
@every_store
def test_two_hundred_at_once_are_one_winner_in_each_round(place: Any) -> None:
    """All of them read the same, all write at once: one is told yes, all others no, and the ledger says the same.

    A git that a busy machine does not let end in time is no answer, and is said to be none.
    """
    stores = [place.open() for _ in range(place.writers)]
    for revision in range(place.rounds):
        known = place.open().read()
        won: list[str] = []

        def write(store: Store, name: str, known: Any = known, revision: int = revision, won: Any = won) -> None:
            store.append(following(known, name, nonce=name), revision=revision)
            won.append(name)

        raised = together(
            *(lambda store=store, name=f"w{number}": write(store, name) for number, store in enumerate(stores))
        )
        refused = [error for error in raised if "git did not end (TimeoutExpired)" not in str(error)]
        assert {type(error) for error in refused} == {RevisionConflictError}
        assert len(raised) == place.writers - 1
        assert len(refused) > place.writers // 2
        assert said(place.open())[revision:] == won
    assert broken_at(place.open().read()) is None


@pytest.mark.parametrize("place", ["memory"], indirect=True)
def test_memory_looks_and_writes_under_one_lock(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads take turns too rarely to show it by chance: here the second would look before the first wrote."""
    look = memory.refusal_to_append

    def look_slowly(*arguments: Any, **more: Any) -> str | None:
        found = look(*arguments, **more)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(memory, "refusal_to_append", look_slowly)
    store = place.open()
    takers = [following((), name, nonce=name) for name in ("a", "b")]
    raised = together(*(lambda taken=taken: store.append(taken, revision=0) for taken in takers))
    assert [type(error) for error in raised] == [RevisionConflictError]


@every_store
def test_reader_during_a_write_sees_all_of_an_append_or_nothing(place: Any) -> None:
    """Appends of three entries while others read: always a multiple of three, never fewer than before, chain whole."""
    done = threading.Event()
    seen: list[int] = []

    def write() -> None:
        store = place.open()
        for count in range(5 * place.rounds):
            store.append(entries(store, "a", "b", "c" * 5000, nonce=f"{count}-"), revision=3 * count)
        done.set()

    def read() -> None:
        store, last = place.open(), 0
        while not done.is_set():
            found = len(store.read())
            assert found % 3 == 0
            assert found >= last
            last = found
            seen.append(found)

    assert together(write, read, read) == []
    assert len(place.open().read()) == 15 * place.rounds
    assert seen


@every_store
def test_order_is_the_ledgers_whatever_the_writers_clocks_say(open_store: Opener) -> None:
    """One clock is two hours behind: entries stay in the order of their appends, and the later epoch has the lease."""
    ahead, behind = open_store(), open_store()

    def lease(store: Store, who: str, epoch: int, at: datetime) -> tuple[Entry, ...]:
        known = store.read()
        draft = Draft(stream=Stream.LEASE, kind="taken", at=at, body={"who": who})
        head = known[-1].hash if known else GENESIS
        return chain_onto([draft], revision=len(known), head=head, epoch=epoch, nonces=[who])

    ahead.append(lease(ahead, "ahead:1", 1, AT), revision=0)
    behind.append(lease(behind, "behind:1", 2, AT - timedelta(hours=2)), revision=1)
    with pytest.raises(RevisionConflictError):
        ahead.append(entries(ahead, "still here", epoch=1, at=AT + timedelta(seconds=1)), revision=2)
    found = open_store().read()
    assert [entry.at for entry in found] == [AT, AT - timedelta(hours=2)]
    held = fold(found).lease
    assert held is not None
    assert (held.who, held.epoch) == ("behind:1", 2)


@every_store
@pytest.mark.parametrize("why", ["read-only", "full"])
def test_place_that_takes_nothing_more_says_so_and_can_still_be_read(place: Any, why: str) -> None:
    """Nothing is written, nothing is lost, it is one error of the outside; afterwards the same append succeeds."""
    place.open().append(entries(place.open(), "before"), revision=0)
    more = entries(place.open(), "after " + "x" * 5000)
    with place.refusing(why):
        with pytest.raises(StoreUnreachableError) as caught:
            place.open().append(more, revision=1)
        assert "\n" not in str(caught.value)
        assert said(place.open()) == ["before"]
    place.open().append(more, revision=1)
    assert len(place.open().read()) == 2


def _edited(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace('"two"', '"uno"'), lines[2]]


def _with_another_epoch(lines: list[str]) -> list[str]:
    return [lines[0], json.dumps({**json.loads(lines[1]), "epoch": 9}), lines[2]]


def _in_another_order(lines: list[str]) -> list[str]:
    one, two = json.loads(lines[0]), json.loads(lines[1])
    return [json.dumps({**two, "revision": 1}), json.dumps({**one, "revision": 2}), lines[2]]


TAMPERED = {
    "edited": (_edited, "entry 2 does not follow entry 1"),
    "another epoch": (_with_another_epoch, "entry 2 does not follow entry 1"),
    "one is missing": (lambda lines: [lines[0], lines[2]], "entry 2 (does not follow entry 1|is missing)"),
    "the first is missing": (lambda lines: lines[1:], "entry 1 (does not follow entry 0|is missing)"),
    "in another order": (_in_another_order, "entry 1 does not follow entry 0"),
    "garbage": (lambda lines: [*lines[:2], "no entry"], "entry 3 cannot be read"),
}


@stores_that_can_be_edited
@pytest.mark.parametrize("how", TAMPERED)
def test_chain_is_verified_whenever_the_ledger_is_read(place: Any, how: str) -> None:
    """Whatever was done to it from outside: the first entry that is wrong is named, and nothing is believed."""
    store = place.open()
    for revision, text in enumerate(("one", "two", "three")):
        store.append(entries(store, text), revision=revision)
    change, words = TAMPERED[how]
    place.rewrite(change)
    for reader in (store, place.open()):
        with pytest.raises(ConfigurationError, match=words):
            reader.read()


@stores_that_can_be_edited
def test_entry_from_a_newer_version_is_refused_by_name(place: Any) -> None:
    """It says more than this wedgate knows: that is not an edit, nothing is guessed, and nothing is appended to it."""
    store = place.open()
    known = entries(store, "one")
    store.append(known, revision=0)
    place.rewrite(lambda lines: [json.dumps({**json.loads(line), "sealed": True}) for line in lines])
    with pytest.raises(ConfigurationError, match="entry 1 was written by a newer wedgate: it has sealed") as caught:
        place.open().read()
    assert "was edited" not in str(caught.value)


@every_store
def test_entry_of_a_stream_that_is_not_known_is_kept(open_store: Opener) -> None:
    """A newer wedgate may keep streams of its own: they stay in the chain, and change nothing that is known."""
    store = open_store()
    store.append(entries(store, "a seal", stream="seals"), revision=0)
    store.append(entries(store, "more", stream="seals"), revision=1)
    assert [entry.stream for entry in open_store().read()] == ["seals", "seals"]
    assert fold(open_store().read()).revision == 2


def _by_wire(place: Any) -> Store:
    opener: Opener = getattr(place, "open_by_wire", place.open)
    return opener()


@stores_far_away
def test_append_whose_answer_was_lost_counts_once(place: Any) -> None:
    """It was carried out and the connection broke: the writer is told yes, and the ledger has it once."""
    store = _by_wire(place)
    store.append(entries(store, "one"), revision=0)
    place.lose_answer()
    store.append(entries(store, "two", nonce="b"), revision=1)
    assert said(place.open()) == ["one", "two"]
    store.append(entries(store, "three", nonce="c"), revision=2)
    assert said(place.open()) == ["one", "two", "three"]


@stores_far_away
def test_append_whose_answer_was_lost_is_found_below_what_others_wrote_since(place: Any) -> None:
    """Before the writer could look, somebody else had built upon it: it is there all the same."""
    store, other = _by_wire(place), place.open()
    mine = entries(store, "mine", nonce="mine")
    place.lose_answer(lambda: other.append(entries(other, "theirs", nonce="theirs"), revision=1))
    store.append(mine, revision=0)
    assert said(place.open()) == ["mine", "theirs"]
    store.append(entries(store, "mine again"), revision=2)


@stores_far_away
def test_lost_answer_of_one_who_was_too_late_is_a_conflict(place: Any) -> None:
    """The connection broke over an append that lost the race: it is not taken for one that was carried out."""
    late, first = _by_wire(place), place.open()
    mine = entries(late, "mine", nonce="a")
    first.append(entries(first, "theirs", nonce="b"), revision=0)
    place.lose_answer()
    with pytest.raises(WedgateError) as caught:
        late.append(mine, revision=0)
    assert isinstance(caught.value, RevisionConflictError)
    assert said(place.open()) == ["theirs"]


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_write_torn_at_any_byte_is_never_half_an_append(place: Any) -> None:
    """A crash after each single byte of an append of two: none of it, or (but for its line end) all; and it goes on."""
    store = place.open()
    store.append(entries(store, "before"), revision=0)
    kept = place.path.read_bytes()
    store.append(entries(store, "one", "two"), revision=1)
    whole = place.path.read_bytes()
    for length in range(len(kept), len(whole)):
        place.path.write_bytes(whole[:length])
        reader = place.open()
        count = len(reader.read())
        assert count == (3 if length == len(whole) - 1 else 1), length
        assert bool(reader.notices()) == (len(kept) < length < len(whole) - 1)
        if length % 25 == 0:
            reader.append(entries(reader, "after"), revision=count)
            assert said(place.open())[-1] == "after"
