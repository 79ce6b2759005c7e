"""Deployments on GitHub: one for each region's environment, beside the ones that a job with ``environment:`` makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wedgate.adapters._github.connection import Connection
from wedgate.adapters.forge.interface import Deployment, DeploymentState

_NEEDS = "give the job `deployments: write`"
DESCRIPTION_LIMIT = 140


class GithubDeployments:
    """The deployments of one repository."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._path = f"/repos/{connection.repository}/deployments"

    def begin(self, commit: str, environment: str, payload: Mapping[str, object], description: str) -> Deployment:
        """Create a deployment of exactly this commit: nothing is merged into it, and no status is waited for."""
        body: dict[str, object] = {
            "ref": commit,
            "environment": environment,
            "auto_merge": False,
            "required_contexts": [],
            "payload": dict(payload),
            "description": description[:DESCRIPTION_LIMIT],
        }
        what = f"a deployment to {environment}"
        found = self._connection.send("POST", self._path, body, what=what, needs=_NEEDS)
        return self._connection.asked(what, _NEEDS, lambda: _deployment(found))

    def those_of(self, commit: str) -> tuple[Deployment, ...]:
        """Fetch the deployments of a commit."""
        what = f"the deployments of {commit[:12]}"
        found = list(self._connection.pages(self._path, what=what, needs=_NEEDS, sha=commit))
        return self._connection.asked(what, _NEEDS, lambda: tuple(map(_deployment, found)))

    def set_state(self, deployment: Deployment, state: DeploymentState, description: str, url: str | None) -> None:
        """Say what a deployment has come to; earlier ones of its environment become inactive with a success."""
        body: dict[str, object] = {"state": state.value, "description": description[:DESCRIPTION_LIMIT]}
        if url is not None:
            body["log_url"] = url
        what = f"the state of the deployment to {deployment.environment}"
        self._connection.send("POST", f"{self._path}/{deployment.id}/statuses", body, what=what, needs=_NEEDS)


def _deployment(found: Mapping[str, Any]) -> Deployment:
    payload = found.get("payload")
    if isinstance(payload, str):  # GitHub gives it back as it was sent, or as text; others' may be any text
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            payload = {}
    return Deployment(
        id=int(found["id"]),
        environment=str(found["environment"]),
        payload=payload if isinstance(payload, dict) else {},
    )
