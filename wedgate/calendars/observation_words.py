"""What was observed of a calendar, in sentences."""

from __future__ import annotations

from datetime import datetime, timedelta

from wedgate.calendars.observations import Claimed, Covered, LongBlock, OddDay, Tight, WeekHours
from wedgate.calendars.values import Effect, LoadThresholds, Rule
from wedgate.calendars.words import MONTHS


def claimed_words(found: Claimed, thresholds: LoadThresholds) -> str:
    """Say what a rule does beside what its words claim: ``blocks 52 Saturdays a year, you wrote third Saturday``."""
    clash = found.clash
    return f"{_verb(found.rule, thresholds)} {clash.days} {clash.what} a year{clash.which}, you wrote {clash.claim}"


def covered_words(found: Covered) -> str:
    """Say which rule makes another one superfluous."""
    return f"is covered by {found.by.id}: all of its time lies inside of that rule, which closes"


def long_words(found: LongBlock) -> str:
    """Say how long a rule of whole days closes a region, and which markets are at both ends."""
    return (
        f"blocks {found.region} for {hours_words(found.usual)}, not 24 h, because its markets' days are not at one "
        f"time: from {_local(found.starts)} in {found.first_market} to {_local(found.ends)} in {found.last_market}"
    )


def odd_words(found: OddDay) -> str:
    """Say which day is not 24 hours long."""
    return (
        f"blocks {hours_words(found.length)}, not 24 h, in {found.region}/{found.market} on {found.day:%a %Y-%m-%d}, "
        "because clocks change"
    )


def tight_words(found: Tight) -> str:
    """Say what a month leaves: ``leaves 11 open hours in December 2026, the longest run 3 h``."""
    month = f"{MONTHS[found.month.month - 1].capitalize()} {found.month.year}"
    if not found.open_hours:
        return f"leaves no open hour in {month}"
    return f"leaves {found.open_hours:.0f} open hours in {month}, the longest run {hours_words(found.longest)}"


def week_words(found: WeekHours) -> str:
    """Say the open hours of a week."""
    least, usual, most = (f"{hours:.0f}" for hours in (found.least, found.usual, found.most))
    return f"{usual} h, always" if least == most else f"{usual} h, between {least} and {most}"


def hours_words(length: timedelta) -> str:
    """Spell a length in hours and minutes: ``29 h 30 min``."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return " ".join([f"{hours} h"] * bool(hours or not minutes) + [f"{minutes} min"] * bool(minutes))


def _local(moment: datetime) -> str:
    return f"{moment:%a %H:%M} (UTC{moment.isoformat()[-6:]})"


def _verb(rule: Rule, thresholds: LoadThresholds) -> str:
    if rule.effect is Effect.ALLOW:
        return "allows"
    if rule.effect is Effect.BLOCK or (rule.load is not None and rule.load >= thresholds.block_from):
        return "blocks"
    return "asks for care on"
