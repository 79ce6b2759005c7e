"""`wedgate refresh`: post the status of every open pull request anew, because a window has opened or closed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.notify_wiring import tell_now
from wedgate.errors import ExitCode, WedgateError
from wedgate.gate.reasons import ReasonCode

if TYPE_CHECKING:
    from datetime import datetime

    from wedgate.adapters.forge.interface import CommitStatus, MergeGroup, PullRequest
    from wedgate.cli.conversing import Conversing, Posting
    from wedgate.engine.conversation import Answer
    from wedgate.engine.heads import Looked
    from wedgate.gate.decision import Decision


SHOWN_FOR = timedelta(days=1)
"""How long a refresh looks after the comment of a pull request whose grant was used."""


@click.command("refresh")
@click.option("--pull-request", "numbers", type=int, multiple=True, help="This pull request alone; may be repeated.")
@click.option("--check-run", "as_check_run", is_flag=True, help="Post a check run instead of a commit status.")
@click.option("--config", type=click.Path(path_type=Path), help="The path of the configuration in the repository.")
def command(numbers: tuple[int, ...], config: Path | None, *, as_check_run: bool) -> ExitCode:
    """Post the commit status `wedgate` anew on every open pull request towards the default branch.

    A status says until when it holds, and takes into account what the pull request itself changes of the
    configuration, as `wedgate check` of the pull request does. Run this on a schedule, and at the instant that it
    prints, the first at which a window, a grant or a freeze begins or ends: then a required status turns green when a
    window opens, and red when one closes. Nothing is used up. A comment of wedgate's that does not show the use of a
    grant in the last day, because that run could not write, is brought up to date, on merged pull requests too.

    Groups that wait in the merge queue of the default branch are asked for again, too. In a run for one merge group it
    posts the status of that group's own commit alone, which the queue waits for.

    Several pull requests with one head have one status: it is green where one of them is let through. One from a fork
    has no say there, unless the policy takes forks.

    What stands there already, as a status or a check run, is not posted again: GitHub takes 1,000 statuses of a commit.
    One pull request that cannot
    be read does not keep the others from theirs: it gets the status `error`, and this exits with 20, as it does where a
    status was not taken.

    \b
    Examples:
      wedgate refresh
      wedgate refresh --pull-request 7
    """
    from wedgate.cli.conversing import open_posting
    from wedgate.engine.conversation import changes_of
    from wedgate.engine.heads import by_head

    talk = open_posting(config, os.environ, as_check_run=as_check_run, only_looks=True)
    conversations = talk.conversations
    group = merge_group(os.environ)
    if group is not None:
        return _refresh_group(talk, group)
    groups: tuple[MergeGroup, ...] = ()
    if numbers:
        pulls = _with_those_of_their_heads(talk, [conversations.pull_request(each) for each in dict.fromkeys(numbers)])
    else:
        branch = talk.forge.default_branch()
        pulls, groups = conversations.open_pull_requests(branch), conversations.waiting_groups(branch)
    changes = list(changes_of(talk.gate.decide(None)))
    codes = [_refresh_group(talk, each) for each in groups]
    # Whatever strangers wrote into a configuration is read last: it keeps nobody else waiting.
    for head, those in by_head(pulls, takes_forks=talk.takes_forks).items():
        codes += _refresh(talk, head, those, changes)
    codes += _show_uses(talk, numbers)
    code = ExitCode.EXTERNAL if ExitCode.EXTERNAL in codes else ExitCode.DONE
    if changes:
        click.echo(f"wedgate: this changes at {min(changes):%Y-%m-%dT%H:%M:%SZ}; refresh then")
    tell_now(config)
    return code


def _with_those_of_their_heads(talk: Posting, named: Sequence[PullRequest]) -> tuple[PullRequest, ...]:
    """Return pull requests with the open ones that share a head with them."""
    found = {pull.number: pull for pull in named}
    for pull in named:
        found |= {other.number: other for other in talk.open_with(pull.head) if other.number not in found}
    return tuple(found.values())


def _refresh(talk: Posting, head: str, pulls: Sequence[PullRequest], changes: list[datetime]) -> list[ExitCode]:
    """Post one status for a head of some pull requests; ``changes`` gets when it may change.

    One that moved meanwhile gets the status of its new head, unless it is a fork's: others may have that one.
    """
    from wedgate.engine.heads import best_of

    looked = [_look(talk, pull) for pull in pulls]
    codes = []
    for found in dict.fromkeys(each.head for each in looked):
        there = [each for each in looked if each.head == found]
        if found != head and all(pull.from_fork for pull in pulls):
            click.echo(f"{_names(there)}: moved to {found[:12]} meanwhile; the next refresh posts its status")
            continue
        best = best_of(there)
        changes += (instant for each in there for instant in each.changes)
        codes.append(_post(talk, _names(there), found, best.status, best.decision))
        codes += [ExitCode.EXTERNAL for each in there if each.decision is None]
    return codes


def _names(looked: Sequence[Looked]) -> str:
    return ", ".join(f"#{each.number}" for each in looked)


def _look(talk: Posting, pull: PullRequest) -> Looked:
    """Look at one pull request; its status is ``error`` where it cannot be known. Never raises."""
    from wedgate.cli.conversing import Conversing
    from wedgate.engine.conversation import changes_of, status_of
    from wedgate.engine.heads import Looked

    try:
        if isinstance(talk, Conversing) and not talk.replaces_lost_ledger(pull.number, pull.head):
            return talk.look_at(pull.number)
        found = talk.ask(pull.number, pull.head)
        status, changes = status_of(found, url=talk.run_url), changes_of(found)
    except WedgateError as error:
        return Looked(number=pull.number, head=pull.head, status=_unknown(error), decision=None)
    return Looked(number=pull.number, head=pull.head, status=status, decision=found, changes=changes)


def _refresh_group(talk: Posting, group: MergeGroup) -> ExitCode:
    """Post the status of a merge group's own commit, for all that it brings to the default branch."""
    from wedgate.adapters.forge.runner import ChangeEvent
    from wedgate.cli.conversing import Conversing
    from wedgate.engine.conversation import status_of
    from wedgate.overrides.grants import Outgoing

    found: Decision | None = None
    commit = group.commit
    try:
        change = ChangeEvent(pull_request=None, head_sha=commit)
        found = talk.ask_about(change)
        if isinstance(talk, Conversing) and not talk.gate_for(change).replaces_lost_ledger():
            found = talk.overrides.frozen(found)
            found = talk.overrides.through(found, Outgoing(commit=commit), pull_request=group.pull_request)
        status = status_of(found, url=talk.run_url)
    except WedgateError as error:
        status = _unknown(error)
    name = "merge group" if group.pull_request is None else f"merge group of #{group.pull_request}"
    return _post(talk, name, commit, status, found)


def _show_uses(talk: Posting, numbers: tuple[int, ...]) -> list[ExitCode]:
    """Show in the comments what was used of late, on merged pull requests too; ``numbers``: on these alone, if any.

    The run that used it may not have been allowed to, or been killed.
    """
    from wedgate.cli.conversing import Conversing
    from wedgate.cli.wiring import utc_now
    from wedgate.overrides.record import last_uses_in

    if not isinstance(talk, Conversing) or talk.parts.ledger is None:
        return []
    try:
        ledger = talk.parts.ledger.read()
    except WedgateError as error:
        click.echo(f"wedgate: what was used is not known: {error}")
        return [ExitCode.EXTERNAL]
    used = last_uses_in(ledger.audit, talk.parts.repository, utc_now() - SHOWN_FOR)
    return [_show_use(talk, number, revision) for number, revision in used.items() if number in numbers or not numbers]


def _show_use(talk: Conversing, number: int, revision: int) -> ExitCode:
    """Bring the comment up to date on a pull request whose grant was used in a revision of the ledger; never raises.

    A token that may not comment anchors the use all the same: in a status of the head, also where that is merged.
    """
    from wedgate.engine.conversation import Answer, look

    overrides = talk.overrides
    try:
        anchors = overrides.anchors(talk.conversations.comments(number))
        if any(shown >= revision for shown, _ in anchors):
            return ExitCode.DONE
        picture = overrides.picture(number)
        answer = Answer(picture=picture, decision=look(overrides, talk.decide, picture))
        code = _anchor(talk, answer)
        is_shown = talk.show(answer)
    except WedgateError as error:
        click.echo(f"#{number}: the comment does not show the use: {error}")
        return ExitCode.EXTERNAL
    return code if is_shown else ExitCode.EXTERNAL


def _anchor(talk: Conversing, answer: Answer) -> ExitCode:
    """Post the status of a pull request's head with the ledger as it was read; never raises."""
    from wedgate.engine.conversation import status_of

    change = answer.picture.change
    status = status_of(answer.decision, url=talk.run_url, ledger=talk.anchored(answer.picture))
    return _post(talk, f"#{change.number}", change.head, status, answer.decision)


def _unknown(error: WedgateError) -> CommitStatus:
    from wedgate.adapters.forge.interface import CommitStatus, StatusState

    return CommitStatus(state=StatusState.ERROR, description=str(error))


def _post(talk: Posting, name: str, commit: str, status: CommitStatus, decision: Decision | None) -> ExitCode:
    """Post what was found, ``None`` where it could not be, and say so in the log; never raises."""
    words = f"{status.state.value}: {status.description}"
    try:
        talk.post(commit, status, decision)
    except WedgateError as error:
        click.echo(f"{name} {commit[:12]}: not posted ({words}): {error}")
        return ExitCode.EXTERNAL
    click.echo(f"{name} {commit[:12]}: {words}")
    is_known = decision is not None and decision.reasons[0].code is not ReasonCode.FORGE_UNREACHABLE
    return ExitCode.DONE if is_known else ExitCode.EXTERNAL


def merge_group(environment: Mapping[str, str]) -> MergeGroup | None:
    """Return the merge group that the run is for; ``None`` if it is for none."""
    from wedgate.adapters.forge.github_conversations import pull_request_queued_at
    from wedgate.adapters.forge.interface import MergeGroup
    from wedgate.adapters.forge.runner import change_event

    event = change_event(environment)
    if environment.get("GITHUB_EVENT_NAME") != "merge_group" or event is None:
        return None
    number = pull_request_queued_at(environment.get("GITHUB_REF", ""))
    return MergeGroup(commit=event.head_sha, pull_request=number)
