"""`wedgate judge`: is the candidate worse than the base, by what a benchmark or a load test measured of both?"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.history import histories_at
from wedgate.cli.options import full_commit, percentage
from wedgate.cli.regression import check_regression, regression_options, write_regression
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.judge.comparison import Margins
    from wedgate.judge.confirmation import Builds
    from wedgate.judge.history import MetricHistory
    from wedgate.judge.measurements import Measurements
    from wedgate.judge.suite import Group, SuiteJudgement, SuiteSettings


@click.command("judge")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("candidate", type=click.Path(path_type=Path))
@click.option("--worse-by", default="2%", show_default=True, metavar="PERCENT", help="So much worse is tolerated.")
@click.option("--missed", default="10%", show_default=True, metavar="PERCENT", help="So much worse must not be missed.")
@click.option("--false-alarms", default="5%", show_default=True, metavar="PERCENT", help="Of the whole suite, at most.")
@click.option("--advisory", "advisory", multiple=True, metavar="METRIC", help="Shown, and decides nothing; repeatable.")
@click.option(
    "--settings", "file", type=click.Path(path_type=Path), help="Margins of single metrics, and a score: a YAML file."
)
@click.option(
    "--confirm",
    "fresh",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="BASE CANDIDATE",
    help="Fresh runs of both, that have to repeat an alarm.",
)
@click.option("--fewer-runs", is_flag=True, help="The candidate was meant to run less often: none of its runs crashed.")
@click.option("--same-commit", is_flag=True, help="Both builds are of one commit on purpose.")
@click.option("--history", "where", metavar="WHERE", help="Of earlier builds: a directory, git:REF or postgres:NAME.")
@click.option("--base-commit", metavar="SHA", help="Refuse a base that was not measured of this commit.")
@regression_options
@click.option("--from", "tool", help="Which tool wrote the files, where wedgate does not see it.")
@click.option("--format", "form", type=click.Choice(("text", "json", "markdown", "html")), default="text")
def command(
    base: Path,
    candidate: Path,
    *,
    worse_by: str,
    missed: str,
    false_alarms: str,
    advisory: tuple[str, ...],
    file: Path | None,
    fresh: tuple[Path, Path] | None,
    fewer_runs: bool,
    same_commit: bool,
    base_commit: str | None,
    where: str | None,
    tool: str | None,
    form: str,
    **report: Any,
) -> ExitCode:
    """Compare the measurements of two builds, each a file of a benchmark tool or a directory of such files.

    `wedgate report convert --help` names the tools; `wedgate bench run` measures and judges at once.

    A metric fails when the candidate is worse than the base by more than --worse-by, beyond what chance explains; it
    passes when a candidate that is worse by --missed would have been seen. Everything between the two is marginal.
    Exits with 0 for a pass, with 10 for a fail, and with 13 where that is not known.

    On a runner each metric that failed becomes an annotation. --format html is a page with every value as a dot.

    --history is what `wedgate report history` keeps: where a metric is worse by a shift that was accepted there, that
    is named beside the verdict, which stays what it is. The page draws the history of each metric, with its shifts.

    The gravest metric is the verdict, unless --settings asks for a score: weights, critical metrics, thresholds.

    A value is of one process: what a tool repeats in one process counts once. Measure both builds in turns, and as
    often: a candidate with fewer values than its base does not pass, since runs that crash leave none, unless
    --fewer-runs says that it was meant so.

    With --confirm a metric fails only where it does so again on fresh runs, measured in turns after the others.
    --regression writes a fail as a regression report, which a rollout takes; what is not confirmed only pauses it.

    \b
    Examples:
      wedgate judge base.json candidate.json
      wedgate judge runs/main/ runs/pull-request/ --worse-by 5% --format markdown >> "$GITHUB_STEP_SUMMARY"
      wedgate judge base.json candidate.json --format html --history perf/ > judgement.html
      wedgate judge base.json candidate.json --settings judge.yml
      wedgate judge base.json candidate.json --base-commit "$(git rev-parse origin/main)"
      wedgate judge base.json candidate.json --confirm base2.json candidate2.json \\
        --regression regression.json --service venue-search --digest sha256:9d3f
    """
    from wedgate.adapters.benchmarks.registry import read_build
    from wedgate.judge.accepted import name_accepted
    from wedgate.judge.comparison import Margins
    from wedgate.judge.confirmation import confirm
    from wedgate.judge.suite import SuiteSettings, judge_suite
    from wedgate.judge.values import Outcome

    margins = Margins(
        worse_by=percentage(worse_by, "--worse-by"),
        missed=percentage(missed, "--missed"),
        level=percentage(false_alarms, "--false-alarms"),
    )
    if not 0 <= margins.worse_by < margins.missed or not 0 < margins.level <= 0.2:
        raise UsageError("--missed must be more than --worse-by, and --false-alarms between 0 and 20%")
    first, second = read_build(base, tool), read_build(candidate, tool)
    settings = SuiteSettings(margins=margins) if file is None else _load_settings(file, margins)
    settings = replace(
        settings,
        advisory=settings.advisory | frozenset(advisory),
        fewer_runs=fewer_runs,
        same_commit=same_commit,
    )
    _refuse_unknown(settings, {metric.name for metric in (*first.metrics, *second.metrics)})
    _refuse_other_commit("--base-commit", "base", first, base_commit)
    if second.commit is not None or report["regression"] is None:
        _refuse_other_commit("--commit", "candidate", second, report["commit"])
    check_regression(report, known=second.commit)
    again = None if fresh is None else (read_build(fresh[0], tool), read_build(fresh[1], tool))
    judgement = judge_suite(first, second, settings)
    if again is not None:
        _refuse_other_commits((first, second), again)
        judgement = confirm(judgement, (first, second), again, settings)
    write_regression(judgement, (first, second), again, report)
    histories = () if where is None else histories_at(where)
    judgement = name_accepted(judgement, histories)
    tell_runner(judgement, os.environ)
    rendered = _rendered(judgement, form, histories)
    click.echo(inert_on_runner(rendered, os.environ) if form == "text" else rendered, nl=False)
    return {Outcome.PASS: ExitCode.DONE, Outcome.FAIL: ExitCode.CLOSED}.get(judgement.outcome, ExitCode.NEEDS_HUMAN)


def _refuse_other_commit(option: str, name: str, build: Measurements, claimed: str | None) -> None:
    """Refuse a build that was measured of another commit than claimed, or of one that its files do not name."""
    if claimed is None or build.commit == claimed:
        return
    full_commit(claimed, option)
    if build.commit is None:
        raise UsageError(
            f"{option}: the {name}'s files name no commit, so it cannot be held to {claimed}; let `wedgate bench run "
            f"{option}` or `wedgate report convert --commit` write it into them where they are measured"
        )
    raise UsageError(f"{option}: the {name} was measured of {build.commit}, not of {claimed}; give the right files")


def _refuse_other_commits(builds: Builds, again: Builds) -> None:
    """Refuse fresh runs of other commits than those that alarmed."""
    for name, old, new in zip(("base", "candidate"), builds, again, strict=True):
        if old.commit is not None and new.commit is not None and old.commit != new.commit:
            raise UsageError(f"--confirm: the {name} was {old.commit}, and its fresh runs are of {new.commit}")


def _load_settings(file: Path, margins: Margins) -> SuiteSettings:
    from wedgate.config.nodes import parse_nodes
    from wedgate.config.source import decode, load_bytes
    from wedgate.errors import ConfigurationError, Problem
    from wedgate.judge.reading import ReportError
    from wedgate.judge.suite_settings import parse_suite_settings

    if not file.is_file():
        raise UsageError(f"--settings {ascii(str(file))[:200]}: there is no such file; name one, or leave it out")
    root = parse_nodes(decode(load_bytes(file), name=str(file)), name=str(file))
    try:
        return parse_suite_settings(root.data, margins)
    except ReportError as error:
        problems = []
        for each in error.complaints:
            node = root.key_at(each.place)
            what = str(each).removesuffix(f"; {each.remedy}")
            problems.append(Problem(file=str(file), line=node.line, column=node.column, what=what, remedy=each.remedy))
        raise ConfigurationError(tuple(problems)) from None


def _refuse_unknown(settings: SuiteSettings, known: set[str]) -> None:
    """Refuse a name that no file has: misspelt, it would let a metric decide that should not, or the other way."""
    named = {"--advisory": settings.advisory, "margins": frozenset(settings.margins_of)}
    if settings.score is not None:
        named["critical"] = settings.score.critical
        _refuse_odd_groups(settings.score.groups, known - settings.advisory)
    for where, names in named.items():
        for name in sorted(names - known):
            listed = ", ".join(sorted(known))
            raise UsageError(f"{where} {ascii(name)[:80]}: there is no such metric; there are {listed[:300]}")
    both = settings.advisory & settings.score.critical if settings.score is not None else frozenset()
    for name in sorted(both):
        raise UsageError(f"{ascii(name)[:80]} is advisory and critical; make it one of the two")


def _refuse_odd_groups(groups: Sequence[Group], deciding: set[str]) -> None:
    """Refuse a group without metrics, metrics that no weight is left for, and weights that leave some for nobody."""
    for group in groups:
        if not any(group.has(name) for name in deciding):
            raise UsageError(f"the group {ascii(group.name)[:80]} has no metric: there is none of its names")
    given = sum(group.weight or 0 for group in groups)
    others = sorted(name for name in deciding if not any(group.has(name) for group in groups))
    is_shared = bool(others) or any(group.weight is None for group in groups)
    if groups and is_shared is (given > 100 - 1e-9):
        where = f"nothing is left for {ascii(others[0])[:80]}" if others else "that is not all"
        raise UsageError(f"the weights of the groups come to {given:g} of 100, and {where}; change the weights")


def _rendered(judgement: SuiteJudgement, form: str, histories: Sequence[MetricHistory]) -> str:
    from wedgate.render.judge import plain_judgement, render_judgement, render_judgement_markdown

    if form == "json":
        return f"{json.dumps(plain_judgement(judgement), indent=2, ensure_ascii=False)}\n"
    if form == "html":
        from wedgate.render.judge_html import render_judgement_html

        return render_judgement_html(judgement, histories)
    return (render_judgement if form == "text" else render_judgement_markdown)(judgement)


def tell_runner(judgement: SuiteJudgement, environment: Mapping[str, str]) -> None:
    """Annotate the run with what failed; nothing without a runner.

    It goes to standard error, where a runner obeys commands too, so that standard output is the answer alone.
    """
    from wedgate.adapters.forge.runner import is_runner
    from wedgate.render.judge_annotations import judgement_annotations

    if is_runner(environment):
        for line in judgement_annotations(judgement):
            click.echo(line, err=True)


def inert_on_runner(text: str, environment: Mapping[str, str]) -> str:
    """Return text whose names of metrics give a runner no commands; most have nothing that could be one."""
    from wedgate.adapters.forge.runner import is_runner
    from wedgate.render.annotations import inert

    if not is_runner(environment) or not ("::" in text or "##[" in text):
        return text
    return f"{inert(text.rstrip())}\n"
