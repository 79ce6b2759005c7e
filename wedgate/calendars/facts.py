"""The facts that a calendar needs from outside, as frozen values: which ones, and the answers.

A rule kind says what it needs for a market; ``wedgate.almanac.gather`` answers all of it at once. Zone objects stay in
``Facts`` and never enter a domain value (they do not pickle, and two loads of one zone subtract differently).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from wedgate.calendars.values import Calendar, HolidayTable, Market, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayKey:
    """Which holidays: of a country (ISO 3166-1 alpha-2), perhaps a subdivision of it, in sorted categories."""

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)

    def __str__(self) -> str:
        """A short name for messages: ``public holidays of AU-NSW``."""
        place = self.country if self.subdivision is None else f"{self.country}-{self.subdivision}"
        return f"{' and '.join(self.categories)} holidays of {place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What has to be known before a calendar can answer: zone names, and holiday tables."""

    zones: frozenset[str] = frozenset()
    holidays: frozenset[HolidayKey] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        """Both needs together."""
        return Needs(zones=self.zones | other.zones, holidays=self.holidays | other.holidays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The answers to ``Needs``: zone objects by name, holiday tables by key."""

    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    holidays: Mapping[HolidayKey, HolidayTable] = field(default_factory=dict)


def needs_of(calendar: Calendar) -> Needs:
    """Collect what every market and every rule of a calendar needs."""
    needs = Needs(zones=frozenset(market.zone for region in calendar.regions for market in region.markets))
    for rule in calendar.rules:
        if rule.zone is not None:
            needs |= Needs(zones=frozenset((rule.zone,)))
        for market in markets_of(calendar, rule):
            needs |= rule.kind.needs(market)
    return needs


def markets_of(calendar: Calendar, rule: Rule, region: str | None = None) -> tuple[Market, ...]:
    """Return the markets a rule applies to (of one region, or of all), each once, in the order of the file."""
    found: list[Market] = []
    for candidate in calendar.regions:
        if region not in (None, candidate.name):
            continue
        places = {place.market for place in rule.where if place.region == candidate.name}
        found.extend(market for market in candidate.markets if None in places or market.name in places)
    return tuple(found)
