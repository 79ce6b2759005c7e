"""Every history keeps the contract of its interface: lines in their order, whole or not at all, and one clear error."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from click.testing import CliRunner, Result
from git_server import TOKEN, GitServer
from postgres_server import PASSWORD, PostgresServer, Wire, wire_to

from wedgate.adapters._postgres.connection import Bounds
from wedgate.adapters.histories.directory import DirectoryHistory
from wedgate.adapters.histories.git import GitHistory
from wedgate.adapters.histories.interface import HistoryStore
from wedgate.adapters.histories.postgres import PostgresHistory
from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, ExternalSystemError, UsageError

REF = "refs/heads/perf"
VARIABLE = "WEDGATE_DATABASE_URL"


class DirectoryPlace:
    """A history in a directory."""

    writers = 40

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self) -> HistoryStore:
        """Open the history as another process would."""
        return DirectoryHistory(self._directory)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Answer every open as a disk that has broken does."""

        def fail(*arguments: Any, **more: Any) -> Any:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with patch("pathlib.Path.open", fail), patch("pathlib.Path.read_bytes", fail):
            yield


class GitPlace:
    """A history on a ref behind a real server."""

    writers = 4

    def __init__(self, server: GitServer) -> None:
        self._server = server

    def open(self) -> HistoryStore:
        """Open the history as another process would."""
        return GitHistory(self._server.url, REF, token=TOKEN)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Answer no request."""
        self._server.is_down = True
        yield
        self._server.is_down = False

    def lose_answer(self) -> None:
        """Lose the answer to the next push after it was carried out."""
        self._server.lose_answers = 1


class PostgresPlace:
    """A history in a database of its own on a real server, reached by a wire that can be cut."""

    writers = 40

    def __init__(self, server: PostgresServer, wire: Wire) -> None:
        self.url, self._wire = server.database(), wire

    def open(self) -> HistoryStore:
        """Open the history as another process would."""
        return PostgresHistory(lambda: self._wire.url(self.url), "perf", address_from=VARIABLE)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Cut the wire, and let nothing through any more."""
        port, self._wire.port = self._wire.port, 9
        self._wire.cut()
        yield
        self._wire.port = port

    def lose_answer(self) -> None:
        """Cut the wire after the next COMMIT was carried out."""
        self._wire.lose_answers = 1


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A history of the kind asked for."""
    if request.param == "directory":
        yield DirectoryPlace(tmp_path / "deep" / "perf")
    elif request.param == "git":
        with GitServer(tmp_path) as server:
            yield GitPlace(server)
    else:
        running: PostgresServer = request.getfixturevalue("postgres_server")
        with wire_to(running) as wire:
            yield PostgresPlace(running, wire)


every_history = pytest.mark.parametrize("place", ["directory", "git", "postgres"], indirect=True)
histories_far_away = pytest.mark.parametrize("place", ["git", "postgres"], indirect=True)


@every_history
def test_lines_are_kept_in_their_order(place: Any) -> None:
    """None at first; then what was added and nothing else, seen by another process."""
    store: HistoryStore = place.open()
    assert store.lines() == ()
    store.add('{"a": "\N{SNOWMAN}"}')
    store.add("{}")
    store.add("{}")
    assert place.open().lines() == store.lines() == ('{"a": "\N{SNOWMAN}"}', "{}", "{}")


@every_history
def test_nobody_loses_a_line_to_another(place: Any) -> None:
    """Many at once, the first among them: every line is there, once, and later ones stand behind them."""
    numbers = [f"{number}" for number in range(place.writers)]
    failed: list[Exception] = []
    threads = [threading.Thread(target=_add, args=(place.open, number, failed)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    place.open().add("last")
    *found, last = place.open().lines()
    assert (sorted(found), last) == (sorted(numbers), "last")


def _add(opener: Callable[[], HistoryStore], line: str, failed: list[Exception]) -> None:
    try:
        opener().add(line)
    except Exception as error:
        failed.append(error)


@histories_far_away
def test_a_lost_answer_adds_no_line_twice(place: Any) -> None:
    """What was carried out without a word is seen, and not done again."""
    place.open().add("first")
    place.lose_answer()
    place.open().add("second")
    assert place.open().lines() == ("first", "second")


@every_history
def test_a_history_that_is_away_is_one_clear_error(place: Any) -> None:
    """To read and to write, without the password; a store that was open before finds it again afterwards."""
    store: HistoryStore = place.open()
    store.add("first")
    with place.away():
        for attempt in (place.open().lines, lambda: place.open().add("lost")):
            with pytest.raises(ExternalSystemError) as raised:
                attempt()
            said = str(raised.value)
            assert "\n" not in said
            assert TOKEN not in said
            assert PASSWORD not in said
    assert store.lines() == ("first",)


@every_history
def test_a_line_that_is_none_is_named_by_its_number(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is kept; the lines around it are not to blame."""
    store: HistoryStore = place.open()
    for line in (json.dumps(BUILD), '{"cut', json.dumps(BUILD), '{"schema_version": 1}'):
        store.add(line)
    monkeypatch.setattr("wedgate.cli.history.open_history", lambda where: store)
    error = history("show", "somewhere").exception
    assert isinstance(error, ConfigurationError)
    assert [(problem.file, problem.line) for problem in error.problems] == [(store.name, 2), (store.name, 4)]


BUILD = {
    "schema_version": 1, "kind": "build", "build": "7", "at": "2027-06-07T10:00:00Z",
    "metrics": [{"name": "query", "unit": "ms", "direction": "lower-is-better", "value": 5, "count": 3}],
}  # fmt: skip


def history(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["report", "history", *words], standalone_mode=False)


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    """The address of an empty database."""
    return postgres_server.database()


def test_the_command_keeps_histories_by_name_in_the_database(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address comes from the environment; two names are two histories; reading makes nothing."""
    monkeypatch.setenv(VARIABLE, url)
    measured = {"schema_version": 1, "kind": "measurements", "metrics": [
        {"name": "query", "unit": "ms", "direction": "lower-is-better", "values": [5, 6, 7]}]}  # fmt: skip
    (tmp_path / "m.json").write_text(json.dumps(measured))
    assert "has no builds yet" in str(history("show", "postgres:perf").exception)
    with psycopg.connect(url) as session:
        assert session.execute("SELECT to_regnamespace('wedgate_history')").fetchone() == (None,)
    done = history("add", "postgres:perf", str(tmp_path / "m.json"), "--build", "7")
    assert done.exception is None
    assert "history perf: build 7, 1 metrics" in done.stdout
    assert "query: level 6 ms, 1 builds" in history("show", "postgres:perf").stdout
    assert "has no builds yet" in str(history("show", "postgres:other").exception)


@pytest.mark.parametrize(
    ("where", "address", "kind", "said"),
    [
        ("postgres:perf", None, ConfigurationError, f"{VARIABLE}: is not set; set it to the database's address"),
        ("postgres:perf", f"mysql://a:{PASSWORD}@b/c", ConfigurationError, f"{VARIABLE}: the address of the database"),
        ("postgres:perf", f"postgresql://a:{PASSWORD}@127.0.0.1:9/x", ExternalSystemError, "history cannot be reached"),
        ("postgres:", None, UsageError, "takes the name of a history"),
        (f"postgres:postgresql://a:{PASSWORD}@b/c", None, UsageError, f"the address goes into {VARIABLE}"),
        (f"postgresql://a:{PASSWORD}@b/c", None, UsageError, "is no place for a history; write postgres:NAME"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_its_password(
    where: str, address: str | None, kind: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not set, of another database, nobody there; and one on the command line, which everybody could read."""
    if address is not None:
        monkeypatch.setenv(VARIABLE, address)
    error = history("show", where).exception
    assert isinstance(error, kind)
    assert said in str(error)
    assert PASSWORD not in str(error)


def test_tables_of_a_newer_wedgate_are_left_alone(url: str) -> None:
    """Neither read nor written."""
    store = PostgresHistory(lambda: url, "perf", address_from=VARIABLE)
    store.add("{}")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("INSERT INTO wedgate_history.version VALUES (2)")
    for attempt in (store.lines, lambda: store.add("{}")):
        with pytest.raises(ConfigurationError, match="of version 2, and this wedgate knows version 1"):
            attempt()


def test_whoever_holds_the_history_for_too_long_is_named(url: str) -> None:
    """A writer that hangs makes the next one end with one clear error, and add nothing."""
    store = PostgresHistory(lambda: url, "perf", address_from=VARIABLE, bounds=Bounds(exchange=0.5))
    store.add("{}")
    with psycopg.connect(url) as session:
        session.execute("LOCK TABLE wedgate_history.lines IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ExternalSystemError, match="another writer has held the history for too long"):
            store.add("{}")
    assert store.lines() == ("{}",)


def test_a_job_that_measures_needs_no_right_to_the_ledger(url: str, postgres_server: PostgresServer) -> None:
    """With the rights that docs/history.md names it adds and reads, and changes nothing; with none it is told which."""
    PostgresHistory(lambda: url, "perf", address_from=VARIABLE).add("{}")
    postgres_server.execute("DROP ROLE IF EXISTS measurer")
    postgres_server.execute("CREATE ROLE measurer LOGIN")
    own = url.replace("postgres@", "measurer@")
    store = PostgresHistory(lambda: own, "perf", address_from=VARIABLE)
    with pytest.raises(ExternalSystemError, match="grant this user USAGE on schema wedgate_history"):
        store.lines()
    for right in ("USAGE ON SCHEMA wedgate_history", "SELECT, INSERT ON ALL TABLES IN SCHEMA wedgate_history"):
        postgres_server.execute(f"GRANT {right} TO measurer", url=url)
    store.add("[]")
    assert store.lines() == ("{}", "[]")
    with psycopg.connect(own) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("DELETE FROM wedgate_history.lines")
