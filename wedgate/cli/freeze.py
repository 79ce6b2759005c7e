"""`wedgate freeze`: nothing increases any more, here or anywhere, until an hour."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wedgate.cli.rollout_orders import config_option, open_ledger, reason_option, region_option
from wedgate.errors import ExitCode


@click.command("freeze")
@reason_option
@click.option("--for", "duration", default="24h", show_default=True, help="How long, such as 4h or 2d.")
@region_option
@config_option
def command(*, reason: str, duration: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    """Close the gate, for checks and rollouts alike. What has traffic stays where it is; rollbacks are never frozen.

    \b
    Examples:
      wedgate freeze --reason "the payment provider is down" --for 4h
      wedgate freeze --region asia-pacific --reason INC-7
    """
    from datetime import timedelta

    from wedgate.cli.authority import giver
    from wedgate.cli.rollout import parse_wait
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import freeze
    from wedgate.errors import UsageError
    from wedgate.ledger.audit import Frozen
    from wedgate.overrides.policy import Duty

    lasts = parse_wait(duration, option="--for")
    if not timedelta(0) < lasts <= timedelta(days=365):
        raise UsageError(f"--for {duration}: a freeze lasts at least a second and at most a year")
    by = giver(Duty.STOP, config, os.environ)
    configuration, ledger = open_ledger(config)
    now = utc_now().replace(microsecond=0)
    frozen = Frozen(regions=regions or None, until=now + lasts, reason=reason, by=by, since=now)
    freeze(ledger, frozen, known=[region.name for region in configuration.calendar.regions])
    where = ", ".join(regions) if regions else "every region"
    click.echo(f"{where} frozen until {frozen.until:%Y-%m-%d %H:%M:%S} UTC; `wedgate thaw` ends it earlier")
    return ExitCode.DONE
