"""Deployments on the forge, one for each region that the gate let through, each with the ledger's head as an anchor."""

from __future__ import annotations

from collections.abc import Mapping

from wedgate.adapters.forge.interface import Deployment, Deployments, DeploymentState
from wedgate.calendars.values import Verdict
from wedgate.gate.decision import Decision
from wedgate.ledger.streams import LedgerState

MARK = "wedgate"
"""The key of a deployment's payload under which wedgate's own are found again."""


def begin_deployments(
    deployments: Deployments,
    decision: Decision,
    *,
    commit: str,
    environment: str,
    binding: str,
    ledger: LedgerState | None,
    url: str | None,
) -> tuple[Deployment, ...]:
    """Begin a deployment for each region that may go; a run again goes on with the one that it began before."""
    known = {each.environment: each for each in deployments.those_of(commit) if _binding_of(each) == binding}
    requests = {look.region: look.request for look in decision.overrides if look.is_granted}
    begun = []
    for region in decision.regions:
        if region.verdict is Verdict.CLOSED:
            continue
        name = f"{environment}/{region.region}"
        anchor = None if ledger is None or not ledger.revision else f"{ledger.revision}:{ledger.head}"
        mark = {"binding": binding, "region": region.region, "request": requests.get(region.region), "ledger": anchor}
        words = f"let through: {region.reasons[0].code.value}"
        made = known.get(name) or deployments.begin(commit, name, {MARK: mark}, words)
        deployments.set_state(made, DeploymentState.IN_PROGRESS, words, url)
        begun.append(made)
    return tuple(begun)


def finish_deployments(
    deployments: Deployments, *, commit: str, binding: str, state: DeploymentState, url: str | None
) -> tuple[Deployment, ...]:
    """Say what the deployments of a run have come to."""
    own = tuple(each for each in deployments.those_of(commit) if _binding_of(each) == binding)
    for each in own:
        deployments.set_state(each, state, f"{each.environment}: {state.value}", url)
    return own


def _binding_of(deployment: Deployment) -> object:
    mark = deployment.payload.get(MARK)
    return mark.get("binding") if isinstance(mark, Mapping) else None
