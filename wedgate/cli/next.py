"""`wedgate next`: when regions open, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import duration_option, parse_instant, terminal_style
from wedgate.errors import ExitCode

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.next import Openings


@click.command("next")
@click.option(
    "--at",
    type=parse_instant,
    metavar="INSTANT",
    help="Look from this instant (with its offset) on instead of from now.",
)
@click.option("--region", "regions", multiple=True, help="Ask about this region; may be repeated.")
@click.option(
    "--needs", type=duration_option("--needs"), metavar="DURATION", help="How long the opening must last, such as 3h."
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Text by default.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
def command(
    at: datetime | None, regions: tuple[str, ...], needs: timedelta | None, form: str, config: Path | None
) -> ExitCode:
    """When does a region, a set or all of them open, and for how long?

    What the ledger knows to be frozen opens when the freeze ends. Exits with 0 whenever there is an answer, even if it
    is that no opening is known, with 10 when the clock cannot be trusted, with 2 when the command, the configuration or
    the ledger cannot be used, and with 20 when the forge or the ledger did not answer.

    \b
    Examples:
      wedgate next
      wedgate next --needs 3h
      wedgate next --region eu-central --region us-east --needs 90m
    """
    from wedgate.cli.freezes import freezes_known
    from wedgate.cli.reading import read_configuration
    from wedgate.cli.wiring import almanac_for, utc_now
    from wedgate.engine.next import find_openings

    configuration = read_configuration(config, trust_clock=at is not None)
    if configuration is None:
        return ExitCode.DONE
    found = find_openings(
        configuration,
        regions,
        at or utc_now(),
        needs=needs,
        almanac=almanac_for(config),
        freezes=freezes_known(configuration),
    )
    click.echo(_json(found) if form == "json" else _text(found, configuration))
    return ExitCode.DONE


def _text(found: Openings, configuration: Configuration) -> str:
    from wedgate.render.openings import render_openings

    rows = [(opening.regions[0], opening) for opening in found.each]
    if found.together is not None:
        rows.append(("all at once" if found.everything is None else "these at once", found.together))
    if found.everything is not None:
        rows.append(("all regions", found.everything))
    return render_openings(
        list(rows),
        found.at,
        found.needs,
        lambda name: tuple(market.zone for market in configuration.calendar.region(name).markets),
        width=terminal_style().width,
    )


def _json(found: Openings) -> str:
    from wedgate.render.openings import plain_opening, render_openings_json

    rows = {
        "regions": [plain_opening(opening) for opening in found.each],
        "together": None if found.together is None else plain_opening(found.together),
        "all": None if found.everything is None else plain_opening(found.everything),
    }
    return render_openings_json(rows, found.at, found.needs)
