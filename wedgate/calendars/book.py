"""A calendar laid out over a span of time: what pages, pictures and other people's formats are made from.

It holds no answer of its own: every interval is the timeline's, so that a page never says anything that a check does
not.
"""

from __future__ import annotations

from dataclasses import dataclass

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, Interval, Market, Rule, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DataVersions:
    """Which data a calendar was made from: the digest of its configuration, zones, holidays, and wedgate itself."""

    config_digest: str
    zone_data: str
    holidays: str
    wedgate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPages:
    """One market over the span; the intervals cover it without a hole."""

    market: Market
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPages:
    """One region over the span, and each of its markets by itself."""

    name: str
    intervals: tuple[Interval, ...]
    markets: tuple[MarketPages, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Several regions over one span. ``together`` are the stretches in which all of them are open.

    ``rules`` are those that apply to any of the regions, in the order of the file. ``title`` names the service.
    """

    title: str
    span: Span
    regions: tuple[RegionPages, ...]
    together: tuple[Span, ...]
    rules: tuple[Rule, ...]
    versions: DataVersions

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of that id; ``KeyError`` if none of the regions has it."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


def lay_out(timeline: Timeline, calendar: Calendar, names: tuple[str, ...], title: str, versions: DataVersions) -> Book:
    """Lay the named regions of a compiled calendar out over the whole of its span; ``KeyError`` for an unknown one."""
    regions = tuple(
        RegionPages(
            name=name,
            intervals=timeline.intervals(name),
            markets=tuple(
                MarketPages(market=market, intervals=timeline.intervals(name, market.name))
                for market in calendar.region(name).markets
            ),
        )
        for name in names
    )
    return Book(
        title=title,
        span=timeline.span,
        regions=regions,
        together=timeline.open_runs(names),
        rules=tuple(rule for rule in calendar.rules if any(place.region in names for place in rule.where)),
        versions=versions,
    )
