"""How a repository on GitHub is set up, as far as a reader may see it: rules, environments, workflows.

The rules are those of rulesets; a classic branch protection shows only what GitHub tells of it to everybody.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from wedgate.adapters._github.connection import READ, Connection, NotFoundError
from wedgate.adapters.forge.interface import BranchRules

_ACTIONS = "give the job `actions: read`"
_WORKFLOWS = ".github/workflows"


class GithubSettings:
    """The settings of one repository."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._base = f"/repos/{connection.repository}"

    def default_branch(self) -> str:
        """Fetch the name of the default branch."""
        return str(self._connection.describe()["default_branch"])

    def takes_forks(self) -> bool:
        """Fetch whether it may be forked: every public one, and a private one that allows it."""
        found = self._connection.describe()
        return not found.get("private", False) or bool(found.get("allow_forking", False))

    def rules_of(self, branch: str) -> BranchRules:
        """Fetch the rules of all rulesets that hold for a branch."""
        what, path = f"the rules of {branch}", f"{self._base}/rules/branches/{quote(branch, safe='')}"
        found = list(self._connection.pages(path, what=what, needs=READ))

        def rules() -> BranchRules:
            kinds = {str(each["type"]) for each in found}
            required = [each["parameters"] for each in found if each["type"] == "required_status_checks"]
            checks = [check for each in required for check in each["required_status_checks"]]
            statuses = frozenset(str(check["context"]) for check in checks)
            pinned = frozenset(str(check["context"]) for check in checks if check.get("integration_id") is not None)
            return BranchRules(
                statuses=statuses,
                from_anybody=statuses - pinned,
                has_queue="merge_queue" in kinds,
                up_to_date=any(each["strict_required_status_checks_policy"] for each in required),
                no_force_push="non_fast_forward" in kinds,
                no_deletion="deletion" in kinds,
            )

        return self._connection.asked(what, READ, rules)

    def environments(self) -> tuple[str, ...]:
        """Fetch the names of the environments, at most a hundred."""
        what = "the environments"
        found = self._connection.get(f"{self._base}/environments", what=what, needs=_ACTIONS, per_page=100)
        return self._connection.asked(
            what, _ACTIONS, lambda: tuple(str(each["name"]) for each in found.get("environments", ()))
        )

    def workflows(self) -> dict[str, str]:
        """Fetch the workflows of the default branch."""
        what = "the workflows"
        try:
            listed = self._connection.get(f"{self._base}/contents/{_WORKFLOWS}", what=what, needs=READ)
        except NotFoundError:
            return {}
        names = [str(each["name"]) for each in listed if str(each["name"]).endswith((".yml", ".yaml"))]
        return {name: self._text(f"{_WORKFLOWS}/{name}") for name in names}

    def _text(self, path: str) -> str:
        found: Any = self._connection.get(f"{self._base}/contents/{path}", what=path, needs=READ)
        return self._connection.asked(path, READ, lambda: base64.b64decode(found["content"]).decode("utf-8", "replace"))
