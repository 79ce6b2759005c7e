"""A real PostgreSQL for the tests of the ledger: a database for each test, and a wire that can be cut."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples" / "venue-search"))

from database import SETTINGS, Database

USER = "wedgate"
PASSWORD = "a-password-of-the-test"


class PostgresServer(Database):
    """A server with room for the two hundred writers of the contract. ``database()`` makes a fresh, empty database."""

    settings: Mapping[str, str] = {**SETTINGS, "max_connections": "260", "shared_buffers": "32MB"}
    _numbers = itertools.count(1)

    def database(self) -> str:
        """Return the URL of a new database, reached by the unix socket as its owner."""
        name = f"ledger_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def keep(self, url: str, name: str) -> None:
        """Keep the ledger of a database as it is, under a name."""
        self.execute(f"CREATE TABLE {name} AS TABLE wedgate.entries", url=url)

    def put_back(self, url: str, name: str) -> None:
        """Put a ledger back that was kept, with the rules switched off meanwhile, as a superuser can."""
        rules = "ALTER TABLE wedgate.entries {} TRIGGER USER"
        rows = f"DELETE FROM wedgate.entries; INSERT INTO wedgate.entries SELECT * FROM {name}"  # noqa: S608 (a test's own)
        self.execute("; ".join([rules.format("DISABLE"), rows, rules.format("ENABLE")]), url=url)

    def url(self, name: str, *, user: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://{user}@/{name}?host={self._directory}"

    def execute(self, statement: str, *, url: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser and return its rows."""
        import psycopg

        with psycopg.connect(url or self.address, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    @property
    def socket_path(self) -> str:
        """Where the server listens."""
        return str(self._directory / ".s.PGSQL.5432")


class DurableServer(PostgresServer):
    """A server that flushes each commit to the disk, as one in use does; for measurements."""

    settings: Mapping[str, str] = {
        **PostgresServer.settings,
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
    }


class Wire:
    """A way to a server over loopback that misbehaves on request.

    ``lose_answers`` cuts so many connections after a COMMIT was carried out and before its answer arrives, and calls
    ``after_loss`` in between;
    ``lose_commits`` before the COMMIT arrives, likewise; ``is_silent`` passes nothing on any more, without an end.
    """

    def __init__(self, server: PostgresServer) -> None:
        self._path = server.socket_path
        self.lose_answers = 0
        self.lose_commits = 0
        self.is_silent = False
        self.after_loss: Callable[[], object] = bool
        self.commits = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def url(self, through: str) -> str:
        """Return the URL of a database by this wire, with a password in it that the server does not ask for."""
        name = through.partition("@/")[2].partition("?")[0]
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def cut(self) -> None:
        """Cut every connection there is."""
        for each in self._open:
            _shut(each)

    def close(self) -> None:
        """Stop listening, and cut. Sockets are closed when no thread waits on their numbers, which others get then."""
        _shut(self._listening)
        self._threads[0].join()
        self.cut()
        for thread in self._threads:
            thread.join()
        for each in (self._listening, *self._open):
            each.close()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._path)
            self._open += [near, far]
            lost = threading.Event()
            self._run(self._carry, near, far, lost, True)
            self._run(self._carry, far, near, lost, False)

    def _carry(self, source: socket.socket, sink: socket.socket, lost: threading.Event, is_question: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_question and b"COMMIT\0" in data:
                    self.commits += 1
                    if self.lose_commits:
                        self.lose_commits -= 1
                        _shut(sink)
                        self.after_loss()
                        break
                    if self.lose_answers:
                        self.lose_answers -= 1
                        lost.set()
                elif not is_question and lost.is_set():
                    self.after_loss()
                    break
                if self.is_silent:
                    continue
                sink.sendall(data)
        _shut(source)
        _shut(sink)


@contextmanager
def wire_to(server: PostgresServer) -> Iterator[Wire]:
    """Lay a wire for some statements."""
    wire = Wire(server)
    try:
        yield wire
    finally:
        wire.close()


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
