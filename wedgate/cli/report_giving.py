"""Gives a regression report to the rollouts that are under way: as an order in their ledger, which they obey."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wedgate.judge.report import Report


def give_report(report: Report, config: Path | None, *, by: str) -> str:
    """Write a report as an order into the ledger; return for which rollouts.

    A benchmark's alarm that no fresh runs have confirmed pauses them; everything else sends them back.
    ``ValueError`` for one that is about another service, or another release than the one under way.
    """
    from wedgate.cli.rollout_orders import open_ledger
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import UNCONFIRMED, give_order
    from wedgate.ledger.orders import Order
    from wedgate.rollout.journal import replay

    configuration, ledger = open_ledger(config)
    if report.service != configuration.service:
        raise ValueError(f"it is about {report.service}, and this is {configuration.service}'s ledger")
    state = ledger.read()
    for name in state.unfinished:
        rollout = replay(state.journals.get(name, ()))
        release = None if rollout is None else rollout.plan.release
        if release and not report.is_about(service=report.service, commit=release.commit, digest=release.digest):
            raise ValueError(
                f"it is about another release than {release.digest} of {release.commit}, which is under way"
            )
    regions = tuple(report.regions)
    if not report.is_confirmed:
        why = UNCONFIRMED + report.text
        names = give_order(ledger, Order.PAUSE, by=by, why=why, at=utc_now(), regions=regions)
        return f"taken: {', '.join(names)} is paused; nothing goes back for it until fresh runs confirm it"
    names = give_order(ledger, Order.REPORT, by=by, why=report.text, at=utc_now(), regions=regions)
    return f"taken: {', '.join(names)} goes back"
