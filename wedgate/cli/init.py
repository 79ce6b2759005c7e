"""`wedgate init`: a starter configuration and the workflows to paste, and in words what the starter blocks.

Nothing that exists is ever overwritten, and when one file cannot be written none is left behind.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from wedgate import __version__
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.calendars.values import Calendar, Rule
    from wedgate.config.configuration import Configuration

CONFIGURATION = "wedgate.yml"
SCHEMA = ".wedgate/schema.json"
IGNORED = ".wedgate/.gitignore"
GATE = ".github/workflows/wedgate-gate{}.yml"
DIFF = ".github/workflows/wedgate-diff{}.yml"
ROLLOUT = ".github/workflows/wedgate-rollout{}.yml"
ROLLBACK = ".github/workflows/wedgate-rollback{}.yml"
PLAN = ".github/workflows/wedgate-plan{}.yml"
OVERRIDE = ".github/workflows/wedgate-override{}.yml"
REFRESH = ".github/workflows/wedgate-refresh{}.yml"


@click.command("init")
@click.argument("directory", required=False, default=".", type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="One region, its Saturdays, and the gate workflow only.")
def command(directory: Path, *, minimal: bool) -> ExitCode:
    """Write a starter configuration and the workflows to paste.

    The workflows go to the root of the repository that DIRECTORY is in, where the forge looks for them. Never
    overwrites anything: if one of the files is there already, nothing is written.

    \b
    Examples:
      wedgate init
      wedgate init --minimal
      wedgate init services/venue-search
    """
    from wedgate.config.load import parse_configuration

    root = repository_of(directory)
    files = starter_files(directory, root=root, minimal=minimal)
    configuration = parse_configuration(files[directory / CONFIGURATION].encode(), name=CONFIGURATION)
    write_all(directory, files)
    for path in files:
        click.echo(f"wrote {path}")
    click.echo()
    for line in described(configuration, now=datetime.now(UTC)):
        click.echo(line)
    click.echo()
    click.echo("Next: put your service, regions and markets in it, then `wedgate lint` and `wedgate check`.")
    return ExitCode.DONE


def repository_of(directory: Path) -> Path:
    """Return the root of the repository that ``directory`` is in, or will be; itself where there is none."""
    place = directory.absolute()
    for up, parent in enumerate((place, *place.parents)):
        # A file in linked work trees and submodules.
        if (parent / ".git").exists():
            return directory if up == 0 else parent
    return directory


def starter_files(directory: Path, *, root: Path, minimal: bool) -> dict[Path, str]:
    """Return the files to write; ``root`` is the repository's, where the workflows go."""
    from wedgate.config.load import parse_configuration
    from wedgate.config.schema import committed_schema

    inside = PurePosixPath(directory.absolute().relative_to(root.absolute())) if root != directory else PurePosixPath()
    if not re.fullmatch(r"[A-Za-z0-9._/-]*", str(inside)):
        raise UsageError(f"the workflows cannot name {inside}; use letters, digits, -, _ and . in its path")
    filled = _values_for(inside)
    text = _filled("starter-minimal.yml" if minimal else "starter.yml", filled)
    configuration = parse_configuration(text.encode(), name=CONFIGURATION)
    filled["@REGIONS@"] = ", ".join(region.name for region in configuration.calendar.regions)
    files = {
        directory / CONFIGURATION: text,
        directory / SCHEMA: committed_schema(),
        directory / IGNORED: "# What a rollout leaves here.\nstate/\n",
        root / GATE.format(filled["@SLUG@"]): _filled("wedgate-gate.yml", filled),
    }
    if not minimal:
        files[root / DIFF.format(filled["@SLUG@"])] = _filled("wedgate-diff.yml", filled)
        files[root / ROLLOUT.format(filled["@SLUG@"])] = _filled("wedgate-rollout.yml", filled)
        files[root / ROLLBACK.format(filled["@SLUG@"])] = _filled("wedgate-rollback.yml", filled)
        files[root / PLAN.format(filled["@SLUG@"])] = _filled("wedgate-plan.yml", filled)
        files[root / OVERRIDE.format(filled["@SLUG@"])] = _filled("wedgate-override.yml", filled)
        files[root / REFRESH.format(filled["@SLUG@"])] = _filled("wedgate-refresh.yml", filled)
    return files


def _values_for(inside: PurePosixPath) -> dict[str, str]:
    """Return what the marks of the templates stand for; ``inside`` is the configuration's place in the repository."""
    from wedgate.overrides.place import ROOT, Place

    values = {"@MAJOR@": str(max(1, int(__version__.partition(".")[0]))), "./deploy": f"./{inside / 'deploy'}"}
    if inside == PurePosixPath():
        nothing = dict.fromkeys(("@SUBJECT@", "@SLUG@", "@CONFIG_INPUT@", "@CONFIG_OPTION@"), "")
        return values | nothing | {"@CONFIG_PATHS@": "wedgate.yml, .github/wedgate.yml", "@STATUS@": ROOT.status}
    return values | {
        "@SUBJECT@": f" {inside}",
        "@SLUG@": f"-{str(inside).replace('/', '-')}",
        "@CONFIG_PATHS@": str(inside / CONFIGURATION),
        "@CONFIG_INPUT@": f"\n          config: {inside / CONFIGURATION}",
        "@STATUS@": Place(path=str(inside / CONFIGURATION)).status,
        "@CONFIG_OPTION@": f" --config {inside / CONFIGURATION}",
    }


def _resource(name: str) -> str:
    return (resources.files("wedgate.config") / "resources" / name).read_text(encoding="utf-8")


def _filled(name: str, values: Mapping[str, str]) -> str:
    text = _resource(name)
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def write_all(directory: Path, files: Mapping[Path, str]) -> None:
    """Write every file, or none; ``UsageError`` names the one that is there already or cannot be written."""
    from wedgate.config.load import CONFIG_PATHS

    for path in dict.fromkeys((*files, *(directory / name for name in CONFIG_PATHS))):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already; nothing was written. Move it away, or name another directory")
    written: list[Path] = []
    made: list[Path] = []
    try:
        for path, text in files.items():
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
