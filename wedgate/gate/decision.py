"""The decision record: one value, one JSON schema, the same for CLI, action output, summary and comment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from wedgate.calendars.values import RegionAnswer, RuleLook, SourceLook, Verdict
from wedgate.gate.reasons import ReasonCode
from wedgate.making import quick


class Mode(StrEnum):
    """``observe`` asks and records everything and fails nothing."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class ConfigOrigin(StrEnum):
    """Where the configuration that decided was read."""

    WORKING_FILE = "working-file"
    DEFAULT_BRANCH = "default-branch"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason code with the sentence a person reads; ``rule`` and ``market`` where one is named."""

    code: ReasonCode
    text: str
    rule: str | None = None
    market: str | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RegionDecision:
    """The verdict for one region with its reasons; ``answer`` is what the calendar said (``None`` when it could
    not be asked).

    ``next_open`` is the first instant at which the region is open for the whole of the runway asked for; with no
    runway asked for it is what the calendar said. ``opens_after`` is what closes it last before ``next_open``, where
    that is something else than now; ``closes_for`` is what closes it at its next closing.
    """

    region: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    answer: RegionAnswer | None
    next_open: datetime | None = None
    opens_after: tuple[Reason, ...] = ()
    closes_for: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideLook:
    """What an override does in one region: a grant with its times, or why none helps (``code``, ``words``).

    ``matched_by`` is ``commit`` or ``tree``; ``approvers`` are logins; ``strategy`` is the one asked for, if any.
    ``until`` is the first instant at which the region closes: by a rule that the grant leaves, or later by any.
    """

    region: str
    is_granted: bool
    words: str
    code: str | None = None
    request: str | None = None
    pull_request: int | None = None
    rules: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    reason: str = ""
    granted_at: datetime | None = None
    expires: datetime | None = None
    until: datetime | None = None
    matched_by: str | None = None
    strategy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What decided, so that a decision can be replayed later.

    ``sources`` are what the regions asked about take days from. ``incomparable``: there is a clone, and yet the
    working file could not be compared with the default branch's.
    ``extends`` names each calendar that the configuration extends, with the digest of its content.
    """

    config_digest: str | None
    config_origin: ConfigOrigin | None
    config_path: str | None
    config_ref: str | None
    differs_from_default_branch: bool | None
    zone_data: str
    holidays: str
    wedgate: str
    incomparable: bool = False
    extends: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[SourceLook, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """May we deploy now, there? ``at`` is the instant asked about; ``hypothetical`` when it was given by hand.

    ``next_open``/``next_close`` are for all asked regions at once: the first instant at which every one of them is
    open (for the whole of the runway, where one was asked for), and the first at which one of them closes.
    ``runway_needed`` is what was asked for, ``None`` if nothing. ``not_verified`` names in words what could not be
    verified, ``expiring`` the sources that have ended or end soon. ``horizon`` is how far the calendars were read:
    what is ``None`` does not happen before it.
    """

    at: datetime
    hypothetical: bool
    mode: Mode
    verdict: Verdict
    reasons: tuple[Reason, ...]
    regions: tuple[RegionDecision, ...]
    next_open: datetime | None
    next_close: datetime | None
    runway: timedelta | None
    runway_needed: timedelta | None
    not_verified: tuple[str, ...]
    looks: tuple[RuleLook, ...]
    inputs: Inputs
    horizon: datetime | None = None
    expiring: tuple[str, ...] = ()
    overrides: tuple[OverrideLook, ...] = ()
    """What an override does for it in each region, where one was looked for."""

    @property
    def may_deploy(self) -> bool:
        """Whether a deployment may start because of this record: never for a hypothetical one."""
        return self.verdict is not Verdict.CLOSED and not self.hypothetical
