"""What a rollout tells the runner that it runs on: the summary and the output, and the next run of its workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from wedgate.errors import ExternalSystemError, UsageError

if TYPE_CHECKING:
    from wedgate.engine.rollout_parts import RunEnd

OUTPUT_LIMIT = 500_000
"""Characters; a runner drops larger outputs with the whole job's."""


def tell_runner(end: RunEnd, record: str, environment: Mapping[str, str]) -> None:
    """Write how a run ended to the summary, and its record to the output ``result``; nothing without a runner.

    What cannot be written is said, and changes nothing about the rollout.
    """
    from wedgate.adapters.forge.runner import append_summary, is_runner, write_outputs
    from wedgate.render.markdown import inert_text

    if not is_runner(environment):
        return
    outputs = {"result": record} if len(record) < OUTPUT_LIMIT else {}
    notes: list[str | None] = []
    try:
        notes.append(append_summary(environment, f"### Rollout\n\n{inert_text(end.text)}\n"))
        notes.append(write_outputs(environment, outputs))
    except ExternalSystemError as error:
        notes.append(str(error))
    for note in filter(None, notes):
        click.echo(f"wedgate: {note}", err=True)


def next_run_of(environment: Mapping[str, str]) -> Callable[[Callable[[timedelta], None]], str]:
    """Return what starts the next run of this workflow and says so; ``UsageError`` where there is no such workflow."""
    from wedgate.adapters.forge.runner import is_runner, own_workflow

    own = own_workflow(environment)
    if own is None or not is_runner(environment):
        raise UsageError("--dispatch starts the next run of the workflow that this is a run of; this is none")

    def start(pause: Callable[[timedelta], None]) -> str:
        from wedgate.adapters.forge.github_runs import GithubRuns
        from wedgate.cli.wiring import open_forge
        from wedgate.engine.relay import start_next_run

        try:
            start_next_run(GithubRuns(open_forge(environment).connection), own.file, own.ref, pause=pause)
        except ExternalSystemError as error:
            raise ExternalSystemError(
                f"the next run could not be started, and nobody watches until one is: {error}; start {own.file} by hand"
            ) from error
        return f"started the next run of {own.file} on {own.ref}"

    return start
