"""`wedgate report history`: keep what was measured of each build, and see where a metric shifted for good."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.history_places import open_history
from wedgate.cli.options import parse_instant, terminal_style
from wedgate.errors import ConfigurationError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from wedgate.adapters.histories.interface import HistoryStore
    from wedgate.judge.history import MetricHistory
    from wedgate.judge.history_lines import Acceptance, Build

MOST_SUSPECTS = 10


@click.group("history")
def command() -> None:
    """The history of measurements: a line for each build, in a directory, on a git ref or in PostgreSQL.

    WHERE is a directory, `git:REF` for a ref of this repository's `origin`, or `postgres:NAME` for a history of that
    name in the database whose address WEDGATE_DATABASE_URL holds.

    \b
    Examples:
      wedgate report history add perf/ runs/base.json --build 1234
      wedgate report history show git:refs/heads/perf
      wedgate report history show postgres:venue-search
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
    from wedgate.judge.history_lines import build_of, parse_build, plain_build
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
    store = open_history(where)
    store.add(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
    click.echo(f"{store.name}: build {build}, {len(entry['metrics'])} metrics")
    return ExitCode.DONE


@command.command("show")
@click.argument("where")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--new", "last", type=click.IntRange(min=1), metavar="N", help="Alarm for what the last N builds show.")
@click.option("--format", "form", type=click.Choice(("text", "json", "svg")), default="text", help="How to answer.")
@click.option("--output", type=click.Path(path_type=Path), help="Write there; for pictures of several, a directory.")
def show(where: str, *, metrics: tuple[str, ...], last: int | None, form: str, output: Path | None) -> ExitCode:
    """Show each metric over the builds: its level, lasting shifts, spikes, and which commits came with a shift.

    A shift is one that lasted for five builds at least, of 3 % or more, and beyond what chance explains. From then on
    the new level is the base. Commits are looked up in the clone around the working directory.

    Exits with 0; with --new N with 10 where a lasting regression began in the last N builds or could not be told
    before they came, and else with 13 where the newest build is away from its level and not yet known to stay there,
    where a metric vanished from the newest builds, and where there are too few builds to tell. What `accept` accepted
    is shown, and not asked about again.

    \b
    Examples:
      wedgate report history show perf/ --new 10
      wedgate report history show perf/ --metric 'wall time' --format svg --output history.svg
    """
    from wedgate.render.history import draw_history, plain_history, render_history

    store = open_history(where)
    chosen = _chosen(store, metrics)
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


@command.command("accept")
@click.argument("where")
@click.argument("build")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--reason", required=True, help="Why: it stands in the history, and wherever the shift is shown.")
def accept(where: str, build: str, *, metrics: tuple[str, ...], reason: str) -> ExitCode:
    """Accept the level that begins with a build: a shift that was found there, or the newest builds from there on.

    It is the new normal, and `show --new` alarms for it no more; who accepted it, when and why is kept as a line of the
    history. What becomes worse than that by a shift is asked about again.

    \b
    Examples:
      wedgate report history accept perf/ b156 --reason "checks signatures now, as decided in PR 812"
      wedgate report history accept git:refs/heads/perf b156 --metric query --reason "worth it"
    """
    from wedgate.cli.authority import asker
    from wedgate.judge.history_lines import Acceptance, parse_acceptance, plain_acceptance
    from wedgate.judge.reading import ReportError

    store = open_history(where)
    chosen = _chosen(store, metrics)
    levels = tuple(level for each in chosen if (level := each.level_from(build)) is not None)
    if not levels:
        raise UsageError(f"no metric has another level from {build} on; {_beginnings(chosen)}")
    missing = [name for name in metrics if all(level.name != name for level in levels)]
    if missing:
        raise UsageError(f"--metric: {missing[0]} has no other level from {build} on; {_beginnings(chosen)}")
    accepted = Acceptance(build=build, at=datetime.now(UTC), by=asker(os.environ), why=reason, values=levels)
    try:
        entry = plain_acceptance(accepted)
        parse_acceptance(entry)
    except ReportError as error:
        raise UsageError(f"this cannot be kept: {error.complaints[0]}") from None
    store.add(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
    for level in levels:
        click.echo(f"{level.name}: {level.value:.4g} {level.unit} from {build} on is accepted")
    return ExitCode.DONE


def _beginnings(histories: Sequence[MetricHistory]) -> str:
    """Say with which builds levels begin."""
    found = [
        f"{each.builds[change.first].name} ({each.name})" for each in histories for change in each.found.change_points
    ]
    found += [
        f"{each.builds[-each.found.undecided].name} ({each.name}, newest)" for each in histories if each.found.undecided
    ]
    return f"levels begin with {', '.join(found)}" if found else "no level has shifted"


def _alarm(histories: Sequence[MetricHistory], last: int | None) -> ExitCode:
    """Return what the last builds come to; ``None``: nobody asked."""
    if last is None:
        return ExitCode.DONE
    if any(change.worse and each.accepted_shift(change) is None for each in histories for change in each.news(last)):
        return ExitCode.CLOSED
    unknown = any(_is_unknown(each) for each in histories)
    return ExitCode.NEEDS_HUMAN if unknown else ExitCode.DONE


def _is_unknown(history: MetricHistory) -> bool:
    """Whether nobody can tell how the newest builds are: undecided, too few, or without the metric.

    What has been gone for as many builds as are compared at the most has been seen.
    """
    from wedgate.judge.series import SeriesSettings, Standing

    if 0 < history.vanished <= SeriesSettings().near or history.found.standing is Standing.YOUNG:
        return True
    return bool(history.found.undecided) and history.accepted_undecided is None


def histories_at(where: str) -> tuple[MetricHistory, ...]:
    """Return the history of every metric that is kept somewhere; ``UsageError`` where there is none."""
    return tuple(_chosen(open_history(where), ()))


def _chosen(store: HistoryStore, metrics: Sequence[str]) -> list[MetricHistory]:
    """Return the histories of some metrics, of all if none is named; ``UsageError`` for one that there is not."""
    from wedgate.judge.history import latest_of_each, metric_histories

    builds, accepted = _lines(store)
    histories = metric_histories(latest_of_each(builds), accepted)
    if not histories:
        raise UsageError(f"{store.name} has no builds yet; add some with `wedgate report history add`")
    unknown = [name for name in metrics if all(each.name != name for each in histories)]
    if unknown:
        raise UsageError(f"--metric: there is no {unknown[0]}; there are {', '.join(each.name for each in histories)}")
    return [each for each in histories if not metrics or each.name in metrics]


def _lines(store: HistoryStore) -> tuple[list[Build], list[Acceptance]]:
    """Read every line; ``ConfigurationError`` names those that cannot be read."""
    from wedgate.judge.history_lines import Acceptance, parse_line
    from wedgate.judge.reading import ReportError

    builds: list[Build] = []
    accepted: list[Acceptance] = []
    problems = []
    for number, line in enumerate(store.lines(), 1):
        try:
            found = parse_line(json.loads(line))
            if isinstance(found, Acceptance):
                accepted.append(found)
            else:
                builds.append(found)
        except ReportError as error:
            said = error.complaints[0]
            what = str(said).removesuffix(f"; {said.remedy}")
            problems.append(Problem(file=store.name, line=number, column=1, what=what, remedy=said.remedy))
        except (ValueError, RecursionError):
            remedy = "take the line out; it was cut off, or edited"
            problems.append(Problem(file=store.name, line=number, column=1, what="it is not JSON", remedy=remedy))
    if problems:
        raise ConfigurationError(tuple(problems))
    return builds, accepted


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
