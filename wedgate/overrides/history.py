"""Every override that the ledger knows, each with all that happened to it: what an auditor asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from wedgate.ledger.audit import Act, AuditLine


class Outcome(StrEnum):
    """How a request ended, or stands."""

    USED = "used"
    UNUSED = "granted, never used"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    WAITING = "never granted"


@dataclass(slots=True, kw_only=True)
class Told:
    """One request with its acts, in the order of the ledger; built up while the ledger is read."""

    request: str
    at: datetime
    body: Mapping[str, Any]
    approvals: list[str] = field(default_factory=list)
    denials: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    grants: list[Mapping[str, Any]] = field(default_factory=list)
    uses: list[tuple[datetime, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Return how it ended."""
        if self.uses:
            return Outcome.USED
        if self.denials:
            return Outcome.DENIED
        if self.withdrawn:
            return Outcome.WITHDRAWN
        return Outcome.UNUSED if self.grants else Outcome.WAITING


def history_of(lines: Iterable[AuditLine]) -> tuple[Told, ...]:
    """Return every request with its acts, by the time at which it was recorded."""
    found: dict[str, Told] = {}
    for line in lines:
        body: Mapping[str, Any] = line.body
        request = str(body.get("request", ""))
        if line.kind == Act.REQUESTED:
            found.setdefault(request, Told(request=request, at=line.at, body=body))
        told = found.get(request)
        if told is None:
            continue
        who = str(body["person"]["login"]) if isinstance(body.get("person"), Mapping) else ""
        match line.kind:
            case Act.APPROVED:
                told.approvals.append(who)
            case Act.DENIED:
                told.denials.append(who)
            case Act.WITHDRAWN if body.get("what") == "denial":
                told.denials = [each for each in told.denials if each != who]
            case Act.WITHDRAWN:
                told.withdrawn.append(who)
            case Act.GRANTED:
                told.grants.append(body)
            case Act.USED:
                told.uses.append((line.at, body))
            case _:
                continue
    return tuple(found.values())
