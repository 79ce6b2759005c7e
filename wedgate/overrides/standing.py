"""What a reading of a request begins with, and what it comes to, whether comments or signatures were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from wedgate.overrides.people import Circle, Person, Role
from wedgate.overrides.place import ROOT, Place
from wedgate.overrides.policy import OverridePolicy
from wedgate.overrides.quorum import Approval
from wedgate.overrides.refusals import Refusal
from wedgate.overrides.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pull request as it is now. No pushers and no committers (``None``): the forge does not say.

    ``co_author_logins`` (in lower case) are co-authors whom a commit names by a login without its number;
    ``strangers`` are those that it names by what no account is known for. ``merged_as`` is what merging made.
    """

    repository: str
    number: int
    head: str
    author: Person | None
    place: Place = ROOT
    pushers: tuple[Person, ...] = ()
    committers: tuple[Person, ...] | None = ()
    co_author_logins: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()
    re_runners: tuple[Person, ...] = ()
    from_fork: bool = False
    merged_as: str | None = None
    merged_by: Person | None = None

    def asked_as(self, commit: str) -> Change:
        """Return the change as it counts for a request: what merging made is pushed by whoever merged it, too."""
        if commit == self.head or commit != self.merged_as:
            return self
        by = () if self.merged_by is None or not self.pushers else (*self.pushers, self.merged_by)
        return replace(self, pushers=by)

    @property
    def goes_out(self) -> str:
        """The commit that a deployment of it is of: its head, and what merging made of that."""
        return self.merged_as or self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDenial:
    """A denial of a request that the ledger has."""

    request: str
    person: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the ledger knows of requests: denials, and until when one was granted for a region.

    ``pushers`` are who had pushed a commit when it was asked for: with its branch the forge may forget them.
    """

    denials: tuple[SeenDenial, ...] = ()
    withdrawals: Mapping[tuple[str, int, str], datetime] = field(default_factory=dict)
    """When somebody last took back an approval, a denial or a request: by request, person and which of them."""
    denied: Mapping[tuple[str, int, datetime], datetime] = field(default_factory=dict)
    """When a signed denial came into the ledger first: by request, person and the time that it states."""
    newest: Mapping[tuple[str, int], datetime] = field(default_factory=dict)
    """When the last request of a pull request was made, by repository and number."""
    pushers: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    expiries: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    edited: frozenset[int] = frozenset()
    """The comments that were found edited once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Somebody took back an ``approval``, a ``denial`` or a ``request``."""

    person: Person
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """What decides: the policy of the default branch (``None``: there is none), the circle of each region, and the
    names that a request may use; ``roles`` are what is known of people's permissions."""

    policy: OverridePolicy | None
    circles: Mapping[str, Circle]
    rules: tuple[str, ...]
    roles: Mapping[int, Role]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that there are."""
        return tuple(self.circles)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionStanding:
    """How far a request has come in one region: granted from the last approval needed until ``expires``."""

    region: str
    needed: int
    teams_needed: int
    approvals: tuple[Approval, ...]
    granted_at: datetime | None
    expires: datetime | None
    may_approve: tuple[str, ...]
    """Logins of those who may and have not."""

    @property
    def missing(self) -> int:
        """How many people more must approve, at least."""
        return 0 if self.granted_at is not None else max(1, self.needed - len(self.approvals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where things stand. ``asks`` are people whose role must be known first: until then they count for nothing."""

    request: Request | None = None
    regions: tuple[RegionStanding, ...] = ()
    denials: tuple[Person, ...] = ()
    denied_at: Mapping[int, datetime] = field(default_factory=dict)
    """When each of them denied, by number."""
    withdrawals: tuple[Withdrawal, ...] = ()
    """What was taken back, and when; the ledger keeps it, because its comment may go away."""
    is_withdrawn: bool = False
    refusals: tuple[Refusal, ...] = ()
    asks: tuple[Person, ...] = ()

    @property
    def is_granted(self) -> bool:
        """Whether every region that was asked for was granted, whatever the time is now."""
        return bool(self.regions) and self.stands and all(each.granted_at is not None for each in self.regions)

    @property
    def stands(self) -> bool:
        """Whether there is a request that nobody denied or withdrew."""
        return self.request is not None and not self.denials and not self.is_withdrawn

    def region(self, name: str) -> RegionStanding | None:
        """Return how far it has come in one region, ``None`` if it was not asked for."""
        return next((each for each in self.regions if each.region == name), None)
