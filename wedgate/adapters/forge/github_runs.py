"""Runs of GitHub Actions: the next one of a workflow is started by `workflow_dispatch`.

What a workflow's own token does starts no workflow, with two exceptions: `workflow_dispatch` and `repository_dispatch`
(GitHub's documentation of GITHUB_TOKEN).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from wedgate.adapters._github.connection import Connection

_NEEDS = "give the job `actions: write`, and the workflow `on: workflow_dispatch` without an input that is required"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimes:
    """When the forge made a run because of an event, and when it started it; ``None`` where it does not say."""

    created: datetime | None
    started: datetime | None


class GithubRuns:
    """The workflow runs of one repository."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def dispatch(self, workflow: str, ref: str) -> None:
        """Start a run of a workflow, by the name of its file, as it is on a branch or a tag."""
        path = f"/repos/{self._connection.repository}/actions/workflows/{quote(workflow, safe='')}/dispatches"
        self._connection.send("POST", path, {"ref": ref}, what=f"a run of {workflow} on {ref}", needs=_NEEDS)

    def times_of(self, run: int) -> RunTimes:
        """Return when a run was made and started; ``ExternalSystemError`` if the forge does not answer."""
        path = f"/repos/{self._connection.repository}/actions/runs/{run}"
        found = self._connection.get(path, what=f"run {run}", needs="give the job `actions: read`")
        return RunTimes(created=_instant(found.get("created_at")), started=_instant(found.get("run_started_at")))


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
