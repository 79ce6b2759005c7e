"""`wedgate report receive`: a regression report that came over the forge, followed until traffic is back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.options import duration_option
from wedgate.errors import ConfigurationError, ExitCode, ExternalSystemError, RefusedError

if TYPE_CHECKING:
    from wedgate.adapters.forge.report_events import Dispatch
    from wedgate.config.configuration import Configuration
    from wedgate.engine.report_way import Stage, Timed
    from wedgate.judge.report import Report
    from wedgate.ledger.orders import OrderLine

PAYLOAD = "client_payload"


@click.command("receive")
@click.option("--event", type=click.Path(path_type=Path), help="The event's file, instead of GITHUB_EVENT_PATH.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
@click.option("--wait", default="1m", show_default=True, help="How long to wait until traffic is back.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to answer.")
def receive(event: Path | None, config: Path | None, *, wait: str, form: str) -> ExitCode:
    """Take a regression report out of a `repository_dispatch`, and see traffic back; in a workflow for that event.

    A run that is alive obeys (within ten seconds where the ledger is a git ref, sooner in a file or PostgreSQL), and is
    waited for; where none is, this returns the traffic itself. How long each stage took,
    from the report to restored traffic, is printed. For a comment (`/wedgate report`), which
    `wedgate comment` has answered before, only the second half is done. `overrides.may.report` says who may. A
    benchmark's alarm that no fresh runs have confirmed pauses the rollout, and nothing is waited for.

    Exits with 0 when traffic is back, with 11 when the report is refused, with 2 when it is none, and with 13 when
    traffic was not back in time.

    \b
    Examples:
      wedgate report receive
      wedgate report receive --event event.json --format json
    """
    from wedgate.adapters.forge.report_events import Dispatch, event_path, report_event
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.conversation import giver_by_comment
    from wedgate.engine.report_way import Stage, timed, total_seconds

    patience = duration_option("--wait")(wait)
    path = event_path(event, os.environ)
    found = report_event(path)
    instants: dict[Stage, datetime | None] = {Stage.READ: utc_now()}
    if isinstance(found, Dispatch):
        report, by = _sent(found, config, os.environ)
        instants[Stage.REPORTED] = report.reported_at
        if not report.is_confirmed:
            if form == "json":
                click.echo(json.dumps(_plain(timed(instants), (), None), indent=2, ensure_ascii=False))
            return ExitCode.DONE
    else:
        by, instants[Stage.REPORTED] = giver_by_comment(found.login, found.comment), found.at
    orders = _orders(by, config)
    if not orders:
        click.echo(f"nothing to do: no report was given by {by}", err=form == "json")
        return ExitCode.DONE
    instants[Stage.BEGUN], instants[Stage.RESTORED] = _followed(orders, config, patience, form)
    # Asked last: a forge that is slow to answer must not keep traffic where it is.
    instants |= _run_times(os.environ, quiet=form == "json")
    way = timed(instants)
    if form == "json":
        click.echo(json.dumps(_plain(way, orders, total_seconds(way)), indent=2, ensure_ascii=False))
    else:
        click.echo(_spell(way, total_seconds(way)), nl=False)
    return ExitCode.DONE if instants[Stage.RESTORED] is not None else ExitCode.NEEDS_HUMAN


def _sent(found: Dispatch, config: Path | None, environment: Mapping[str, str]) -> tuple[Report, str]:
    """Read the report of a dispatch, look whether it may be sent, and give it; return it, and by whom it is."""
    from wedgate.cli.report import parse_text
    from wedgate.cli.report_giving import give_report
    from wedgate.cli.rollout_wiring import find_and_load
    from wedgate.overrides.policy import Audience

    text = _text_of(found.payload)
    report = parse_text(Path(PAYLOAD), text)
    configuration = find_and_load(config)
    audience = _audience(configuration)
    if audience is Audience.SIGNERS:
        by = f"a report, signed by {_signer(found.payload, text, configuration, environment)}"
    else:
        if audience is Audience.APPROVERS:
            _refuse_stranger(found, config, environment)
        by = f"a report, sent by {found.login}"
    try:
        click.echo(give_report(report, config, by=by, is_fresh=audience is Audience.SIGNERS), err=True)
    except ValueError as error:
        raise RefusedError(f"{PAYLOAD}: {error}") from error
    return report, by


def _text_of(payload: object) -> str:
    """Return the report of a payload as text: the payload itself, or what stands under ``report``."""
    inner: Any = payload.get("report", payload) if isinstance(payload, dict) else payload
    return inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)


def _audience(configuration: Configuration) -> Any:
    from wedgate.overrides.policy import DEFAULT_DUTIES, Duty

    policy = configuration.overrides
    return (DEFAULT_DUTIES if policy is None else policy.may)[Duty.REPORT]


def _refuse_stranger(found: Dispatch, config: Path | None, environment: Mapping[str, str]) -> None:
    from wedgate.cli.authority import refuse_unless_may
    from wedgate.overrides.policy import Duty

    if not found.is_person:
        raise RefusedError(f"{found.login} is no person, and `overrides.may.report` lets approvers report")
    again = environment.get("GITHUB_TRIGGERING_ACTOR", "")
    if again not in ("", found.login):
        raise RefusedError(f"{again} ran this again for {found.login}; an approver may send the report anew")
    refuse_unless_may(Duty.REPORT, found.login, found.number, config, environment)


def _signer(payload: object, text: str, configuration: Configuration, environment: Mapping[str, str]) -> str:
    """Return who signed the very text of the report; ``RefusedError`` if nobody did who may."""
    from wedgate.adapters.signatures.ssh import REPORT, SshSignatures
    from wedgate.cli.wiring import open_forge

    policy = configuration.overrides
    assert policy is not None
    assert policy.signers is not None  # the configuration is not valid without
    given = payload if isinstance(payload, dict) else {}
    signer, signature = given.get("signer"), given.get("signature")
    if not isinstance(given.get("report"), str) or not isinstance(signer, str) or not isinstance(signature, str):
        raise RefusedError(
            "the report is not signed, and `overrides.may.report` asks for it; send "
            '{"report": "...", "signer": "...", "signature": "..."}, as docs/reference/report.md shows'
        )
    forge = open_forge(environment)
    signers = forge.default_branch_file((policy.signers,))
    if signers is None:
        raise ExternalSystemError(f"the default branch has no {policy.signers}, which says who may sign")
    revoked = forge.default_branch_file((f"{policy.signers}.revoked",))
    signatures = SshSignatures(signers.content, None if revoked is None else revoked.content, namespace=REPORT)
    signed = signatures.who_signed(text.encode(), signature, signer)
    if signed is None:
        raise RefusedError(
            f"the signature of {ascii(signer)[:80]} is not good: it is not of this text, or its key is not one that "
            f"{policy.signers} of the default branch names for this now, or it was revoked"
        )
    return signed.principal


def _orders(by: str, config: Path | None) -> tuple[OrderLine, ...]:
    from wedgate.cli.rollout_orders import open_ledger
    from wedgate.engine.report_way import orders_by

    return orders_by(open_ledger(config)[1], by)


def _run_times(environment: Mapping[str, str], *, quiet: bool) -> dict[Stage, datetime | None]:
    """Ask the forge when this run was made and started; what it does not say is said, and stays unknown."""
    from wedgate.adapters.forge.github_runs import GithubRuns
    from wedgate.cli.wiring import open_forge
    from wedgate.engine.report_way import Stage

    run = environment.get("GITHUB_RUN_ID", "")
    if not run.isdigit():
        return {}
    try:
        times = GithubRuns(open_forge(environment).connection).times_of(int(run))
    except (ExternalSystemError, ConfigurationError) as error:
        click.echo(f"when this run was made is not known: {error}", err=quiet)
        return {}
    return {Stage.RUN_CREATED: times.created, Stage.RUN_STARTED: times.started}


def _followed(
    orders: tuple[OrderLine, ...], config: Path | None, patience: Any, form: str
) -> tuple[datetime | None, datetime | None]:
    from wedgate.cli.override_wiring import pause
    from wedgate.cli.rollout import obey_once
    from wedgate.cli.rollout_orders import open_ledger
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.report_way import follow_back

    ledger = open_ledger(config)[1]
    return follow_back(
        ledger, orders, obey=lambda: obey_once(config, form), pause=pause, clock=utc_now, patience=patience
    )


def _spell(way: tuple[Timed, ...], total: float | None) -> str:
    lines = []
    for each in way:
        at = "not known" if each.at is None else f"{each.at:%Y-%m-%d %H:%M:%S}Z"
        took = "" if each.seconds is None else f"  {each.seconds:+.1f} s"
        lines.append(f"{each.stage.value:<17} {at:<20}{took}".rstrip())
    lines.append("traffic is not back yet; a person must look" if total is None else f"{total:.1f} s in all")
    return "\n".join([*lines, ""])


def _plain(way: tuple[Timed, ...], orders: tuple[OrderLine, ...], total: float | None) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "kind": "report-received",
        "rollouts": [order.given.rollout for order in orders],
        "stages": [
            {
                "stage": each.stage.value,
                "at": None if each.at is None else each.at.isoformat(),
                "seconds": each.seconds,
            }
            for each in way
        ],
        "seconds": total,
    }
