"""`wedgate report`: check reports before a rollout or a judgement acts on them, regressions and measurements alike.

Reading the file and finding the lines of what is wrong happens here; what a report must say is the judge's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.history import command as history
from wedgate.cli.report_measurements import convert, show
from wedgate.cli.report_receiving import receive
from wedgate.errors import ConfigurationError, ExitCode, Problem, RefusedError

if TYPE_CHECKING:
    from wedgate.judge.measurements import Measurements
    from wedgate.judge.reading import ReportError
    from wedgate.judge.report import Report

LARGEST = 1024 * 1024
"""Bytes of the largest regression report that is read."""
LARGEST_MEASUREMENTS = 64 * 1024 * 1024
"""Bytes of the largest measurement report that is read."""


@click.group("report")
def command() -> None:
    """Reports: regressions make a rollout go back, measurements are what `wedgate judge` compares.

    \b
    Examples:
      wedgate report validate regression.json
      wedgate report give regression.json
      wedgate report receive
      wedgate report convert runs/main/ > base.json
      wedgate report show base.json
      wedgate report history show perf/
      wedgate report schema > report.schema.json
    """


command.add_command(convert)
command.add_command(show)
command.add_command(history)
command.add_command(receive)


@command.command("validate")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to answer.")
def validate(file: Path, form: str) -> ExitCode:
    """Check a report and say everything that is wrong with it.

    A file with "kind": "measurements" is a measurement report, every other one a regression report. Exits with 0 when
    `wedgate rollout run --report FILE`, or `wedgate judge`, would take it, with 2 when not. FILE may be `-`.

    \b
    Examples:
      wedgate report validate regression.json
      wedgate report validate base.json
      wedgate report validate - --format json < regression.json
    """
    problems: tuple[Problem, ...] = ()
    report: Report | Measurements | None = None
    taker = "rollout would act on it"
    try:
        text = _read(file, LARGEST_MEASUREMENTS)
        if len(text) > LARGEST and '"measurements"' not in text:
            raise _too_large(file, LARGEST)
        plain = _plain(file, text)
        if isinstance(plain, dict) and "kind" in plain:
            taker = "judge would take it"
            report = _parsed_measurements(file, text, plain)
        else:
            report = _parsed_report(file, text, plain)
    except ConfigurationError as error:
        problems = error.problems
    if form == "json":
        click.echo(_json(problems, report))
    elif report is not None:
        click.echo(f"{file}: valid. {_about(report)}")
    else:
        for problem in problems:
            click.echo(str(problem))
        count = len(problems)
        click.echo(f"{file}: {count} problem{'s' if count != 1 else ''}; no {taker}.")
    return ExitCode.USAGE if problems else ExitCode.DONE


@command.command("give")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
def give(file: Path, config: Path | None) -> ExitCode:
    """Give a regression report to the rollout that is under way: it rolls back.

    A run obeys within half a second where the ledger is a file, at once in PostgreSQL, and within ten seconds in a git
    ref; a tick that deploys within ten seconds, any other when it comes.

    An alarm of a benchmark that no fresh runs have confirmed only pauses.

    Whoever may write the ledger may stop a rollout. Exits with 11 when the report is about something else, or nothing
    is under way.

    \b
    Examples:
      wedgate report give regression.json
    """
    from wedgate.cli.authority import giver
    from wedgate.cli.report_giving import give_report
    from wedgate.overrides.policy import Duty

    report = load_report(file)
    try:
        said = give_report(report, config, by=f"a report, given by {giver(Duty.STOP, config, os.environ)}")
    except ValueError as error:
        raise RefusedError(f"{file}: {error}") from error
    click.echo(said)
    return ExitCode.DONE


@command.command("schema")
@click.option(
    "--kind",
    type=click.Choice(("regression", "measurements", "history", "bench", "bench-aa")),
    default="regression",
    show_default=True,
    help="Of which report; of a line of a history; or of what `wedgate bench` writes.",
)
def schema(kind: str) -> ExitCode:
    """Print the JSON Schema of a report.

    \b
    Examples:
      wedgate report schema > report.schema.json
      wedgate report schema --kind measurements > measurements.schema.json
      wedgate report schema --kind history > history.schema.json
    """
    from importlib import resources

    name = "report" if kind == "regression" else kind
    text = resources.files("wedgate.judge").joinpath(f"resources/{name}.schema.json").read_text(encoding="utf-8")
    click.echo(text, nl=False)
    return ExitCode.DONE


def load_report(file: Path) -> Report:
    """Load a regression report; ``ConfigurationError`` with every problem and its line."""
    return parse_text(file, _read(file, LARGEST))


def parse_text(file: Path, text: str) -> Report:
    """Return the regression report that a text spells; ``ConfigurationError`` names what is wrong as in ``file``."""
    return _parsed_report(file, text, _plain(file, text))


def _parsed_report(file: Path, text: str, plain: object) -> Report:
    from wedgate.judge.reading import ReportError
    from wedgate.judge.report import parse_report

    try:
        return parse_report(plain)
    except ReportError as error:
        raise _placed(file, text, error) from None


def _parsed_measurements(file: Path, text: str, plain: object) -> Measurements:
    from wedgate.judge.measurements import parse_measurements
    from wedgate.judge.reading import ReportError

    try:
        return parse_measurements(plain)
    except ReportError as error:
        raise _placed(file, text, error) from None


def _about(report: Report | Measurements) -> str:
    """Return in one line what a report says."""
    from wedgate.judge.report import Report

    if isinstance(report, Report):
        where = ", ".join(report.regions) or "all regions"
        pauses = "" if report.is_confirmed else "; no fresh runs have confirmed it, so it pauses and rolls nothing back"
        return f"{report.service} {report.digest or report.commit} in {where}: {report.text}{pauses}"
    counts = {len(metric.values) for metric in report.metrics}
    values = str(min(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    metrics = f"{len(report.metrics)} metric{'s' if len(report.metrics) != 1 else ''}"
    commit = report.commit or "a commit that is not named"
    return f"{metrics} of {commit}, {values} value{'s' if values != '1' else ''} each"


def _plain(file: Path, text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        what = f"it is not JSON ({error.msg})"
        remedy = "write a report in JSON; `wedgate report convert` makes one of what a benchmark tool measured"
        raise _wrong(file, what, remedy, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _wrong(file, "it is nested too deeply", "a report has four levels") from None
    except ValueError as error:
        raise _wrong(file, str(error), "write plain JSON") from None


def _placed(file: Path, text: str, error: ReportError) -> ConfigurationError:
    """Return every complaint with its line. In a file that is longer than a person reads, with its path alone."""
    found, document = [], _document(text) if len(text) <= LARGEST else None
    for complaint in error.complaints:
        line, column = _position(document, complaint.place)
        said, _, remedy = str(complaint).rpartition(f"; {complaint.remedy}")
        found.append(Problem(file=str(file), line=line, column=column, what=said, remedy=remedy or complaint.remedy))
    return ConfigurationError(tuple(found))


def _read(file: Path, largest: int) -> str:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(largest + 1)
        else:
            with file.open("rb") as stream:
                content = stream.read(largest + 1)
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror}", "give the path of a JSON file") from error
    if len(content) > largest:
        raise _too_large(file, largest)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(file, f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from None


def _too_large(file: Path, largest: int) -> ConfigurationError:
    return _wrong(file, f"is larger than {largest >> 20} MiB", "a report names a handful of metrics")


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


def _json(problems: Sequence[Problem], report: Report | Measurements | None) -> str:
    from wedgate.judge.report import Report

    plain: dict[str, object] = {
        "schema_version": 1,
        "valid": report is not None,
        "problems": [
            {"file": p.file, "line": p.line, "column": p.column, "what": p.what, "remedy": p.remedy} for p in problems
        ],
    }
    if report is not None:
        plain["text"] = report.text if isinstance(report, Report) else _about(report)
    if isinstance(report, Report):
        plain["regions"] = list(report.regions)
        plain["confirmed"] = report.is_confirmed
    return json.dumps(plain, indent=2, ensure_ascii=False)
