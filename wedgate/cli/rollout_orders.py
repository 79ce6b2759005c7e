"""`wedgate rollout pause|resume|abort|drain|clear`: what a person tells a rollout, whoever drives it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.audit import AuditBook
    from wedgate.ledger.orders import Order
    from wedgate.overrides.policy import Duty

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="The configuration; wedgate.yml by default."
)
region_option = click.option("--region", "regions", multiple=True, help="Only this region; may be given several times.")


def _reason(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """Refuse a reason that says nothing."""
    if not text.strip():
        raise UsageError("--reason is empty; say why, in a sentence: it stands in the ledger, and in what people read")
    return text.strip()


reason_option = click.option(
    "--reason", required=True, callback=_reason, help="Why: it stands in the ledger, and in what people read."
)


@click.command("pause")
@reason_option
@region_option
@config_option
def pause(*, reason: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    """Let nothing increase until `resume`. What has traffic keeps it, is watched, and goes back if it must.

    \b
    Examples:
      wedgate rollout pause --reason "looking at the error rate"
      wedgate rollout pause --region us-west --reason "the edge is being replaced"
    """
    from wedgate.ledger.orders import Order
    from wedgate.overrides.policy import Duty

    return _give(Order.PAUSE, Duty.STOP, reason, regions, config)


@click.command("resume")
@reason_option
@region_option
@config_option
def resume(*, reason: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    """Let a paused rollout go on, and what is held for want of something try again.

    \b
    Examples:
      wedgate rollout resume --reason "it was the load test"
    """
    from wedgate.ledger.orders import Order
    from wedgate.overrides.policy import Duty

    return _give(Order.RESUME, Duty.RESUME, reason, regions, config)


@click.command("abort")
@reason_option
@region_option
@config_option
def abort(*, reason: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    """End the rollout for good: what is in flight goes back to stable now. The digest may be rolled out again later.

    With --region it ends in these alone: they take no more part, and nothing else is touched. Others of their wave go
    on; later waves never begin, because they wait for all of an earlier one. Where nothing else can go on, it is over.

    \b
    Examples:
      wedgate rollout abort --reason "superseded by 1.4.3"
      wedgate rollout abort --region asia-pacific --reason "not before the fair there is over"
    """
    from wedgate.cli.rollout import run_tick
    from wedgate.ledger.orders import Order
    from wedgate.overrides.policy import Duty

    _give(Order.ABORT, Duty.ABORT, reason, regions, config)
    return run_tick(config, regions, "text")


@click.command("drain")
@reason_option
@region_option
@config_option
def drain(*, reason: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    """Let promoted regions give up the old colour, after a migration that no rollback takes back.

    A release that was started with `--migration contract` or `irreversible` waits for this in every region: after it
    the new version is the last good one, and the next release takes the old colour's place.

    \b
    Examples:
      wedgate rollout drain --reason "a day without an error; the old columns may go"
      wedgate rollout drain --region us-west --reason "checked there"
    """
    from wedgate.cli.rollout import run_tick
    from wedgate.ledger.orders import Order
    from wedgate.overrides.policy import Duty

    _give(Order.DRAIN, Duty.RESUME, reason, regions, config)
    return run_tick(config, regions, "text")


@click.command("clear")
@click.option("--digest", required=True, help="The digest to take off the poison list.")
@reason_option
@region_option
@config_option
def clear(*, digest: str, reason: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    """Take a digest off the poison list, so that it may be rolled out again.

    With --region it may in these alone: a rollout that has others too is refused as before.

    \b
    Examples:
      wedgate rollout clear --digest sha256:9c0b... --reason "the database was the culprit: INC-7"
      wedgate rollout clear --digest sha256:9c0b... --region us-west --reason "it was the network there"
    """
    from wedgate.cli.authority import giver
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import clear_digest
    from wedgate.overrides.policy import Duty

    by = giver(Duty.CLEAR, config, os.environ)
    configuration, ledger = open_ledger(config)
    refuse_unknown(configuration, regions)
    was = clear_digest(ledger, digest, by=by, why=reason, at=utc_now(), regions=regions)
    where = f" in {', '.join(regions)}" if regions else ""
    click.echo(f"{digest} may be rolled out again{where}; it was poisoned because: {was}")
    return ExitCode.DONE


def open_ledger(config: Path | None) -> tuple[Configuration, AuditBook]:
    """Return the configuration and the ledger of its service, for entries that need no lease."""
    from wedgate.cli.ledger_wiring import open_store, state_of
    from wedgate.cli.override_wiring import pause as pause_for
    from wedgate.cli.rollout_wiring import find_and_load
    from wedgate.engine.audit import AuditBook

    configuration = find_and_load(config)
    store, _ = open_store(*state_of(configuration), configuration.service)
    return configuration, AuditBook(store, pause_for)


def refuse_unknown(configuration: Configuration, regions: Sequence[str]) -> None:
    """Raise ``UsageError`` for a region that the configuration does not have."""
    known = [region.name for region in configuration.calendar.regions]
    for region in regions:
        if region not in known:
            raise UsageError(f"there is no region {region}; there are {', '.join(known)}")


def _give(order: Order, duty: Duty, reason: str, regions: tuple[str, ...], config: Path | None) -> ExitCode:
    from wedgate.cli.authority import giver
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import give_order

    by = giver(duty, config, os.environ)
    configuration, ledger = open_ledger(config)
    refuse_unknown(configuration, regions)
    for name in give_order(ledger, order, by=by, why=reason, at=utc_now(), regions=regions):
        where = f" in {', '.join(regions)}" if regions else ""
        click.echo(f"{order.value}: rollout {name}{where}; whoever drives it obeys at the next tick")
    return ExitCode.DONE
