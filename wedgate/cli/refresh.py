"""`wedgate refresh`: post the status of every open pull request anew, because a window has opened or closed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.notify_wiring import tell_now
from wedgate.errors import ExitCode, ExternalSystemError

if TYPE_CHECKING:
    from wedgate.gate.decision import Decision


@click.command("refresh")
@click.option("--pull-request", "numbers", type=int, multiple=True, help="This pull request alone; may be repeated.")
@click.option("--check-run", "as_check_run", is_flag=True, help="Post a check run instead of a commit status.")
@click.option("--config", type=click.Path(path_type=Path), help="The path of the configuration in the repository.")
def command(numbers: tuple[int, ...], config: Path | None, *, as_check_run: bool) -> ExitCode:
    """Post the commit status `wedgate` anew on every open pull request towards the default branch.

    A status says until when it holds. Run this on a schedule, and at the instants that it prints: then a required
    status turns green when a window opens, and red when one closes. Nothing is used up and nothing else is changed.

    In a run for a merge group it posts the status of the group's own commit instead, which a merge queue waits for.

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
    from wedgate.overrides.grants import Outgoing

    talk = Conversing.open(config, os.environ, as_check_run=as_check_run)
    conversations = talk.parts.conversations
    group = merge_group(os.environ)
    if group is not None:
        number, commit = group
        decision = talk.overrides.frozen(talk.decide())
        decision = talk.overrides.through(decision, Outgoing(commit=commit), pull_request=number)
        status = status_of(decision, url=talk.run_url)
        talk.post(commit, status, decision)
        click.echo(f"merge group of #{number} {commit[:12]}: {status.state.value}: {status.description}")
        return ExitCode.DONE
    if numbers:
        pulls = tuple(conversations.pull_request(number) for number in dict.fromkeys(numbers))
    else:
        pulls = conversations.open_pull_requests(str(talk.forge.connection.describe()["default_branch"]))
    code, decided = ExitCode.DONE, talk.decide()
    for pull in pulls:
        found: Decision | None = None
        try:
            picture = talk.overrides.picture(pull.number)
            found = look(talk.overrides, lambda: decided, picture)
            status = status_of(found, url=talk.run_url, ledger=picture.ledger)
        except ExternalSystemError as error:
            status, code = CommitStatus(state=StatusState.ERROR, description=str(error)), ExitCode.EXTERNAL
        talk.post(pull.head, status, found)
        click.echo(f"#{pull.number} {pull.head[:12]}: {status.state.value}: {status.description}")
    change = decided.next_open or decided.next_close
    if change is not None:
        click.echo(f"wedgate: this changes at {change:%Y-%m-%dT%H:%M:%SZ}; refresh then")
    tell_now(config)
    return code


def merge_group(environment: Mapping[str, str]) -> tuple[int | None, str] | None:
    """Return the pull request and the commit of a merge group; the queue's branch names the last pull request in it."""
    from wedgate.adapters.forge.runner import change_event

    event = change_event(environment)
    if environment.get("GITHUB_EVENT_NAME") != "merge_group" or event is None:
        return None
    named = re.search(r"/pr-([0-9]{1,9})-[0-9a-f]{40}$", environment.get("GITHUB_REF", ""))
    return (int(named[1]) if named else None), event.head_sha
