"""`wedgate init`: a starter configuration and the workflows to paste, and in words what the starter blocks.

Nothing that exists is ever overwritten, and when one file cannot be written none is left behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate import __version__
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.calendars.values import Calendar, Rule
    from wedgate.config.configuration import Configuration

CONFIGURATION = "wedgate.yml"
SCHEMA = ".wedgate/schema.json"
GATE = ".github/workflows/wedgate-gate.yml"
ROLLOUT = ".github/workflows/wedgate-rollout.yml"


@click.command("init")
@click.argument("directory", required=False, default=".", type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="One region, its Saturdays, and the gate workflow only.")
def command(directory: Path, *, minimal: bool) -> ExitCode:
    """Write a starter configuration and the workflows to paste.

    Never overwrites anything: if one of the files is there already, nothing is written.

    \b
    Examples:
      wedgate init
      wedgate init --minimal
      wedgate init services/venue-search
    """
    from wedgate.config.load import parse_configuration

    files = starter_files(minimal=minimal)
    configuration = parse_configuration(files[CONFIGURATION].encode(), name=CONFIGURATION)
    write_all(directory, files)
    for name in files:
        click.echo(f"wrote {directory / name}")
    click.echo()
    for line in described(configuration, now=datetime.now(UTC)):
        click.echo(line)
    click.echo()
    click.echo("Next: put your service, regions and markets in it, then `wedgate lint` and `wedgate check`.")
    return ExitCode.DONE


def starter_files(*, minimal: bool) -> dict[str, str]:
    """Return the files to write, by their path in the directory."""
    from wedgate.config.load import parse_configuration
    from wedgate.config.schema import committed_schema

    text = _resource("starter-minimal.yml" if minimal else "starter.yml")
    configuration = parse_configuration(text.encode(), name=CONFIGURATION)
    regions = ", ".join(region.name for region in configuration.calendar.regions)
    major = __version__.partition(".")[0]
    filled = {"@REGIONS@": regions, "@MAJOR@": str(max(1, int(major))), "@VERSION@": __version__}
    files = {CONFIGURATION: text, SCHEMA: committed_schema(), GATE: _filled("wedgate-gate.yml", filled)}
    if not minimal:
        files[ROLLOUT] = _filled("wedgate-rollout.yml", filled)
    return files


def _resource(name: str) -> str:
    return (resources.files("wedgate.config") / "resources" / name).read_text(encoding="utf-8")


def _filled(name: str, values: Mapping[str, str]) -> str:
    text = _resource(name)
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def write_all(directory: Path, files: Mapping[str, str]) -> None:
    """Write every file, or none; ``UsageError`` names the one that is there already or cannot be written."""
    from wedgate.config.load import CONFIG_PATHS

    for name in dict.fromkeys((*files, *CONFIG_PATHS)):
        path = directory / name
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already; nothing was written. Move it away, or name another directory")
    written: list[Path] = []
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = directory / name
            made += [parent for parent in reversed(path.parents) if not parent.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            # `x`: a file that appeared since is not overwritten either.
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in reversed(written):
            with contextlib.suppress(OSError):
                path.unlink()
        for parent in reversed(made):
            with contextlib.suppress(OSError):
                parent.rmdir()
        place = error.filename or directory
        raise UsageError(
            f"cannot write {place} ({error.strerror}); nothing was written. Name another directory"
        ) from None


def described(configuration: Configuration, *, now: datetime) -> list[str]:
    """Say what a configuration blocks: each rule in words, then the open hours of each region in the next 365 days."""
    from wedgate.calendars.values import Effect

    calendar = configuration.calendar
    closing = [rule for rule in calendar.rules if _closes(rule, calendar)]
    lines = ["This closes:"]
    lines += [f"  {rule.id:<16} {_words(rule, calendar)}" for rule in closing] or ["  nothing: every hour is open"]
    careful = [rule for rule in calendar.rules if rule not in closing and rule.effect is not Effect.ALLOW]
    if careful:
        lines.append("This asks for care:")
        lines += [f"  {rule.id:<16} {_words(rule, calendar)}" for rule in careful]
    with contextlib.suppress(ImportError):
        lines += open_hours(calendar, now=now)
    return lines


def _closes(rule: Rule, calendar: Calendar) -> bool:
    from wedgate.calendars.values import Effect

    by_load = rule.load is not None and rule.load >= calendar.thresholds.block_from
    return by_load or rule.effect in (Effect.BLOCK, Effect.ALLOW)


def _words(rule: Rule, calendar: Calendar) -> str:
    from wedgate.calendars.values import Effect

    everywhere = tuple(region.name for region in calendar.regions)
    places = tuple(str(place) for place in rule.where)
    said = rule.kind.words()
    if rule.clock is not None:
        said += f", {rule.clock}"
    if rule.effect is Effect.ALLOW:
        said = f"every time but {said}"
    if rule.load is not None:
        said += f" (load {rule.load:f})"
    where = "everywhere" if places == everywhere else f"in {', '.join(places)}"
    return f"{said}, {where}, {f'{rule.zone} time' if rule.zone else 'in local time'}"


def open_hours(calendar: Calendar, *, now: datetime) -> list[str]:
    """Say for how many hours a week each region is open, on average over the next 365 days."""
    from wedgate.almanac.gather import gather_facts
    from wedgate.calendars.facts import needs_of
    from wedgate.calendars.timeline import compile_timeline
    from wedgate.calendars.values import Span

    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    year = Span(start=start, end=start + timedelta(days=365))
    facts = gather_facts(needs_of(calendar), year)
    timeline = compile_timeline(calendar, facts, year)
    lines = ["Open hours a week, on average over the next 365 days (of 168):"]
    for region in calendar.regions:
        runs = timeline.open_runs([region.name])
        seconds = sum(
            (min(run.end, year.end) - max(run.start, year.start)).total_seconds()
            for run in runs
            if run.start < year.end and run.end > year.start
        )
        lines.append(f"  {region.name:<16} {seconds / 3600 / 365 * 7:.0f}")
    return lines
