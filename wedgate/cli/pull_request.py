"""What a pull request does to the calendar, told where people read it: one comment, and the job's summary.

Both versions of the configuration are read through the forge, and nothing of the pull request is executed. The base is
the default branch, because that is the calendar which decides until the change is merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ConfigurationError, ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.calendars.changes import CalendarChange
    from wedgate.config.configuration import Configuration
    from wedgate.engine.parts import Almanac

OUTPUT_LIMIT = 500_000
"""Characters; a runner drops larger outputs with the whole job's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is written to the comment and the summary, and the change as JSON if there is one."""

    markdown: str
    record: str | None
    code: ExitCode


def tell_pull_request(environment: Mapping[str, str], config: Path | None, regions: tuple[str, ...]) -> ExitCode:
    """Compare, and write summary, outputs and comment; ``UsageError`` where the run is for no pull request.

    Exits with 2 where the new configuration cannot be used: the comment says what is wrong with it.
    """
    from wedgate.adapters.forge.runner import append_summary, change_event, write_outputs
    from wedgate.cli.sources import DefaultBranch, first_at, repository_paths
    from wedgate.cli.wiring import PinnedAlmanac, open_forge
    from wedgate.render.annotations import inert
    from wedgate.render.diff_markdown import MARKER, marker_of

    event = change_event(environment)
    if event is None or event.pull_request is None:
        raise UsageError("--pull-request: this run is for no pull request to the default branch; name OLD and NEW")
    forge = open_forge(environment)
    paths = repository_paths(config, environment.get("GITHUB_WORKSPACE", ""))
    base, head = forge.default_branch_file(paths), first_at(forge, paths, event.head_sha)
    almanac = PinnedAlmanac(DefaultBranch(forge, paths))
    old = None if base is None else base.content
    told = _deleted() if head is None else _compared(old, head.content, head.path, regions, almanac)
    click.echo(inert(told.markdown))
    outputs = {"result": told.record} if told.record is not None and len(told.record) < OUTPUT_LIMIT else {}
    for note in (append_summary(environment, told.markdown), write_outputs(environment, outputs)):
        if note is not None:
            click.echo(f"wedgate: {note}")
    marker = MARKER if config is None else marker_of(paths[0])
    if not forge.keep_comment(event.pull_request, marker, told.markdown.replace(MARKER, marker, 1)):
        click.echo("wedgate: this token may not comment; give the job `pull-requests: write`. See the summary")
    return told.code


def _compared(base: bytes | None, head: bytes, path: str, regions: tuple[str, ...], almanac: Almanac) -> Told:
    from wedgate import __version__
    from wedgate.cli.wiring import parser_for, utc_now
    from wedgate.engine.diff import Comparing, Stretch, find_change
    from wedgate.render.diff_json import render_diff_json
    from wedgate.render.diff_markdown import render_diff_markdown

    parse = parser_for(None)
    try:
        new = parse(head, path)
    except ConfigurationError as error:
        return _broken(error)
    old: Configuration | None = None
    try:
        old = None if base is None else parse(base, path)
    except ConfigurationError:
        old = None
    how = Comparing(almanac=almanac, wedgate_version=__version__, regions=regions)
    change: CalendarChange = find_change(old, new, Stretch(start=utc_now(), end=None), how)
    return Told(markdown=render_diff_markdown(change), record=render_diff_json(change), code=ExitCode.DONE)


def _broken(error: ConfigurationError) -> Told:
    from wedgate.render.diff_markdown import render_broken_markdown

    return Told(markdown=render_broken_markdown(error.problems), record=None, code=ExitCode.USAGE)


def _deleted() -> Told:
    from wedgate.render.diff_markdown import render_deleted_markdown

    return Told(markdown=render_deleted_markdown(), record=None, code=ExitCode.DONE)
