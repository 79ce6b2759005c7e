"""A rule's time in words: what stands in causes and explanations."""

from __future__ import annotations

from wedgate.calendars.spellings import MonthSet
from wedgate.calendars.values import Rule


def rule_words(rule: Rule) -> str:
    """Return when a rule applies, modifiers included: ``saturday, 08:00..12:00, in june``."""
    parts = [rule.kind.words()]
    if rule.clock is not None:
        parts.append(str(rule.clock))
    if rule.months is not None:
        parts.append(f"in {months_words(rule.months)}")
    if rule.bridge:
        parts.append(f"and up to {rule.bridge} bridge day{'s' if rule.bridge > 1 else ''}")
    if rule.pad is not None:
        sides = ((rule.pad.before, "before"), (rule.pad.after, "after"))
        parts.append(f"and {' and '.join(f'{length} {side}' for length, side in sides if length.seconds)}")
    if rule.zone is not None:
        parts.append(f"in {rule.zone}")
    return ", ".join(parts)


def months_words(months: frozenset[int]) -> str:
    """Return a set of months as it is spelled, on one line."""
    spelled = MonthSet(months).spell()
    return ", ".join(spelled) if isinstance(spelled, list) else str(spelled)
