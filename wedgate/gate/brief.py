"""Answers without their words, for many questions at once: verdicts, codes, rules and instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wedgate.calendars.timeline import BareAnswer
from wedgate.calendars.values import Verdict
from wedgate.gate.reasons import ReasonCode

BriefReason = tuple[ReasonCode, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefQuestion:
    """The verdict at an instant (UTC, whole seconds) in some regions, each of which there is."""

    at: datetime
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefRegion:
    """One region over a stretch in which nothing changes, without its markets.

    ``reasons`` are codes with the rule they name, each pair once. ``is_closed`` is what the calendar says, where
    ``verdict`` is what a machine gets; ``changes`` is the instant at which that ends (``None``: not within reach).
    """

    region: str
    verdict: Verdict
    load: float
    reasons: tuple[BriefReason, ...]
    is_closed: bool
    changes: datetime | None

    def next_open(self, at: datetime) -> datetime | None:
        """Return when it opens, as ``RegionAnswer`` has it."""
        return self.changes if self.is_closed else at

    def next_close(self, at: datetime) -> datetime | None:
        """Return when it closes, as ``RegionAnswer`` has it."""
        return at if self.is_closed else self.changes


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefAnswer:
    """The answer to one question; ``next_open`` and ``next_close`` are for all of its regions at once."""

    at: datetime
    verdict: Verdict
    regions: tuple[BriefRegion, ...]
    next_open: datetime | None
    next_close: datetime | None
    horizon: datetime


def bare_reasons(answer: BareAnswer, *, bound: bool) -> tuple[BriefReason, ...]:
    """Return the reasons that ``decide_region`` gives (``bound``: those of ``binding``), in codes alone."""
    found: tuple[BriefReason, ...] = tuple((ReasonCode(kind.value), rule) for kind, rule in answer.causes)
    if bound:
        return ((ReasonCode.HYPOTHETICAL, None), *found)
    return found or ((ReasonCode.OPEN if answer.has_rules else ReasonCode.NO_RULES, None),)
