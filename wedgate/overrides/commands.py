"""What a comment may ask for, as values. ``wedgate.overrides.grammar`` reads them; nothing here is believed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verb(StrEnum):
    """The first word behind ``/wedgate``."""

    OVERRIDE = "override"
    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    STATUS = "status"
    HELP = "help"
    CHECK = "check"
    FREEZE = "freeze"
    THAW = "thaw"
    ROLLBACK = "rollback"


class Strategy(StrEnum):
    """How a release that an override lets through is rolled out."""

    NORMAL = "normal"
    """As on any other day."""
    EMERGENCY = "emergency"
    """Short, and judged against absolute limits, because stable may be what is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Ask to let one commit through some rules in some regions, for so long after the last approval needed.

    ``regions`` and ``rules`` are sorted names, each once; ``sha`` is 40 lower-case hexadecimal digits.
    """

    sha: str
    regions: tuple[str, ...]
    rules: tuple[str, ...]
    duration: timedelta
    reason: str = ""
    link: str = ""
    strategy: Strategy = Strategy.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """Approve or deny one request for one commit."""

    approves: bool
    sha: str
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take back whatever one said: one's request, approval or denial; of one request where it is named."""

    sha: str | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """``status``, ``help`` or ``check``: a question that changes nothing."""

    verb: Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Stop every increase, in all regions (``None``) or some, for so long."""

    duration: timedelta
    reason: str
    regions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaw:
    """End a freeze: the only one, or those that are named by regions, or by their numbers in the ledger."""

    reason: str
    regions: tuple[str, ...] = ()
    freezes: tuple[int, ...] = ()
    is_for_all: bool = False
    """Whether every freeze is meant: ``regions=all``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Return traffic to stable in one rollout."""

    rollout: str
    reason: str


Command = Override | Vote | Withdraw | Ask | Freeze | Thaw | Rollback
