"""The audit stream of a ledger: every request, vote, refusal, grant and use of an override, and every freeze.

An entry's body is plain data that says everything an auditor asks for; what it means for a decision is worked out by
``wedgate.overrides.record``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Act(StrEnum):
    """The kinds of entries in the audit stream."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    """Somebody took back what they had said: a request, an approval or a denial."""
    REFUSED = "refused"
    GRANTED = "granted"
    USED = "used"
    EXPIRED = "expired"
    FROZEN = "frozen"
    THAWED = "thawed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One entry of the stream as data; ``revision`` and ``hash`` are its place in the chain."""

    revision: int
    kind: str
    at: datetime
    body: Mapping[str, object]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A freeze: nothing increases in some regions (``None``: all) before ``until``, whoever asks."""

    regions: tuple[str, ...] | None
    until: datetime
    reason: str
    by: str
    since: datetime
    comment: int | None = None
    """The comment that asked for it, which does so once."""
    asked: datetime | None = None
    """When that comment was written: the run that carries it out begins later, maybe after somebody thaws."""
    thawed: tuple[str, ...] = ()
    """The regions in which somebody has ended it."""
    entry: int | None = None
    """The number of its entry in the ledger, which names it; it is not written down there."""

    def names(self, region: str) -> bool:
        """Whether it is for a region, whatever the hour."""
        return (self.regions is None or region in self.regions) and region not in self.thawed

    def holds(self, region: str, at: datetime) -> bool:
        """Whether it is in force for a region at an instant; half-open."""
        return self.since <= at < self.until and self.names(region)

    def held_of(self, regions: Iterable[str]) -> tuple[str, ...]:
        """Return those of some regions that it is for."""
        return tuple(region for region in regions if self.names(region))
