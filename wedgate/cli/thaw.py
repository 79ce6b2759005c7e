"""`wedgate thaw`: end a freeze before its hour, everywhere or in some regions."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wedgate.cli.rollout_orders import config_option, open_ledger, reason_option, refuse_unknown
from wedgate.errors import ExitCode


@click.command("thaw")
@reason_option
@click.option("--region", "regions", multiple=True, help="Open this region alone; may be given several times.")
@click.option(
    "--freeze", "entries", type=click.IntRange(min=1), multiple=True, help="The freeze of this number; may be repeated."
)
@click.option("--all", "is_for_all", is_flag=True, help="Every freeze that there is.")
@config_option
def command(
    *, reason: str, regions: tuple[str, ...], entries: tuple[int, ...], config: Path | None, is_for_all: bool
) -> ExitCode:
    """End a freeze. Calendars close as they did before.

    Where there are several, say which; without that nothing is ended, and it lists them with their numbers (11). With
    --region nothing else opens: a freeze of more regions goes on in the others.

    \b
    Examples:
      wedgate thaw --reason "the payment provider is back"
      wedgate thaw --region asia-pacific --reason "INC-7 is over there"
      wedgate thaw --freeze 17 --reason "INC-7 is over"
      wedgate thaw --all --reason "everything is over"
    """
    from wedgate.cli.authority import giver
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import thaw
    from wedgate.ledger.freezes import where
    from wedgate.overrides.policy import Duty

    by = giver(Duty.THAW, config, os.environ)
    configuration, ledger = open_ledger(config)
    refuse_unknown(configuration, regions)
    ended = thaw(ledger, by=by, why=reason, at=utc_now(), regions=regions, entries=entries, is_for_all=is_for_all)
    for each in ended.freezes:
        held = where(each) if ended.regions is None else ", ".join(each.held_of(ended.regions))
        click.echo(f"{held} thawed: was frozen by {each.by} until {each.until:%Y-%m-%d %H:%M:%S} UTC ({each.reason})")
    return ExitCode.DONE
