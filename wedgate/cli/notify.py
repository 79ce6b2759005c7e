"""`wedgate notify`: tell people what they were not told yet, or try out whether they can be told."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wedgate.errors import ExitCode, UsageError


@click.command("notify")
@click.option("--test", "as_test", is_flag=True, help="Send a test message to every destination.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="The configuration; wedgate.yml here.")
def command(*, as_test: bool, config: Path | None) -> ExitCode:
    """Tell people what the ledger says and they were not told yet; with --test, try the destinations out.

    Rollouts, rollbacks, the guard and comments tell by themselves. Run this on a schedule where none of them runs: a
    gate alone writes into the ledger which override it used, and sources of dates end without anybody doing anything.

    Exits with 0, with 2 when the configuration cannot be used, and with 20 when a test message did not arrive.

    \b
    Examples:
      wedgate notify
      wedgate notify --test
    """
    from wedgate.cli.notify_wiring import Telling
    from wedgate.cli.rollout_wiring import find_and_load

    configuration = find_and_load(config)
    if not configuration.notify:
        raise UsageError(f"{configuration.path} has no `notify:`; say whom to tell: docs/reference/notifications.md")
    if not as_test:
        Telling(configuration, insists=False).finish()
        return ExitCode.DONE
    from wedgate.adapters.notify.apprise import AppriseMessenger
    from wedgate.adapters.notify.interface import Message
    from wedgate.engine.notify import SEND_WITHIN

    title = f"wedgate {configuration.service}: a test"
    messages = [
        Message(to=each.to, title=title, body=f"You will hear of: {', '.join(each.when)}.")
        for each in configuration.notify
    ]
    troubles = AppriseMessenger(os.environ).send(messages, within=SEND_WITHIN)
    for message, trouble in zip(messages, troubles, strict=True):
        click.echo(f"{message.to}: {trouble or 'sent'}")
    return ExitCode.EXTERNAL if any(troubles) else ExitCode.DONE
