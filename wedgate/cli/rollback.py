"""``wedgate rollback``: needs only the rescue file and the targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.ledger_wiring import STATE_DIRECTORY, open_store, rescue_path, state_directory, state_of
from wedgate.cli.rollout_wiring import open_existing_target, utc_now
from wedgate.errors import ExitCode, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.engine.rollback import RegionReturn
    from wedgate.rollout.rescue import Rescue


@click.command()
@click.option(
    "--rescue", type=click.Path(path_type=Path, dir_okay=False), help="The rescue file that the rollout wrote."
)
@click.option("--region", "regions", multiple=True, help="Only this region; may be given several times.")
@click.option("--reason", default="no reason given", help="Why; goes into the record and the poison list.")
@click.option("--at-once", is_flag=True, help="Everything in one call, whatever the old colour is able to take.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(*, rescue: Path | None, regions: tuple[str, ...], reason: str, at_once: bool, form: str) -> ExitCode:
    """Return all traffic to stable, now.

    Asks no calendar, no configuration and nobody else: the weights are written, read back, and then recorded if the
    ledger can be reached. Regions not named that have a part of the traffic return too: nobody watches them any
    more. An old colour that is known to be gone is deployed first; one that is known to be too small gets at once
    what it can take, and the rest within 90 seconds. Ends with 12 when something was rolled back, 0 when all traffic
    was on stable already, 13 when the stable version does not answer as it should, 20 when a region could not be
    returned.

    \b
    Examples:
      wedgate rollback
      wedgate rollback --region us-west --reason "bookings fail"
      wedgate rollback --at-once
      wedgate rollback --rescue .wedgate/venue-search.rescue.json
    """
    from wedgate.adapters.stores.rescue import load_rescue
    from wedgate.engine.book import Book
    from wedgate.engine.recording import exposed_in, recorder_in
    from wedgate.engine.rollback import roll_back
    from wedgate.render.rollout import render_json
    from wedgate.rollout.promises import not_promised

    path, found = find_rescue(Path.cwd()) if rescue is None else (rescue, load_rescue(rescue))
    back = ", ".join(sorted({region.stable_release.digest for region in found.regions}))
    click.echo(
        f"rescue {path}: rollout {found.rollout} of {found.release.digest}, returns to {back}", err=form == "json"
    )
    if lost := not_promised(found.migration):
        click.echo(f"migration {found.migration}: {lost}", err=form == "json")
    try:
        book = Book(*open_store(found.store_kind, dict(found.store_options), found.service))
    except (WedgateError, KeyError):
        book = Book(*open_store("file", {"path": STATE_DIRECTORY}, found.service))

    def observe(region: RegionReturn) -> None:
        click.echo(_line(region), err=form == "json")

    end = roll_back(
        found,
        open_existing_target,
        clock=utc_now,
        why=reason,
        regions=regions,
        record=recorder_in(book),
        exposed=exposed_in(book),
        observe=observe,
        say=lambda text: click.echo(text, err=form == "json"),
        at_once=at_once,
    )

    if form == "json":
        regions_plain = [
            {
                "region": region.region,
                "before": None if region.before is None else {"blue": region.before.blue, "green": region.before.green},
                "after": None if region.after is None else {"blue": region.after.blue, "green": region.after.green},
                "trouble": region.trouble or None,
                "stable": region.stable or None,
                "first": region.first or None,
            }
            for region in end.regions
        ]
        plain = {"schema_version": 1, "exit_code": int(end.exit_code), "regions": regions_plain}
        click.echo(render_json({**plain, "recorded": end.recorded, "not_promised": lost or None}))
    else:
        click.echo(end.recorded)
    return end.exit_code


def _line(region: RegionReturn) -> str:
    """Spell one region's return."""
    before = "unknown" if region.before is None else f"blue {region.before.blue} / green {region.before.green}"
    after = "FAILED" if region.after is None else f"blue {region.after.blue} / green {region.after.green}"
    trouble = "; ".join(filter(None, [region.first, region.trouble or region.stable]))
    return f"{region.region}: {before} -> {after}{f' ({trouble})' if trouble else ''}"


def find_rescue(start: Path) -> tuple[Path, Rescue]:
    """Return the newest rescue file to be found from ``start``: where wedgate.yml keeps its state, or under .wedgate.

    Raises ``UsageError`` when there is none, or there are files of several services: which to return must not be
    guessed. A file that cannot be used is said and left out; a configuration likewise.
    """
    from wedgate.adapters.stores.rescue import load_rescue

    paths = {path.resolve() for path in (start / STATE_DIRECTORY).rglob("*.rescue.json")}
    paths |= {path.resolve() for path in _configured(start)}
    found: list[tuple[Path, Rescue]] = []
    for path in sorted(paths):
        try:
            found.append((path, load_rescue(path)))
        except WedgateError as error:
            click.echo(f"left out: {error}", err=True)
    names = ", ".join(str(path) for path, _ in found)
    hint = "name the one to use with --rescue (`wedgate rollout run` writes it at its start)"
    if not found:
        raise UsageError(f"no rescue file here; {hint}")
    if len({rescue.service for _, rescue in found}) > 1:
        raise UsageError(f"rescue files of several services: {names}; {hint}")
    return max(found, key=lambda each: each[1].at)


def _configured(start: Path) -> list[Path]:
    """Return the rescue file beside the state that wedgate.yml names; nothing when the file cannot be used."""
    from wedgate.cli.sharing import SharedCalendars
    from wedgate.config.load import find_configuration, load_configuration

    path = find_configuration(start)
    if path is None:
        return []
    try:
        configuration = load_configuration(path, shared=SharedCalendars(offline=True))
        wanted = rescue_path(state_directory(*state_of(configuration)), configuration.service)
    except WedgateError as error:
        click.echo(f"the configuration cannot be used to find a rescue file, and is not needed: {error}", err=True)
        return []
    return [wanted] if wanted.exists() else []
