"""From calendar answers, runway, trouble and mode to one decision. What to ask, and of whom, is the engine's.

A region is as closed as its calendar says, and closed too when it does not stay open for the runway asked for. The
verdict for the whole is the worst of its regions. Whatever could not be asked is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import assert_never

from wedgate.calendars.values import Cause, CauseKind, RegionAnswer, RuleLook, Verdict
from wedgate.gate.decision import Decision, Inputs, Mode, Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked: the instant, whether it was given by hand, and how long the gate must stay open."""

    at: datetime
    hypothetical: bool = False
    runway_needed: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """When all the asked regions are open at once, and when the first of them closes; ``None``: not within reach."""

    next_open: datetime | None
    next_close: datetime | None
    horizon: datetime


def decide_region(
    answer: RegionAnswer,
    *,
    runway_needed: timedelta | None,
    next_open: datetime | None,
    opens_after: tuple[Reason, ...] = (),
    closes_for: tuple[Reason, ...] = (),
) -> RegionDecision:
    """Decide for one region; ``next_open`` is its first opening that lasts for the runway asked for.

    ``opens_after`` and ``closes_for`` are what closes it just before that opening, and at its next closing.
    """
    verdict, reasons = answer.verdict, tuple(reason_of(cause) for cause in answer.causes)
    if verdict is not Verdict.CLOSED and runway_needed is not None:
        left = answer.runway
        if left is not None and left < runway_needed:
            asked = words_of(runway_needed, up=True)
            verb = "was" if asked in ("1 d", "1 h", "1 min", "1 s") else "were"
            text = f"closes in {words_of(left)}, and {asked} {verb} asked for"
            reasons = (Reason(code=ReasonCode.RUNWAY_SHORT, text=text), *reasons)
            verdict = Verdict.CLOSED
    if not reasons:
        reasons = (_open_reason(answer),)
    return RegionDecision(
        region=answer.region,
        verdict=verdict,
        reasons=reasons,
        answer=answer,
        next_open=next_open,
        opens_after=() if set(opens_after) <= set(reasons) else opens_after,
        closes_for=closes_for,
    )


def decide(
    question: Question,
    regions: Sequence[RegionDecision],
    together: Together,
    *,
    mode: Mode,
    inputs: Inputs,
    looks: tuple[RuleLook, ...] = (),
    left_out: tuple[str, ...] = (),
    expiring: tuple[str, ...] = (),
) -> Decision:
    """Return the decision for all asked regions together; there must be at least one.

    ``left_out`` says in words what the sources leave out wherever they are asked, ``expiring`` which of them end soon.
    """
    worst, reasons = _together(regions)
    return Decision(
        at=question.at,
        hypothetical=question.hypothetical,
        mode=mode,
        verdict=worst,
        reasons=reasons,
        regions=tuple(regions),
        next_open=together.next_open,
        next_close=together.next_close,
        runway=None if together.next_close is None else together.next_close - question.at,
        runway_needed=question.runway_needed,
        not_verified=(*_not_verified(regions), *left_out),
        expiring=expiring,
        looks=looks,
        inputs=inputs,
        horizon=together.horizon,
    )


def with_regions(decision: Decision, regions: Sequence[RegionDecision]) -> Decision:
    """Return a decision whose regions were decided anew, with the verdict and the reasons that they come to."""
    worst, reasons = _together(regions)
    return replace(decision, verdict=worst, reasons=reasons, regions=tuple(regions))


def closed_for(region: RegionDecision, reason: Reason) -> RegionDecision:
    """Return a region closed for one reason more, which is said first."""
    open_words = (ReasonCode.OPEN, ReasonCode.NO_RULES)
    reasons = (reason, *(each for each in region.reasons if each.code not in open_words))
    return replace(region, verdict=Verdict.CLOSED, reasons=reasons)


def closed_besides(decision: Decision, reasons: Sequence[Reason]) -> Decision:
    """Return a decision closed in every region for reasons that no time ends, said before what closes it otherwise."""
    regions = []
    for region in decision.regions:
        for reason in reversed(reasons):
            region = closed_for(region, reason)
        regions.append(replace(region, next_open=None, opens_after=()))
    return replace(with_regions(decision, regions), next_open=None, next_close=None, runway=None)


def _together(regions: Sequence[RegionDecision]) -> tuple[Verdict, tuple[Reason, ...]]:
    """Return the worst verdict of some regions, and the reasons for it, each said once."""
    worst = max((region.verdict for region in regions), key=lambda verdict: verdict.severity)
    reasons: dict[tuple[ReasonCode, str], Reason] = {}
    for region in regions:
        if region.verdict is worst:
            for reason in region.reasons:
                known = reasons.setdefault((reason.code, reason.text), reason)
                if known.market != reason.market:
                    reasons[reason.code, reason.text] = replace(known, market=None)
    return worst, tuple(reasons.values())


def decide_without_calendar(
    question: Question, verdict: Verdict, reasons: tuple[Reason, ...], *, mode: Mode, inputs: Inputs
) -> Decision:
    """Return a decision that no calendar took part in: trouble (closed), or a change to the configuration alone."""
    return Decision(
        at=question.at,
        hypothetical=question.hypothetical,
        mode=mode,
        verdict=verdict,
        reasons=reasons,
        regions=(),
        next_open=None,
        next_close=None,
        runway=None,
        runway_needed=question.runway_needed,
        not_verified=(),
        looks=(),
        inputs=inputs,
    )


def binding_verdict(decision: Decision) -> Verdict:
    """Return the verdict that a machine may act on: a hypothetical answer opens nothing."""
    return Verdict.CLOSED if decision.hypothetical else decision.verdict


def is_allowed(decision: Decision) -> bool:
    """Whether a deployment may go on because of this record: open or caution, or a gate that only observes."""
    if decision.hypothetical:
        return False
    return decision.mode is Mode.OBSERVE or decision.verdict is not Verdict.CLOSED


def binding(decision: Decision) -> Decision:
    """Return the decision as a machine gets it: of a hypothetical one, every verdict is ``closed``."""
    if not decision.hypothetical:
        return decision
    return replace(
        decision,
        verdict=Verdict.CLOSED,
        reasons=_bound_reasons(decision.reasons),
        regions=tuple(
            replace(
                region,
                verdict=Verdict.CLOSED,
                reasons=_bound_reasons(region.reasons),
                answer=None if region.answer is None else _closed(region.answer),
            )
            for region in decision.regions
        ),
    )


def _bound_reasons(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    text = "asked about an instant given by hand: nothing starts because of this answer"
    said = Reason(code=ReasonCode.HYPOTHETICAL, text=text)
    return (said, *(reason for reason in reasons if reason.code not in _OPENING))


def _closed(answer: RegionAnswer) -> RegionAnswer:
    markets = tuple(replace(market, verdict=Verdict.CLOSED) for market in answer.markets)
    return replace(answer, verdict=Verdict.CLOSED, markets=markets)


_OPENING = frozenset((ReasonCode.OPEN, ReasonCode.NO_RULES, ReasonCode.CONFIG_TIGHTENED, ReasonCode.CONFIG_REPAIRED))


def reason_of(cause: Cause) -> Reason:
    """Turn a cause of the calendar into a reason: the code has the same spelling, the text names the rule."""
    return Reason(
        code=ReasonCode(cause.kind.value),
        text=_cause_words(cause),
        rule=cause.rule,
        market=cause.market,
    )


def words_of(duration: timedelta, *, up: bool = False) -> str:
    """Spell a duration for a person, in at most two units: ``2 d 5 h``, ``45 min``, ``20 s``.

    It is rounded down, as what is left should be; ``up`` for what is asked for, so that the two never read the same.
    """
    seconds = int(duration.total_seconds())
    sizes = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    if up:
        smallest = next((second for (first, _), (second, _) in pairwise(sizes) if seconds >= first), 1)
        seconds = -(-seconds // smallest) * smallest
    parts: list[str] = []
    for place, (size, unit) in enumerate(sizes):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
            if len(parts) == 1 and place + 1 < len(sizes):
                following, next_unit = sizes[place + 1]
                if seconds // following:
                    parts.append(f"{seconds // following} {next_unit}")
            break
    return " ".join(parts) or "0 s"


def _open_reason(answer: RegionAnswer) -> Reason:
    if not answer.has_rules:
        return Reason(code=ReasonCode.NO_RULES, text="no rule applies here")
    return Reason(code=ReasonCode.OPEN, text="no rule closes it")


def _cause_words(cause: Cause) -> str:
    detail = f": {cause.detail}" if cause.detail else ""
    kind = cause.kind
    if kind is CauseKind.OUTSIDE_ALLOW_WINDOW:
        return f"outside {cause.rule}{detail}"
    if kind is CauseKind.CALENDAR_UNVERIFIED:
        return f"{cause.rule} may close it, and its source does not cover this date{detail}"
    if kind is CauseKind.LOAD_UNVERIFIED:
        return f"{cause.rule} may raise the load, and its source does not cover this date{detail}"
    if kind is CauseKind.RULE_CAUTION or kind is CauseKind.LOAD_CAUTION:
        return f"{cause.rule} asks for care{detail}"
    if kind is CauseKind.RULE_BLOCKS or kind is CauseKind.LOAD_BLOCKS:
        return f"{cause.rule}{detail}"
    assert_never(kind)


def _not_verified(regions: Sequence[RegionDecision]) -> tuple[str, ...]:
    unverified = (ReasonCode.CALENDAR_UNVERIFIED, ReasonCode.LOAD_UNVERIFIED)
    found: dict[str, None] = {}
    for region in regions:
        for reason in region.reasons:
            if reason.code in unverified:
                place = f"{region.region}/{reason.market}" if reason.market else region.region
                found[f"{place}: {reason.text}"] = None
    return tuple(found)
