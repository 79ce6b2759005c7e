"""A connection to PostgreSQL that is opened when it is needed, and whose every exchange ends within a bound.

The server is told to give up a statement, a lock and a transaction that nobody goes on with; where it does not answer
at all, the socket is shut from this side. A password is in no word of any message.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from wedgate.adapters.stores.interface import StoreGoneError, StoreUnreachableError
from wedgate.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    import psycopg

    Session: TypeAlias = psycopg.Connection[tuple[Any, ...]]

Answer = TypeVar("Answer")

SCHEMES = ("postgresql://", "postgres://")

_GONE = re.compile(r"database \".*\" does not exist")
"""A name that is not resolved is no host that is gone: the resolver may be down."""
_REMEDIES = {
    "25006": "the server is read-only (a standby, or default_transaction_read_only is on); name the primary",
    "28P01": "the password is wrong",
    "28000": "this user may not connect",
    "3D000": "create the database, or name another one",
    "42501": "grant this user USAGE on schema {schema}, SELECT and INSERT on its tables; for the first append also "
    "CREATE on the database",
    "53100": "the disk of the server is full",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left",
    "55P03": "another writer has held {kept} for too long",
    "57014": "the server did not finish in time",
}
"""What to do about an SQLSTATE, where its own words do not say so."""


_ENDINGS = ("57P01", "57P02", "57P05", "25P03", "25P04")
"""What a server says as it ends a connection: it is shut down, or nothing came for too long."""

_GRACE_SECONDS = 1.0
"""How much longer than the server is told to take it is waited for, so that its own words are heard."""


class ConnectionLostError(Exception):
    """The connection ended in the middle; what was sent last may have been carried out. Carries the first cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a connection is for, in the words of messages: what is kept there, its schema, and who gave the address."""

    kept: str = "the ledger"
    schema: str = "wedgate"
    address_from: str = "state.url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long the server is waited for, in seconds: for a connection, and for all answers of one exchange."""

    connect: float = 5.0
    exchange: float = 10.0


class Connection:
    """One connection, opened with the first exchange and anew after it was lost.

    ``address`` returns the URL when it is needed: one that is not known must not be in the way of a rollback, which
    opens a store before it knows whether it can be used.
    """

    def __init__(self, address: Callable[[], str], bounds: Bounds, purpose: Purpose | None = None) -> None:
        self._address = address
        self._bounds = bounds
        self._purpose = purpose or Purpose()
        self._turn = threading.Lock()
        self._session: Session | None = None
        self._password = ""
        self.name = "PostgreSQL"

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    @contextmanager
    def exchange(self, *, seconds: float | None = None) -> Iterator[Session]:
        """Yield the session for some statements, whose answers must come within the bound.

        Raises ``ConnectionLostError`` when the connection ended, ``StoreUnreachableError`` for any other error of the
        server or when there is no connection to be had, ``ConfigurationError`` when the address is none. After an
        error, and where a transaction was left open, the connection is closed.
        """
        session = self._open()
        import psycopg

        # A copy of its own: should the timer ring while the connection is being closed, it shuts nobody else's socket.
        copy = socket.socket(fileno=os.dup(session.fileno()))
        bound = self._bounds.exchange if seconds is None else seconds
        watch = threading.Timer(bound + _GRACE_SECONDS, _shut, (copy,))
        watch.daemon = True
        watch.start()
        try:
            yield session
        except psycopg.Error as error:
            if session.closed or session.broken or error.sqlstate in _ENDINGS:
                raise ConnectionLostError(self.words(error)) from error
            raise self.failed(error) from error
        finally:
            watch.cancel()
            copy.close()
            if session.closed or session.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self.close()

    def try_twice(self, work: Callable[[bool], Answer]) -> Answer:
        """Do some work on the connection, and once more on a new one when it was lost: idle ones often are.

        ``work`` is told whether it is tried again. One thread works at a time.
        """
        with self._turn:
            try:
                return work(False)
            except ConnectionLostError:
                pass
            try:
                return work(True)
            except ConnectionLostError as error:
                raise self.lost(error) from error

    def begin(self, session: Session) -> None:
        """Begin a transaction whose statements, locks and pauses the server ends within the bound; a lock a little
        earlier, so that it is the lock that is named."""
        milliseconds = max(1, round(self._bounds.exchange * 1000))
        session.execute(
            "BEGIN ISOLATION LEVEL READ COMMITTED; "
            f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {max(1, milliseconds * 4 // 5)}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
        )

    def failed(self, error: psycopg.Error) -> StoreUnreachableError:
        """Make the error for an answer of the server."""
        kept, schema = self._purpose.kept, self._purpose.schema
        remedy = _REMEDIES.get(error.sqlstate or "", "").format(kept=kept, schema=schema)
        said = self.words(error)
        return StoreUnreachableError(f"{self.name}: {kept} cannot be used: {said}{f'; {remedy}' if remedy else ''}")

    def lost(self, error: ConnectionLostError) -> StoreUnreachableError:
        """Make the error for a connection that could not be kept."""
        return StoreUnreachableError(f"{self.name}: the connection was lost, or nobody answered in time: {error}")

    def words(self, error: Exception) -> str:
        """Return the first line of an error, without the password."""
        said = " ".join((str(error).strip() or type(error).__name__).splitlines()[0].split())[:300]
        return said.replace(self._password, "***") if self._password else said

    def _open(self) -> Session:
        if self._session is not None and not self._session.closed:
            return self._session
        try:
            import psycopg
        except ImportError:
            what = f"{self._purpose.kept} is kept in PostgreSQL, and psycopg is not installed"
            raise StoreUnreachableError(f"{what}: pip install 'wedgate[postgres]'") from None
        settings = self._settings()
        try:
            session: Session = psycopg.connect(**settings, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            what = f"{self.name}: {self._purpose.kept} cannot be reached: {self.words(error)}"
            raise (StoreGoneError if _GONE.search(str(error)) else StoreUnreachableError)(what) from error
        self._session = session
        return session

    def _settings(self) -> dict[str, Any]:
        """Return what libpq needs, with bounds where the address states none."""
        from psycopg.conninfo import conninfo_to_dict

        try:
            address = self._address()
            if not address.startswith(SCHEMES):
                raise ValueError
            found = conninfo_to_dict(address)
        except ConfigurationError:
            raise
        except Exception:
            # What libpq says about an address that it cannot read repeats a part of it, which may be the password.
            problem = Problem(
                file=self._purpose.address_from,
                line=0,
                column=0,
                what="the address of the database is no PostgreSQL URL",
                remedy="write it as postgresql://USER@HOST:PORT/DATABASE, with special characters percent-encoded",
            )
            raise ConfigurationError((problem,)) from None
        self._password = str(found.get("password") or "")
        host, port = found.get("host") or "the default host", found.get("port") or "5432"
        self.name = f"PostgreSQL at {host}:{port}, database {found.get('dbname') or 'of the user'}"
        bounds = {
            "connect_timeout": max(1, round(self._bounds.connect)),
            "application_name": "wedgate",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "client_encoding": "UTF8",
        }
        return {**bounds, **found}


def _shut(connected: socket.socket) -> None:
    """Shut a socket from this side, so that whoever waits for its answer is woken."""
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
