"""The facts that a calendar needs from outside, as frozen values: which ones, and the answers.

A rule kind says what it needs for a market; ``wedgate.almanac.gather`` answers all of it at once. Zone objects stay in
``Facts`` and never enter a domain value (they do not pickle, and two loads of one zone subtract differently).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Generic, TypeVar, cast

from wedgate.calendars.tables import (
    DatedSource,
    DateTable,
    HolidayTable,
    MonthTable,
    OccurrenceTable,
    WeekendTable,
)
from wedgate.calendars.values import Calendar, Market, Rule

Table = TypeVar("Table", bound=DatedSource | WeekendTable)


class SourceKey(Generic[Table]):
    """Names one source; the almanac has a reader for each kind of key. ``str`` of it is plural, for messages."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayKey(SourceKey[HolidayTable]):
    """Which holidays: of a country (ISO 3166-1 alpha-2), perhaps a subdivision of it, in sorted categories."""

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)

    def __str__(self) -> str:
        """A short name for messages: ``public holidays of AU-NSW``."""
        place = self.country if self.subdivision is None else f"{self.country}-{self.subdivision}"
        return f"{' and '.join(self.categories)} holidays of {place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthKey(SourceKey[MonthTable]):
    """Which months: of ``chinese`` (UTC+8), ``korean`` or ``japanese`` (UTC+9) or ``umm-al-qura`` (Hijri)."""

    calendar: str

    def __str__(self) -> str:
        """A short name for messages: ``months of the chinese calendar``."""
        return f"months of the {self.calendar} calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKey(SourceKey[DateTable]):
    """Which table: a path beside the configuration, or the name of one that is shipped (``shipped:muhurta``)."""

    path: str

    def __str__(self) -> str:
        """A short name for messages: ``rows of calendars/fairs.yml``."""
        return f"rows of {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedKey(SourceKey[OccurrenceTable]):
    """Which iCalendar feed: a path beside the configuration or an URL, and how old a copy may be.

    ``expires`` is the last day that it is complete for, if the rule says so.
    """

    location: str
    max_age: timedelta
    allow_private: bool = False
    expires: date | None = None

    def __str__(self) -> str:
        """A short name for messages: ``events of calendars/fairs.ics``."""
        return f"events of {self.location}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceKey(SourceKey[OccurrenceTable]):
    """Which recurrence: the text of an RFC 5545 RRULE from a first local wall time on, and how long each one lasts.

    ``length`` is ``None`` for whole local dates.
    """

    rule: str
    start: datetime
    length: timedelta | None = None

    def __str__(self) -> str:
        """A short name for messages: ``occurrences of FREQ=MONTHLY;BYDAY=3SA``."""
        return f"occurrences of {self.rule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekendKey(SourceKey[WeekendTable]):
    """Which days of rest: of a country."""

    country: str

    def __str__(self) -> str:
        """A short name for messages: ``days of rest of DE``."""
        return f"days of rest of {self.country}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What has to be known before a calendar can answer: zone names, and sources."""

    zones: frozenset[str] = frozenset()
    sources: frozenset[SourceKey[DatedSource] | SourceKey[WeekendTable]] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        """Both needs together."""
        return Needs(zones=self.zones | other.zones, sources=self.sources | other.sources)

    @classmethod
    def of(cls, *keys: SourceKey[Table]) -> Needs:
        """Need these sources, and no zone."""
        return cls(sources=frozenset(cast("tuple[SourceKey[DatedSource], ...]", keys)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The answers to ``Needs``: zone objects by name, tables by key."""

    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    sources: Mapping[SourceKey[DatedSource] | SourceKey[WeekendTable], DatedSource | WeekendTable] = field(
        default_factory=dict
    )

    def of(self, key: SourceKey[Table]) -> Table:
        """Return the table of a key; ``KeyError`` if it was not gathered."""
        return cast("Table", self.sources[cast("SourceKey[DatedSource]", key)])


def needs_of(calendar: Calendar) -> Needs:
    """Collect what every market and every rule of a calendar needs."""
    needs = Needs(zones=frozenset(market.zone for region in calendar.regions for market in region.markets))
    for rule in calendar.rules:
        if rule.zone is not None:
            needs |= Needs(zones=frozenset((rule.zone,)))
        for market in markets_of(calendar, rule):
            needs |= needs_in(rule, market)
    return needs


def needs_in(rule: Rule, market: Market) -> Needs:
    """Return the sources that one rule needs in one market, modifiers included."""
    needs = rule.kind.needs(market)
    return needs if rule.bridge == 0 else needs | Needs.of(WeekendKey(country=market.country))


def markets_of(calendar: Calendar, rule: Rule, region: str | None = None) -> tuple[Market, ...]:
    """Return the markets a rule applies to (of one region, or of all), each once, in the order of the file."""
    found: list[Market] = []
    for candidate in calendar.regions:
        if region not in (None, candidate.name):
            continue
        places = {place.market for place in rule.where if place.region == candidate.name}
        found.extend(
            market
            for market in candidate.markets
            if (None in places or market.name in places) and _is_of(market, rule.countries)
        )
    return tuple(found)


def _is_of(market: Market, countries: tuple[str, ...] | None) -> bool:
    return countries is None or market.country in countries or f"{market.country}-{market.subdivision}" in countries
