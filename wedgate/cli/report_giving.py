"""Gives a regression report to the rollouts that are under way: as an order in their ledger, which they obey."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wedgate.judge.report import Report


def give_report(report: Report, config: Path | None, *, by: str, is_fresh: bool = False) -> str:
    """Write a report as an order into the ledger; return for which rollouts.

    A benchmark's alarm that no fresh runs have confirmed pauses them; everything else sends them back.
    ``ValueError`` for one that is about another service, or another release than the one under way; if ``is_fresh`` is
    asked for, also for one that is older than the rollout.
    """
    from wedgate.cli.rollout_orders import open_ledger
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import AboutOtherError
    from wedgate.engine.orders import give_report as give

    configuration, ledger = open_ledger(config)
    if report.service != configuration.service:
        raise ValueError(f"it is about {report.service}, and this is {configuration.service}'s ledger")
    try:
        names = give(
            ledger,
            by=by,
            why=report.text,
            at=utc_now(),
            commit=report.commit,
            digest=report.digest,
            regions=report.regions,
            is_confirmed=report.is_confirmed,
            since=report.reported_at if is_fresh else None,
        )
    except AboutOtherError as error:
        raise ValueError(str(error)) from error
    if not report.is_confirmed:
        return f"taken: {', '.join(names)} is paused; nothing goes back for it until fresh runs confirm it"
    return f"taken: {', '.join(names)} goes back"
