"""`wedgate lint`: everything wrong with a configuration at once, what is probably not meant, and a summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ConfigurationError, ExitCode, Problem

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration

FORMATS = ("text", "github", "json")


@click.command("lint")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to print: text by default.")
def command(file: Path | None, form: str) -> ExitCode:
    """Check a configuration and say everything that is wrong with it.

    Problems exit with 2. Warnings (a rule that never matches, or repeats another) do not. FILE is wedgate.yml or
    .github/wedgate.yml unless given.

    \b
    Examples:
      wedgate lint
      wedgate lint --format github      annotations on the lines of a pull request
      wedgate lint other/wedgate.yml
    """
    problems, warnings, configuration = check(file)
    if form == "json":
        click.echo(_json(problems, warnings, configuration))
    else:
        for problem in problems:
            click.echo(_annotation("error", problem) if form == "github" else str(problem))
        for warning in warnings:
            click.echo(_annotation("warning", warning) if form == "github" else _text_of(warning))
        click.echo(summary(problems, warnings, configuration))
    return ExitCode.USAGE if problems else ExitCode.DONE


def check(file: Path | None) -> tuple[tuple[Problem, ...], tuple[Problem, ...], Configuration | None]:
    """Return problems, warnings, and the configuration if it has no problem; ``None`` stands for the usual places."""
    from wedgate.cli.sharing import SharedCalendars
    from wedgate.config.holiday_names import warnings_of_names
    from wedgate.config.load import CONFIG_PATHS, find_configuration, load_configuration
    from wedgate.config.warnings import warnings_of

    beside = _beside(Path()) if file is None else ()
    path = file or find_configuration(Path())
    if path is None:
        what = f"there is no {' and no '.join(CONFIG_PATHS)} here"
        problem = Problem(file=CONFIG_PATHS[0], line=0, column=0, what=what, remedy="write one with `wedgate init`")
        return (problem,), (), None
    try:
        configuration = load_configuration(path, shared=SharedCalendars())
    except ConfigurationError as error:
        return error.problems, beside, None
    found = (*warnings_of_names(configuration), *warnings_of(configuration))
    by_line = tuple(sorted(found, key=lambda problem: (problem.line == 0, problem.line)))
    return (), (*beside, *by_line), configuration


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


def _text_of(warning: Problem) -> str:
    place = f"{warning.file}:{warning.line}:{warning.column}" if warning.line else warning.file
    return f"{place}: warning: {warning.what}; {warning.remedy}"


def _annotation(level: str, problem: Problem) -> str:
    """Return a workflow command; data and properties are escaped, so that no file can write commands of its own."""
    place = f"file={_property(problem.file)}"
    if problem.line:
        place += f",line={problem.line},col={problem.column}"
    return f"::{level} {place},title=wedgate lint::{_data(f'{problem.what}; {problem.remedy}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _json(problems: tuple[Problem, ...], warnings: tuple[Problem, ...], configuration: Configuration | None) -> str:
    def plain(problem: Problem) -> dict[str, object]:
        return {name: getattr(problem, name) for name in ("file", "line", "column", "what", "remedy")}

    calendar = configuration.calendar if configuration else None
    counted = None
    if calendar is not None and configuration is not None:
        counted = {
            "file": configuration.path,
            "digest": configuration.digest,
            "rules": len(calendar.rules),
            "regions": len(calendar.regions),
            "markets": sum(len(region.markets) for region in calendar.regions),
        }
    record = {
        "schema_version": 1,
        "problems": [plain(problem) for problem in problems],
        "warnings": [plain(warning) for warning in warnings],
        "read": counted,
    }
    return json.dumps(record, indent=2)
