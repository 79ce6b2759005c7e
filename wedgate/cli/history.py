"""`wedgate report history`: keep what was measured of each build, and see where a metric shifted for good."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import parse_instant, terminal_style
from wedgate.errors import ConfigurationError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from wedgate.adapters.histories.interface import HistoryStore
    from wedgate.judge.history import Build, MetricHistory

MOST_SUSPECTS = 10


@click.group("history")
def command() -> None:
    """The history of measurements: a line for each build, in a directory or on a git ref.

    WHERE is a directory, or `git:REF` for a ref of this repository's `origin`.

    \b
    Examples:
      wedgate report history add perf/ runs/base.json --build 1234
      wedgate report history show git:refs/heads/perf
    """


@command.command("add")
@click.argument("where")
@click.argument("measured", type=click.Path(path_type=Path))
@click.option("--build", required=True, metavar="NAME", help="What the build is called: a number, a version, a commit.")
@click.option("--commit", metavar="SHA", help="The full commit that was measured, where the file does not say it.")
@click.option("--at", metavar="INSTANT", help="When it was measured; now, if it is not given.")
def add(where: str, measured: Path, *, build: str, commit: str | None, at: str | None) -> ExitCode:
    """Add the measurements of a build: a file of a benchmark tool, or a directory of such files.

    Kept is the median over processes of each metric. A build that is added again counts as it was measured last.

    \b
    Examples:
      wedgate report history add perf/ runs/base.json --build 1234
      wedgate report history add git:refs/heads/perf runs/ --build "$GITHUB_RUN_NUMBER" --commit "$GITHUB_SHA"
    """
    from dataclasses import replace

    from wedgate.adapters.benchmarks.registry import read_build
    from wedgate.judge.history import build_of, parse_build, plain_build
    from wedgate.judge.reading import ReportError

    instant = datetime.now(UTC) if at is None else parse_instant(at)
    report = read_build(measured)
    if commit is not None and report.commit not in (None, commit):
        raise UsageError(f"--commit: {measured} says that it is of {report.commit}; leave --commit out")
    try:
        entry = plain_build(build_of(replace(report, commit=commit or report.commit), name=build, at=instant))
        parse_build(entry)
    except ReportError as error:
        raise UsageError(f"this cannot be kept: {error.complaints[0]}") from None
    except ValueError as error:
        raise UsageError(f"{measured}: {error}; give a file with single measurements") from None
    store = _store(where)
    store.add(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
    click.echo(f"{store.name}: build {build}, {len(entry['metrics'])} metrics")
    return ExitCode.DONE


@command.command("show")
@click.argument("where")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--new", "last", type=click.IntRange(min=1), metavar="N", help="Alarm for regressions so new.")
@click.option("--format", "form", type=click.Choice(("text", "json", "svg")), default="text", help="How to answer.")
@click.option("--output", type=click.Path(path_type=Path), help="Write there; for pictures of several, a directory.")
def show(where: str, *, metrics: tuple[str, ...], last: int | None, form: str, output: Path | None) -> ExitCode:
    """Show each metric over the builds: its level, lasting shifts, spikes, and which commits came with a shift.

    A shift is one that lasted for five builds at least, of 3 % or more, and beyond what chance explains. From then on
    the new level is the base. Commits are looked up in the clone around the working directory.

    Exits with 0; with --new N with 10 where one of the last N builds began a lasting regression, and else with 13
    where the newest build is away from its level and not yet known to stay there.

    \b
    Examples:
      wedgate report history show perf/ --new 10
      wedgate report history show perf/ --metric 'wall time' --format svg --output history.svg
    """
    from wedgate.render.history import draw_history, plain_history, render_history

    histories = histories_at(where)
    unknown = [name for name in metrics if all(each.name != name for each in histories)]
    if unknown:
        raise UsageError(f"--metric: there is no {unknown[0]}; there are {', '.join(each.name for each in histories)}")
    chosen = [each for each in histories if not metrics or each.name in metrics]
    if form == "svg":
        _write_pictures({each.name: draw_history(each) for each in chosen}, output)
        return _alarm(chosen, last)
    suspects = {each.name: _suspects(each) for each in chosen}
    if form == "json":
        text = json.dumps(plain_history(chosen, suspects), indent=2, ensure_ascii=False) + "\n"
    else:
        style = terminal_style()
        text = "\n".join(render_history(each, suspects[each.name], unicode=style.unicode) for each in chosen)
    _write(text, output)
    return _alarm(chosen, last)


def histories_at(where: str) -> tuple[MetricHistory, ...]:
    """Return the history of every metric that is kept somewhere; ``UsageError`` where there is none."""
    from wedgate.judge.history import latest_of_each, metric_histories

    store = _store(where)
    histories = metric_histories(latest_of_each(_builds(store)))
    if not histories:
        raise UsageError(f"{store.name} has no builds yet; add some with `wedgate report history add`")
    return tuple(histories)


def _alarm(histories: Sequence[MetricHistory], last: int | None) -> ExitCode:
    """Return what the last builds come to; ``None``: nobody asked."""
    if last is None:
        return ExitCode.DONE
    if any(
        change.worse and change.first >= len(each.values) - last
        for each in histories
        for change in each.found.change_points
    ):
        return ExitCode.CLOSED
    return ExitCode.NEEDS_HUMAN if any(each.found.undecided for each in histories) else ExitCode.DONE


def _store(where: str) -> HistoryStore:
    if not where.startswith("git:"):
        from wedgate.adapters.histories.directory import DirectoryHistory

        return DirectoryHistory(Path(where))
    from wedgate.adapters.forge.git_copy import address_of_origin
    from wedgate.adapters.histories.git import GitHistory

    ref = where.removeprefix("git:")
    if not ref.startswith("refs/") or ref.endswith("/") or ".." in ref or any(letter.isspace() for letter in ref):
        raise UsageError(f"{where}: write the whole ref, such as git:refs/heads/perf")
    address = address_of_origin(Path())
    if address is None:
        raise UsageError(f"{where}: there is no clone with a remote `origin` here; run it in one")
    token = os.environ.get("WEDGATE_GITHUB_TOKEN") or os.environ.get("GITHUB_TOKEN") or None
    return GitHistory(address, ref, token=token if address.startswith("https://") else None)


def _builds(store: HistoryStore) -> list[Build]:
    """Read every line; ``ConfigurationError`` names those that cannot be read."""
    from wedgate.judge.history import parse_build
    from wedgate.judge.reading import ReportError

    builds, problems = [], []
    for number, line in enumerate(store.lines(), 1):
        try:
            builds.append(parse_build(json.loads(line)))
        except ReportError as error:
            said = error.complaints[0]
            what = str(said).removesuffix(f"; {said.remedy}")
            problems.append(Problem(file=store.name, line=number, column=1, what=what, remedy=said.remedy))
        except (ValueError, RecursionError):
            remedy = "take the line out; it was cut off, or edited"
            problems.append(Problem(file=store.name, line=number, column=1, what="it is not JSON", remedy=remedy))
    if problems:
        raise ConfigurationError(tuple(problems))
    return builds


def _suspects(history: MetricHistory) -> Mapping[int, Sequence[tuple[str, str, str]] | None]:
    from wedgate.adapters.forge.git_copy import commits_between

    found: dict[int, Sequence[tuple[str, str, str]] | None] = {}
    for change in history.found.change_points:
        older, newer = history.builds[change.first - 1].commit, history.builds[change.first].commit
        known = older is not None and newer is not None
        found[change.first] = commits_between(f"{older}", f"{newer}", most=MOST_SUSPECTS) if known else None
    return found


def _write_pictures(pictures: Mapping[str, str], output: Path | None) -> None:
    if len(pictures) == 1:
        _write(next(iter(pictures.values())), output)
        return
    if output is None:
        raise UsageError("there are several metrics: choose one with --metric, or name a directory with --output")
    output.mkdir(parents=True, exist_ok=True)
    for number, (name, picture) in enumerate(pictures.items(), 1):
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)[:60]
        _write(picture, output / f"{number:03}-{plain}.svg")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    from wedgate.cli.files import write_whole

    write_whole(output, text)
