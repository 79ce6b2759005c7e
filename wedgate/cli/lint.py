"""`wedgate lint`: everything wrong with a configuration at once, what is probably not meant, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ConfigurationError, ExitCode, Problem

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.config.year_ahead import Ahead

FORMATS = ("text", "github", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lint found; ``configuration`` and ``ahead`` (its next year) are there if it has no problem."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    configuration: Configuration | None = None
    ahead: Ahead | None = None


@click.command("lint")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--notes", "with_notes", is_flag=True, help="Say too what surprises and is meant all the same.")
@click.option("--occurrences", "with_occurrences", is_flag=True, help="List the next ten times of each rule.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to print: text by default.")
def command(file: Path | None, form: str, *, with_notes: bool, with_occurrences: bool) -> ExitCode:
    """Check a configuration, and say everything that is wrong with it and what it comes to.

    Problems exit with 2. Warnings (a rule that never matches, that repeats or lies inside of another, whose words
    say something else, a month that leaves almost no open hour) do not. Then come the open hours of a week in the
    next 12 months. FILE is wedgate.yml or .github/wedgate.yml unless given.

    \b
    Examples:
      wedgate lint
      wedgate lint --notes              why Saturday is 29 hours long, when sources end
      wedgate lint --occurrences        the next ten times of each rule, by its own clock
      wedgate lint --format github      annotations on the lines of a pull request
      wedgate lint --format json        all of it, for a program
      wedgate lint other/wedgate.yml
    """
    found = check(file)
    if form == "json":
        from wedgate.cli.lint_words import render_lint_json

        click.echo(render_lint_json(found.problems, found.warnings, found.configuration, found.ahead))
        return ExitCode.USAGE if found.problems else ExitCode.DONE
    for level, each in (("error", found.problems), ("warning", found.warnings), ("note", _notes(found, with_notes))):
        for problem in each:
            click.echo(_annotation(level, problem) if form == "github" else _text_of(level, problem))
    if form == "text" and found.ahead is not None:
        from wedgate.cli.lint_words import occurrence_lines, year_lines

        lines = [*(occurrence_lines(found.ahead) if with_occurrences else ()), *year_lines(found.ahead)]
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
    click.echo(summary(found.problems, found.warnings, found.configuration))
    return ExitCode.USAGE if found.problems else ExitCode.DONE


def _notes(found: Found, wanted: bool) -> tuple[Problem, ...]:
    if not wanted or found.configuration is None or found.ahead is None:
        return ()
    from wedgate.config.signer_warnings import notes_of_signers
    from wedgate.config.year_ahead import notes_of_year

    return (*notes_of_year(found.configuration, found.ahead), *notes_of_signers(found.configuration))


def check(file: Path | None) -> Found:
    """Look for everything that is wrong, and what is probably not meant; ``None`` stands for the usual places."""
    from wedgate.cli.sharing import SharedCalendars
    from wedgate.config.holiday_names import warnings_of_names
    from wedgate.config.load import CONFIG_PATHS, find_configuration, load_configuration
    from wedgate.config.warnings import in_order, review

    beside = _beside(Path()) if file is None else ()
    path = file or find_configuration(Path())
    if path is None:
        what = f"there is no {' and no '.join(CONFIG_PATHS)} here"
        problem = Problem(file=CONFIG_PATHS[0], line=0, column=0, what=what, remedy="write one with `wedgate init`")
        return Found(problems=(problem,), warnings=())
    try:
        configuration = load_configuration(path, shared=SharedCalendars())
    except ConfigurationError as error:
        return Found(problems=error.problems, warnings=beside)
    reviewed = review(configuration)
    by_line = in_order([*warnings_of_names(configuration), *reviewed.warnings, *_untold(configuration)])
    return Found(problems=(), warnings=(*beside, *by_line), configuration=configuration, ahead=reviewed.ahead)


def _untold(configuration: Configuration) -> list[Problem]:
    from wedgate.cli.notify_wiring import warnings_of_notify
    from wedgate.config.complaint_places import about_file

    return [about_file(configuration, f"notify: {what}", remedy) for what, remedy in warnings_of_notify(configuration)]


def _beside(start: Path) -> tuple[Problem, ...]:
    """Return a warning if both of the usual places have a file and these differ: only the first is ever read."""
    from wedgate.config.load import CONFIG_PATHS
    from wedgate.config.source import load_bytes

    found = [start / name for name in CONFIG_PATHS if (start / name).exists()]
    try:
        if len({load_bytes(path) for path in found}) < 2:
            return ()
    except ConfigurationError:
        return ()  # Of the one that is read, the reader says what is wrong with it.
    what = f"{found[0]} is there too and differs; that one is used, and this one is not"
    return (Problem(file=str(found[1]), line=0, column=0, what=what, remedy="delete one of the two"),)


def summary(problems: tuple[Problem, ...], warnings: tuple[Problem, ...], configuration: Configuration | None) -> str:
    """Return the last line: what was read, how much is in it, and how much is wrong."""
    if configuration is None:
        return f"wedgate: {_count(len(problems), 'problem')} in {problems[0].file}; a gate with it stays closed."
    calendar = configuration.calendar
    markets = sum(len(region.markets) for region in calendar.regions)
    said = f", {_count(len(warnings), 'warning')}" if warnings else ", nothing to complain about"
    return (
        f"wedgate: read {configuration.path}: {_count(len(calendar.rules), 'rule')}, "
        f"{_count(len(calendar.regions), 'region')}, {_count(markets, 'market')}{said}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text_of(level: str, problem: Problem) -> str:
    if level == "error":
        return str(problem)
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    return f"{place}: {level}: {problem.what}; {problem.remedy}"


def _annotation(level: str, problem: Problem) -> str:
    """Return a workflow command; data and properties are escaped, so that no file can write commands of its own."""
    place = f"file={_property(problem.file)}"
    if problem.line:
        place += f",line={problem.line},col={problem.column}"
    command = "notice" if level == "note" else level
    return f"::{command} {place},title=wedgate lint::{_data(f'{problem.what}; {problem.remedy}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
