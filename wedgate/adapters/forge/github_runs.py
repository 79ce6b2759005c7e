"""Runs of GitHub Actions: the next one of a workflow is started by `workflow_dispatch`.

What a workflow's own token does starts no workflow, with two exceptions: `workflow_dispatch` and `repository_dispatch`
(GitHub's documentation of GITHUB_TOKEN).
"""

from __future__ import annotations

from urllib.parse import quote

from wedgate.adapters._github.connection import Connection

_NEEDS = "give the job `actions: write`, and the workflow `on: workflow_dispatch` without an input that is required"


class GithubRuns:
    """The workflow runs of one repository."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def dispatch(self, workflow: str, ref: str) -> None:
        """Start a run of a workflow, by the name of its file, as it is on a branch or a tag."""
        path = f"/repos/{self._connection.repository}/actions/workflows/{quote(workflow, safe='')}/dispatches"
        self._connection.send("POST", path, {"ref": ref}, what=f"a run of {workflow} on {ref}", needs=_NEEDS)
