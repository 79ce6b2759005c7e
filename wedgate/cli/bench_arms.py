"""Where the arms of `wedgate bench run` run, and of which commits they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from wedgate.cli.options import full_commit
from wedgate.errors import ExitCode, UsageError

_COMMIT_OPTIONS = {"base": "--base-commit", "candidate": "--commit"}


def arm_options(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Add the options that say where each arm runs, and of which commit the base is."""
    folder = click.Path(path_type=Path)
    options = (
        click.option(
            "--base-in", type=folder, metavar="DIR", help="Where the base runs; a clone there names its commit."
        ),
        click.option("--candidate-in", type=folder, metavar="DIR", help="Where the candidate runs, likewise."),
        click.option("--base-commit", metavar="SHA", help="The base's full commit, for its report."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def read_arms(options: Mapping[str, Any]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return by arm where it runs, and of which commit it is, each where that is known.

    ``UsageError`` for a directory that is not there, and for one that does not hold the commit that was named. One that
    was changed since its commit is of none, which is said.
    """
    folders: dict[str, Path] = {}
    commits: dict[str, str] = {}
    named = {"base": options["base_commit"], "candidate": options["commit"]}
    for arm, option in _COMMIT_OPTIONS.items():
        folder, commit = options[f"{arm}_in"], named[arm]
        if commit is not None:
            full_commit(commit, option)
        if folder is not None:
            if not folder.is_dir():
                raise UsageError(f"--{arm}-in {ascii(str(folder))[:200]}: there is no such directory")
            folders[arm] = folder
            commit = _commit_in(folder, arm, commit)
        if commit is not None:
            commits[arm] = commit
    return folders, commits


def _commit_in(folder: Path, arm: str, named: str | None) -> str | None:
    """Return the commit of an arm that runs in a directory."""
    from wedgate.adapters.processes.checkout import checkout_at

    found = checkout_at(folder)
    if found is None:
        return named
    option = _COMMIT_OPTIONS[arm]
    if named not in (None, found.commit):
        raise UsageError(f"{option}: {folder} holds {found.commit}, not {named}; check that out, or name what it holds")
    if not found.is_changed:
        return found.commit
    if named is not None:
        raise UsageError(f"{option}: {folder} was changed since {named}; commit the changes, or leave {option} out")
    click.echo(f"wedgate: {folder} was changed since its commit, so the {arm}'s report names none", err=True)
    return None
