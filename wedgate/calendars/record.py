"""A calendar laid out, as it is kept: what a book says without what it was computed from.

A book written to a file and read back later cannot hold rules that compute anything; what they said is enough to
compare two calendars, also when the second one comes from other data or another version of wedgate.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from wedgate.calendars.book import Book, DataVersions, RegionPages
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.values import Effect, Rule, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRecord:
    """What a rule said: ``words`` tell when it applies, ``where`` are places as they are spelled."""

    id: str
    words: str
    where: tuple[str, ...]
    effect: Effect | None
    load: Decimal | None
    reason: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRecord:
    """A book whose rules are words. The intervals of each region and market cover the span without a hole."""

    title: str
    span: Span
    versions: DataVersions
    regions: tuple[RegionPages, ...]
    together: tuple[Span, ...]
    rules: tuple[RuleRecord, ...]


def record_of(book: Book) -> CalendarRecord:
    """Return what is kept of a book."""
    return CalendarRecord(
        title=book.title,
        span=book.span,
        versions=book.versions,
        regions=book.regions,
        together=book.together,
        rules=tuple(_rule_record(rule) for rule in book.rules),
    )


def _rule_record(rule: Rule) -> RuleRecord:
    return RuleRecord(
        id=rule.id,
        words=rule_words(rule),
        where=tuple(str(place) for place in rule.where),
        effect=rule.effect,
        load=rule.load,
        reason=rule.reason,
        line=rule.line,
    )
