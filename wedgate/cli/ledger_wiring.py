"""Wires the ledger of a service: which store it is kept in, the spool beside it, and where its rescue file lies."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.cli.places import STATE_DIRECTORY, base_of_file
from wedgate.errors import ConfigurationError, ExternalSystemError, Problem

if TYPE_CHECKING:
    from wedgate.adapters.stores.interface import Store
    from wedgate.adapters.stores.spool import FileSpool
    from wedgate.config.configuration import Configuration

KINDS = ("file", "git", "postgres")
"""The states that are built in."""


def base_of(configuration: Configuration) -> Path:
    """Return the directory that relative paths of a configuration start from."""
    return base_of_file(Path(configuration.path))


def state_of(
    configuration: Configuration, environment: Mapping[str, str] | None = None
) -> tuple[str, dict[str, object]]:
    """Return the kind and the options of the state, with an absolute path, and of git the ref and the address."""
    state = configuration.state
    kind, options = ("file", {}) if state is None else (state.kind, dict(state.options))
    base = base_of(configuration)
    if kind in KINDS:
        options["path"] = str(base / state_directory(kind, options))
    if kind == "git":
        options.setdefault("ref", f"refs/heads/wedgate/{configuration.service}")
        options["remote"] = str(
            options.get("remote") or _remote(base, os.environ if environment is None else environment)
        )
    return kind, options


def state_directory(kind: str, options: Mapping[str, object]) -> Path:
    """Return the directory of the ledger, or of what lies beside it; ``ConfigurationError`` for an unknown kind."""
    if kind not in KINDS:
        what, remedy = f"state of kind {kind} is not built in", f"use one of {', '.join(KINDS)}"
        raise ConfigurationError((Problem(file="state", line=0, column=0, what=what, remedy=remedy),))
    return Path(str(options.get("path") or STATE_DIRECTORY))


def open_store(
    kind: str, options: Mapping[str, object], service: str, *, with_token: bool = True
) -> tuple[Store, FileSpool]:
    """Open the ledger of a service and the spool beside it, with a second place for a disk that is full."""
    from wedgate.adapters.stores.spool import FileSpool

    directory = state_directory(kind, options)
    # Several checkouts on one machine may release services of one name: each has a second place of its own.
    place = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]
    spool = f"{service}.spool.jsonl"
    return (
        _ledger(kind, options, directory / f"{service}.jsonl", service, with_token=with_token),
        FileSpool(directory / spool, Path(tempfile.gettempdir()) / f"wedgate-{place}-{spool}"),
    )


def _ledger(kind: str, options: Mapping[str, object], path: Path, service: str, *, with_token: bool) -> Store:
    if kind == "git":
        from wedgate.adapters.stores.git import GitStore

        token = os.environ.get("WEDGATE_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN") or None
        return GitStore(str(options["remote"]), str(options["ref"]), token=token if with_token else None)
    if kind == "postgres":
        from wedgate.adapters.stores.postgres import PostgresStore

        return PostgresStore(lambda: database_address(str(options["url"]), os.environ), service)
    from wedgate.adapters.stores.file import FileStore

    return FileStore(path)


def database_address(url: str, environment: Mapping[str, str]) -> str:
    """Return the address of a database: ``url`` itself, or what the variable that it names (``env/NAME``) holds.

    Only the name is kept in a rescue file or said in a message. ``ConfigurationError`` when the variable is not set.
    """
    if not url.startswith("env/"):
        return url
    name = url.removeprefix("env/")
    if not environment.get(name):
        what = f"the ledger is kept in PostgreSQL, and {name} is not set"
        remedy = f"set {name} to the database's address: postgresql://USER:PASSWORD@HOST/DATABASE"
        raise ConfigurationError((Problem(file="state.url", line=0, column=0, what=what, remedy=remedy),))
    return environment[name]


def _remote(base: Path, environment: Mapping[str, str]) -> str:
    """Return the address of this repository: the runner's, or what the clone calls ``origin``."""
    from wedgate.adapters.forge.git_copy import address_of_origin
    from wedgate.cli.repository import remote_of

    found = remote_of(environment, address_of_origin(base))
    if found is None:
        raise ExternalSystemError(
            "the ledger is kept on a git ref, and the clone here has no remote `origin`; add `remote:` to `state:`"
        )
    return found


def rescue_path(directory: Path, service: str) -> Path:
    """Return where the rescue file of a service lies."""
    return directory / f"{service}.rescue.json"
