"""Wires a conversation on a pull request, and tells what it came to: the comment, the status, the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wedgate.adapters.forge.github import GithubForge
    from wedgate.adapters.forge.interface import CommitStatus
    from wedgate.adapters.forge.runner import ChangeEvent
    from wedgate.engine.check import Gate
    from wedgate.engine.conversation import Answer
    from wedgate.engine.overrides import OverrideParts, Overrides
    from wedgate.gate.decision import Decision
    from wedgate.overrides.standing import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversing:
    """A repository's conversation, with the configuration of its default branch."""

    forge: GithubForge
    gate: Gate
    gate_for: Callable[[ChangeEvent], Gate]
    parts: OverrideParts
    overrides: Overrides
    run_url: str | None
    as_check_run: bool = False

    @classmethod
    def open(cls, config: Path | None, environment: Mapping[str, str], *, as_check_run: bool = False) -> Conversing:
        """Read the configuration that decides, and wire everything with it; ``ConfigurationError`` if it is broken."""
        from wedgate.cli.override_wiring import override_parts
        from wedgate.cli.wiring import open_runner, utc_now
        from wedgate.engine.overrides import Overrides
        from wedgate.errors import UsageError

        runner = open_runner(config, environment, by_calendar=True)
        configuration = runner.configuration()
        if configuration is None:
            raise UsageError("the default branch has no wedgate.yml; write one with `wedgate init`")
        parts = override_parts(runner, configuration, environment, utc_now)
        return cls(
            forge=runner.forge,
            gate=runner.gate,
            gate_for=runner.gate_for,
            parts=parts,
            overrides=Overrides(parts),
            run_url=run_url(environment),
            as_check_run=as_check_run,
        )

    def decide(self, change: Change) -> Decision:
        """Ask the gate about the head of a pull request, as its own `wedgate check` does."""
        from wedgate.adapters.forge.runner import ChangeEvent

        event = ChangeEvent(pull_request=change.number, base_sha="", head_sha=change.head)
        return self.gate_for(event).decide(None)

    def has_command(self, comment: int) -> bool:
        """Whether a comment is there and holds a command, or was meant to."""
        from wedgate.overrides.grammar import read_comment

        found = self.parts.conversations.comment(comment)
        return found is not None and bool(read_comment(found.body))

    def post(self, commit: str, status: CommitStatus, decision: Decision | None) -> None:
        """Post a status, or where asked a check run with the decision as its summary."""
        if not self.as_check_run or decision is None:
            self.parts.conversations.set_status(commit, status)
            return
        from wedgate.adapters.forge.interface import CheckResult
        from wedgate.render.markdown import render_markdown

        result = CheckResult(status=status, summary=render_markdown(decision))
        self.parts.conversations.set_check(commit, result)

    def tell(self, answer: Answer) -> None:
        """Post the status, bring the comment up to date, and say in the log what happened."""
        from wedgate.engine.conversation import status_of
        from wedgate.overrides.anchors import MARKER
        from wedgate.render.annotations import inert
        from wedgate.render.conversation import render_conversation

        picture = answer.picture
        status = status_of(answer.decision, url=self.run_url, ledger=picture.ledger)
        self.post(picture.change.head, status, answer.decision)
        body = render_conversation(
            picture.change,
            picture.standing,
            answer.decision,
            picture.ledger,
            policy=picture.book.policy,
            closing=answer.closing,
            impossible=picture.impossible,
            done=answer.done,
            refusals=answer.refusals,
            wants_help=answer.wants_help,
        )
        click.echo(inert(body))
        if not self.forge.keep_comment(picture.change.number, MARKER, body):
            click.echo("wedgate: this token may not comment; give the job `pull-requests: write`")


def run_url(environment: Mapping[str, str]) -> str | None:
    """Return the address of this run; ``None`` where the environment does not say."""
    server, repository, run = (
        environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
