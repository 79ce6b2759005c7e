"""`wedgate refresh`: post the status of every open pull request anew, because a window has opened or closed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wedgate.errors import ExitCode, ExternalSystemError


@click.command("refresh")
@click.option("--pull-request", "numbers", type=int, multiple=True, help="This pull request alone; may be repeated.")
@click.option("--config", type=click.Path(path_type=Path), help="The path of the configuration in the repository.")
def command(numbers: tuple[int, ...], config: Path | None) -> ExitCode:
    """Post the commit status `wedgate` anew on every open pull request towards the default branch.

    A status says until when it holds. Run this on a schedule, and at the instants that it prints: then a required
    status turns green when a window opens, and red when one closes. Nothing is used up and nothing else is changed.

    One pull request that cannot be read does not keep the others from theirs: it gets the status `error`, and this
    exits with 20.

    \b
    Examples:
      wedgate refresh
      wedgate refresh --pull-request 7
    """
    from wedgate.adapters.forge.interface import CommitStatus, StatusState
    from wedgate.cli.conversing import Conversing
    from wedgate.engine.conversation import look, status_of

    talk = Conversing.open(config, os.environ)
    conversations = talk.parts.conversations
    if numbers:
        pulls = tuple(conversations.pull_request(number) for number in dict.fromkeys(numbers))
    else:
        pulls = conversations.open_pull_requests(str(talk.forge.connection.describe()["default_branch"]))
    code, decided = ExitCode.DONE, talk.decide()
    for pull in pulls:
        try:
            decision = look(talk.overrides, lambda: decided, talk.overrides.picture(pull.number))
            status = status_of(decision, url=talk.run_url)
        except ExternalSystemError as error:
            status, code = CommitStatus(state=StatusState.ERROR, description=str(error)), ExitCode.EXTERNAL
        conversations.set_status(pull.head, status)
        click.echo(f"#{pull.number} {pull.head[:12]}: {status.state.value}: {status.description}")
    change = decided.next_open or decided.next_close
    if change is not None:
        click.echo(f"wedgate: this changes at {change:%Y-%m-%dT%H:%M:%SZ}; refresh then")
    return code
