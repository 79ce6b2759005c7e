"""Calendars from a few words: markets by zone, rules as they stand in wedgate.yml."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_type_hints

import pytest

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.kinds import kind_keys, kind_named
from wedgate.calendars.matches import DayRun
from wedgate.calendars.padding import Pad
from wedgate.calendars.spellings import MonthSet
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, ClockRange, Effect, Market, Place, Region, Rule, Span

COUNTRIES = {
    "Europe/London": ("GB", "ENG"),
    "Europe/Berlin": ("DE", "BE"),
    "Asia/Singapore": ("SG", None),
    "Asia/Kolkata": ("IN", "MH"),
    "Australia/Sydney": ("AU", "NSW"),
}


def rule_of(number: int, spec: Mapping[str, Any], regions: Sequence[str]) -> Rule:
    """Build a rule from the keys of wedgate.yml, ``where`` left out for everywhere."""
    spec = dict(spec)
    key = next((key for key in kind_keys() if key in spec), "every-day")
    kind = kind_named(key)
    types = {name: hint for name, hint in get_type_hints(kind).items() if name != "KEY"}
    values = {
        name: hint.parse(spec.pop(spelled))
        for name, hint in types.items()
        if (spelled := name.rstrip("_").replace("_", "-")) in spec
    }
    where = spec.pop("where", regions)
    places = (Place(region=region, market=market or None) for region, _, market in (w.partition("/") for w in where))
    months, clock, load = spec.pop("months", None), spec.pop("time", None), spec.pop("load", None)
    effect, pad, countries = spec.pop("effect", None), spec.pop("pad", None), spec.pop("countries", None)
    return Rule(
        id=spec.pop("id", f"rule-{number}"),
        where=tuple(places),
        kind=kind(**values),
        months=None if months is None else MonthSet.parse(months),
        clock=None if clock is None else ClockRange.parse(clock),
        effect=None if effect is None else Effect(effect),
        load=None if load is None else Decimal(str(load)),
        line=number,
        pad=None if pad is None else Pad.parse(pad),
        countries=None if countries is None else tuple(countries),
        **spec,
    )


@pytest.fixture(scope="session")
def calendar_of() -> Callable[..., Calendar]:
    """``calendar_of({"eu": ["Europe/Berlin"]}, [{"weekdays": "saturday", "effect": "block"}])``."""

    def build(regions: Mapping[str, Sequence[str]], rules: Sequence[Mapping[str, Any]]) -> Calendar:
        def market(zone: str) -> Market:
            country, subdivision = COUNTRIES.get(zone, ("US", "NY"))
            return Market(name=zone.rpartition("/")[2].lower(), zone=zone, country=country, subdivision=subdivision)

        return Calendar(
            regions=tuple(Region(name=name, markets=tuple(map(market, zones))) for name, zones in regions.items()),
            rules=tuple(rule_of(number, spec, list(regions)) for number, spec in enumerate(rules, start=1)),
        )

    return build


@pytest.fixture(scope="session")
def timeline_of() -> Callable[..., Timeline]:
    """Compile a calendar from an instant on, with the facts of the real almanac."""

    def build(calendar: Calendar, at: datetime, days: int = 120, before: int = 0) -> Timeline:
        span = Span(start=at - timedelta(days=before), end=at + timedelta(days=days))
        return compile_timeline(calendar, gather_facts(needs_of(calendar), span), span)

    return build


@pytest.fixture(scope="session")
def utc() -> Callable[[str], datetime]:
    """Read ``2026-06-05T12:00:00Z``."""
    return lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


@pytest.fixture(scope="session")
def days_of() -> Callable[..., set[date]]:
    """``days_of({"lunar": "chinese", "date": "07-07"}, 2026)``: every local date that matches in some whole years."""

    def match(
        spec: Mapping[str, Any], first_year: int, last_year: int | None = None, *, part: str = "days"
    ) -> set[date]:
        first, last = date(first_year, 1, 1), date(last_year or first_year, 12, 31)
        kind = rule_of(1, spec, ()).kind
        market = Market(name="here", zone="UTC", country="US")
        span = Span(start=datetime(first.year, 1, 1, tzinfo=UTC), end=datetime(last.year + 1, 1, 1, tzinfo=UTC))
        found = kind.matches(gather_facts(kind.needs(market), span), market, first, last)
        runs: Sequence[DayRun] = getattr(found, part)
        days = {run.first + timedelta(days=step) for run in runs for step in range((run.last - run.first).days + 1)}
        return {day for day in days if first <= day <= last}

    return match
