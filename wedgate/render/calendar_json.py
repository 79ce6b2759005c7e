"""A calendar as JSON, and back: the record of ``resources/calendar.schema.json``.

It is a format for other programs and a snapshot at once: written today, it can be compared later with what the same
configuration, or another one, says then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from wedgate.calendars.book import Book, MarketPages, RegionPages
from wedgate.calendars.record import CalendarRecord, RuleRecord, record_of
from wedgate.calendars.values import Interval, Span
from wedgate.errors import ConfigurationError, Problem
from wedgate.ledger.plain import PlainError, from_plain
from wedgate.render.json import instant

SCHEMA_VERSION = 1
SCHEMA_PATH = Path(__file__).parent / "resources" / "calendar.schema.json"


def render_calendar_json(book: Book) -> str:
    """Return the record of a book as JSON text, in ASCII, without a line end after the last line.

    Each interval is one line, so that two snapshots can be compared by eye as well.
    """
    return _text(plain_calendar(record_of(book)), "")


def plain_calendar(record: CalendarRecord) -> dict[str, Any]:
    """Return a record as plain data."""
    versions = record.versions
    return {
        "schema_version": SCHEMA_VERSION,
        "title": record.title,
        "span": _span(record.span),
        "versions": {
            "config_digest": versions.config_digest,
            "zone_data": versions.zone_data,
            "holidays": versions.holidays,
            "wedgate": versions.wedgate,
        },
        "regions": [_region(pages) for pages in record.regions],
        "together": [_span(span) for span in record.together],
        "rules": [_rule(rule) for rule in record.rules],
    }


def parse_calendar_json(text: str | bytes, name: str) -> CalendarRecord:
    """Read what ``render_calendar_json`` wrote; ``name`` is how the file is called in messages.

    Raises ``ConfigurationError`` with one problem for anything else: text that is no JSON, another schema version, a
    field that is missing, unknown or of another type, intervals that leave a hole, a rule that is not listed.
    """
    try:
        plain = json.loads(text, parse_float=Decimal, object_hook=_loads_as_text)
        if not isinstance(plain, dict) or plain.pop("schema_version", None) != SCHEMA_VERSION:
            raise PlainError(f"no calendar of schema_version {SCHEMA_VERSION}")
        record = from_plain(CalendarRecord, plain)
        _check(record)
    except (ValueError, RecursionError) as error:
        raise _unusable(name, f"is no calendar that wedgate wrote: {error}") from error
    return record


def _text(value: Any, margin: str) -> str:
    """Return plain data as JSON, on one line where nothing is nested but a list of names."""
    inner = f"{margin}  "
    if isinstance(value, dict) and any(_is_long(item) for item in value.values()):
        lines = [f"{inner}{json.dumps(key)}: {_text(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(inner + _text(item, inner) for item in value) + f"\n{margin}]"
    return json.dumps(value)


def _is_long(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))


def _region(pages: RegionPages) -> dict[str, Any]:
    return {
        "name": pages.name,
        "intervals": [_interval(each) for each in pages.intervals],
        "markets": [_market(market) for market in pages.markets],
    }


def _market(pages: MarketPages) -> dict[str, Any]:
    market = pages.market
    return {
        "market": {
            "name": market.name,
            "zone": market.zone,
            "country": market.country,
            "subdivision": market.subdivision,
        },
        "intervals": [_interval(each) for each in pages.intervals],
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "start": instant(interval.start),
        "end": instant(interval.end),
        "verdict": interval.verdict.value,
        "load": _number(interval.load),
        "rules": list(interval.rules),
    }


def _span(span: Span) -> dict[str, str]:
    return {"start": instant(span.start), "end": instant(span.end)}


def _rule(rule: RuleRecord) -> dict[str, Any]:
    return {
        "id": rule.id,
        "words": rule.words,
        "where": list(rule.where),
        "effect": None if rule.effect is None else rule.effect.value,
        "load": None if rule.load is None else _number(rule.load),
        "reason": rule.reason,
        "line": rule.line,
    }


def _number(load: Decimal) -> int | float:
    return int(load) if load == load.to_integral_value() else float(load)


def _loads_as_text(plain: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its load as text, which is how decimals are read; ``true`` is no number."""
    load = plain.get("load")
    if isinstance(load, int | Decimal) and not isinstance(load, bool):
        return plain | {"load": str(load)}
    if isinstance(load, str):
        raise PlainError("load: expected a number, got text")
    return plain


def _check(record: CalendarRecord) -> None:
    """Refuse a record that contradicts itself with ``PlainError``: an answer must not be made from it."""
    if not record.regions:
        raise PlainError("regions: there is none")
    if record.span.start >= record.span.end:
        raise PlainError("span: it ends before it begins")
    known = {rule.id for rule in record.rules}
    names = [pages.name for pages in record.regions]
    if len(set(names)) != len(names):
        raise PlainError("regions: a name occurs twice")
    for region in record.regions:
        _check_intervals(region.name, region.intervals, record.span, known)
        for market in region.markets:
            _check_intervals(f"{region.name}/{market.market.name}", market.intervals, record.span, known)
    for before, after in pairwise(record.together):
        if before.end >= after.start:
            raise PlainError(f"together: {instant(after.start)} is not after {instant(before.end)}")


def _check_intervals(place: str, intervals: Iterable[Interval], span: Span, known: set[str]) -> None:
    reached = span.start
    for interval in intervals:
        if interval.start != reached or interval.end <= interval.start:
            raise PlainError(f"{place}: no interval goes on at {instant(reached)}")
        if unknown := [rule for rule in interval.rules if rule not in known]:
            raise PlainError(f"{place}: the rule {ascii(unknown[0])[:60]} is not listed in rules")
        reached = interval.end
    if reached != span.end:
        raise PlainError(f"{place}: the intervals end at {instant(reached)}, not with the span")


def _unusable(name: str, what: str) -> ConfigurationError:
    remedy = "name a file that `wedgate calendar --format json` wrote"
    return ConfigurationError((Problem(file=name, line=0, column=0, what=what[:300], remedy=remedy),))
