"""``wedgate rollout``: run, adopt, status."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.ledger_wiring import state_directory, state_of
from wedgate.cli.metrics_out import annotations_option, metrics_file_option, metrics_jobs, metrics_push_option
from wedgate.cli.notify_wiring import Telling
from wedgate.cli.rollout_orders import abort, clear, drain, pause, resume
from wedgate.cli.rollout_status import status
from wedgate.cli.rollout_wiring import Interruption, find_and_load, localiser, rollout_parts
from wedgate.errors import ExitCode, RefusedError, UsageError, WedgateError

if TYPE_CHECKING:
    from datetime import timedelta

    from wedgate.config.configuration import Configuration
    from wedgate.engine.progress import Progress
    from wedgate.engine.rollout_parts import RolloutParts, RunEnd
    from wedgate.render.rollout import Localise
    from wedgate.rollout.promises import Declared
    from wedgate.rollout.values import Release

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="The configuration; wedgate.yml by default."
)
region_option = click.option("--region", "regions", multiple=True, help="Only this region; may be given several times.")
format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
migration_option = click.option(
    "--migration",
    type=click.Choice(["none", "expand", "contract", "irreversible"]),
    help="What the release does to the database that both colours share; none by default.",
)
accept_option = click.option(
    "--accept-migration",
    "accepts",
    is_flag=True,
    help="Start although a rollback cannot take the migration back (contract, irreversible).",
)


@click.group()
def command() -> None:
    """Roll a release out over the regions, or see where it stands.

    \b
    Examples:
      wedgate rollout adopt --digest sha256:1f3a...      record what runs today
      wedgate rollout run --commit SHA --digest sha256:9c0b...
      wedgate rollout run --commit SHA --digest sha256:9c0b... --wait 8h
      wedgate rollout status
      wedgate rollout start --commit SHA --digest sha256:9c0b... ; wedgate rollout tick
    """


@command.command("run")
@click.option("--commit", help="The commit that is released: what people approve.")
@click.option("--digest", help="The digest that the target must report back.")
@region_option
@config_option
@click.option(
    "--wait", "wait_text", default="0s", help="How long to wait for closed windows, such as 8h; not at all by default."
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="A regression report; read on every tick."
)
@click.option("--budget", "budget_text", help="Hand over to the next run after so long, such as 5h.")
@click.option("--dispatch", is_flag=True, help="On a runner: start the next run of this workflow when handing over.")
@metrics_file_option
@metrics_push_option
@annotations_option
@click.option("--dry-run", is_flag=True, help="Print what would be done and when; write and change nothing.")
@migration_option
@accept_option
@format_option
def run(
    *,
    commit: str | None,
    digest: str | None,
    regions: tuple[str, ...],
    config: Path | None,
    wait_text: str,
    report: Path | None,
    budget_text: str | None,
    dispatch: bool,
    metrics_file: Path | None,
    metrics_push: str | None,
    annotations_out: Path | None,
    dry_run: bool,
    migration: str | None,
    accepts: bool,
    form: str,
) -> ExitCode:
    """Roll a release out, or go on where an earlier run of it stopped; without --commit and --digest, go on with what
    is under way.

    Ends with 0 when every region is done, 10 when a calendar is closed (it says until when), 11 when it may not
    start, 12 when it rolled back, 13 when a person must look, 20 when something outside failed. Ctrl-C returns what
    is in motion to stable and ends with 1; the same command goes on later. With --budget it ends with 0 when the time
    is up: it writes down what it observed, and leaves candidates their traffic for the run that goes on at once.
    Without a release waiting is no failure, as for a tick: it ends with 0 where a calendar is closed, or nothing is
    under way.

    \b
    Examples:
      wedgate rollout run --commit 4f1c... --digest sha256:9c0b...
      wedgate rollout run --commit 4f1c... --digest sha256:9c0b... --region us-west --dry-run
      wedgate rollout run --commit 4f1c... --digest sha256:9c0b... --wait 5h --budget 5h
      wedgate rollout run --commit 4f1c... --digest sha256:9c0b... --migration contract --accept-migration
      wedgate rollout run --budget 5h --dispatch
    """
    wait = parse_wait(wait_text)
    budget = None if budget_text is None else parse_wait(budget_text, option="--budget")
    if budget is not None and not budget:
        raise UsageError(
            f"--budget {budget_text}: a run that may take no time does nothing; say how long, as --budget 5h"
        )
    release = _release(commit, digest, has_more=bool(regions or report or dry_run or migration or accepts))
    if report is not None:
        _look_at_report(report)
    if dispatch and budget is None:
        raise UsageError("--dispatch hands over when a budget is up; say how long this run may take, as --budget 5h")
    from wedgate.cli.on_runner import next_run_of

    start_next = next_run_of(os.environ) if dispatch else None
    with telling_exposure():
        configuration = find_and_load(config)
    kind, options = state_of(configuration)
    if kind == "file" and (warning := warning_of_checkout(state_directory(kind, options), os.environ)):
        click.echo(warning, err=True)
    interruption = Interruption()
    localise = localiser(configuration)

    def observe(progress: Progress) -> None:
        click.echo(_progress_line(progress, localise), err=form == "json")

    parts = rollout_parts(
        config, configuration, interruption=interruption, observe=observe, report=report, release=release
    )
    if dry_run and release is not None:
        return _dry_run(parts, release, regions, migration, form, localise)
    declared = _declared(migration, accepts)
    from wedgate.engine.rollout import RolloutEngine

    jobs = metrics_jobs(configuration, metrics_file, metrics_push, annotations_out)
    with Telling(configuration, jobs).of(parts) as parts:
        with interruption.listening(), telling_exposure():
            engine = RolloutEngine(parts, declared)
            if release is None:
                end = engine.go_on(wait=wait, budget=budget)
            else:
                end = engine.run(release, regions=regions, wait=wait, budget=budget)
        _print_end(end, form)
        if start_next is not None and end.is_handed_over and end.exit_code is ExitCode.DONE:
            with telling_exposure():
                click.echo(start_next(interruption.pause), err=form == "json")
    return end.exit_code


def _look_at_report(path: Path) -> None:
    """Refuse a broken report before anything starts, and say that one is not there yet: it may be a misspelt path."""
    from wedgate.cli.report import load_report

    if path.exists():
        load_report(path)
    else:
        click.echo(f"{path}: there is no report yet; it is looked for on every tick", err=True)


def release_of(commit: str, digest: str) -> Release:
    """Return the release that a command line names; ``UsageError`` for what names none."""
    from wedgate.rollout.values import Release

    for option, text in (("--commit", commit), ("--digest", digest)):
        if not text.strip() or any(each.isspace() or not each.isprintable() for each in text):
            raise UsageError(f"{option} {ascii(text)[:60]}: write it without spaces, and not empty")
    return Release(commit=commit, digest=digest)


def _release(commit: str | None, digest: str | None, *, has_more: bool) -> Release | None:
    """Return the release that is named, ``None`` for the one that is under way; ``UsageError`` for half of one."""

    if commit is not None and digest is not None:
        return release_of(commit, digest)
    if commit is not None or digest is not None:
        raise UsageError("a release is --commit and --digest; without both, the rollout that is under way goes on")
    if has_more:
        known = "--region, --report, --dry-run and --migration"
        raise UsageError(f"{known} are for a release: name it with --commit and --digest")
    return None


@command.command("start")
@click.option("--commit", required=True, help="The commit that is released: what people approve.")
@click.option("--digest", required=True, help="The digest that the target must report back.")
@region_option
@config_option
@migration_option
@accept_option
@format_option
def start(
    *,
    commit: str,
    digest: str,
    regions: tuple[str, ...],
    config: Path | None,
    migration: str | None,
    accepts: bool,
    form: str,
) -> ExitCode:
    """Plan a rollout and write its start down; `wedgate rollout tick` then does one step at a time.

    \b
    Examples:
      wedgate rollout start --commit 4f1c... --digest sha256:9c0b...
      wedgate rollout start --commit 4f1c... --digest sha256:9c0b... --migration irreversible --accept-migration
    """
    from wedgate.engine.rollout import RolloutEngine

    configuration = find_and_load(config)
    parts = _parts(config, configuration, Interruption(), form)
    declared = _declared(migration, accepts)
    with Telling(configuration).of(parts) as parts:
        with telling_exposure():
            end = RolloutEngine(parts, declared).start(release_of(commit, digest), regions=regions)
        _print_end(end, form)
    return end.exit_code


@command.command("tick")
@region_option
@config_option
@metrics_file_option
@metrics_push_option
@annotations_option
@format_option
def tick(
    *,
    regions: tuple[str, ...],
    config: Path | None,
    metrics_file: Path | None,
    metrics_push: str | None,
    annotations_out: Path | None,
    form: str,
) -> ExitCode:
    """Let every region of what is under way take at most one step, and end. Waiting is no failure: it ends with 0.

    Made for a schedule: late, twice at once and killed half-way are all the same to it. A candidate keeps its traffic
    between two ticks, so let them come at least every `rollout.max-unwatched`: after that it goes back to stable.

    \b
    Examples:
      wedgate rollout tick
      wedgate rollout tick --region us-west      a job that has the credentials of one region
      wedgate rollout tick --metrics-file /var/lib/node_exporter/wedgate.prom
    """
    return run_tick(config, regions, form, metrics=(metrics_file, metrics_push, annotations_out))


def run_tick(
    config: Path | None,
    regions: tuple[str, ...],
    form: str,
    *,
    metrics: tuple[Path | None, str | None, Path | None] = (None, None, None),
) -> ExitCode:
    """Do one tick and print how it ended; ``metrics`` says where they and annotations are written."""
    from wedgate.engine.rollout import RolloutEngine

    interruption = Interruption()
    with telling_exposure():
        configuration = find_and_load(config)
    parts = _parts(config, configuration, interruption, form)
    with Telling(configuration, metrics_jobs(configuration, *metrics)).of(parts) as parts:
        with interruption.listening(), telling_exposure():
            end = RolloutEngine(parts).tick(regions=regions)
        _print_end(end, form)
    return end.exit_code


def obey_once(config: Path | None, form: str) -> None:
    """Do what the rollouts under way were ordered, and take no step forward, unless a run that is alive will do it."""
    from wedgate.engine.rollout import RolloutEngine

    interruption = Interruption()
    with telling_exposure():
        configuration = find_and_load(config)
    parts = _parts(config, configuration, interruption, form)
    with (
        Telling(configuration).of(parts) as parts,
        interruption.listening(),
        telling_exposure(),
        suppress(RefusedError),
    ):
        RolloutEngine(parts).watch_over()


def _declared(migration: str | None, accepts: bool) -> Declared:
    """Return what was said of the release's migration, and say what a rollback can promise after it."""
    from wedgate.cli.authority import asker
    from wedgate.rollout.promises import Declared, promise
    from wedgate.rollout.values import Migration

    kind = None if migration is None else Migration(migration)
    if kind not in (None, Migration.NONE):
        click.echo(f"migration {kind}: {promise(kind)}", err=True)
    if accepts and (kind is None or not kind.limits_rollback):
        raise UsageError("--accept-migration is for --migration contract or irreversible; leave it out")
    return Declared(migration=kind, accepted_by=asker(os.environ) if accepts else None)


def _parts(config: Path | None, configuration: Configuration, interruption: Interruption, form: str) -> RolloutParts:
    """Wire the engine, and print what it says as it goes."""
    localise = localiser(configuration)

    def observe(progress: Progress) -> None:
        click.echo(_progress_line(progress, localise), err=form == "json")

    return rollout_parts(config, configuration, interruption=interruption, observe=observe)


for _one in (pause, resume, abort, drain, clear, status):
    command.add_command(_one)


@command.command("adopt")
@click.option("--digest", required=True, help="The digest that runs today.")
@click.option("--commit", default="unknown", help="The commit it was built from, where that is known.")
@click.option(
    "--colour", type=click.Choice(["blue", "green"]), help="The side it runs on; the one with all traffic by default."
)
@region_option
@config_option
def adopt_command(
    *, digest: str, commit: str, colour: str | None, regions: tuple[str, ...], config: Path | None
) -> ExitCode:
    """Record what runs today as the last good version, after asking each target whether it is true.

    \b
    Examples:
      wedgate rollout adopt --digest sha256:1f3a...
      wedgate rollout adopt --digest sha256:1f3a... --region us-west --colour green
    """
    from wedgate.cli.authority import giver
    from wedgate.engine.adopt import adopt
    from wedgate.overrides.policy import Duty
    from wedgate.rollout.values import Colour

    giver(Duty.ADOPT, config, os.environ)
    configuration = find_and_load(config)
    parts = rollout_parts(config, configuration, interruption=Interruption(), observe=lambda progress: None)
    side = Colour(colour) if colour else None
    for good in adopt(parts, release_of(commit, digest), regions=regions, colour=side):
        click.echo(f"{good.region}: {good.release.digest} on {good.colour} is recorded as the last good version")
    return ExitCode.DONE


@contextmanager
def telling_exposure() -> Iterator[None]:
    """Say, beside an error of the configuration or the ledger, where a rescue file's targets have candidate traffic."""
    from wedgate.errors import ConfigurationError, ExternalSystemError

    try:
        yield
    except (ConfigurationError, ExternalSystemError):
        from wedgate.cli.rollback import find_rescue
        from wedgate.cli.rollout_wiring import open_existing_target
        from wedgate.engine.traffic import spell_exposed

        with suppress(WedgateError):
            path, rescue = find_rescue(Path.cwd())
            if exposed := spell_exposed(rescue.regions, open_existing_target):
                digest = rescue.release.digest
                click.echo(f"{exposed}; the new version is {digest}: wedgate rollback --rescue {path}", err=True)
        raise


def warning_of_checkout(directory: Path, environment: Mapping[str, str]) -> str:
    """Say that the state lies where a runner's next checkout deletes it; empty when it does not."""
    workspace = environment.get("GITHUB_WORKSPACE")
    if not workspace or not directory.resolve().is_relative_to(Path(workspace).resolve()):
        return ""
    return (
        f"warning: the state lies in {directory}, inside the checkout, which the next job deletes; "
        "set `state.path` to a directory outside of it"
    )


def parse_wait(text: str, *, option: str = "--wait") -> timedelta:
    """Return the duration that ``text`` spells (``90s``, ``8h``, ``1h30m``); ``UsageError`` if it spells none."""
    from datetime import timedelta

    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise UsageError(f"{option} {text}: not a duration; write a number with d, h, m or s, such as 90s, 8h or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise UsageError(f"{option} {text}: too long; write at most some days") from None


def _dry_run(
    parts: RolloutParts,
    release: Release,
    regions: tuple[str, ...],
    migration: str | None,
    form: str,
    localise: Localise,
) -> ExitCode:
    """Print what would be done."""
    from wedgate.engine.dry_run import foresee
    from wedgate.render.rollout import plain_effect, plain_migration, render_effects, render_json
    from wedgate.rollout.promises import promise
    from wedgate.rollout.values import Migration

    kind = Migration(migration or Migration.NONE)
    foreseen = [(each.at, each.effect) for each in foresee(parts, release, regions=regions, migration=kind)]
    if form == "json":
        effects = [plain_effect(at, effect) for at, effect in foreseen]
        plain = {"schema_version": 1, "dry_run": True, "migration": plain_migration(kind), "effects": effects}
        click.echo(render_json(plain))
        return ExitCode.DONE
    click.echo("If every deploy works and every judgement passes (nothing was done):")
    click.echo(render_effects(foreseen, localise=localise) or "nothing: the release already runs there")
    if foreseen and kind is not Migration.NONE:
        click.echo(f"migration {kind}: {promise(kind)}")
    if foreseen and kind.limits_rollback:
        click.echo("each region keeps its old colour until `wedgate rollout drain`")
    return ExitCode.DONE


def _progress_line(progress: Progress, localise: Localise) -> str:
    """Render one progress line."""
    from wedgate.render.rollout import render_progress

    return render_progress(
        progress.at,
        progress.region,
        progress.what,
        why=progress.why,
        until=progress.until,
        weights=progress.weights,
        localise=localise,
    )


def _print_end(end: RunEnd, form: str) -> None:
    """Print how the run ended, and tell the runner where there is one."""
    from wedgate.cli.on_runner import tell_runner
    from wedgate.render.rollout import plain_rollout, render_json

    rollout = None if end.state is None else plain_rollout(end.state)
    plain = {"schema_version": 1, "exit_code": int(end.exit_code), "text": end.text, "rollout": rollout}
    text = render_json({**plain, "rescue": end.rescue, "handed_over": end.is_handed_over})
    tell_runner(end, text, os.environ)
    if form == "json":
        click.echo(text)
        return
    click.echo(end.text)
    if end.exit_code is ExitCode.NEEDS_HUMAN and end.rescue is not None:
        click.echo(f"to return traffic to stable now: wedgate rollback --rescue {end.rescue}")
