"""`wedgate report convert` and `show`: the files of benchmark tools as wedgate's own report, and as a table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import full_commit
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.judge.measurements import Measurements

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
_FROM = click.option("--from", "tool", metavar="TOOL", help="Which tool wrote them, where wedgate does not see it.")


@click.command("convert")
@_FILES
@_FROM
@click.option("--commit", metavar="SHA", help="The commit that was measured, in full.")
def convert(files: tuple[Path, ...], *, tool: str | None, commit: str | None) -> ExitCode:
    """Write what benchmark tools measured of one build as wedgate's own report.

    Each file is of processes of its own, and a directory stands for all files in it. Reads what pytest-benchmark,
    hyperfine, Go, Google Benchmark, JMH, criterion, k6, vegeta, Locust, pgbench and github-action-benchmark write,
    CSV, and wedgate's own reports; `-` is standard input. What cannot be judged is said on standard error.

    \b
    Examples:
      wedgate report convert runs/main/*.json --commit "$(git rev-parse HEAD)" > base.json
      wedgate report convert output.json --from customSmallerIsBetter > base.json
    """
    from wedgate.judge.measurements import plain_measurements

    report = _of_commit(_read(files, tool), commit)
    for metric in report.metrics:
        if metric.aggregated is not None:
            click.echo(f"wedgate: {metric.name} cannot be judged: {metric.aggregated}", err=True)
    for name, why in report.left_out.items():
        click.echo(f"wedgate: {name} is left out: {why}", err=True)
    click.echo(json.dumps(plain_measurements(report), indent=2, ensure_ascii=False))
    return ExitCode.DONE


@click.command("show")
@_FILES
@_FROM
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to answer.")
def show(files: tuple[Path, ...], *, tool: str | None, form: str) -> ExitCode:
    """Show the metrics of one build: how many values, their median and spread, the unit, and which way is good.

    The spread is from quartile to quartile, over the median. Above 7 % a machine is called contended.

    \b
    Examples:
      wedgate report show base.json
      wedgate report show runs/main/
    """
    from wedgate.render.measurements import plain_summary, render_measurements

    report = _read(files, tool)
    if form == "json":
        click.echo(json.dumps(plain_summary(report), indent=2, ensure_ascii=False))
    else:
        click.echo(render_measurements(report), nl=False)
    return ExitCode.DONE


def _read(files: tuple[Path, ...], tool: str | None) -> Measurements:
    from wedgate.adapters.benchmarks.registry import read_builds, tool_names

    if tool is not None and tool not in tool_names():
        raise UsageError(f"--from: wedgate reads nothing of {ascii(tool)[:40]}; name one of {', '.join(tool_names())}")
    return read_builds(files, tool)


def _of_commit(report: Measurements, commit: str | None) -> Measurements:
    """Return the report with its commit, which nothing in the files may contradict."""
    if commit is None:
        return report
    if report.commit not in (None, full_commit(commit, "--commit")):
        raise UsageError(f"--commit: the files are of {report.commit}; name that one, or the files of {commit}")
    return replace(report, commit=commit)
