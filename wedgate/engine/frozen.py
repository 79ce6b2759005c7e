"""A decision with the freezes of the ledger: closed where one holds, and where nobody knows whether one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from wedgate.calendars.values import Calendar
from wedgate.engine.audit import AuditBook
from wedgate.engine.lasting import opening_after_freezes
from wedgate.engine.parts import Almanac
from wedgate.errors import ExternalSystemError
from wedgate.gate.decide import closed_for, with_regions
from wedgate.gate.decision import Decision, Reason
from wedgate.gate.reasons import ReasonCode
from wedgate.ledger.audit import Frozen
from wedgate.overrides.through import frozen_out


def with_freezes(decision: Decision, ledger: AuditBook, calendar: Calendar, almanac: Almanac) -> Decision:
    """Return the decision with what is frozen closed, and when it opens then; closed if the ledger cannot be read."""
    if not decision.regions:
        return decision
    try:
        freezes = ledger.read().freezes
    except ExternalSystemError as error:
        reason = Reason(code=ReasonCode.LEDGER_UNREACHABLE, text=str(error))
        return with_regions(decision, [closed_for(region, reason) for region in decision.regions])
    found = frozen_out(decision, freezes)
    return found if found is decision else _reopening(found, freezes, calendar, almanac)


def _reopening(decision: Decision, freezes: Sequence[Frozen], calendar: Calendar, almanac: Almanac) -> Decision:
    """Return the decision with the openings that the freezes leave."""

    def opening(names: tuple[str, ...]) -> datetime | None:
        return opening_after_freezes(calendar, almanac, names, decision.at, decision.runway_needed, freezes)

    regions = tuple(replace(each, next_open=opening((each.region,))) for each in decision.regions)
    return replace(decision, regions=regions, next_open=opening(tuple(each.region for each in regions)))
