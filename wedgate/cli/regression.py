"""The options by which a judgement becomes a regression report, and its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.options import full_commit
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.judge.confirmation import Builds
    from wedgate.judge.suite import SuiteJudgement


def regression_options(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Add the options that say where a report goes, and of which release it is."""
    options = (
        click.option(
            "--regression", type=click.Path(path_type=Path), metavar="FILE", help="Write a fail there as a report."
        ),
        click.option("--service", metavar="NAME", help="The report's service, as in wedgate.yml."),
        click.option("--commit", metavar="SHA", help="The candidate's full commit; that of its files by default."),
        click.option("--digest", metavar="DIGEST", help="The report's digest."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def check_regression(options: Mapping[str, Any], *, known: str | None = None) -> None:
    """Refuse a report that could not be written in the end: before anything is measured."""
    if options["regression"] is None:
        for name in ("service", "digest"):
            if options[name] is not None:
                raise UsageError(f"--{name} is for a report: say where to write it, with --regression FILE")
        return
    if not options["service"]:
        raise UsageError("--regression: of which service? Name it as in wedgate.yml, with --service")
    commit = options["commit"] or known
    if commit is None and options["digest"] is None:
        raise UsageError("--regression: of which release? Give --digest, --commit, or both")
    if commit is not None:
        full_commit(commit, "--commit")


def write_regression(
    judgement: SuiteJudgement, first: Builds, again: Builds | None, options: Mapping[str, Any]
) -> None:
    """Write the report of a judgement that fails, and say whether it is confirmed; else say that there is none."""
    from wedgate.cli.files import write_whole
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.judge.regression import regression_of
    from wedgate.judge.report import plain_report

    path = options["regression"]
    if path is None:
        return
    commit = options["commit"] or first[1].commit
    found = regression_of(
        judgement, first, again, service=options["service"], commit=commit, digest=options["digest"], at=utc_now()
    )
    if found is None:
        click.echo(f"{path}: not written, for nothing fails", err=True)
        return
    write_whole(path, json.dumps(plain_report(found), indent=2, ensure_ascii=False) + "\n")
    state = "confirmed: it rolls back" if found.is_confirmed else "not confirmed: it pauses, and rolls nothing back"
    click.echo(f"{path}: written, {state}", err=True)
