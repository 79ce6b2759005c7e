"""The ledger in a real PostgreSQL: what the database refuses by itself, lost answers, silence, waking, and rights."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from postgres_server import PASSWORD, PostgresServer, Wire, wire_to

from wedgate.adapters._postgres.connection import Bounds, ConnectionLostError
from wedgate.adapters.stores.interface import RevisionConflictError, StoreUnreachableError
from wedgate.adapters.stores.postgres import PostgresStore
from wedgate.errors import ConfigurationError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS, Entry
from wedgate.ledger.lines import line_of

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
SOON = timedelta(seconds=10)


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    """The address of an empty database."""
    return postgres_server.database()


@pytest.fixture
def wire(postgres_server: PostgresServer) -> Iterator[Wire]:
    """A wire to the server that can be cut."""
    with wire_to(postgres_server) as found:
        yield found


def store_of(url: str, service: str = "venue-search", **bounds: float) -> PostgresStore:
    """Open the ledger as another process would."""
    return PostgresStore(lambda: url, service, bounds=Bounds(**bounds))


def following(store: PostgresStore, *texts: str, epoch: int = 1, nonce: str = "n") -> tuple[Entry, ...]:
    """Return entries that follow what the store holds."""
    known = store.read()
    drafts = [Draft(stream="journal", kind="said", at=AT, body={"text": text}) for text in texts]
    head = known[-1].hash if known else GENESIS
    nonces = [f"{nonce}{index}" for index in range(len(drafts))]
    return chain_onto(drafts, revision=len(known), head=head, epoch=epoch, nonces=nonces)


def append(store: PostgresStore, *texts: str, epoch: int = 1) -> tuple[Entry, ...]:
    """Append entries behind what is there."""
    entries = following(store, *texts, epoch=epoch, nonce=f"{texts}{time.monotonic_ns()}")
    store.append(entries, revision=entries[0].revision - 1)
    return entries


def insert(server: PostgresServer, url: str, entry: Entry) -> None:
    """Write a row by hand, as a program does that knows nothing of wedgate's rules."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO wedgate.entries (service, revision, epoch, previous, hash, line) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            ("venue-search", entry.revision, entry.epoch, entry.previous, entry.hash, line_of([entry]).rstrip("\n")),
        )


def test_reading_makes_nothing(postgres_server: PostgresServer, url: str) -> None:
    """A ledger that nobody has written to is empty, and leaves no trace in the database."""
    assert store_of(url).read() == ()
    assert postgres_server.execute("SELECT to_regnamespace('wedgate')", url=url) == [(None,)]


def test_lines_are_kept_as_the_other_stores_keep_them(postgres_server: PostgresServer, url: str) -> None:
    """One row for each entry, its line the very text of a file."""
    entries = append(store_of(url), "München", "zwei")
    rows = postgres_server.execute("SELECT revision, line, hash FROM wedgate.entries ORDER BY revision", url=url)
    assert rows == [(entry.revision, line_of([entry]).rstrip("\n"), entry.hash) for entry in entries]


def test_services_of_one_database_have_ledgers_of_their_own(url: str) -> None:
    """Many services, one database: each counts for itself, and none waits for another's revision."""
    venues, guests = store_of(url), store_of(url, "guests")
    append(venues, "one")
    append(guests, "eins")
    append(venues, "two")
    assert [entry.body["text"] for entry in store_of(url).read()] == ["one", "two"]
    assert [entry.body["text"] for entry in store_of(url, "guests").read()] == ["eins"]


def test_first_appends_at_once_make_the_tables_once(url: str) -> None:
    """Twelve services append for the first time at the same moment: nobody trips over another's tables."""
    start, raised = threading.Barrier(12), list[BaseException]()

    def first(name: str) -> None:
        store = store_of(url, name)
        start.wait()
        try:
            append(store, "first")
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=first, args=(f"s{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wedgate.entries SET line = '{}' WHERE revision = 1",
        "DELETE FROM wedgate.entries WHERE revision = 2",
        "TRUNCATE wedgate.entries",
    ],
)
def test_database_refuses_to_change_or_remove_what_was_written(
    postgres_server: PostgresServer, url: str, statement: str
) -> None:
    """Whoever tries, the owner of the tables too: append-only is not left to good manners."""
    append(store_of(url), "one", "two")
    with pytest.raises(psycopg.DatabaseError, match="the ledger of wedgate is append-only"):
        postgres_server.execute(statement, url=url)
    assert len(store_of(url).read()) == 2


def test_database_refuses_a_row_that_does_not_follow(postgres_server: PostgresServer, url: str) -> None:
    """A gap, another chain, a lower epoch, a place that is taken: refused without any help of the store."""
    store = store_of(url)
    append(store, "one", epoch=5)
    good = following(store, "two", epoch=5)[0]
    gap = chain_onto([Draft(stream="x", kind="x", at=AT, body={})], revision=2, head=good.hash, epoch=5, nonces=["n"])
    other = chain_onto([Draft(stream="x", kind="x", at=AT, body={})], revision=1, head="f" * 64, epoch=5, nonces=["n"])
    for entry, words in (
        (gap[0], "does not follow"),
        (other[0], "does not follow"),
        (following(store, "late", epoch=4)[0], "epoch 4 has lost the lease to epoch 5"),
        (store.read()[0], "duplicate key"),
    ):
        with pytest.raises(psycopg.DatabaseError, match=words):
            insert(postgres_server, url, entry)
    insert(postgres_server, url, good)
    assert len(store.read()) == 2


def test_writer_that_takes_no_lock_is_refused_by_the_database(postgres_server: PostgresServer, url: str) -> None:
    """Somebody inserts between the store's look and its own insert: a conflict, not a fork of the chain."""
    store = store_of(url)
    append(store, "one")
    mine, theirs = following(store, "mine", nonce="a"), following(store, "theirs", nonce="b")
    look = store._last

    def look_and_lose(session: psycopg.Connection[tuple[object, ...]]) -> tuple[int, str, int]:
        found = look(session)
        insert(postgres_server, url, theirs[0])
        return found

    store._last = look_and_lose  # type: ignore[method-assign]
    with pytest.raises(RevisionConflictError, match="somebody else has written"):
        store.append(mine, revision=1)
    assert [entry.body["text"] for entry in store_of(url).read()] == ["one", "theirs"]


def test_newer_tables_are_left_alone(postgres_server: PostgresServer, url: str) -> None:
    """Neither read nor written: the message says both versions, and that a rollback needs no ledger."""
    store = store_of(url)
    more = append(store, "one")
    postgres_server.execute("INSERT INTO wedgate.version VALUES (2)", url=url)
    with pytest.raises(ConfigurationError, match="its tables are of version 2, and this wedgate knows version 1"):
        store_of(url).read()
    with pytest.raises(ConfigurationError, match="wedgate rollback"):
        store_of(url).append(more, revision=1)


def test_commit_that_never_arrived_is_sent_again(url: str, wire: Wire) -> None:
    """The wire broke before the COMMIT: nothing was written, and the second try writes it once."""
    store = store_of(wire.url(url))
    append(store, "one")
    entries = following(store, "two")
    wire.lose_commits = 1
    store.append(entries, revision=1)
    assert store_of(url).read()[1:] == entries
    assert wire.lose_commits == 0


def test_commit_that_never_arrived_may_have_lost_its_place(url: str, wire: Wire) -> None:
    """The wire broke before the COMMIT and somebody else was faster than the second try: that is a conflict."""
    store, other = store_of(wire.url(url)), store_of(url)
    append(store, "one")
    mine, theirs = following(store, "mine", nonce="a"), following(other, "theirs", nonce="b")
    wire.lose_commits, wire.after_loss = 1, lambda: other.append(theirs, revision=1)
    with pytest.raises(RevisionConflictError, match="the ledger has 2 entries"):
        store.append(mine, revision=1)
    assert other.read()[1:] == theirs


def test_answer_lost_twice_says_that_nothing_is_known(url: str, wire: Wire) -> None:
    """Then the next reading shows it: all of it."""
    store = store_of(wire.url(url))
    append(store, "one")
    entries = following(store, "two", "three")
    wire.lose_answers = 2
    with pytest.raises(StoreUnreachableError, match="the connection was lost"):
        store.append(entries, revision=1)
    assert store.read()[1:] == entries


def test_connection_that_ended_while_idle_is_opened_anew(postgres_server: PostgresServer, url: str) -> None:
    """A server that was restarted, a firewall that forgets: the next append or reading does not notice."""
    store = store_of(url)
    append(store, "one")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wedgate'"
    for text in ("two", "three"):
        entries = following(store, text)
        postgres_server.execute(end, url=url)
        store.append(entries, revision=entries[0].revision - 1)
        postgres_server.execute(end, url=url)
        assert store.read()[-1:] == entries


def test_server_that_falls_silent_is_waited_for_within_the_bound(url: str, wire: Wire) -> None:
    """Nobody answers and nothing ends: one clear error after two tries, and the words hold no password."""
    store = store_of(wire.url(url), exchange=0.3, connect=1)
    entries = append(store, "one")
    wire.is_silent = True
    began = time.monotonic()
    with pytest.raises(StoreUnreachableError) as caught:
        store.append(entries, revision=1)
    assert time.monotonic() - began < 5
    assert PASSWORD not in str(caught.value)


def test_writer_that_holds_the_lock_for_too_long_is_not_waited_for(url: str) -> None:
    """A writer stopped in the middle of its transaction: the others give up, and the server ends it after the bound."""
    stuck, store = store_of(url, exchange=1.2), store_of(url, exchange=0.3)
    entries = append(store, "one")
    after = following(store, "two")

    def stop_in_the_middle() -> None:
        with stuck._transaction() as session:
            with pytest.raises(StoreUnreachableError, match="held the ledger for too long"):
                store.append(after, revision=1)
            time.sleep(1.5)
            store.append(after, revision=1)
            session.execute("SELECT 1")

    with pytest.raises(ConnectionLostError):
        stop_in_the_middle()
    assert store.read() == (*entries, *after)


def test_nobody_there_is_one_line_without_the_password() -> None:
    """An address where nobody listens."""
    with pytest.raises(StoreUnreachableError) as caught:
        store_of(f"postgresql://wedgate:{PASSWORD}@127.0.0.1:9/fleet").read()
    assert str(caught.value).startswith("PostgreSQL at 127.0.0.1:9, database fleet: the ledger cannot be reached: ")
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "address", [f"mysql://x:{PASSWORD}@h/d", f"postgresql://x:{PASSWORD}@h:port/d?{PASSWORD}=1", PASSWORD]
)
def test_address_that_is_none_is_not_repeated(address: str) -> None:
    """It may be a password, or hold one."""
    with pytest.raises((ConfigurationError, StoreUnreachableError)) as caught:
        store_of(address).read()
    assert PASSWORD not in str(caught.value)


def test_database_that_is_not_there_is_named(postgres_server: PostgresServer) -> None:
    """Another name, or nobody made it yet."""
    with pytest.raises(StoreUnreachableError, match="no-such-fleet"):
        store_of(postgres_server.url("no-such-fleet")).read()


def test_reader_without_rights_is_told_what_to_grant(postgres_server: PostgresServer, url: str) -> None:
    """A user that may connect and nothing else; after the grants of the reference it may read and append, not edit."""
    append(store_of(url), "one")
    postgres_server.execute("CREATE ROLE releaser LOGIN", url=url)
    own = postgres_server.url(url.partition("@/")[2].partition("?")[0], user="releaser")
    with pytest.raises(StoreUnreachableError, match="grant this user USAGE on schema wedgate, SELECT and INSERT"):
        store_of(own).read()
    postgres_server.execute("GRANT USAGE ON SCHEMA wedgate TO releaser", url=url)
    postgres_server.execute("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA wedgate TO releaser", url=url)
    append(store_of(own), "two")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres_server.execute("ALTER TABLE wedgate.entries DISABLE TRIGGER USER", url=own)


def test_append_is_durable_where_the_server_would_not_wait_for_its_disk(
    postgres_server: PostgresServer, url: str
) -> None:
    """``synchronous_commit`` is switched on for the transaction, and left as it was for everything else."""
    assert postgres_server.execute("SHOW synchronous_commit", url=url) == [("off",)]
    with store_of(url)._transaction() as session:
        assert session.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_without_psycopg_the_extra_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is an extra; who configured the store without it learns how to install it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnreachableError, match=r"pip install 'wedgate\[postgres\]'"):
        store_of(url).read()


def test_waiting_ends_when_another_appends(url: str) -> None:
    """The one who waits is woken by the append, long before its time is over."""
    waiting, writing = store_of(url), store_of(url)
    append(writing, "one")
    waiting.read()
    woken: list[tuple[bool, float]] = []

    def wait() -> None:
        found = waiting.wait(timedelta(seconds=60))
        woken.append((found, time.monotonic()))

    thread = threading.Thread(target=wait)
    thread.start()
    while not _listens(url):
        time.sleep(0.005)
    assert woken == []
    began = time.monotonic()
    append(writing, "two")
    thread.join(30)
    assert woken[0][0]
    assert woken[0][1] - began < 5


def _listens(url: str) -> bool:
    with psycopg.connect(url) as connection:
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wedgate' AND wait_event = 'ClientRead' "
        )
        row = connection.execute(asked + "AND query LIKE '%ORDER BY revision DESC%' AND datname = current_database()")
        return row.fetchone() != (0,)


def test_append_before_the_waiting_is_not_missed(url: str) -> None:
    """It happened between the reading and the wait: the wait returns at once."""
    waiting = store_of(url)
    append(store_of(url), "one")
    began = time.monotonic()
    assert waiting.wait(SOON)
    waiting.read()
    append(store_of(url), "two")
    assert waiting.wait(SOON)
    assert time.monotonic() - began < 5


def test_waiting_ends_by_itself_and_is_not_woken_by_ones_own_append_or_another_service(url: str) -> None:
    """Nothing new for this service: ``False`` after the time asked for."""
    store = store_of(url)
    assert not store.wait(timedelta(milliseconds=20))
    append(store, "mine")
    append(store_of(url, "guests"), "theirs")
    began = time.monotonic()
    assert not store.wait(timedelta(milliseconds=200))
    assert time.monotonic() - began >= 0.2


def test_waiting_goes_on_after_a_connection_that_was_lost_once(url: str, wire: Wire) -> None:
    """The listening connection broke while nobody waited: the next wait opens another, and sees what it missed."""
    store = store_of(wire.url(url))
    append(store, "one")
    assert not store.wait(timedelta(milliseconds=20))
    wire.cut()
    append(store_of(url), "two")
    assert store.wait(SOON)
