"""Alertmanager's alerts as orders: an alert about the release under way is a regression report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wedgate.errors import RefusedError

if TYPE_CHECKING:
    from wedgate.judge.alerts import Alert
    from wedgate.ledger.streams import LedgerState


def give_alerts(plain: Any, config: Path | None) -> tuple[bool, str]:
    """Write an order for each firing alert about a release under way; return whether there was one, and words.

    What is resolved or about another release or service is no order, and no error: Alertmanager repeats itself. What is
    wrong with one alert keeps no other from being obeyed. ``ValueError`` where there is nothing but what is wrong.
    """
    from wedgate.cli.rollout_orders import open_ledger
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.orders import give_order
    from wedgate.judge.alerts import parse_alerts
    from wedgate.ledger.orders import Order

    alerts = parse_alerts(plain)
    if not alerts.firing:
        return False, "nothing to do: every alert is resolved"
    configuration, ledger = open_ledger(config)
    known = [region.name for region in configuration.calendar.regions]
    own = [alert for alert in alerts.firing if alert.service == configuration.service]
    troubles = [*alerts.troubles, *(trouble for alert in own if (trouble := _trouble(alert, known)))]
    state = ledger.read()
    said = []
    for alert in own:
        if _trouble(alert, known) or not _is_under_way(alert, state):
            continue
        try:
            names = give_order(
                ledger, Order.REPORT, by=f"alert {alert.name}", why=alert.text, at=utc_now(), regions=alert.regions
            )
        except RefusedError:
            continue  # That region was not reached, or is back on stable already.
        said.append(f"taken: {', '.join(names)} goes back ({alert.name})")
    if troubles and not said:
        raise ValueError("; ".join(troubles))
    said += [f"not obeyed: {trouble}" for trouble in troubles]
    nothing = f"nothing to do: no alert is about a release of {configuration.service} now"
    return any(each.startswith("taken") for each in said), "\n".join(said) or nothing


def _trouble(alert: Alert, known: list[str]) -> str:
    strange = [region for region in alert.regions if region not in known]
    return f"{alert.name} names the region {strange[0]!r}; there are {', '.join(known)}" if strange else ""


def _is_under_way(alert: Alert, state: LedgerState) -> bool:
    """Tell whether the release of an alert is what some unfinished rollout brings."""
    from wedgate.rollout.journal import replay

    rollouts = [replay(state.journals.get(name, ())) for name in state.unfinished]
    releases = [rollout.plan.release for rollout in rollouts if rollout is not None]
    return any(alert.is_about(commit=release.commit, digest=release.digest) for release in releases)
