"""What the sources of a calendar leave out, or will not know for long: said while there is time to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.calendars.facts import Facts, SourceKey, markets_of, needs_in
from wedgate.calendars.tables import DatedSource, HolidayTable, WeekendTable
from wedgate.calendars.values import Calendar, Market, Place, Rule, SourceLook

NOTICE = timedelta(days=60)
"""A source that ends says so this long before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUse:
    """One rule, in one market, with a source it takes its days from."""

    rule: Rule
    place: Place
    market: Market
    key: SourceKey[DatedSource] | SourceKey[WeekendTable]
    table: DatedSource


def expiring(
    calendar: Calendar, facts: Facts, instant: datetime, regions: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return a sentence for each source that has ended, or ends within ``NOTICE``; regions ``None``: all of them."""
    today = instant.date()
    found: dict[str, None] = {}
    for use in uses_of(calendar, facts, regions):
        if use.table.trouble is not None:
            found[f"{use.key} cannot be known: {use.table.trouble}"] = None
            continue
        until = use.table.verified_until
        days = (until - today).days
        if days < 0:
            found[f"{use.key} were verified until {until}"] = None
        elif days <= NOTICE.days:
            left = "today" if days == 0 else f"{days} day{'' if days == 1 else 's'} from now"
            found[f"{use.key} are verified until {until}, {left}"] = None
    return tuple(found)


def used(calendar: Calendar, facts: Facts, regions: Sequence[str] | None = None) -> tuple[SourceLook, ...]:
    """Return each source that some regions (``None``: all of them) take days from, once, by name."""
    found = {str(use.key): use.table for use in uses_of(calendar, facts, regions)}
    return tuple(looked_at(name, found[name]) for name in sorted(found))


def looked_at(name: str, table: DatedSource) -> SourceLook:
    """Return what a person or a record is told about a source."""
    return SourceLook(
        name=name,
        source=table.source,
        digest=table.digest,
        verified_from=table.verified_from,
        verified_until=table.verified_until,
        trouble=table.trouble,
    )


def partial(calendar: Calendar, facts: Facts, regions: Sequence[str] | None = None) -> tuple[SourceUse, ...]:
    """Return the uses of a table that lacks what only parts of the country celebrate: the market names no part."""
    return tuple(
        use for use in uses_of(calendar, facts, regions) if isinstance(use.table, HolidayTable) and use.table.partial
    )


def partial_words(use: SourceUse) -> str:
    """Say what such a use leaves out: ``eu/london: bank-days leaves out the days that only parts of GB have``."""
    return f"{use.place}: {use.rule.id} leaves out what is a holiday in parts of {use.market.country} only"


def empty(calendar: Calendar, facts: Facts) -> tuple[SourceUse, ...]:
    """Return the uses of a table without a single day: the rule can never match there, or not by this source."""
    return tuple(
        use
        for use in uses_of(calendar, facts, None)
        if isinstance(use.table, HolidayTable) and not use.table.dates and not use.table.uncertain
    )


def uses_of(calendar: Calendar, facts: Facts, regions: Sequence[str] | None) -> Iterator[SourceUse]:
    """Yield each source of each rule in each market of some regions (``None``: all of them)."""
    names = tuple(region.name for region in calendar.regions) if regions is None else regions
    for rule in calendar.rules:
        for name in names:
            for market in markets_of(calendar, rule, name):
                for key in sorted(needs_in(rule, market).sources, key=str):
                    table = facts.sources[key]
                    if isinstance(table, DatedSource):
                        place = Place(region=name, market=market.name)
                        yield SourceUse(rule=rule, place=place, market=market, key=key, table=table)
