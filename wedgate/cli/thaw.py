"""`wedgate thaw`: end every freeze before its hour."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wedgate.cli.rollout_orders import config_option, open_ledger, reason_option
from wedgate.errors import ExitCode


@click.command("thaw")
@reason_option
@config_option
def command(*, reason: str, config: Path | None) -> ExitCode:
    """End every freeze. Calendars close as they did before.

    \b
    Examples:
      wedgate thaw --reason "the payment provider is back"
    """
    from wedgate.cli.authority import giver
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import thaw
    from wedgate.overrides.policy import Duty

    by = giver(Duty.THAW, config, os.environ)
    _, ledger = open_ledger(config)
    for ended in thaw(ledger, by=by, why=reason, at=utc_now()):
        where = "every region" if ended.regions is None else ", ".join(ended.regions)
        click.echo(
            f"{where} thawed: was frozen by {ended.by} until {ended.until:%Y-%m-%d %H:%M:%S} UTC ({ended.reason})"
        )
    return ExitCode.DONE
