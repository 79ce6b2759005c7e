"""The gate as a rollout asks it for one region: the calendar, what is frozen, and what an override lets through.

Everything is read anew for each question. Whatever cannot be read is closed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from wedgate.calendars.values import Verdict
from wedgate.engine.book import Book
from wedgate.engine.rollout_parts import Passage, RolloutParts
from wedgate.errors import WedgateError
from wedgate.gate import words
from wedgate.gate.decision import RegionDecision
from wedgate.overrides.through import frozen_region
from wedgate.rollout.events import GateAnswered
from wedgate.rollout.state import Plan

LOOK_AGAIN = timedelta(minutes=2)
"""How often an override is looked for while a region stays closed: each look asks the forge some twenty questions."""


class RegionGate:
    """The gate of one rollout. One that only imagines what would happen uses no override up (``uses_overrides``)."""

    def __init__(self, parts: RolloutParts, book: Book, *, uses_overrides: bool = True) -> None:
        self._parts = parts
        self._book = book
        self._uses_overrides = uses_overrides
        self._looked: dict[str, datetime] = {}

    def ask(
        self, plan: Plan, region: str, at: datetime, runway: timedelta | None, *, by_override: bool = True
    ) -> GateAnswered:
        """Answer for a region that must stay open for ``runway``; an answer that cannot be had is closed.

        ``by_override``: whether an override may let it through. An emergency needs traffic moved, and nothing drained.
        """
        try:
            decision = self._parts.ask_gate(region, at, runway)
            freezes = self._book.freezes()
            decision = frozen_region(decision, freezes, at)
            is_closed = by_override and decision.verdict is Verdict.CLOSED
            if is_closed and (passage := self._passage(plan, decision, at)) is not None:
                return self._passed(decision, passage, at)
            answer = decision.answer
            if answer is None:
                return closed(at, region, words.why(decision) or "the calendar could not be asked")
            closes, reopens = answer.next_close, answer.next_open
            if answer.verdict is not Verdict.CLOSED:
                later = None if closes is None else self._parts.ask_gate(region, closes, None).answer
                reopens = None if later is None else later.next_open
            thaws = max([each.until for each in freezes if each.holds(region, at)], default=None) if freezes else None
            if thaws is not None:
                reopens = thaws if answer.verdict is not Verdict.CLOSED else max(thaws, reopens or thaws)
        except WedgateError as error:
            return closed(at, region, f"the gate could not be asked: {error}")
        return GateAnswered(
            at=at,
            region=region,
            verdict=decision.verdict,
            closes=closes,
            reopens=reopens,
            why=words.why(decision),
        )

    def _passage(self, plan: Plan, decision: RegionDecision, at: datetime) -> Passage | None:
        """Return what an override makes of a closed region, looking for one only so often while there is none."""
        looked = self._looked.get(decision.region)
        # What could not be asked at all is opened by nobody: which rules close it is not known.
        if not self._uses_overrides or decision.answer is None:
            return None
        if looked is not None and timedelta(0) <= at - looked < LOOK_AGAIN:
            return None
        found = self._parts.let_through(decision, plan, at)
        if found is None:
            self._looked[decision.region] = at
        else:
            self._looked.pop(decision.region, None)
        return found

    def _passed(self, decision: RegionDecision, passage: Passage, at: datetime) -> GateAnswered:
        """Return the answer that an override makes: open with care until it ends, or something else closes."""
        answer = decision.answer
        return GateAnswered(
            at=at,
            region=decision.region,
            verdict=Verdict.CAUTION,
            closes=passage.until,
            reopens=None if answer is None else answer.next_open,
            why=passage.words,
            strategy=passage.strategy,
        )


def closed(at: datetime, region: str, why: str) -> GateAnswered:
    """Return the answer of a gate that could not be asked."""
    return GateAnswered(at=at, region=region, verdict=Verdict.CLOSED, closes=None, reopens=None, why=why)
