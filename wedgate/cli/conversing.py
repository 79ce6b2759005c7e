"""Wires a conversation on a pull request, and tells what it came to: the comment, the status, the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ExternalSystemError, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.adapters.forge.github import GithubForge
    from wedgate.adapters.forge.github_conversations import GithubConversations
    from wedgate.adapters.forge.interface import CommitStatus, PullRequest, StatusState
    from wedgate.adapters.forge.runner import ChangeEvent
    from wedgate.engine.check import Gate
    from wedgate.engine.conversation import Answer
    from wedgate.engine.heads import Looked
    from wedgate.engine.overrides import OverrideParts, Overrides, Picture
    from wedgate.gate.decision import Decision
    from wedgate.ledger.streams import LedgerState
    from wedgate.overrides.place import Place
    from wedgate.overrides.standing import Change


FOR_ANCHORS = 50
"""So many statuses or check runs of a commit may differ in the anchor of the ledger alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What a status takes where nobody can be asked: there never was a usable configuration, or it is not known."""

    forge: GithubForge
    gate: Gate
    gate_for: Callable[[ChangeEvent], Gate]
    conversations: GithubConversations
    run_url: str | None
    place: Place
    as_check_run: bool = False
    trouble: ExternalSystemError | None = None
    """Why it is not known whose policy decides: then nothing is known of any pull request."""

    def ask(self, pull_request: int, head: str) -> Decision:
        """Ask the gate about the head of a pull request, as its own `wedgate check` does."""
        from wedgate.adapters.forge.runner import ChangeEvent

        return self.ask_about(ChangeEvent(pull_request=pull_request, head_sha=head))

    def ask_about(self, change: ChangeEvent) -> Decision:
        """Ask the gate about a change as the run for it does."""
        if self.trouble is not None:
            raise self.trouble
        return self.gate_for(change).decide(None)

    @property
    def nobody(self) -> WedgateError:
        """Why nobody can be asked here."""
        words = "the default branch has no wedgate.yml that can be used; write one with `wedgate init`"
        return self.trouble or UsageError(words)

    @property
    def takes_forks(self) -> bool:
        """Whether a fork's pull request may be let through by an override."""
        return False

    def replaces_lost_ledger(self, pull_request: int, head: str) -> bool:
        """Whether a pull request leaves a ledger that does not exist any more: then there is none to ask about it."""
        from wedgate.adapters.forge.runner import ChangeEvent

        return self.gate_for(ChangeEvent(pull_request=pull_request, head_sha=head)).replaces_lost_ledger()

    def open_with(self, head: str) -> list[PullRequest]:
        """Fetch the open pull requests with a head; those towards other branches than the default one are left out."""
        there = [each for each in self.conversations.pull_requests_of(head) if each.is_open and each.head == head]
        branch = self.forge.default_branch() if there else ""
        return [each for each in there if each.base_ref == branch]

    def post(self, commit: str, status: CommitStatus, decision: Decision | None) -> None:
        """Post a status, or where asked a check run with the decision, or why there is none, as its summary.

        It goes by the name of the place that is asked about.
        """
        status = replace(status, context=self.place.status)
        if self._stands(commit, status):
            return
        if not self.as_check_run:
            self.conversations.set_status(commit, status)
            return
        from wedgate.adapters.forge.interface import CheckResult
        from wedgate.render.markdown import inert_text, render_markdown

        summary = inert_text(status.description) if decision is None else render_markdown(decision)
        result = CheckResult(status=status, summary=summary)
        self.conversations.set_check(commit, result)

    def _stands(self, commit: str, status: CommitStatus) -> bool:
        """Whether the latest status, or check run, says the same already: GitHub takes a thousand statuses of a commit.

        What somebody else posted does not count: a rule may ask for the status of one app. Nor does the summary of a
        check run, which has the time in it.
        """
        from wedgate.overrides.anchors import without_anchors

        try:
            known = self._latest(commit, status.context)
            latest = known[0] if known else None
            if latest is None or latest.state is not self._kept_as(status.state):
                return False
            if without_anchors(latest.shown) != without_anchors(status.shown):
                return False
            # The ledger grows by what changes nothing here: its anchor alone is worth the first few.
            is_same = latest.shown == status.shown or len(known) >= FOR_ANCHORS
            return is_same and self.forge.may_be_own(latest.by)
        except ExternalSystemError:
            return False

    def _latest(self, commit: str, name: str) -> tuple[CommitStatus, ...]:
        if self.as_check_run:
            return self.conversations.latest_checks(commit, name) or ()
        return self.conversations.latest_statuses(commit, name)

    def _kept_as(self, state: StatusState) -> StatusState:
        """Return the state that is read again of one that was posted: a check run passed, or it failed."""
        from wedgate.adapters.forge.interface import StatusState

        return StatusState.FAILURE if self.as_check_run and state is not StatusState.SUCCESS else state


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversing(Posting):
    """A repository's conversation, with the configuration of its default branch, or the last that could be used."""

    parts: OverrideParts
    overrides: Overrides

    @classmethod
    def open(cls, config: Path | None, environment: Mapping[str, str]) -> Conversing:
        """Read the configuration that decides, and wire everything with it; ``UsageError`` if there never was one."""
        found = open_posting(config, environment)
        if isinstance(found, Conversing):
            return found
        raise found.nobody

    def decide(self, change: Change) -> Decision:
        """Ask the gate about a pull request as it was read."""
        return self.ask(change.number, change.head)

    @property
    def takes_forks(self) -> bool:
        """Whether a fork's pull request may be let through by an override."""
        policy = self.parts.configuration.overrides
        return policy is not None and policy.forks

    def look_at(self, number: int) -> Looked:
        """Look at a pull request as it is now; nothing is used."""
        from wedgate.engine.conversation import look

        picture = self.overrides.picture(number)
        return self._looked(picture, look(self.overrides, self.decide, picture))

    def _looked(self, picture: Picture, decision: Decision) -> Looked:
        from wedgate.engine.conversation import changes_of, status_of
        from wedgate.engine.heads import Looked

        return Looked(
            number=picture.change.number,
            head=picture.change.head,
            status=status_of(decision, url=self.run_url, ledger=self.anchored(picture)),
            decision=decision,
            changes=changes_of(decision, picture.ledger),
        )

    def tell(self, answer: Answer) -> None:
        """Bring the comment up to date, say in the log what happened, and post the status: each without the other."""
        try:
            self.show(answer)
        finally:
            own = self._looked(answer.picture, answer.decision)
            looked = self._of_its_head(own, answer.picture.pull_request)
            self.post(looked.head, looked.status, looked.decision)

    def _of_its_head(self, own: Looked, pull: PullRequest) -> Looked:
        """Return what the status of a head goes by, where the pull request that was answered does not let it through.

        Others may have that head. What cannot be known of them leaves it closed.
        """
        from wedgate.adapters.forge.interface import StatusState
        from wedgate.engine.heads import best_of, by_head
        from wedgate.engine.overrides import MOST_PULL_REQUESTS

        if own.status.state is StatusState.SUCCESS:
            return own
        try:
            others = [each for each in self.open_with(own.head) if each.number != own.number]
            if not others:
                return own
            counted = by_head((pull, *others), takes_forks=self.takes_forks)[own.head]
            looked = [self.look_at(each.number) for each in counted[:MOST_PULL_REQUESTS] if each.number != own.number]
        except WedgateError as error:
            click.echo(f"wedgate: what the other pull requests of {own.head[:12]} come to is not known: {error}")
            return own
        own_look = [own] if pull in counted else []
        return best_of([*own_look, *(each for each in looked if each.head == own.head)] or [own])

    def show(self, answer: Answer) -> bool:
        """Say an answer in the log and bring the comment up to date; ``False`` where the token may not comment."""
        from wedgate.gate.decide import is_allowed
        from wedgate.render.annotations import inert
        from wedgate.render.conversation import render_conversation

        picture = answer.picture
        body = render_conversation(
            picture.change,
            picture.standing,
            answer.decision,
            picture.ledger,
            policy=picture.book.policy,
            closing=answer.closing,
            impossible={} if is_allowed(answer.decision) else picture.impossible,
            done=answer.done,
            refusals=answer.refusals,
            wants_help=answer.wants_help,
            anchor=max(self.overrides.anchors(picture.comments)) if self.overrides.is_another(picture) else None,
        )
        click.echo(inert(body))
        is_there = self.forge.keep_comment(picture.change.number, self.place.marker, body, picture.comments)
        if not is_there:
            click.echo("wedgate: this token may not comment; give the job `pull-requests: write`")
        else:
            self._take_back_trouble(picture)
        return is_there

    def _take_back_trouble(self, picture: Picture) -> None:
        """Say in the comment that said why there was no answer that there is one now."""
        from wedgate.render.trouble import render_over

        marker = self.place.trouble
        body = render_over(marker)
        said = (each for each in picture.comments if each.body.startswith(marker) and each.body != body)
        # What somebody else wrote to look like it is no reason to write another.
        if any(each.author is not None and self.forge.may_be_own(each.author.login) for each in said):
            self.forge.keep_comment(picture.change.number, marker, body, picture.comments)

    def anchored(self, picture: Picture) -> LedgerState | None:
        """Return the ledger that may be anchored: none that has taken the place of one that was."""
        return None if self.overrides.is_another(picture) else picture.ledger


def open_posting(
    config: Path | None, environment: Mapping[str, str], *, as_check_run: bool = False, only_looks: bool = False
) -> Posting:
    """Wire the gate and the forge, and the conversation too where there is a configuration whose policy decides.

    ``only_looks``: nobody is asked who ran this again, because nothing can come of it but a status.
    """
    from wedgate.adapters.forge.github_conversations import GithubConversations
    from wedgate.cli.override_wiring import override_parts
    from wedgate.cli.wiring import open_runner, utc_now
    from wedgate.engine.overrides import Overrides

    runner = open_runner(config, environment, by_calendar=True)
    configuration, trouble = None, None
    try:
        configuration = runner.configuration()
    except ExternalSystemError as error:
        trouble = error
    posting = Posting(
        forge=runner.forge,
        gate=runner.gate,
        gate_for=runner.gate_for,
        conversations=GithubConversations(runner.forge.connection),
        run_url=run_url(environment),
        place=runner.place,
        as_check_run=as_check_run,
        trouble=trouble,
    )
    if configuration is None:
        return posting
    parts = override_parts(runner, configuration, environment, utc_now)
    if only_looks:
        parts = replace(parts, run_again=None)
    known = {each.name: getattr(posting, each.name) for each in fields(posting)}
    return Conversing(**known, parts=parts, overrides=Overrides(parts))


def run_url(environment: Mapping[str, str]) -> str | None:
    """Return the address of this run; ``None`` where the environment does not say."""
    server, repository, run = (
        environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
