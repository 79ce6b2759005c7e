"""The plan where people read it: the summary of a job, and on a pull request one comment that is kept up to date.

On a pull request that changes the configuration the plan is by its version, because a rollout after the merge goes by
that one; on any other it is by the default branch's. Nothing of the pull request is executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.on_runner import OUTPUT_LIMIT
from wedgate.errors import ConfigurationError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from wedgate.adapters.forge.github import GithubForge
    from wedgate.adapters.forge.runner import ChangeEvent
    from wedgate.config.configuration import Configuration
    from wedgate.engine.parts import Almanac
    from wedgate.engine.plan import PlanAnswer

COMMENT_LIMIT = 60_000
"""Characters. A comment may have 65,536 of them."""

PlanBy = Callable[["Configuration", "Almanac", "Configuration | None"], "PlanAnswer"]
"""Plans by a configuration; the second one names the ledger."""


def marker_of(path: str) -> str:
    """Return the line by which the comment is found again, one for each configuration of a repository."""
    return f"<!-- wedgate:plan {hashlib.sha256(path.encode()).hexdigest()[:12]} -->"


def tell_plan(environment: Mapping[str, str], config: Path | None, release: str, plan_by: PlanBy) -> ExitCode:
    """Plan, and write summary, output and comment; ``UsageError`` away from a runner.

    A token that may not comment, as that of a pull request from a fork, gets the summary alone.
    """
    from wedgate.adapters.forge.runner import append_summary, change_event, is_runner, write_outputs
    from wedgate.cli.plan import code_of, rendered
    from wedgate.cli.sources import DefaultBranch, repository_paths
    from wedgate.cli.wiring import PinnedAlmanac, open_forge
    from wedgate.render.annotations import inert

    if not is_runner(environment):
        raise UsageError("--format github is for a runner of GitHub Actions; use text or markdown")
    event, forge = change_event(environment), open_forge(environment)
    paths = repository_paths(config, environment.get("GITHUB_WORKSPACE", ""))
    source = DefaultBranch(forge, paths)
    configuration, by = _configuration(forge, event, paths)
    answer = plan_by(configuration, PinnedAlmanac(source), _default(forge, paths))
    pull_request = None if event is None else event.pull_request
    named = release or (f"#{pull_request} at {event.head_sha[:12]}" if event and pull_request else "")
    plan = rendered(answer, configuration, "markdown", named)
    markdown = f"{plan}\n\nIf every deploy works and every judgement passes, by {by}.\n"
    click.echo(inert(markdown))
    record = rendered(answer, configuration, "json", named)
    outputs = {"result": record} if len(record) < OUTPUT_LIMIT else {}
    for note in (append_summary(environment, markdown), write_outputs(environment, outputs)):
        if note is not None:
            click.echo(f"wedgate: {note}")
    if pull_request is not None:
        _keep_comment(forge, pull_request, marker_of(paths[0]), markdown)
    return code_of(answer)


def _configuration(forge: GithubForge, event: ChangeEvent | None, paths: tuple[str, ...]) -> tuple[Configuration, str]:
    """Return the configuration that a rollout after the merge goes by, and in words whose it is."""
    from wedgate.cli.sources import first_at
    from wedgate.cli.wiring import parser_for

    pull_request = None if event is None else event.pull_request
    if event is not None and pull_request is not None and set(forge.changed_paths(pull_request)) & set(paths):
        found, whose = first_at(forge, paths, event.head_sha), "this pull request"
    else:
        found, whose = forge.default_branch_file(paths), "the default branch"
    if found is None:
        what = "there is no such configuration, so there is nothing to plan"
        remedy = "write one with `wedgate init`"
        raise ConfigurationError((Problem(file=paths[0], line=0, column=0, what=what, remedy=remedy),))
    return parser_for(None)(found.content, found.path), f"the {found.path} of {whose}"


def _default(forge: GithubForge, paths: tuple[str, ...]) -> Configuration | None:
    """Return the default branch's configuration, which alone says where the ledger is, and the token is sent.

    ``None`` where it cannot be used.
    """
    from wedgate.cli.wiring import parser_for

    found = forge.default_branch_file(paths)
    with suppress(ConfigurationError):
        return None if found is None else parser_for(None)(found.content, found.path)
    return None


def _keep_comment(forge: GithubForge, pull_request: int, marker: str, markdown: str) -> None:
    body = f"{marker}\n{markdown}"
    if len(body) > COMMENT_LIMIT:
        click.echo("wedgate: the plan is too long for a comment; see the summary")
    elif not forge.keep_comment(pull_request, marker, body):
        click.echo("wedgate: this token may not comment; give the job `pull-requests: write`. See the summary")
