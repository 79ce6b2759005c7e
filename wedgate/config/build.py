"""Validated plain data to ``Configuration``: the one builder, for a fresh file and for one remembered from before.

The gate's half is built here; what only a rollout needs is built by ``build_release`` when it is asked for.

It imports neither pydantic nor YAML, so that a configuration which was validated once costs little to use again.
Defaults of sections that are left out are those of the value types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wedgate.calendars.kinds import EVERY_DAY, RuleKind, kind_named
from wedgate.calendars.matches import Modifier
from wedgate.calendars.padding import Pad
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import MonthSet, WeekdaySet
from wedgate.calendars.values import (
    SATURDAY,
    Calendar,
    ClockRange,
    Effect,
    LoadThresholds,
    Market,
    Origin,
    Place,
    Region,
    Rule,
)
from wedgate.config.configuration import Configuration, Release, StateSettings
from wedgate.config.rule_keys import fields_of_kind, kind_keys_in
from wedgate.config.scalars import parse_load
from wedgate.gate.decision import Mode

if TYPE_CHECKING:
    from wedgate.overrides.policy import OverridePolicy

Plain = Mapping[str, Any]


class RuleError(SpellingError):
    """A rule whose keys are each well spelled, but not together; ``rule`` is its id."""

    def __init__(self, rule: str, error: SpellingError) -> None:
        self.rule = rule
        super().__init__(error.what, error.remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """Normal plain data of one file, and the line of each rule; what is remembered between runs.

    ``data`` holds the rows of what is extended as rules, before the file's own. ``rows`` says where each is from,
    ``changes`` what the file lays over them (``None``: switched off), ``extended`` the digest of each calendar.
    """

    data: Plain
    lines: Mapping[str, int]
    rows: Mapping[str, Plain] = field(default_factory=dict)
    changes: Mapping[str, Plain | None] = field(default_factory=dict)
    extended: Mapping[str, str] = field(default_factory=dict)


def build(validated: Validated, *, path: str, digest: str) -> Configuration:
    """Build the configuration; ``SpellingError`` when the data is not what validation left."""
    data = validated.data
    regions = tuple(_region(name, plain) for name, plain in data["regions"].items())
    return Configuration(
        path=path,
        digest=digest,
        service=data["service"],
        mode=Mode(data.get("mode", Mode.ENFORCE)),
        calendar=Calendar(
            regions=regions,
            rules=tuple(build_rules(validated)),
            thresholds=_thresholds(data.get("loads", {})),
        ),
        extends={name: tuple(plain["extends"]) for name, plain in data["regions"].items() if "extends" in plain},
        changes=validated.changes,
        extended=validated.extended,
        build_release=lambda: _release(data, tuple(region.name for region in regions)),
        build_state=lambda: _state(data),
        build_overrides=lambda: _overrides(data),
    )


def _state(data: Plain) -> StateSettings | None:
    from wedgate.config.build_state import build_state

    return build_state(data.get("state"))


def _overrides(data: Plain) -> OverridePolicy | None:
    from wedgate.config.build_overrides import build_overrides

    return build_overrides(data.get("overrides"))


def _release(data: Plain, regions: tuple[str, ...]) -> Release:
    from wedgate.config.build_release import build_release

    return build_release(data, regions)


def build_rules(validated: Validated) -> list[Rule]:
    """Build every rule; ``RuleError`` for the first whose keys do not go together."""
    names = tuple(validated.data["regions"])
    rules = []
    for rule_id, plain in validated.data.get("rules", {}).items():
        try:
            rule = build_rule(rule_id, plain, regions=names, line=validated.lines.get(rule_id))
        except SpellingError as error:
            raise RuleError(rule_id, error) from None
        row = validated.rows.get(rule_id)
        rules.append(rule if row is None else replace(rule, origin=Origin(**row)))
    return rules


def build_rule(rule_id: str, plain: Plain, *, regions: tuple[str, ...], line: int | None) -> Rule:
    """Build one rule; ``SpellingError`` when its keys do not go together."""
    keys = kind_keys_in(dict(plain)) or (EVERY_DAY,)
    kind: Any = kind_named(keys[0])
    values = {field.attribute: field.parse(plain[field.key]) for field in fields_of_kind(keys[0]) if field.key in plain}
    made: RuleKind = kind(**values)
    for modifier in Modifier:
        refusal = made.refuses(modifier) if modifier.value in plain else None
        if refusal is not None:
            raise refusal
    where = regions if plain["where"] == ["all"] else plain["where"]
    return Rule(
        id=rule_id,
        where=tuple(_place(place) for place in where),
        kind=made,
        months=MonthSet.parse(plain["months"]) if "months" in plain else None,
        clock=ClockRange.parse(plain["time"]) if "time" in plain else None,
        zone=plain.get("zone"),
        effect=Effect(plain["effect"]) if "effect" in plain else None,
        load=parse_load(plain["load"]) if "load" in plain else None,
        reason=plain.get("reason"),
        line=line,
        pad=Pad.parse(plain["pad"]) if "pad" in plain else None,
        bridge=plain.get("bridge", 0),
        countries=tuple(plain["countries"]) if "countries" in plain else None,
    )


def _place(text: str) -> Place:
    region, _, market = text.partition("/")
    return Place(region=region, market=market or None)


def _region(name: str, plain: Plain) -> Region:
    markets = tuple(
        Market(
            name=market,
            zone=options["zone"],
            country=options["country"],
            subdivision=options.get("subdivision"),
            wedding_days=WeekdaySet.parse(options["wedding-days"]) if "wedding-days" in options else SATURDAY,
        )
        for market, options in plain["markets"].items()
    )
    return Region(name=name, markets=markets)


def _thresholds(plain: Plain) -> LoadThresholds:
    default = LoadThresholds()
    return LoadThresholds(
        caution_from=parse_load(plain["caution-from"]) if "caution-from" in plain else default.caution_from,
        block_from=parse_load(plain["block-from"]) if "block-from" in plain else default.block_from,
    )
