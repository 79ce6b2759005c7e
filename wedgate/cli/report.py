"""`wedgate report`: check regression reports before a rollout acts on them.

Reading the file and finding the lines of what is wrong happens here; what a report must say is the judge's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.history import command as history
from wedgate.errors import ConfigurationError, ExitCode, Problem

if TYPE_CHECKING:
    from wedgate.judge.report import Report

LARGEST = 1024 * 1024
"""Bytes of the largest report that is read."""


@click.group("report")
def command() -> None:
    """Regression reports, which make a rollout go back; and the history of measurements.

    \b
    Examples:
      wedgate report validate regression.json
      wedgate report history show perf/
      wedgate report schema > report.schema.json
    """


command.add_command(history)


@command.command("validate")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to answer.")
def validate(file: Path, form: str) -> ExitCode:
    """Check a regression report and say everything that is wrong with it.

    Exits with 0 when `wedgate rollout run --report FILE` would act on it, with 2 when not. FILE may be `-`.

    \b
    Examples:
      wedgate report validate regression.json
      wedgate report validate - --format json < regression.json
    """
    problems: tuple[Problem, ...] = ()
    report: Report | None = None
    try:
        report = load_report(file)
    except ConfigurationError as error:
        problems = error.problems
    if form == "json":
        click.echo(_json(problems, report))
    elif report is not None:
        where = ", ".join(report.regions) or "all regions"
        release = report.digest or report.commit
        click.echo(f"{file}: valid. {report.service} {release} in {where}: {report.text}")
    else:
        for problem in problems:
            click.echo(str(problem))
        count = len(problems)
        click.echo(f"{file}: {count} problem{'s' if count != 1 else ''}; no rollout would act on it.")
    return ExitCode.USAGE if problems else ExitCode.DONE


@command.command("schema")
def schema() -> ExitCode:
    """Print the JSON Schema of a regression report.

    \b
    Example:
      wedgate report schema > report.schema.json
    """
    from importlib import resources

    text = resources.files("wedgate.judge").joinpath("resources/report.schema.json").read_text(encoding="utf-8")
    click.echo(text, nl=False)
    return ExitCode.DONE


def load_report(file: Path) -> Report:
    """Load a regression report; ``ConfigurationError`` with every problem and its line."""
    from wedgate.judge.reading import ReportError
    from wedgate.judge.report import parse_report

    text = _read(file)
    try:
        plain = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _wrong(file, "it is not JSON", f"{error.msg}", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _wrong(file, "it is nested too deeply", "a report has four levels") from None
    except ValueError as error:
        raise _wrong(file, str(error), "write plain JSON") from None
    try:
        return parse_report(plain)
    except ReportError as error:
        found, document = [], _document(text)
        for complaint in error.complaints:
            line, column = _position(document, complaint.place)
            said, _, remedy = str(complaint).rpartition(f"; {complaint.remedy}")
            found.append(
                Problem(file=str(file), line=line, column=column, what=said, remedy=remedy or complaint.remedy)
            )
        raise ConfigurationError(tuple(found)) from None


def _read(file: Path) -> str:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with file.open("rb") as stream:
                content = stream.read(LARGEST + 1)
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror}", "give the path of a JSON file") from error
    if len(content) > LARGEST:
        raise _wrong(file, f"is larger than {LARGEST >> 20} MiB", "a report names a handful of metrics")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(file, f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None


def _wrong(file: Path, what: str, remedy: str, *, line: int = 0, column: int = 0) -> ConfigurationError:
    return ConfigurationError((Problem(file=str(file), line=line, column=column, what=what, remedy=remedy),))


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands there twice")
        found[key] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _document(text: str) -> Any:
    """Return the document as nodes that know where they stand, or ``None``."""
    import yaml

    # JSON is YAML but for a few spellings.
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None


def _position(document: Any, place: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column of a place, or of the nearest thing around it; 0, 0 when nothing is known."""
    if document is None:
        return 0, 0
    node, mark = document, document.start_mark
    for part in place:
        if node.id == "mapping":
            pairs = [(key, value) for key, value in node.value if key.value == part]
            if not pairs:
                break
            mark, node = pairs[0][0].start_mark, pairs[0][1]
        elif node.id == "sequence" and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
        else:
            break
    return mark.line + 1, mark.column + 1


def _json(problems: Sequence[Problem], report: Report | None) -> str:
    plain: dict[str, object] = {
        "schema_version": 1,
        "valid": report is not None,
        "problems": [
            {"file": p.file, "line": p.line, "column": p.column, "what": p.what, "remedy": p.remedy} for p in problems
        ],
    }
    if report is not None:
        plain["text"] = report.text
        plain["regions"] = list(report.regions)
    return json.dumps(plain, indent=2, ensure_ascii=False)
