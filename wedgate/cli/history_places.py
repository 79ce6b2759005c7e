"""Where a history of measurements is kept, by how its place is spelt on the command line."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.errors import ConfigurationError, Problem, UsageError

if TYPE_CHECKING:
    from wedgate.adapters.histories.interface import HistoryStore

DATABASE = "WEDGATE_DATABASE_URL"
"""The variable that holds the address of a history in PostgreSQL: an argument would show its password to everybody."""


def open_history(where: str) -> HistoryStore:
    """Open the history at a place: a directory, ``git:REF`` or ``postgres:NAME``; ``UsageError`` for another."""
    if where.startswith("git:"):
        return _git_history(where)
    if where.startswith("postgres:"):
        return _postgres_history(where)
    if where.startswith(("postgresql:", "mysql:", "https:", "http:")):
        # A directory of that name would hold what somebody believes to be elsewhere; an address may hold a password.
        scheme = where.partition(":")[0]
        raise UsageError(f"{scheme}: is no place for a history; write postgres:NAME, git:REF or a directory")
    from wedgate.adapters.histories.directory import DirectoryHistory

    return DirectoryHistory(Path(where))


def _postgres_history(where: str) -> HistoryStore:
    from wedgate.adapters.histories.postgres import PostgresHistory

    name = where.removeprefix("postgres:")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise UsageError(
            f"postgres: takes the name of a history, such as postgres:venue-search; the address goes into {DATABASE}"
        )
    return PostgresHistory(_database, name, address_from=DATABASE)


def _database() -> str:
    address = os.environ.get(DATABASE)
    if not address:
        what, remedy = "is not set", "set it to the database's address: postgresql://USER:PASSWORD@HOST/DATABASE"
        raise ConfigurationError((Problem(file=DATABASE, line=0, column=0, what=what, remedy=remedy),))
    return address


def _git_history(where: str) -> HistoryStore:
    from wedgate.adapters.forge.git_copy import address_of_origin
    from wedgate.adapters.histories.git import GitHistory

    ref = where.removeprefix("git:")
    if not ref.startswith("refs/") or ref.endswith("/") or ".." in ref or any(letter.isspace() for letter in ref):
        raise UsageError(f"{where}: write the whole ref, such as git:refs/heads/perf")
    address = address_of_origin(Path())
    if address is None:
        raise UsageError(f"{where}: there is no clone with a remote `origin` here; run it in one")
    token = os.environ.get("WEDGATE_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN") or None
    return GitHistory(address, ref, token=token if address.startswith("https://") else None)
