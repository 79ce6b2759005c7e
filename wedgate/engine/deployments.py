"""Deployments on the forge, one for each region that the gate let through, each with the ledger's head as an anchor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from wedgate.adapters.forge.interface import Deployment, Deployments, DeploymentState
from wedgate.calendars.values import Verdict
from wedgate.gate.decision import Decision
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.place import ROOT, Place

MARK = "wedgate"
"""The key of a deployment's payload under which wedgate's own are found again."""
_CONFIG = "config"
_ANCHOR = re.compile(r"(\d{1,9}):([0-9a-f]{64})")


def begin_deployments(
    deployments: Deployments,
    decision: Decision,
    *,
    commit: str,
    environment: str,
    binding: str,
    ledger: LedgerState | None,
    url: str | None,
    place: Place = ROOT,
) -> tuple[Deployment, ...]:
    """Begin a deployment for each region that may go; a run again goes on with the one that it began before."""
    own = (each for each in deployments.those_of(commit) if _binding_of(each) == binding and _is_of(each, place))
    known = {each.environment: each for each in own}
    requests = {look.region: look.request for look in decision.overrides if look.is_granted}
    begun = []
    for region in decision.regions:
        if region.verdict is Verdict.CLOSED:
            continue
        name = f"{environment}/{region.region}"
        anchor = None if ledger is None or not ledger.revision else f"{ledger.revision}:{ledger.head}"
        mark = {"binding": binding, "region": region.region, "request": requests.get(region.region), "ledger": anchor}
        mark |= {_CONFIG: place.path} if place.path else {}
        words = f"let through: {region.reasons[0].code.value}"
        made = known.get(name) or deployments.begin(commit, name, {MARK: mark}, words)
        deployments.set_state(made, DeploymentState.IN_PROGRESS, words, url)
        begun.append(made)
    return tuple(begun)


def finish_deployments(
    deployments: Deployments,
    *,
    commit: str,
    binding: str,
    state: DeploymentState,
    url: str | None,
    place: Place = ROOT,
) -> tuple[Deployment, ...]:
    """Say what the deployments of a run have come to: those of the service at a place, as others may fail beside it."""
    every = deployments.those_of(commit)
    own = tuple(each for each in every if _binding_of(each) == binding and _is_of(each, place))
    for each in own:
        deployments.set_state(each, state, f"{each.environment}: {state.value}", url)
    return own


def anchors_of_deployments(deployments: Iterable[Deployment], place: Place = ROOT) -> tuple[tuple[int, str], ...]:
    """Return what wedgate's own deployments of a place say of its ledger: a revision, and the hash of its entry."""
    marks = (deployment.payload.get(MARK) for deployment in deployments if _is_of(deployment, place))
    anchors = (str(mark.get("ledger")) for mark in marks if isinstance(mark, Mapping))
    found = (_ANCHOR.fullmatch(anchor) for anchor in anchors)
    return tuple((int(match[1]), match[2]) for match in found if match is not None)


def _is_of(deployment: Deployment, place: Place) -> bool:
    """Whether a deployment is of the service at a place: others of the repository have ledgers of their own."""
    mark = deployment.payload.get(MARK)
    return isinstance(mark, Mapping) and mark.get(_CONFIG, "") == place.path


def _binding_of(deployment: Deployment) -> object:
    mark = deployment.payload.get(MARK)
    return mark.get("binding") if isinstance(mark, Mapping) else None
