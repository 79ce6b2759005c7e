"""`wedgate diff`: what a change of the configuration or of its data does to the calendar."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import span_options, terminal_style
from wedgate.errors import ConfigurationError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from wedgate.calendars.changes import CalendarChange
    from wedgate.engine.diff import Side

FORMATS = ("text", "markdown", "json")


@click.command("diff")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--pull-request", is_flag=True, help="On a runner: what the pull request does; comment and summary.")
@click.option("--config", type=click.Path(path_type=Path), help="With --pull-request: this file, not wedgate.yml.")
@span_options("From this local date or instant on, instead of from now.")
@click.option("--region", "regions", multiple=True, help="Compare this region alone; may be repeated.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to print: text by default.")
@click.option("--exit-code", is_flag=True, help="Exit with 11 when the change loosens.")
def command(
    old: str | None,
    new: str | None,
    config: Path | None,
    start: date | datetime | None,
    end: date | datetime | None,
    regions: tuple[str, ...],
    form: str,
    *,
    pull_request: bool,
    exit_code: bool,
) -> ExitCode:
    """What becomes open or closed when OLD becomes NEW, where and when?

    Each side is a configuration, REV:PATH of git (origin/main:wedgate.yml), or a calendar that `wedgate calendar
    --format json` wrote. To see what other holidays or zones do, write a calendar with the old ones installed and
    compare it with the configuration in the new ones.

    Without --to a little more than a year is compared, and openings are looked for until 2099. Exits with 0 when there
    is an answer, with 2 when NEW cannot be used; an OLD that cannot be used is repaired by NEW.

    \b
    Examples:
      wedgate diff origin/main:wedgate.yml wedgate.yml
      wedgate diff old.yml wedgate.yml --from 2027-01-01 --to 2027-12-31 --region eu-central
      wedgate calendar --year 2027 --format json --output before.json
      wedgate diff before.json wedgate.yml --format markdown
    """
    from wedgate import __version__
    from wedgate.almanac.files import WorkingFiles
    from wedgate.calendars.changes import Direction
    from wedgate.calendars.record import CalendarRecord
    from wedgate.cli.wiring import PinnedAlmanac, utc_now
    from wedgate.engine.diff import Comparing, Stretch, find_change

    if pull_request:
        from wedgate.cli.pull_request import tell_pull_request

        if old is not None:
            raise UsageError("--pull-request compares what the pull request changes; leave OLD and NEW out")
        return tell_pull_request(os.environ, config, regions)
    if old is None or new is None:
        raise UsageError("name two sides, such as origin/main:wedgate.yml wedgate.yml")
    after = read_side(new)
    before = _read_old(old)
    recorded = [side for side in (before, after) if isinstance(side, CalendarRecord)]
    start = start if start is not None else recorded[0].span.start if recorded else utc_now()
    end = end if end is not None or not recorded else recorded[0].span.end
    # Both sides read the files that rules name in one place, so the change shown is that of the configuration: where
    # NEW stands, or OLD if NEW is a record, which may lie anywhere.
    anchor = old if isinstance(after, CalendarRecord) else new
    files = WorkingFiles(Path(anchor.rpartition(":")[2]).parent)
    how = Comparing(almanac=PinnedAlmanac(files), wedgate_version=__version__, regions=regions)
    change = find_change(before, after, Stretch(start=start, end=end), how)
    click.echo(rendered(change, form), nl=form != "markdown")
    return ExitCode.REFUSED if exit_code and change.direction is Direction.LOOSENS else ExitCode.DONE


def rendered(change: CalendarChange, form: str) -> str:
    """Return a change in a format of ``FORMATS``."""
    if form == "json":
        from wedgate.render.diff_json import render_diff_json

        return render_diff_json(change)
    if form == "markdown":
        from wedgate.render.diff_markdown import render_diff_markdown

        return render_diff_markdown(change)
    from wedgate.render.diff_text import render_diff_text

    return render_diff_text(change, terminal_style())


def _read_old(text: str) -> Side | None:
    """Read the old side; ``None``, after saying so, for a configuration that is not valid."""
    try:
        return read_side(text)
    except ConfigurationError as error:
        if all(problem.line == 0 for problem in error.problems):
            raise
        click.echo(f"{error}\nwedgate: {text} is not valid, so NEW is seen as its repair", err=True)
        return None


def read_side(text: str) -> Side:
    """Read a configuration, one of a git revision, or a recorded calendar; ``ConfigurationError`` or ``UsageError``."""
    from wedgate.cli.wiring import parser_for
    from wedgate.config.source import load_bytes

    path = Path(text)
    revision, colon, inside = text.partition(":")
    is_revision = bool(colon) and bool(revision) and not path.exists()
    content = _at_revision(revision, inside, text) if is_revision else load_bytes(path)
    # A configuration in flow style begins with a brace too.
    if content.lstrip()[:1] == b"{" and b'"schema_version"' in content:
        from wedgate.render.calendar_json import parse_calendar_json

        return parse_calendar_json(content, text)
    return parser_for(None)(content, text)


def _at_revision(revision: str, path: str, text: str) -> bytes:
    from wedgate.adapters.forge.git_copy import file_at_revision

    if revision.startswith("-"):
        raise UsageError(f"{ascii(text)[:60]} names no revision; write one such as origin/main:wedgate.yml")
    content = file_at_revision(revision, path)
    if content is None:
        what = "there is no such file, and git has no such revision and path"
        problem = Problem(file=text, line=0, column=0, what=what, remedy="write a path, or REV:PATH as for git show")
        raise ConfigurationError((problem,))
    return content
