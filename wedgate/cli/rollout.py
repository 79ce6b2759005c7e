"""``wedgate rollout``: run, adopt, status."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.ledger_wiring import open_store, state_directory, state_of
from wedgate.cli.rollout_wiring import Interruption, find_and_load, localiser, rollout_parts
from wedgate.errors import ExitCode, UsageError, WedgateError

if TYPE_CHECKING:
    from datetime import timedelta

    from wedgate.engine.progress import Progress
    from wedgate.engine.rollout_parts import RolloutParts, RunEnd
    from wedgate.render.rollout import Localise
    from wedgate.rollout.values import Release

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="The configuration; wedgate.yml by default."
)
region_option = click.option("--region", "regions", multiple=True, help="Only this region; may be given several times.")
format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group()
def command() -> None:
    """Roll a release out over the regions, or see where it stands.

    \b
    Examples:
      wedgate rollout adopt --digest sha256:1f3a...      record what runs today
      wedgate rollout run --commit SHA --digest sha256:9c0b...
      wedgate rollout run --commit SHA --digest sha256:9c0b... --wait 8h
      wedgate rollout status
    """


@command.command("run")
@click.option("--commit", required=True, help="The commit that is released: what people approve.")
@click.option("--digest", required=True, help="The digest that the target must report back.")
@region_option
@config_option
@click.option(
    "--wait", "wait_text", default="0s", help="How long to wait for closed windows, such as 8h; not at all by default."
)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="A regression report; read on every tick."
)
@click.option("--dry-run", is_flag=True, help="Print what would be done and when; write and change nothing.")
@format_option
def run(
    *,
    commit: str,
    digest: str,
    regions: tuple[str, ...],
    config: Path | None,
    wait_text: str,
    report: Path | None,
    dry_run: bool,
    form: str,
) -> ExitCode:
    """Roll a release out, or go on where an earlier run of it stopped.

    Ends with 0 when every region is done, 10 when a calendar is closed (it says until when), 11 when it may not
    start, 12 when it rolled back, 13 when a person must look, 20 when something outside failed. Ctrl-C returns what
    is in motion to stable and ends with 1; the same command goes on later.

    \b
    Examples:
      wedgate rollout run --commit 4f1c... --digest sha256:9c0b...
      wedgate rollout run --commit 4f1c... --digest sha256:9c0b... --region us-west --dry-run
    """
    from wedgate.rollout.values import Release

    wait = parse_wait(wait_text)
    with telling_exposure():
        configuration = find_and_load(config)
    kind, options = state_of(configuration)
    if kind == "file" and (warning := warning_of_checkout(state_directory(kind, options), os.environ)):
        click.echo(warning, err=True)
    interruption = Interruption()
    localise = localiser(configuration)

    def observe(progress: Progress) -> None:
        click.echo(_progress_line(progress, localise), err=form == "json")

    release = Release(commit=commit, digest=digest)
    parts = rollout_parts(
        config, configuration, interruption=interruption, observe=observe, report=report, release=release
    )
    if dry_run:
        return _dry_run(parts, release, regions, form, localise)
    from wedgate.engine.rollout import RolloutEngine

    with interruption.listening(), telling_exposure():
        end = RolloutEngine(parts).run(release, regions=regions, wait=wait)
    _print_end(end, form)
    return end.exit_code


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
    from wedgate.engine.adopt import adopt
    from wedgate.rollout.values import Colour, Release

    configuration = find_and_load(config)
    parts = rollout_parts(config, configuration, interruption=Interruption(), observe=lambda progress: None)
    side = Colour(colour) if colour else None
    for good in adopt(parts, Release(commit=commit, digest=digest), regions=regions, colour=side):
        click.echo(f"{good.region}: {good.release.digest} on {good.colour} is recorded as the last good version")
    return ExitCode.DONE


@command.command("status")
@config_option
@format_option
def status(*, config: Path | None, form: str) -> ExitCode:
    """Say where the last rollout stands, from the journal alone; no target is asked.

    \b
    Examples:
      wedgate rollout status
      wedgate rollout status --format json
    """
    from wedgate.engine.book import Book
    from wedgate.render.rollout import plain_status, render_json, render_status

    with telling_exposure():
        configuration = find_and_load(config)
        store, spool = open_store(*state_of(configuration), configuration.service)
        book = Book(store, spool)
        ledger = book.refresh()
        rollout = book.rollout(ledger.latest)
    if waiting := len(spool.waiting()):
        files = " and ".join(str(path) for path in spool.paths if path.exists())
        click.echo(
            f"{waiting} records wait in {files} and are not in what follows; the next run writes them down", err=True
        )
    for notice in book.notices():
        click.echo(notice, err=True)
    if form == "json":
        click.echo(render_json(plain_status(rollout, ledger)))
    else:
        click.echo(render_status(rollout, ledger, localise=localiser(configuration)))
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


def parse_wait(text: str) -> timedelta:
    """Return the duration that ``text`` spells (``90s``, ``8h``, ``1h30m``); ``UsageError`` if it spells none."""
    from datetime import timedelta

    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise UsageError(f"--wait {text}: not a duration; write a number with d, h, m or s, such as 90s, 8h or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise UsageError(f"--wait {text}: too long; write at most some days") from None


def _dry_run(
    parts: RolloutParts, release: Release, regions: tuple[str, ...], form: str, localise: Localise
) -> ExitCode:
    """Print what would be done."""
    from wedgate.engine.dry_run import foresee
    from wedgate.render.rollout import plain_effect, render_effects, render_json

    foreseen = [(each.at, each.effect) for each in foresee(parts, release, regions=regions)]
    if form == "json":
        effects = [plain_effect(at, effect) for at, effect in foreseen]
        click.echo(render_json({"schema_version": 1, "dry_run": True, "effects": effects}))
        return ExitCode.DONE
    click.echo("If every deploy works and every judgement passes (nothing was done):")
    click.echo(render_effects(foreseen, localise=localise) or "nothing: the release already runs there")
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
    """Print how the run ended."""
    from wedgate.render.rollout import plain_rollout, render_json

    if form == "json":
        rollout = None if end.state is None else plain_rollout(end.state)
        plain = {"schema_version": 1, "exit_code": int(end.exit_code), "text": end.text, "rollout": rollout}
        click.echo(render_json({**plain, "rescue": end.rescue}))
        return
    click.echo(end.text)
    if end.exit_code is ExitCode.NEEDS_HUMAN and end.rescue is not None:
        click.echo(f"to return traffic to stable now: wedgate rollback --rescue {end.rescue}")
