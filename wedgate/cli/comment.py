"""`wedgate comment`: answer a comment on a pull request, in a workflow for ``issue_comment``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.notify_wiring import tell_now
from wedgate.errors import ExitCode, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.cli.conversing import Conversing
    from wedgate.engine.conversation import Answer
    from wedgate.overrides.people import Comment


MOST_ROUNDS = 20


@click.command("comment")
@click.option("--event", type=click.Path(path_type=Path), help="The event's file, instead of GITHUB_EVENT_PATH.")
@click.option("--check-run", "as_check_run", is_flag=True, help="Post a check run instead of a commit status.")
@click.option("--config", type=click.Path(path_type=Path), help="The path of the configuration in the repository.")
def command(event: Path | None, config: Path | None, *, as_check_run: bool) -> ExitCode:
    """Answer a comment on a pull request: override, approve, deny, withdraw, status, and others.

    `/wedgate help` in a comment lists them all. For a workflow that runs on `issue_comment: {types: [created]}`. The
    event only names the comment: it is read anew, with all others, and with the configuration of the default branch.
    The answer is one comment that is kept up to date, a commit status `wedgate` on the head of the pull request, and an
    entry in the ledger for everything that was said. A comment that holds no command is left alone.

    Exits with 0 when the comment was answered or is none of wedgate's business, with 11 when what it asks for was
    refused, with 2 when the configuration cannot be used, and with 20 when the forge or the ledger did not answer.

    \b
    Examples:
      wedgate comment
      wedgate comment --event event.json
    """
    from wedgate.cli.conversing import Conversing, open_posting

    found = _event(event, os.environ)
    if isinstance(found, str):
        click.echo(f"wedgate: nothing to do: {found}")
        return ExitCode.DONE
    talk = open_posting(config, os.environ, as_check_run=as_check_run)
    if not isinstance(talk, Conversing):
        raise talk.nobody
    code = _answer(found, talk, os.environ)
    tell_now(config)
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A comment as the event tells of it; ``body`` and ``author`` (a number) are ``None`` where it does not say."""

    pull_request: int
    comment: int
    body: str | None
    author: int | None

    def is_of(self, found: Comment) -> bool:
        """Whether a comment that was read is still what was written: an edit within its second shows nowhere else."""
        author = None if found.author is None else found.author.id
        return self.body in (None, found.body) and self.author in (None, author)


def _event(path: Path | None, environment: Mapping[str, str]) -> Told | str:
    """Return what an event tells of a comment on a pull request, or why it is about none."""
    named = str(path or environment.get("GITHUB_EVENT_PATH", ""))
    if not named:
        raise UsageError("there is no event: run this in a workflow for issue_comment, or name a file with --event")
    where = Path(named)
    try:
        event: Any = json.loads(where.read_text(encoding="utf-8"))
        if event.get("action") != "created":
            return f"only new comments count, and this one was {str(event.get('action'))[:20]}"
        if not event["issue"].get("pull_request"):
            return "the comment is on an issue, not on a pull request"
        comment = event["comment"]
        body, author = comment.get("body"), (comment.get("user") or {}).get("id")
        return Told(
            pull_request=int(event["issue"]["number"]),
            comment=int(comment["id"]),
            body=None if body is None else str(body),
            author=None if author is None else int(author),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{where} is no event of a comment ({type(error).__name__}); "
            "run this in a workflow for issue_comment, or name a file with --event"
        ) from None


def _answer(told: Told, talk: Conversing, environment: Mapping[str, str]) -> ExitCode:
    from wedgate.engine.conversation import Ignored, answer_comment
    from wedgate.overrides.grammar import read_comment

    number, comment = told.pull_request, told.comment
    found = talk.parts.conversations.comment(comment)
    if found is None or not read_comment(found.body):
        click.echo("wedgate: nothing to do: the comment holds no command, or is not there any more")
        return ExitCode.DONE
    if not told.is_of(found):
        talk.overrides.doubt(comment)
        found = replace(found, edited=True)
    handed: str | None = None
    try:
        try:
            handed = _return_at_once(found, number, talk, environment)
            _stop_at_once(found, number, talk, environment)
        finally:
            _acknowledge(comment, talk)
        answer = answer_comment(
            talk.overrides, talk.parts, talk.decide, pull_request=told.pull_request, comment=comment
        )
    except WedgateError as error:
        _say_trouble(number, found, error, talk, handed)
        raise
    if isinstance(answer, Ignored):
        click.echo(f"wedgate: nothing to do: {answer.why}")
        return ExitCode.DONE
    _write_outputs(answer, talk, environment)
    _tell(answer, talk)
    return ExitCode.REFUSED if answer.refusals else ExitCode.DONE


def _return_at_once(comment: Comment, number: int, talk: Conversing, environment: Mapping[str, str]) -> str:
    """Hand rollbacks to the next step, before anything else is read that may fail; return what was handed over.

    They are handed over but once, also where nothing is: what is read later must not take it back.
    """
    from wedgate.engine.conversation import rollbacks_of
    from wedgate.render.annotations import inert

    handed = ",".join(rollbacks_of(talk.overrides, talk.parts, comment, number))
    if handed:
        click.echo(inert(f"wedgate: the next step is handed {handed}, to return it to stable"))
    _hand_over({"rollback": handed}, environment)
    return handed


def _stop_at_once(comment: Comment, number: int, talk: Conversing, environment: Mapping[str, str]) -> None:
    """Freeze what is to be frozen and report what is worse, before what only the answer needs is read."""
    from wedgate.engine.conversation import stop_at_once

    _hand_over({"report": ",".join(stop_at_once(talk.overrides, talk.parts, comment, number))}, environment)


def _acknowledge(comment: int, talk: Conversing) -> None:
    """React with eyes; a reaction that is not taken is no reason not to answer."""
    try:
        if not talk.parts.conversations.acknowledge(comment):
            click.echo("wedgate: this token may not react to comments; give the job `pull-requests: write`")
    except WedgateError as error:
        click.echo(f"wedgate: the comment was not acknowledged: {error}")


def _say_trouble(number: int, comment: Comment, error: WedgateError, talk: Conversing, handed: str | None) -> None:
    """Say on the pull request, as far as that goes, why there is no answer: to whoever has a part in the repository.

    It is a comment of its own: what wedgate's answer anchors of the ledger stays. ``handed`` is what was handed over to
    be returned, ``None`` if the trouble came before.
    """
    from wedgate.render.trouble import render_trouble

    try:
        if talk.overrides.roster.has_part(comment):
            marker = talk.place.trouble
            talk.forge.keep_comment(number, marker, render_trouble(marker, comment, str(error), handed=handed))
    except WedgateError as also:
        click.echo(f"wedgate: this could not be said on the pull request: {also}")


def _tell(answer: Answer, talk: Conversing) -> None:
    """Tell the answer, and again what it is by then, for as long as others have said something meanwhile."""
    from wedgate.engine.conversation import newer

    talk.tell(answer)
    for _ in range(MOST_ROUNDS):
        now = newer(talk.overrides, talk.parts, talk.decide, answer)
        if now is None:
            return
        talk.tell(now)
        answer = now
    click.echo("wedgate: others keep writing here; the comment may be a moment behind the ledger")


def _write_outputs(answer: Answer, talk: Conversing, environment: Mapping[str, str]) -> None:
    """Hand the decision to the next step of the workflow, each as one inert value."""
    from wedgate.render.outputs import outputs_of

    outputs = outputs_of(answer.decision)
    outputs["granted"] = str(not talk.overrides.idle(answer.picture)).lower()
    _hand_over(outputs, environment)


def _hand_over(outputs: Mapping[str, str], environment: Mapping[str, str]) -> None:
    from wedgate.adapters.forge.runner import write_outputs

    note = write_outputs(environment, outputs)
    if note is not None:
        click.echo(f"wedgate: {note}")
