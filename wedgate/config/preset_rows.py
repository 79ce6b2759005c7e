"""The rows of a preset in words: when, what, for whom, how surely, and until when their sources know.

For people who choose a preset, and for the pages that list it; the gate itself reads rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from wedgate.calendars.facts import Needs, markets_of, needs_in
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.tables import DatedSource
from wedgate.calendars.values import Market, Rule, Span
from wedgate.config.build import build_rule
from wedgate.config.scalars import spell_load
from wedgate.config.shape import normal_rule

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.config.preset_file import Preset, PresetRow

_ASKED = Span(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2040, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWords:
    """One row. ``until`` is the last date that the source of each country knows, empty where it is a rule that holds
    every year; ``reaches`` the markets of a configuration that the row is for, ``None`` where none was given."""

    id: str
    row: str
    when: str
    what: str
    closes: bool
    countries: tuple[str, ...]
    source: str
    confidence: str
    line: int
    until: Mapping[str, date]
    reaches: tuple[str, ...] | None = None
    state: str = ""
    """What the configuration makes of it: ``changed``, ``switched off``; empty for the row as it is."""


def rule_of(preset: Preset, row: PresetRow, regions: tuple[str, ...] = ("here",)) -> Rule:
    """Build the rule of one row as it stands in the preset."""
    plain = normal_rule({**row.rule, "where": list(regions)})
    return build_rule(preset.row_id(row), plain, regions=regions, line=None)


def describe_rows(preset: Preset, configuration: Configuration | None = None) -> tuple[RowWords, ...]:
    """Return every row in words, and with a configuration which of its markets each reaches."""
    return tuple(_describe(preset, row, configuration) for row in preset.rows)


def _describe(preset: Preset, row: PresetRow, configuration: Configuration | None) -> RowWords:
    rule, reaches, state = rule_of(preset, row), None, ""
    if configuration is not None:
        calendar = configuration.calendar
        found = [each for each in calendar.rules if each.id == rule.id]
        reaches = tuple(
            f"{region.name}/{market.name}"
            for each in found
            for region in calendar.regions
            for market in markets_of(calendar, each, region.name)
        )
        if rule.id in configuration.changes:
            state = "switched off" if configuration.changes[rule.id] is None else "changed"
        rule = found[0] if found else rule
    words = [rule.effect.value] if rule.effect is not None else []
    words += [f"load {spell_load(rule.load)}"] if rule.load is not None else []
    return RowWords(
        id=rule.id,
        row=row.id,
        when=rule_words(rule),
        what=", ".join(words) or "the loads of its table",
        closes=(rule.effect is not None and rule.effect.value == "block") or (rule.load or 0) >= 6,
        countries=rule.countries or (),
        source=row.source,
        confidence=row.confidence,
        line=row.line,
        until=_until(rule, preset.countries),
        reaches=reaches,
        state=state,
    )


def _until(rule: Rule, countries: Iterable[str]) -> dict[str, date]:
    """Return the last date that each country's source of a rule knows."""
    named = tuple(country.partition("-")[0] for country in rule.countries or countries)
    found: dict[str, date] = {}
    for country in dict.fromkeys(named):
        ends = [table.verified_until for table in _tables(needs_in(rule, Market(name="", zone="UTC", country=country)))]
        if ends and min(ends) < date.max:
            found[country] = min(ends)
    return found


def _tables(needs: Needs) -> list[DatedSource]:
    from wedgate.almanac.gather import gather_facts

    tables = gather_facts(needs, _ASKED).sources.values()
    return [table for table in tables if isinstance(table, DatedSource)]
