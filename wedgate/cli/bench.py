"""`wedgate bench`: measure two commands in turns and judge them, or one against itself."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli import bench_live
from wedgate.cli.bench_arms import arm_options, read_arms
from wedgate.cli.options import duration_option, percentage
from wedgate.cli.regression import check_regression, regression_options, write_regression
from wedgate.errors import ExitCode, ExternalSystemError, UsageError

if TYPE_CHECKING:
    from wedgate.engine.bench import BenchPlan, BenchRun, PrintedMetric, Progress
    from wedgate.judge.measurements import Measurements
    from wedgate.judge.reading import Direction

MOST_ROUNDS = 10_000


@click.group("bench")
def command() -> None:
    """Measure commands so that the answer can be believed: in turns, in random order, fresh processes.

    \b
    Examples:
      wedgate bench run --base './old --bench' --candidate './new --bench' --rounds 20
      wedgate bench aa './new --bench' --rounds 60
      wedgate bench live --for 2h
    """


command.add_command(bench_live.command)


def measuring(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Add the options of everything that measures."""
    options = (
        click.option("--warmup", default=1, show_default=True, help="Rounds before, that are thrown away."),
        click.option("--timeout", default="10m", show_default=True, help="A command that takes longer has failed."),
        click.option("--seed", type=int, help="Of the random order; chosen and told if it is not given."),
        click.option("--no-pin", is_flag=True, help="Let commands use every CPU, not a single one."),
        click.option("--by", type=click.Choice(("wall", "cpu")), default="wall", help="Which time decides."),
        click.option("--metric", metavar="REGEX", help="A number that the command prints, and that decides."),
        click.option("--metric-name", default="printed", show_default=True, help="What it is called."),
        click.option(
            "--metric-unit", default="1", show_default=True, help="Its unit; ms or 1/s say which way is good."
        ),
        click.option("--higher-is-better", is_flag=True, help="Of a number whose unit does not say it."),
        click.option("--lower-is-better", is_flag=True, help="Of one of which less is better."),
        click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write everything to this file."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command("run")
@click.option("--base", required=True, metavar="CMD", help="The command of the base.")
@click.option("--candidate", required=True, metavar="CMD", help="The command of the candidate.")
@click.option(
    "--rounds", default=20, show_default=True, help="Each runs every command once; fewer if the answer is sure."
)
@click.option("--aa", is_flag=True, help="Run the base twice in each round: is this machine fit to judge on?")
@click.option(
    "--confirm",
    "fresh_rounds",
    type=int,
    metavar="N",
    help="Ask an alarm again on N fresh rounds; 0 does not. As many as --rounds for --regression, else 0.",
)
@arm_options
@regression_options
@click.option(
    "--looks",
    default=4,
    show_default=True,
    help="How often to look at most; 1 stops never early. No pass ends it before 14 rounds and half of them.",
)
@click.option("--worse-by", default="2%", show_default=True, metavar="PERCENT", help="So much worse is tolerated.")
@click.option("--missed", default="10%", show_default=True, metavar="PERCENT", help="So much worse must not be missed.")
@click.option("--false-alarms", default="5%", show_default=True, metavar="PERCENT", help="Over all looks, at most.")
@click.option("--reports", type=click.Path(path_type=Path), metavar="DIR", help="Write a report of each arm there.")
@measuring
def run(
    *,
    base: str,
    candidate: str,
    rounds: int,
    aa: bool,
    fresh_rounds: int | None,
    looks: int,
    worse_by: str,
    missed: str,
    false_alarms: str,
    reports: Path | None,
    json_file: Path | None,
    **options: Any,
) -> ExitCode:
    """Measure two commands against one another and judge the candidate.

    Every round runs each command once, in random order, in a process of its own: what drifts meets both alike. Wall
    time decides, with --by cpu the CPU time, or with --metric what the commands print; the others are shown. Which way
    a printed number is good is not guessed: its unit says it (ms, MB, ns/op; 1/s, MB/s), or --higher-is-better or
    --lower-is-better.

    Commands run without a shell: write `sh -c '...'` for one. Exits with 0 for a pass, with 10 for a fail, and with 13
    where that is not known. ^C keeps what was measured, and so does a job that is cancelled.

    --regression writes a fail as a regression report, once fresh rounds have confirmed it.

    The reports name the commits, so that `wedgate judge` can hold them to those: of the clones that --base-in and
    --candidate-in name, or as --base-commit and --commit say.

    \b
    Examples:
      wedgate bench run --base './old --bench' --candidate './new --bench' --rounds 20 --aa
      wedgate bench run --base 'old/server bench' --candidate 'new/server bench' --metric '([0-9.]+) req/s' \\
        --metric-unit 1/s --reports runs/
      wedgate bench run --base 'old/rank' --candidate 'new/rank' --metric 'score ([0-9.]+)' --higher-is-better
      wedgate bench run --base-in old/ --base './app --bench' --candidate-in . --candidate './app --bench' \\
        --reports runs/
      wedgate bench run --base './old --bench' --candidate './new --bench' --confirm 20 \\
        --regression regression.json --service venue-search --digest sha256:9d3f
    """
    from wedgate.engine.bench import BASE, CANDIDATE
    from wedgate.judge.comparison import Margins
    from wedgate.judge.values import Outcome
    from wedgate.render.bench import render_judged

    margins = Margins(
        worse_by=percentage(worse_by, "--worse-by"),
        missed=percentage(missed, "--missed"),
        level=percentage(false_alarms, "--false-alarms"),
    )
    if not margins.worse_by < margins.missed or not 0 < margins.level <= 0.2:
        raise UsageError("--missed must be more than --worse-by, and --false-alarms between 0 and 20%")
    if not 1 <= looks <= 20:
        raise UsageError("--looks takes a number from 1 to 20")
    fresh = fresh_rounds if fresh_rounds is not None else rounds if options["regression"] else 0
    if not 0 <= fresh <= MOST_ROUNDS:
        raise UsageError(f"--confirm takes a number from 0 to {MOST_ROUNDS}")
    folders, commits = read_arms(options)
    if not (options["regression"] or reports or json_file):
        for name in ("base-commit", "commit"):
            if options[name.replace("-", "_")] is not None:
                raise UsageError(f"--{name} is for a report: say where to write it, with --reports or --regression")
    check_regression(options, known=commits.get(CANDIDATE))
    words = {BASE: _words(base, "--base"), CANDIDATE: _words(candidate, "--candidate")}
    if aa:
        _repeat_base(words, folders, commits)
    plan = replace(_plan(words, rounds, options), looks=looks, margins=margins, folders=folders, commits=commits)
    found, environment = _measure(plan, options)
    if fresh and found.judgement is not None and found.judgement.outcome is Outcome.FAIL:
        found = _asked_again(found, fresh, options)
    judgement = found.judgement
    assert judgement is not None  # there is a candidate
    click.echo(render_judged(judgement, same=found.same, needed=found.needed), nl=False)
    _write(found, environment, json_file, reports)
    _refuse(found)
    builds = [(each.arms[BASE], each.arms[CANDIDATE]) for each in (found, found.again) if each is not None]
    write_regression(judgement, builds[0], builds[1] if found.again is not None else None, options)
    return {Outcome.PASS: ExitCode.DONE, Outcome.FAIL: ExitCode.CLOSED}.get(judgement.outcome, ExitCode.NEEDS_HUMAN)


@command.command("aa")
@click.argument("cmd", required=False)
@click.option("--rounds", default=60, show_default=True, help="How often to run it.")
@click.option("--from", "report", type=click.Path(path_type=Path), metavar="FILE", help="Split these measurements.")
@click.option("--of", "metric_of", metavar="METRIC", help="Which metric of the file, if there are several.")
@measuring
def against_itself(
    cmd: str | None,
    *,
    rounds: int,
    report: Path | None,
    metric_of: str | None,
    json_file: Path | None,
    **options: Any,
) -> ExitCode:
    """Tell how often rules would alarm on this machine where nothing differs, and what they would find.

    Runs one command many times, and splits its values at random into two arms that do not differ: in turns, and in
    blocks, as if one build had been measured after the other. With --from it splits what a tool has measured already,
    in its order.

    \b
    Examples:
      wedgate bench aa './new --bench' --rounds 60
      wedgate bench aa --from runs/base.json --of 'wall time'
    """
    from wedgate.engine.bench import BASE
    from wedgate.judge.resampling import rehearse
    from wedgate.render.bench import plain_rehearsal, render_rehearsal

    if (cmd is None) is (report is None):
        raise UsageError("give either a command or --from FILE")
    if report is not None:
        measured, name, seed = _read(report), metric_of, options["seed"] or 0
    else:
        plan = _plan({BASE: _words(cmd or "", "CMD")}, rounds, options)
        found, _ = _measure(plan, options)
        _refuse(found)
        measured, seed = found.arms[BASE], plan.seed
        name = plan.deciding if plan.printed is None else plan.printed.name
    try:
        rehearsal = rehearse(_costs(measured, name), seed=seed)
    except ValueError as error:
        raise UsageError(f"{error}; ask for more --rounds") from None
    click.echo(render_rehearsal(rehearsal), nl=False)
    if json_file is not None:
        from wedgate.judge.measurements import plain_measurements

        _write_json(json_file, plain_rehearsal(rehearsal) | {"seed": seed, "measured": plain_measurements(measured)})
    return ExitCode.DONE


def _repeat_base(*facts: dict[str, Any]) -> None:
    """Let the arm that repeats the base be as the base is."""
    from wedgate.engine.bench import AGAIN, BASE

    for each in facts:
        if BASE in each:
            each[AGAIN] = each[BASE]


def _asked_again(found: BenchRun, rounds: int, options: Mapping[str, Any]) -> BenchRun:
    """Measure an alarm again: as many fresh rounds as asked for, in an order of their own, looked at in the end."""
    from wedgate.engine.bench import confirmed_by

    click.echo(f"an alarm: {rounds} fresh rounds have to say the same")
    plan = found.plan
    again, _ = _measure(replace(plan, rounds=rounds, looks=1, seed=plan.seed + 1), options)
    return confirmed_by(found, again)


def _plan(words: Mapping[str, tuple[str, ...]], rounds: int, options: Mapping[str, Any]) -> BenchPlan:
    from wedgate.engine.bench import CPU, WALL, BenchPlan

    if not 1 <= rounds <= MOST_ROUNDS or not 0 <= options["warmup"] <= MOST_ROUNDS:
        raise UsageError(f"--rounds takes a number from 1 to {MOST_ROUNDS}, and --warmup from 0")
    seed = options["seed"]
    if seed is None:
        import secrets

        seed = secrets.randbelow(1_000_000)
    return BenchPlan(
        arms=words,
        rounds=rounds,
        warm_up=options["warmup"],
        seed=seed,
        deciding={"wall": WALL, "cpu": CPU}[options["by"]],
        printed=_printed(options),
    )


def _printed(options: Mapping[str, Any]) -> PrintedMetric | None:
    from wedgate.engine.bench import PrintedMetric

    if options["metric"] is None:
        return None
    try:
        pattern = re.compile(options["metric"])
    except re.error as error:
        raise UsageError(f"--metric is no regular expression: {error}; write one such as 'took ([0-9.]+) ms'") from None
    return PrintedMetric(
        pattern=pattern, name=options["metric_name"], unit=options["metric_unit"], direction=_direction(options)
    )


def _direction(options: Mapping[str, Any]) -> Direction:
    """Return which way a printed number is good, as its unit or an option says it; they may not differ."""
    from wedgate.judge.reading import Direction
    from wedgate.judge.units import direction_of

    unit, higher, lower = options["metric_unit"], options["higher_is_better"], options["lower_is_better"]
    if higher and lower:
        raise UsageError("give --higher-is-better or --lower-is-better, not both")
    said = Direction.HIGHER_IS_BETTER if higher else Direction.LOWER_IS_BETTER if lower else None
    known = direction_of(unit)
    if said is not None and known not in (None, said):
        raise UsageError(f'--{said}: "{unit}" is {known}; leave the option out, or give another --metric-unit')
    found = said or known
    if found is None:
        raise UsageError(
            f'--metric: nothing says which way a number in "{unit}" is good; say --higher-is-better or'
            " --lower-is-better, or a --metric-unit that says it, such as ms or 1/s"
        )
    return found


def _words(text: str, option: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"{option} cannot be split into words: {error}") from None
    if not words:
        raise UsageError(f"{option} is empty; give the command to run")
    return words


def _measure(plan: BenchPlan, options: Mapping[str, Any]) -> tuple[BenchRun, dict[str, str]]:
    """Run a plan on this machine, and say how; return what it came to, and on what machine."""
    if not hasattr(os, "wait4"):
        raise UsageError("this system does not count what a single process used; measure on Linux or macOS")
    from wedgate.adapters.processes.local import LocalLauncher, interrupted_by_ends, pinned, quiet_cpu
    from wedgate.adapters.processes.machine import machine_facts, machine_state
    from wedgate.engine.bench import MEMORY, run_bench
    from wedgate.render.bench import machine_words

    timeout = duration_option("--timeout")(options["timeout"]).total_seconds()
    cpu = None if options["no_pin"] else quiet_cpu()
    environment = machine_facts(cpu=cpu)
    environment |= {f"{name} before": value for name, value in machine_state().items()}
    with pinned(cpu), interrupted_by_ends():
        found = run_bench(plan, LocalLauncher(timeout_seconds=timeout), _tell)
    environment |= {f"{name} after": value for name, value in machine_state().items()}
    environment |= {"pinned": "no" if cpu is None else f"CPU {cpu}", "seed": str(plan.seed)}
    click.echo(machine_words(environment, pinned=cpu))
    stopped = (
        "" if found.rounds == plan.rounds else " (the answer was sure)" if found.stopped is None else " (cut short)"
    )
    looks = ", ".join(str(each) for each in found.looks.rounds)
    look = f", looks after {looks}, each at a level of {found.looks.level:.2g}" if found.judgement is not None else ""
    click.echo(f"{found.rounds} of {plan.rounds} rounds{stopped}, seed {plan.seed}{look}")
    if found.rounds and any(arm.named(MEMORY) is None for arm in found.arms.values()):
        click.echo("peak memory: not above wedgate's own, so it cannot be told")
    arms = {name: replace(arm, environment=environment) for name, arm in found.arms.items()}
    return replace(found, arms=arms), environment


def _tell(progress: Progress) -> None:
    """Say how far it is, on a terminal in place, elsewhere ten times at the most."""
    if progress.is_warm_up:
        return
    text = f"round {progress.done} of {progress.planned}, {progress.spent_seconds:.1f} s"
    if sys.stderr.isatty():
        end = "\n" if progress.done == progress.planned else ""
        click.echo(f"\r{text}{end}", nl=False, err=True)
    elif progress.done % max(1, progress.planned // 10) == 0:
        click.echo(text, err=True)


def _refuse(found: BenchRun) -> None:
    """Raise what ended a run that was not to end."""
    if found.failed:
        raise ExternalSystemError(f"{found.stopped}")


def _write(found: BenchRun, environment: Mapping[str, str], json_file: Path | None, reports: Path | None) -> None:
    from wedgate.judge.measurements import plain_measurements
    from wedgate.render.bench import plain_bench

    if json_file is not None:
        rounds = {"planned": found.plan.rounds, "done": found.rounds, "looks": list(found.looks.rounds)}
        rounds |= {"level_of_a_look": found.looks.level, "warm_up": found.plan.warm_up, "stopped": found.stopped}
        plain = plain_bench(
            found.arms,
            found.judgement,
            same=found.same,
            needed=found.needed,
            seed=found.plan.seed,
            rounds=rounds,
            environment=environment,
        )
        if found.again is not None:
            plain["fresh_arms"] = {name: plain_measurements(arm) for name, arm in found.again.arms.items()}
        _write_json(json_file, plain)
    if reports is not None:
        _write_arms(reports, found.arms)
        if found.again is not None:
            _write_arms(reports / "fresh", found.again.arms)


def _write_arms(folder: Path, arms: Mapping[str, Measurements]) -> None:
    from wedgate.judge.measurements import plain_measurements

    folder.mkdir(parents=True, exist_ok=True)
    for name, arm in arms.items():
        _write_json(folder / f"{name.replace(' ', '-')}.json", plain_measurements(arm))


def _write_json(path: Path, plain: Mapping[str, Any]) -> None:
    from wedgate.cli.files import write_whole

    write_whole(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def _read(path: Path) -> Measurements:
    from wedgate.adapters.benchmarks.registry import read_build

    return read_build(path)


def _costs(measured: Measurements, name: str | None) -> list[float]:
    """Return the values of a metric in the order of time, so that a higher one is worse."""
    from wedgate.judge.reading import Direction

    metric = measured.metrics[0] if name is None and len(measured.metrics) == 1 else measured.named(name or "")
    if metric is None:
        names = ", ".join(each.name for each in measured.metrics)
        raise UsageError(f"--of: which metric? There are {names}")
    if metric.aggregated is not None:
        raise UsageError(f"{metric.name} has no value for each process: {metric.aggregated}")
    pairs = sorted(zip(metric.times, metric.values, strict=True)) if metric.times else [(0, v) for v in metric.values]
    is_cost = metric.direction is Direction.LOWER_IS_BETTER
    try:
        return [value if is_cost else 1 / value for _, value in pairs]
    except ZeroDivisionError:
        raise UsageError(f"{metric.name} has the value 0, and higher is better: nothing was measured") from None
