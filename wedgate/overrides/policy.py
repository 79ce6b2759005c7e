"""Who may let a release through, and who may do what else: the ``overrides`` part of wedgate.yml as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class NeverCount(StrEnum):
    """Whose approval never counts, because they have a part in the change or in the asking."""

    REQUESTER = "requester"
    AUTHOR = "author"
    """Who opened the pull request."""
    HEAD_PUSHER = "head-pusher"
    """Who pushed the commit that is to go out; unknown means that nothing is granted."""
    COMMITTERS = "committers"
    """Whoever wrote or committed any commit of the pull request."""
    RE_RUNNER = "re-runner"
    """Who ran the job again that asks."""


class Duty(StrEnum):
    """What else somebody may ask for in a comment or a terminal."""

    STOP = "stop"
    """Freeze, roll back, pause."""
    RESUME = "resume"
    THAW = "thaw"
    CLEAR = "clear"
    """Take a digest off the poison list."""
    ADOPT = "adopt"
    ABORT = "abort"
    REPORT = "report"
    """Say that a release is worse, which rolls it back: by a comment, or an event that reaches a workflow."""


class Audience(StrEnum):
    """Who has a duty."""

    WRITE = "write"
    """Anyone who may push to the repository."""
    APPROVERS = "approvers"
    """Whoever may approve an override in any region."""
    SIGNERS = "signers"
    """Whoever signs by a key that ``signers`` names; of reports only."""


class Requirement(StrEnum):
    """What a request must say beside the commit, the regions, the rules and how long."""

    REASON = "reason"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPerson:
    """A person of the policy. With ``id`` the number is who is meant, whatever the login has become."""

    login: str
    id: int | None = None

    def __str__(self) -> str:
        """The spelling of the file: ``alice`` or ``alice:1234``."""
        return self.login if self.id is None else f"{self.login}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """Where approvers come from: people, teams (``org/team`` in lower case), the owners of a path, and who is on call.

    ``code_owners`` are paths that the repository's CODEOWNERS file gives owners to; ``on_call`` is a feed whose events
    name the logins that are on call, by path or address.
    """

    people: tuple[NamedPerson, ...] = ()
    teams: tuple[str, ...] = ()
    code_owners: tuple[str, ...] = ()
    on_call: str | None = None

    @property
    def is_listed(self) -> bool:
        """Whether the file itself says who they are, to the last one."""
        return not (self.teams or self.code_owners or self.on_call)


DEFAULT_DUTIES: Mapping[Duty, Audience] = {
    **dict.fromkeys(Duty, Audience.APPROVERS),
    Duty.STOP: Audience.WRITE,
    Duty.REPORT: Audience.WRITE,
}
WITHOUT_POLICY: Mapping[Duty, Audience] = dict.fromkeys((Duty.STOP, Duty.REPORT, Duty.THAW), Audience.WRITE)
"""Who may what by a comment where nobody is named: whoever can freeze can end a freeze, or nobody could."""


OVERRIDABLE = ("calendar_unverified", "config_invalid", "config_loosened", "config_missing")
"""Reason codes that an override may name beside rules; no rule may have such a name."""

SHORTEST = timedelta(minutes=30)
"""What `longest` may not be below: a grant that ends before a job starts would open nothing, and mend nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridePolicy:
    """Who may approve, how many of them, and what no override opens.

    ``approvals`` and ``from_teams`` (how many distinct teams) are for every region without an entry of its own in
    ``approvals_in`` and ``from_teams_in``; so are ``approvers`` and ``approvers_in``. ``links`` are the beginnings
    that a link must have, any of them (none: any address).
    """

    approvers: Approvers
    approvers_in: Mapping[str, Approvers] = field(default_factory=dict)
    approvals: int = 2
    approvals_in: Mapping[str, int] = field(default_factory=dict)
    from_teams: int = 1
    from_teams_in: Mapping[str, int] = field(default_factory=dict)
    never_count: frozenset[NeverCount] = frozenset(
        (NeverCount.REQUESTER, NeverCount.AUTHOR, NeverCount.HEAD_PUSHER, NeverCount.RE_RUNNER)
    )
    longest: timedelta = timedelta(hours=4)
    require: frozenset[Requirement] = frozenset((Requirement.REASON,))
    links: tuple[str, ...] = ()
    untouchable: frozenset[str] = frozenset()
    forks: bool = False
    may: Mapping[Duty, Audience] = field(default_factory=lambda: DEFAULT_DUTIES)
    signers: str | None = None

    def approvers_of(self, region: str) -> Approvers:
        """Return where the approvers of a region come from."""
        return self.approvers_in.get(region, self.approvers)

    def needed_in(self, region: str) -> int:
        """Return how many people must approve for a region."""
        return self.approvals_in.get(region, self.approvals)

    def teams_needed_in(self, region: str) -> int:
        """Return from how many distinct teams they must come."""
        return self.from_teams_in.get(region, self.from_teams)
