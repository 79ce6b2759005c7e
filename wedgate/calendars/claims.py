"""What the words of a rule's id and reason claim about its days, held against the days that it has.

Only what is certain counts: a weekday, a month or an ordinal weekday named outright, in a text that negates nothing
and leads to no other day ("the night before Saturday" claims nothing), and that no day (or not only those days) bears
out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from wedgate.calendars.values import Rule
from wedgate.calendars.weekday_items import ORDINALS
from wedgate.calendars.words import MONTHS, WEEKDAYS

_WORD = re.compile(r"[a-z]+")
_TURNS = frozenset(
    ("after", "ahead", "before", "but", "eve", "except", "for", "from", "not", "no", "non", "than", "till", "to")
) | {"until", "without", "like", "instead"}
"""With one of these in it a text says of a day that it is named, and not that it is meant."""
_AMBIGUOUS_MONTHS = frozenset(("march", "may"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A claim that the rule does not keep: the words, how many days it has a year (``what`` names them), and which."""

    claim: str
    days: int
    what: str = "days"
    which: str = ""


def clash_of(rule: Rule, dates: Collection[date]) -> Clash | None:
    """Return the first claim of the id, or else of the reason, that the local dates of a year contradict."""
    if not dates:
        return None
    for text in (rule.id, rule.reason or ""):
        words = _WORD.findall(text.casefold())
        if not _TURNS.isdisjoint(words):
            continue
        found = _ordinal_clash(words, dates) or _weekday_clash(words, dates) or _month_clash(words, dates)
        if found is not None:
            return found
    return None


def _ordinal_clash(words: list[str], dates: Collection[date]) -> Clash | None:
    if sum(word in ORDINALS for word in words) > 1:
        return None  # "first and third Saturday": each of the two has days that the other has not.
    for ordinal, word in pairwise(words):
        nth, weekday = ORDINALS.get(ordinal), _weekday(word)
        if nth is None or weekday is None:
            continue
        same = [day for day in dates if day.weekday() == weekday]
        if any(not _is_nth(day, nth) for day in same):
            name = WEEKDAYS[weekday].capitalize()
            return Clash(claim=f"{ordinal} {name}", days=len(same), what=f"{name}s")
    return None


def _weekday_clash(words: list[str], dates: Collection[date]) -> Clash | None:
    claimed = {weekday for word in words if (weekday := _weekday(word)) is not None}
    have = {day.weekday() for day in dates}
    if not claimed or claimed & have:
        return None
    names = " and ".join(WEEKDAYS[weekday].capitalize() for weekday in sorted(claimed))
    only = "s, ".join(WEEKDAYS[weekday].capitalize() for weekday in sorted(have))
    return Clash(claim=names, days=len(dates), which=f", all of them {only}s" if len(have) < 4 else "")


def _month_clash(words: list[str], dates: Collection[date]) -> Clash | None:
    claimed = {MONTHS.index(word) + 1 for word in words if word in MONTHS and word not in _AMBIGUOUS_MONTHS}
    have = {day.month for day in dates}
    if not claimed or claimed & have:
        return None
    names = " and ".join(MONTHS[month - 1].capitalize() for month in sorted(claimed))
    only = ", ".join(MONTHS[month - 1].capitalize() for month in sorted(have))
    return Clash(claim=names, days=len(dates), which=f", all of them in {only}" if len(have) < 4 else "")


def _weekday(word: str) -> int | None:
    """Return the weekday of a full name, in the singular or the plural."""
    name = word.removesuffix("s")
    return WEEKDAYS.index(name) if name in WEEKDAYS else None


def _is_nth(day: date, nth: int) -> bool:
    if nth < 0:
        return (day + timedelta(days=-7 * nth)).month != day.month
    return (day.day - 1) // 7 + 1 == nth
