"""Names under ``except`` that no market of the rule ever celebrates: misspelt, they leave a holiday in force unseen.

For lint only: it asks every year that the almanac has, and for a country without a shipped table the heavy library.
"""

from __future__ import annotations

from datetime import UTC, datetime

from wedgate.almanac.holidays import FIRST_YEAR, LAST_YEAR, holiday_table
from wedgate.calendars.facts import HolidayKey, markets_of
from wedgate.calendars.kinds.holidays import Holidays
from wedgate.calendars.values import Calendar, Rule, Span
from wedgate.config.configuration import Configuration
from wedgate.config.nearest import nearest
from wedgate.errors import Problem

_ALL_YEARS = Span(start=datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), end=datetime(LAST_YEAR, 12, 31, tzinfo=UTC))


def warnings_of_names(configuration: Configuration) -> tuple[Problem, ...]:
    """Return a warning for each name under ``except`` that is no holiday of any market that its rule is for."""
    found = []
    for rule in configuration.calendar.rules:
        if not isinstance(rule.kind, Holidays) or not rule.kind.except_:
            continue
        known = _names_for(configuration.calendar, rule)
        folded = {name.casefold() for name in known}
        for name in rule.kind.except_:
            if name.casefold() not in folded:
                what = f"rules.{rule.id}.except: {name!r} is no holiday of its markets"
                near = nearest(name, known)
                remedy = (
                    f"did you mean {near}?" if near else "`wedgate check --at ... --explain` names a day's holidays"
                )
                place = (rule.line, 3) if rule.line else (0, 0)
                found.append(Problem(file=configuration.path, line=place[0], column=place[1], what=what, remedy=remedy))
    return tuple(found)


def _names_for(calendar: Calendar, rule: Rule) -> tuple[str, ...]:
    """Return the holidays of the rule's markets by every name that drops them: ``Boxing Day (observed)``, too."""
    found: dict[str, None] = {}
    for market in markets_of(calendar, rule):
        for key in rule.kind.needs(market).sources:
            if not isinstance(key, HolidayKey):
                continue
            for names in holiday_table(key, _ALL_YEARS).dates.values():
                for name in names.split("; "):
                    found.update(dict.fromkeys((name.partition(" (")[0], name)))
    return tuple(found)
