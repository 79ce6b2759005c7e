"""What the sources of a calendar leave out, or will not know for long: said while there is time to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.calendars.facts import Facts, HolidayKey, markets_of
from wedgate.calendars.values import Calendar, HolidayTable, Place, Rule

NOTICE = timedelta(days=60)
"""A source that ends says so this long before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUse:
    """One rule, in one market, with a table it takes its days from."""

    rule: Rule
    place: Place
    key: HolidayKey
    table: HolidayTable


def expiring(
    calendar: Calendar, facts: Facts, instant: datetime, regions: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Return a sentence for each source that has ended, or ends within ``NOTICE``; regions ``None``: all of them."""
    today = instant.date()
    found: dict[str, None] = {}
    for use in _uses(calendar, facts, regions):
        until = use.table.verified_until
        days = (until - today).days
        if days < 0:
            found[f"{use.key} were verified until {until}"] = None
        elif days <= NOTICE.days:
            left = "today" if days == 0 else f"{days} day{'' if days == 1 else 's'} from now"
            found[f"{use.key} are verified until {until}, {left}"] = None
    return tuple(found)


def partial(calendar: Calendar, facts: Facts, regions: Sequence[str] | None = None) -> tuple[SourceUse, ...]:
    """Return the uses of a table that lacks what only parts of the country celebrate: the market names no part."""
    return tuple(use for use in _uses(calendar, facts, regions) if use.table.partial)


def partial_words(use: SourceUse) -> str:
    """Say what such a use leaves out: ``eu/london: bank-days leaves out the days that only parts of GB have``."""
    return f"{use.place}: {use.rule.id} leaves out what is a holiday in parts of {use.key.country} only"


def empty(calendar: Calendar, facts: Facts) -> tuple[SourceUse, ...]:
    """Return the uses of a table without a single day: the rule can never match there, or not by this source."""
    return tuple(use for use in _uses(calendar, facts, None) if not use.table.dates and not use.table.uncertain)


def _uses(calendar: Calendar, facts: Facts, regions: Sequence[str] | None) -> Iterator[SourceUse]:
    names = tuple(region.name for region in calendar.regions) if regions is None else regions
    for rule in calendar.rules:
        for name in names:
            for market in markets_of(calendar, rule, name):
                for key in sorted(rule.kind.needs(market).holidays, key=str):
                    place = Place(region=name, market=market.name)
                    yield SourceUse(rule=rule, place=place, key=key, table=facts.holidays[key])
