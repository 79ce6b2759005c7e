"""A ledger in PostgreSQL: each append is one transaction, and the database refuses whatever is not one.

An append takes a lock of the service that ends with its transaction, looks at the last entry, and adds its rows. When
the answer to a COMMIT is lost, the next transaction waits for that lock, and so for the end of the first one; then it
looks for its own hashes (which the nonces make nobody else's) before it writes again. Every append is announced, so
that whoever waits for one is woken. The tables are made by the first append, and read only before.
"""

from __future__ import annotations

import hashlib
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from wedgate.adapters._postgres import tables
from wedgate.adapters._postgres.connection import Bounds, Connection, ConnectionLostError
from wedgate.adapters.stores.interface import RevisionConflictError
from wedgate.errors import ConfigurationError, Problem
from wedgate.ledger.appending import refusal_to_follow
from wedgate.ledger.chain import GENESIS, Entry, broken_at
from wedgate.ledger.lines import entries_of, line_of, unreadable

if TYPE_CHECKING:
    from wedgate.adapters._postgres.connection import Session


class PostgresStore:
    """The ledger of one service in the database at ``address()``, a URL that is asked for with the first use."""

    def __init__(self, address: Callable[[], str], service: str, *, bounds: Bounds | None = None) -> None:
        self.service = service
        self._bounds = bounds or Bounds()
        self._connection = Connection(address, self._bounds)
        self._listener = Connection(address, self._bounds)
        self._known = 0
        weakref.finalize(self, _close, self._connection, self._listener)

    def read(self) -> tuple[Entry, ...]:
        """Return every entry in order, their chain verified; nothing is made where there is no ledger yet."""
        rows = self._connection.try_twice(lambda is_retry: self._rows())
        entries: list[Entry] = []
        for number, (revision, line) in enumerate(rows, start=1):
            if revision != number:
                raise self._unusable(f"entry {number} is missing")
            found = entries_of(line.encode())
            if found is None or len(found) != 1:
                raise self._unusable(*unreadable(line.encode(), number))
            entries += found
        if (broken := broken_at(entries)) is not None:
            raise self._unusable(f"entry {broken} does not follow entry {broken - 1}")
        self._known = len(entries)
        return tuple(entries)

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Append entries in one transaction, if the ledger still has ``revision`` of them."""
        self._connection.try_twice(lambda is_retry: self._add(entries, revision, is_retry))
        self._known = revision + len(entries)

    def notices(self) -> tuple[str, ...]:
        """Return nothing: a transaction is all or nothing."""
        return ()

    def wait(self, timeout: timedelta) -> bool:
        """Wait for an append that the last ``read`` did not show and this store did not make; whether there is one.

        Returns at once when there is one already, ``False`` after ``timeout``. Raises ``StoreUnreachableError`` when
        the server cannot be asked; what happens meanwhile is seen by the next ``read``, or the next ``wait``.
        """
        deadline = time.monotonic() + timeout.total_seconds()
        try:
            return self._listen(deadline)
        except ConnectionLostError:
            pass
        try:
            return self._listen(deadline)
        except ConnectionLostError as error:
            raise self._listener.lost(error) from error

    def _listen(self, deadline: float) -> bool:
        while True:
            with self._listener.exchange() as session:
                # Listened first and looked then: an append between the two is seen, not missed.
                session.execute(f"LISTEN {tables.CHANNEL}")
                if self._last(session)[0] > self._known:
                    return True
            rest = deadline - time.monotonic()
            if rest <= 0:
                return False
            with self._listener.exchange(seconds=rest + self._bounds.exchange) as session:
                for notification in session.notifies(timeout=rest):
                    if notification.payload == self.service:
                        break

    def _rows(self) -> list[tuple[int, str]]:
        """Return the revision and the line of each entry, all as of one moment."""
        with self._connection.exchange() as session:
            self._connection.begin(session)
            rows: list[tuple[Any, ...]] = []
            if self._has_tables(session):
                rows = session.execute(tables.LINES, (self.service,)).fetchall()
            session.execute("COMMIT")
        return [(int(revision), str(line)) for revision, line in rows]

    def _add(self, entries: Sequence[Entry], revision: int, is_retry: bool) -> None:
        with self._transaction() as session:
            if is_retry and self._has_added(session, entries, revision):
                return
            count, head, epoch = self._last(session)
            refusal = refusal_to_follow(entries, revision=revision, count=count, head=head, epoch=epoch)
            if refusal is not None:
                raise RevisionConflictError(f"{self._connection.name}: {refusal}")
            if entries:
                self._insert(session, entries)

    def _insert(self, session: Session, entries: Sequence[Entry]) -> None:
        import psycopg

        columns = (
            [entry.revision for entry in entries],
            [entry.epoch for entry in entries],
            [entry.previous for entry in entries],
            [entry.hash for entry in entries],
            [line_of([entry]).rstrip("\n") for entry in entries],
        )
        try:
            session.execute(tables.ADD, (self.service, *columns))
        except psycopg.DatabaseError as error:
            if error.sqlstate not in tables.CONFLICTS:
                raise
            said = self._connection.words(error)
            raise RevisionConflictError(f"{self._connection.name}: somebody else has written: {said}") from error

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """Yield the session inside a transaction that holds the lock of the service, its tables made; then commit.

        Durable whatever the server's habit: a commit that was acknowledged is on its disk.
        """
        with self._connection.exchange() as session:
            self._connection.begin(session)
            session.execute(
                "SELECT pg_advisory_xact_lock(%s), set_config('synchronous_commit', "
                "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
                "ELSE current_setting('synchronous_commit') END, true)",
                (_lock_of(self.service),),
            )
            if not self._has_tables(session):
                self._make_tables(session)
            yield session
            session.execute("COMMIT")

    def _has_tables(self, session: Session) -> bool:
        """Whether the ledger was made; ``ConfigurationError`` when a newer wedgate made it."""
        if not _one(session, tables.IS_THERE)[0]:
            return False
        version = _one(session, tables.KNOWN_VERSION)[0]
        if version is None or version > tables.VERSION:
            what = f"its tables are of version {version or 'none'}, and this wedgate knows version {tables.VERSION}"
            raise self._problem(
                what, "use the newer wedgate that made them; `wedgate rollback` works without the ledger"
            )
        return True

    def _make_tables(self, session: Session) -> None:
        """Make the tables, unless another first append was faster."""
        session.execute("SELECT pg_advisory_xact_lock(%s)", (_lock_of(""),))
        is_there, has_schema = _one(session, tables.IS_THERE)
        if is_there:
            return
        if not has_schema:
            session.execute(tables.SCHEMA)
        session.execute(tables.TABLES)

    def _last(self, session: Session) -> tuple[int, str, int]:
        """Return the revision, hash and epoch of the last entry; of an empty ledger its beginning."""
        if not _one(session, tables.IS_THERE)[0]:
            return 0, GENESIS, 0
        row = session.execute(tables.LAST, (self.service,)).fetchone()
        return (0, GENESIS, 0) if row is None else (int(row[0]), str(row[1]), int(row[2]))

    def _has_added(self, session: Session, entries: Sequence[Entry], revision: int) -> bool:
        """Whether a transaction whose answer was lost was carried out: the rows are there, with these very hashes."""
        rows = session.execute(tables.HASHES, (self.service, revision, len(entries))).fetchall()
        return bool(rows) and [row[0] for row in rows] == [entry.hash for entry in entries]

    def _unusable(self, what: str, remedy: str = "") -> ConfigurationError:
        """Make the error for a ledger that was changed by something other than wedgate."""
        remedy = remedy or (
            "an entry was edited or is missing: put the table back from a backup; "
            "`wedgate rollback` works without the ledger"
        )
        return self._problem(f"service {self.service}: {what}", remedy)

    def _problem(self, what: str, remedy: str) -> ConfigurationError:
        file = f"{self._connection.name}, table wedgate.entries"
        return ConfigurationError((Problem(file=file, line=0, column=0, what=what, remedy=remedy),))


def _one(session: Session, statement: str) -> tuple[Any, ...]:
    """Return the one row that a statement answers."""
    row = session.execute(statement).fetchone()
    assert row is not None
    return row


def _lock_of(service: str) -> int:
    """Return the number of a service's lock in the database; of no service the one of the tables themselves."""
    digest = hashlib.sha256(f"wedgate ledger {service}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _close(*connections: Connection) -> None:
    for connection in connections:
        connection.close()
