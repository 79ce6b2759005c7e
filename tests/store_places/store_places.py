"""One ledger of each kind for the contract of the stores, and what can happen to it from outside."""

from __future__ import annotations

import errno
import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from git_server import TOKEN, GitServer
from postgres_server import PostgresServer, Wire

from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.git import GitStore
from wedgate.adapters.stores.interface import Store
from wedgate.adapters.stores.memory import MemoryStore
from wedgate.adapters.stores.postgres import PostgresStore

Change = Callable[[list[str]], list[str]]
"""What somebody does to the lines of a ledger behind wedgate's back."""

SERVICE = "venue-search"
REF = f"refs/heads/wedgate/{SERVICE}"


class MemoryPlace:
    """A ledger in memory."""

    writers, rounds = 200, 3

    def __init__(self) -> None:
        self._store = MemoryStore()

    def open(self) -> Store:
        """Open the ledger as another process would."""
        return self._store

    @contextmanager
    def refusing(self, why: str) -> Iterator[None]:
        """Make every write fail: ``read-only`` or ``full``."""
        self._store.broken = why
        yield
        self._store.broken = None


class FilePlace:
    """A ledger in a file."""

    writers, rounds = 200, 3

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> Store:
        """Open the ledger as another process would."""
        return FileStore(self.path)

    @contextmanager
    def refusing(self, why: str) -> Iterator[None]:
        """Make every write fail as a disk does: the file may not grow by a line, or nothing be opened for writing."""
        if why == "full":
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.path.stat().st_size + 20, hard))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            return
        real = os.open

        def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
            return real(path, flags, *rest, **more)

        with patch("os.open", refuse):
            yield

    def rewrite(self, change: Change) -> None:
        """Change the lines of the file."""
        lines = change(self.path.read_text().splitlines())
        self.path.write_text("".join(f"{line}\n" for line in lines))


class GitPlace:
    """A ledger on a git ref behind a real server."""

    # Each writer is some twenty processes of git, here and on the server: a round is 13 seconds of a processor.
    writers, rounds = 200, 3 if os.environ.get("WEDGATE_THOROUGH") == "1" else 1

    def __init__(self, server: GitServer) -> None:
        self.server = server

    def open(self) -> Store:
        """Open the ledger as another process would."""
        return GitStore(self.server.url, REF, token=TOKEN)

    @contextmanager
    def refusing(self, why: str) -> Iterator[None]:
        """Refuse pushes: by permission, or by a hook that says what a full disk says."""
        hook = self.server.repository / "hooks" / "pre-receive"
        if why == "full":
            hook.write_text("#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n")
            hook.chmod(0o755)
        else:
            self.server.refuse_pushes = True
        yield
        self.server.refuse_pushes = False
        hook.unlink(missing_ok=True)

    def rewrite(self, change: Change) -> None:
        """Push a ledger of one's own."""
        lines = change(self.server.git("show", f"{REF}:ledger.jsonl").splitlines())
        blob = self.server.git("hash-object", "-w", "--stdin", given="".join(f"{line}\n" for line in lines))
        tree = self.server.git("mktree", given=f"100644 blob {blob}\tledger.jsonl\n")
        self.server.git("update-ref", REF, self.server.git("commit-tree", tree, "-m", "x"))

    def lose_answer(self, then: Callable[[], object] = bool) -> None:
        """Lose the answer to the next push after it was carried out; ``then`` happens before the writer notices."""
        self.server.lose_answers, self.server.after_loss = 1, then


class PostgresPlace:
    """A ledger in a database of its own on a real server, reached by a wire that can be cut."""

    writers, rounds = 200, 3

    def __init__(self, server: PostgresServer, wire: Wire) -> None:
        self._server = server
        self._wire = wire
        self.url = server.database()
        self._far = wire.url(self.url)
        self._is_kept = False

    def start_again(self) -> None:
        """Put the ledger back as it was when this was asked for first."""
        if self._is_kept:
            self._server.put_back(self.url, "kept")
            return
        self._server.keep(self.url, "kept")
        self._is_kept = True

    def open(self) -> Store:
        """Open the ledger as another process would."""
        return PostgresStore(lambda: self.url, SERVICE)

    def open_by_wire(self) -> Store:
        """Open the ledger over the wire that can be cut."""
        return PostgresStore(lambda: self._far, SERVICE)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the owner."""
        return self._server.execute(statement, url=self.url)

    @contextmanager
    def refusing(self, why: str) -> Iterator[None]:
        """Make the database read-only for whoever connects, or answer as a server does whose disk is full."""
        name = self.execute("SELECT current_database()")[0][0]
        if why == "full":
            body = "BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END"
            self.execute(f"CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
            self.execute("CREATE TRIGGER full_disk BEFORE INSERT ON wedgate.entries EXECUTE FUNCTION full_disk()")
            yield
            self.execute("DROP TRIGGER full_disk ON wedgate.entries")
        else:
            self.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            yield
            self._server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    def rewrite(self, change: Change) -> None:
        """Change the rows with the triggers switched off, as a superuser can."""
        lines = [line for (line,) in self.execute("SELECT line FROM wedgate.entries ORDER BY revision")]
        statements = ["ALTER TABLE wedgate.entries DISABLE TRIGGER USER", "DELETE FROM wedgate.entries"]
        for line in change(lines):
            entry = json.loads(line) if line.startswith("{") else {}
            columns = f"{entry.get('revision', len(lines))}, {entry.get('epoch', 1)}"
            columns += f", '{entry.get('previous', '')}', '{entry.get('hash', '')}'"
            text = line.replace("'", "''")
            statements.append(
                "INSERT INTO wedgate.entries (service, revision, epoch, previous, hash, line) "  # noqa: S608 (a text of the test)
                f"VALUES ('{SERVICE}', {columns}, '{text}')"
            )
        self.execute("; ".join([*statements, "ALTER TABLE wedgate.entries ENABLE TRIGGER USER"]))

    def lose_answer(self, then: Callable[[], object] = bool) -> None:
        """Cut the wire after the next COMMIT was carried out; ``then`` happens before the writer notices."""
        self._wire.lose_answers, self._wire.after_loss = 1, then
