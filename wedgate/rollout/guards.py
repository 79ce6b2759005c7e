"""What an increase needs. Every increase goes through ``refusal_to_increase``; decreases never do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.calendars.values import Verdict
from wedgate.judge.values import Outcome
from wedgate.rollout.events import GateAnswered
from wedgate.rollout.state import RegionState, RolloutState, RolloutStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something may not happen now, and when to ask again if that is known."""

    why: str
    until: datetime | None = None


def refusal_of_gate(answer: GateAnswered, needed: timedelta) -> Refusal | None:
    """Return why the gate's answer is not enough to stay open for ``needed``, or ``None``."""
    if answer.verdict is Verdict.CLOSED:
        return Refusal(why=answer.why or "the calendar is closed", until=answer.reopens)
    if answer.closes is not None and answer.at + needed > answer.closes:
        left = answer.closes - answer.at
        return Refusal(
            why=f"not enough runway: closes in {spell_duration(left)}, needs {spell_duration(needed)}",
            until=answer.reopens,
        )
    return None


def refusal_to_increase(state: RolloutState, region: RegionState, *, evidence_needed: bool) -> Refusal | None:
    """Return why the region may not get more candidate traffic, whatever the calendar says, or ``None``.

    The calendar's part is ``refusal_of_gate``: both must return ``None``.
    """
    if state.halted is not None:
        return Refusal(why=f"the rollout is halted: {state.halted}")
    if state.status is RolloutStatus.NEEDS_HUMAN:
        return Refusal(why="a region needs a human")
    for other in state.regions:
        if other.holds_regression:
            return Refusal(why=f"a regression is held in {other.region}")
    if region.paused is not None:
        return Refusal(why=f"paused by {region.paused}")
    if not region.verified:
        return Refusal(why="the candidate's digest was not read back since its last change")
    if evidence_needed and region.judged is not Outcome.PASS:
        return Refusal(why="the last judgement is not a pass")
    return None


def spell_duration(duration: timedelta) -> str:
    """Spell a duration as people say it: ``1h 5m``, ``40s``; never negative."""
    seconds = max(0, round(duration.total_seconds()))
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    spelled = [f"{count}{unit}" for count, unit in parts if count]
    return " ".join(spelled[:2]) or "0s"
