"""Which answers mean that the place of a ledger is gone for good, and which say nothing of it."""

from __future__ import annotations

import subprocess
from typing import Any

import psycopg
import pytest

from wedgate.adapters.stores.git import GitStore
from wedgate.adapters.stores.interface import StoreGoneError, StoreUnreachableError
from wedgate.adapters.stores.postgres import PostgresStore

NOT_FOUND = "remote: Repository not found.\nfatal: repository 'https://forge.invalid/acme/x.git/' not found\n"


@pytest.mark.parametrize(
    ("said", "token", "is_gone"),
    [
        (NOT_FOUND, None, True),
        (NOT_FOUND, "secret", False),
        ("fatal: '/mnt/not-mounted/x.git' does not appear to be a git repository\n", None, False),
        ("remote: hidden\nfatal: 'acme/x.git' does not appear to be a git repository\n", "secret", False),
        ("fatal: unable to access 'https://x.invalid/': Could not resolve host: x.invalid\n", None, False),
        ("ssh: Could not resolve hostname x.invalid: Temporary failure in name resolution\n", None, False),
        ("ssh: Could not resolve hostname x.invalid: Name or service not known\n", None, False),
        ("fatal: unable to access 'https://x.invalid/': Could not resolve proxy: p.invalid\n", None, False),
    ],
)
def test_git_is_believed_only_where_it_knows(
    monkeypatch: pytest.MonkeyPatch, said: str, token: str | None, *, is_gone: bool
) -> None:
    """A forge hides what a token may not see, and a resolver may be down."""

    def run(command: list[str], *_: object, **__: object) -> Any:
        fails = "fetch" in command
        return subprocess.CompletedProcess(command, 128 if fails else 0, b"", said.encode() if fails else b"")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(StoreUnreachableError) as raised:
        GitStore("https://x.invalid/x.git", "refs/heads/wedgate", token=token).read()
    assert isinstance(raised.value, StoreGoneError) is is_gone


@pytest.mark.parametrize(
    ("said", "is_gone"),
    [
        ('connection failed: FATAL:  database "gone" does not exist', True),
        ("failed to resolve host 'db.invalid': [Errno -3] Temporary failure in name resolution", False),
        ("failed to resolve host 'db.invalid': [Errno -2] Name or service not known", False),
        ('could not translate host name "db.invalid" to address: Temporary failure in name resolution', False),
        ('could not translate host name "db.invalid" to address: Name or service not known', False),
    ],
)
def test_postgres_is_believed_only_where_the_server_says_it(
    monkeypatch: pytest.MonkeyPatch, said: str, *, is_gone: bool
) -> None:
    """Only a server that answers knows which databases there are."""

    def connect(**_: object) -> None:
        raise psycopg.OperationalError(said)

    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(StoreUnreachableError) as raised:
        PostgresStore(lambda: "postgresql://u@db.invalid/gone", "venue-search").read()
    assert isinstance(raised.value, StoreGoneError) is is_gone
