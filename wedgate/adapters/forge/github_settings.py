"""How a repository on GitHub is set up, as far as a reader may see it: rules, environments, workflows.

The rules are those of rulesets, and of a classic branch protection what GitHub tells of it to everybody.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from wedgate.adapters._github.connection import READ, Connection, NotFoundError
from wedgate.adapters.forge.interface import BranchRules

_ACTIONS = "give the job `actions: read`"
_WORKFLOWS = ".github/workflows"
ANY_APP = -1
"""Where a protection names no app; null says the same."""


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
        """Fetch the rules of all rulesets that hold for a branch, and what its classic protection shows of itself."""
        what, path = f"the rules of {branch}", f"{self._base}/rules/branches/{quote(branch, safe='')}"
        found = list(self._connection.pages(path, what=what, needs=READ))
        of_rulesets = self._connection.asked(what, READ, lambda: _of_rulesets(found))
        protection = self._protection(branch)
        if protection is None:
            return of_rulesets
        of_protection = self._connection.asked(what, READ, lambda: _of_protection(protection))
        return _together(of_rulesets, of_protection)

    def _protection(self, branch: str) -> Mapping[str, Any] | None:
        """Fetch the classic protection of a branch; ``None`` of one that has none, or is not there yet."""
        what, path = f"the protection of {branch}", f"{self._base}/branches/{quote(branch, safe='')}"
        try:
            found = self._connection.get(path, what=what, needs=READ)
        except NotFoundError:
            return None
        protection = self._connection.asked(what, READ, lambda: dict(found.get("protection") or {}))
        return protection if protection.get("enabled") else None

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


def _of_rulesets(found: Iterable[Mapping[str, Any]]) -> BranchRules:
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


def _of_protection(found: Mapping[str, Any]) -> BranchRules:
    """Return what a classic protection asks for; it forbids force pushes and deletion unless it says otherwise."""
    required = found.get("required_status_checks") or {}
    if required.get("enforcement_level") == "off":
        required = {}
    checks = required.get("checks") or ()
    statuses = frozenset(map(str, (*required.get("contexts", ()), *(check["context"] for check in checks))))
    pinned = frozenset(str(check["context"]) for check in checks if (check.get("app_id") or ANY_APP) != ANY_APP)
    return BranchRules(
        statuses=statuses,
        from_anybody=statuses - pinned,
        up_to_date=required.get("strict") if required else False,
        no_force_push=_is_off(found.get("allow_force_pushes")),
        no_deletion=_is_off(found.get("allow_deletions")),
    )


def _is_off(setting: Mapping[str, Any] | None) -> bool | None:
    return None if setting is None else not setting["enabled"]


def _together(one: BranchRules, other: BranchRules) -> BranchRules:
    """Return what two sources of rules ask for: each of them holds."""
    pinned = (one.statuses - one.from_anybody) | (other.statuses - other.from_anybody)
    statuses = one.statuses | other.statuses
    return BranchRules(
        statuses=statuses,
        from_anybody=statuses - pinned,
        has_queue=one.has_queue or other.has_queue,
        up_to_date=_either(one.up_to_date, other.up_to_date),
        no_force_push=_either(one.no_force_push, other.no_force_push),
        no_deletion=_either(one.no_deletion, other.no_deletion),
    )


def _either(one: bool | None, other: bool | None) -> bool | None:
    """Return whether one of two holds, ``None`` where it may."""
    return True if one or other else None if one is None or other is None else False
