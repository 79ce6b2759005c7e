"""A decision with the freezes of the ledger: closed where one holds, and where nobody knows whether one does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, Span
from wedgate.engine.audit import AuditBook
from wedgate.engine.lasting import opening_after_freezes
from wedgate.engine.parts import Almanac
from wedgate.errors import ExternalSystemError
from wedgate.gate.decide import closed_for, with_regions
from wedgate.gate.decision import Decision, Reason
from wedgate.gate.reasons import ReasonCode
from wedgate.ledger.audit import Frozen
from wedgate.overrides.through import frozen_out, reason_of_freeze


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


def closed_by_freezes(timeline: Timeline, freezes: Sequence[Frozen]) -> Timeline:
    """Return a timeline with each region closed where it is frozen."""
    if not freezes:
        return timeline
    return timeline.closed_also({name: frozen_spans(freezes, name) for name in timeline.region_names})


def frozen_spans(freezes: Iterable[Frozen], region: str) -> tuple[Span, ...]:
    """Return when a region is frozen, in whole seconds."""
    return tuple(
        Span(start=each.since.replace(microsecond=0), end=_whole(each.until)) for each in freezes if each.names(region)
    )


def _whole(until: datetime) -> datetime:
    return until.replace(microsecond=0) + timedelta(seconds=1 if until.microsecond else 0)


def freeze_reasons(freezes: Sequence[Frozen], regions: Iterable[str], at: datetime | None) -> tuple[Reason, ...]:
    """Return the freezes that hold one of some regions at an instant, as reasons; none for no instant."""
    if at is None:
        return ()
    names = tuple(regions)
    return tuple(reason_of_freeze(each) for each in freezes if any(each.holds(name, at) for name in names))


def _reopening(decision: Decision, freezes: Sequence[Frozen], calendar: Calendar, almanac: Almanac) -> Decision:
    """Return the decision with the openings that the freezes leave."""

    def opening(names: tuple[str, ...]) -> datetime | None:
        return opening_after_freezes(calendar, almanac, names, decision.at, decision.runway_needed, freezes)

    regions = tuple(replace(each, next_open=opening((each.region,))) for each in decision.regions)
    return replace(decision, regions=regions, next_open=opening(tuple(each.region for each in regions)))
