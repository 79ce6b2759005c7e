"""`wedgate preset`: the calendars that a region can extend, with what each row says and where that is from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import terminal_style
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.config.preset_file import Preset


@click.group("preset")
def command() -> None:
    """The calendars that a region can extend: list and show them.

    \b
    Examples:
      wedgate preset list
      wedgate preset show wedding/us-east
      wedgate preset show wedding/eu-central --row whit-monday --config wedgate.yml
    """


@command.command("list")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Text by default.")
def show_all(form: str) -> ExitCode:
    """List the presets with what each of them closes."""
    from wedgate.almanac.presets import preset_names
    from wedgate.config.preset_file import read_preset
    from wedgate.config.preset_rows import describe_rows
    from wedgate.render.presets import plain_preset, render_json, render_list

    found = [(preset, describe_rows(preset)) for preset in map(read_preset, preset_names())]
    if form == "json":
        click.echo(render_json([plain_preset(preset, rows) for preset, rows in found]))
    else:
        click.echo(render_list(found, width=terminal_style().width))
    return ExitCode.DONE


@command.command("show")
@click.argument("name")
@click.option("--row", "row_id", metavar="ID", help="This row alone.")
@click.option("--config", type=click.Path(path_type=Path), help="Say which markets of this configuration each reaches.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Text by default.")
def show_one(name: str, row_id: str | None, config: Path | None, form: str) -> ExitCode:
    """Show the rows of NAME: when, what, for whom, until when that is known, and its source.

    NAME is a preset, or a shared calendar at its commit (org/repo//path@sha).
    """
    from wedgate.config.nearest import remedy_for
    from wedgate.config.preset_rows import describe_rows
    from wedgate.render.presets import plain_preset, render_json, render_preset

    preset = _find(name)
    rows = describe_rows(preset, _load(config))
    if row_id is not None:
        wanted = row_id.removeprefix(f"{preset.name}/")
        known = tuple(row.row for row in rows)
        if wanted not in known:
            raise UsageError(f"{preset.name} has no row {ascii(wanted)[:60]}; {remedy_for(wanted, known)}")
        rows = tuple(row for row in rows if row.row == wanted)
    if form == "json":
        click.echo(render_json([plain_preset(preset, rows)]))
    else:
        click.echo(render_preset(preset, rows, width=terminal_style().width))
    return ExitCode.DONE


def _find(name: str) -> Preset:
    from wedgate.almanac.presets import preset_names
    from wedgate.calendars.spelling import SpellingError
    from wedgate.cli.sharing import SharedCalendars
    from wedgate.config.extends import parse_extended
    from wedgate.config.nearest import remedy_for
    from wedgate.config.preset_file import parse_preset, read_preset

    try:
        named = parse_extended(name)
    except SpellingError as error:
        raise UsageError(f"{error.what}; {error.remedy}") from None
    if isinstance(named, str):
        if named not in preset_names():
            raise UsageError(f"there is no preset {ascii(named)[:60]}; {remedy_for(named, preset_names())}")
        return read_preset(named)
    content = SharedCalendars()(named)
    if content is None:
        raise UsageError(f"{named.repository} has no file {named.path} at {named.commit}; correct path or commit")
    return parse_preset(content, name=named.name, file=str(named))


def _load(config: Path | None) -> Configuration | None:
    if config is None:
        return None
    from wedgate.cli.sharing import SharedCalendars
    from wedgate.config.load import load_configuration

    return load_configuration(config, shared=SharedCalendars())
