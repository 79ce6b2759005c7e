"""A history in PostgreSQL: each line is one row, added in one transaction under a lock of the history.

When the answer to a COMMIT is lost, the line is sent again with the same nonce, and is there once. The tables are made
by the first line, and read only before.
"""

from __future__ import annotations

import hashlib
import secrets
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wedgate.adapters._postgres import history_tables as tables
from wedgate.adapters._postgres.connection import Bounds, Connection, Purpose
from wedgate.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from wedgate.adapters._postgres.connection import Session


class PostgresHistory:
    """The lines of a history in the database at ``address()``, a URL that is asked for with the first use.

    ``address_from`` says in messages where the address was taken from.
    """

    def __init__(
        self, address: Callable[[], str], history: str, *, address_from: str, bounds: Bounds | None = None
    ) -> None:
        self._history = history
        purpose = Purpose(kept="the history", schema=tables.SCHEMA_NAME, address_from=address_from)
        self._connection = Connection(address, bounds or Bounds(), purpose)
        weakref.finalize(self, Connection.close, self._connection)

    @property
    def name(self) -> str:
        """Return the server, the database and the history; of the server only what is known by then."""
        return f"{self._connection.name}, history {self._history}"

    def lines(self) -> tuple[str, ...]:
        """Return every line as of one moment; nothing is made where there is no history yet."""
        return self._connection.try_twice(lambda is_retry: self._read())

    def add(self, line: str) -> None:
        """Add the line in one transaction, on the server's disk when this returns."""
        nonce = secrets.token_hex(16)
        self._connection.try_twice(lambda is_retry: self._write(line, nonce))

    def _read(self) -> tuple[str, ...]:
        with self._connection.exchange() as session:
            self._connection.begin(session)
            has_tables = self._has_tables(session)
            rows = session.execute(tables.LINES, (self._history,)).fetchall() if has_tables else []
            session.execute("COMMIT")
        return tuple(str(line) for (line,) in rows)

    def _write(self, line: str, nonce: str) -> None:
        with self._connection.exchange() as session:
            self._connection.begin(session)
            # A commit that was acknowledged is on the disk, whatever the server's habit.
            session.execute(
                "SELECT pg_advisory_xact_lock(%s), set_config('synchronous_commit', "
                "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
                "ELSE current_setting('synchronous_commit') END, true)",
                (_lock_of(self._history),),
            )
            if not self._has_tables(session):
                self._make_tables(session)
            session.execute(tables.ADD, {"history": self._history, "nonce": nonce, "line": line})
            session.execute("COMMIT")

    def _has_tables(self, session: Session) -> bool:
        """Whether there are tables; ``ConfigurationError`` when a newer wedgate made them."""
        if not _one(session, tables.IS_THERE)[0]:
            return False
        version = _one(session, tables.KNOWN_VERSION)[0]
        if version is None or version > tables.VERSION:
            what = f"its tables are of version {version or 'none'}, and this wedgate knows version {tables.VERSION}"
            file = f"{self._connection.name}, schema {tables.SCHEMA_NAME}"
            remedy = "use the newer wedgate that made them"
            raise ConfigurationError((Problem(file=file, line=0, column=0, what=what, remedy=remedy),))
        return True

    def _make_tables(self, session: Session) -> None:
        """Make the tables, unless the first line of another history was faster."""
        session.execute("SELECT pg_advisory_xact_lock(%s)", (_lock_of(""),))
        is_there, has_schema = _one(session, tables.IS_THERE)
        if is_there:
            return
        if not has_schema:
            session.execute(tables.SCHEMA)
        session.execute(tables.TABLES)


def _one(session: Session, statement: str) -> tuple[Any, ...]:
    """Return the one row that a statement answers."""
    row = session.execute(statement).fetchone()
    assert row is not None
    return row


def _lock_of(history: str) -> int:
    """Return the number of a history's lock in the database; of no history the one of the tables themselves."""
    digest = hashlib.sha256(f"wedgate history {history}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
