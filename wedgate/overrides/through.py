"""A decision with what the ledger and an override make of it: a freeze closes, and a grant lets through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from wedgate.calendars.values import Verdict
from wedgate.gate.decide import closed_for, with_regions
from wedgate.gate.decision import Decision, OverrideLook, Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode
from wedgate.ledger.audit import Frozen
from wedgate.overrides.commands import Strategy
from wedgate.overrides.grants import Grant
from wedgate.overrides.refusals import Refusal

Closing = tuple[tuple[str, str | None], ...]
"""What closes: reason codes, each with the rule that it names."""


def frozen_out(decision: Decision, freezes: Iterable[Frozen]) -> Decision:
    """Return the decision with every region closed that is frozen at its instant."""
    holding = tuple(freezes)
    regions = tuple(frozen_region(region, holding, decision.at) for region in decision.regions)
    return with_regions(decision, regions) if regions != decision.regions else decision


def frozen_region(region: RegionDecision, freezes: Iterable[Frozen], at: datetime) -> RegionDecision:
    """Return a region's decision, closed if it is frozen at an instant."""
    found = next((each for each in freezes if each.holds(region.region, at)), None)
    return region if found is None else closed_for(region, reason_of_freeze(found))


def reason_of_freeze(frozen: Frozen) -> Reason:
    """Turn a freeze into a reason."""
    text = f"frozen by {frozen.by} until {frozen.until:%Y-%m-%d %H:%M} UTC: {frozen.reason}"
    return Reason(code=ReasonCode.FROZEN, text=text)


def closing_of(region: RegionDecision) -> Closing:
    """Return everything that keeps a region closed; a short runway is what closes it at its end."""
    answer = region.answer
    causes = () if answer is None else answer.causes
    found = [(str(cause.kind.value), cause.rule) for cause in causes if cause.closes]
    known = {code for code, _ in found}
    for reason in region.reasons:
        if reason.code is ReasonCode.RUNWAY_SHORT:
            later = [(each.code.value, each.rule) for each in region.closes_for]
            found += later or [(reason.code.value, None)]
        elif answer is None or (reason.code.value not in known and reason.code in _BEYOND_THE_CALENDAR):
            found.append((reason.code.value, reason.rule))
    return tuple(dict.fromkeys(found))


_BEYOND_THE_CALENDAR = (
    ReasonCode.FROZEN,
    ReasonCode.POISONED,
    ReasonCode.LEDGER_UNREACHABLE,
    ReasonCode.CONFIG_LOOSENED,
    ReasonCode.CONFIG_INVALID,
)


def closing_of_whole(decision: Decision) -> Closing:
    """Return what closes a decision that no calendar took part in."""
    return tuple(dict.fromkeys((reason.code.value, reason.rule) for reason in decision.reasons))


def let_through(
    decision: Decision,
    found: Mapping[str, Grant | Refusal],
    *,
    pull_request: int,
    lasts: Mapping[str, datetime] | None = None,
) -> Decision:
    """Return the decision with each closed region opened, with caution, that has a grant; and what was looked at.

    Of a decision without regions every grant must hold, and there must be one. ``lasts`` is until when each keeps its
    region open, where a rule that it does not open closes before it ends.
    """
    until = lasts or {}
    looks = tuple(_look(region, each, pull_request, until.get(region)) for region, each in found.items())
    if not decision.regions:
        opened = bool(found) and all(isinstance(each, Grant) for each in found.values())
        reasons = (_overridden(next(iter(found.values()))), *decision.reasons) if opened else decision.reasons
        verdict = Verdict.CAUTION if opened else decision.verdict
        return replace(decision, verdict=verdict, reasons=reasons, overrides=looks)
    regions = []
    for region in decision.regions:
        grant = found.get(region.region)
        if region.verdict is Verdict.CLOSED and isinstance(grant, Grant):
            reasons = (_overridden(grant), *region.reasons)
            regions.append(replace(region, verdict=Verdict.CAUTION, reasons=reasons))
        else:
            regions.append(region)
    return replace(with_regions(decision, regions), overrides=looks)


def _overridden(grant: Grant | Refusal) -> Reason:
    assert isinstance(grant, Grant)
    return Reason(code=ReasonCode.OVERRIDDEN, text=_words_of(grant))


def _words_of(grant: Grant) -> str:
    who = ", ".join(person.login for person in grant.approvers)
    how = " (the same content)" if grant.matched_by.value == "tree" else ""
    return (
        f"an override opens {', '.join(grant.rules)} for {grant.request.override.sha[:12]}{how} "
        f"until {grant.expires:%Y-%m-%d %H:%M:%S} UTC, approved by {who}"
    )


def _look(region: str, found: Grant | Refusal, pull_request: int, until: datetime | None) -> OverrideLook:
    if isinstance(found, Refusal):
        return OverrideLook(
            region=region, is_granted=False, words=str(found), code=found.code.value, pull_request=pull_request
        )
    return OverrideLook(
        region=region,
        is_granted=True,
        words=_words_of(found),
        request=found.request.id,
        pull_request=pull_request,
        rules=found.rules,
        approvers=tuple(person.login for person in found.approvers),
        reason=found.request.override.reason,
        granted_at=found.granted_at,
        expires=found.expires,
        until=until,
        matched_by=found.matched_by.value,
        strategy=None if found.request.override.strategy is Strategy.NORMAL else found.request.override.strategy.value,
    )
