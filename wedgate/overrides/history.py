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
    """Who took the request back; a vote that was taken back is among those above no more."""
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
    votes: dict[str, _Votes] = {}
    for line in lines:
        body: Mapping[str, Any] = line.body
        request = str(body.get("request", ""))
        if line.kind == Act.REQUESTED:
            found.setdefault(request, Told(request=request, at=line.at, body=body))
        told = found.get(request)
        if told is None:
            continue
        match line.kind:
            case Act.APPROVED | Act.DENIED:
                votes.setdefault(request, _Votes()).cast(line)
            case Act.WITHDRAWN if body.get("what") == "request":
                told.withdrawn.append(_login(body))
            case Act.WITHDRAWN:
                votes.setdefault(request, _Votes()).take_back(line)
            case Act.GRANTED:
                told.grants.append(body)
            case Act.USED:
                told.uses.append((line.at, body))
            case _:
                continue
    for request, each in votes.items():
        found[request].approvals = each.left(Act.APPROVED)
        found[request].denials = each.left(Act.DENIED)
    return tuple(found.values())


class _Votes:
    """Who said what of a request and took what back, by the times at which it was said.

    What is found at once stands in the ledger by its kind: a vote cast anew before the withdrawal of the first.
    """

    def __init__(self) -> None:
        self._cast: dict[tuple[str, object], tuple[str, datetime]] = {}
        self._back: dict[tuple[str, object], datetime] = {}

    def cast(self, line: AuditLine) -> None:
        """Take in an approval or a denial; the last one of a person counts."""
        key = line.kind, _person(line.body).get("id")
        login, said = _login(line.body), _said(line)
        self._cast[key] = login, max(said, self._cast.get(key, (login, said))[1])

    def take_back(self, line: AuditLine) -> None:
        """Take in that somebody took back an approval or a denial."""
        kind = Act.DENIED if line.body.get("what") == "denial" else Act.APPROVED
        key = str(kind.value), _person(line.body).get("id")
        said = _said(line)
        self._back[key] = max(said, self._back.get(key, said))

    def left(self, kind: Act) -> list[str]:
        """Return whose votes of a kind stand: within one second no approval counts, and no denial is lost."""
        return [login for key, (login, said) in self._cast.items() if key[0] == kind and self._stands(key, said)]

    def _stands(self, key: tuple[str, object], said: datetime) -> bool:
        back = self._back.get(key)
        return back is None or said > back or (said == back and key[0] == Act.DENIED)


def _said(line: AuditLine) -> datetime:
    said = line.body.get("said")
    return line.at if said is None else datetime.fromisoformat(str(said))


def _person(body: Mapping[str, Any]) -> Mapping[str, Any]:
    person = body.get("person")
    return person if isinstance(person, Mapping) else {}


def _login(body: Mapping[str, Any]) -> str:
    return str(_person(body).get("login", ""))
