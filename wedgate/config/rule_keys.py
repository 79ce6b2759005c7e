"""The keys of a rule: the modifiers that every rule may have, and those of its kind, taken from the kind's own class.

A kind's dataclass fields are its keys in the file, and the type of each says how it is spelled. So a new rule kind
needs no change here, in the models, in the schema or in the printed configuration.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from wedgate.calendars.kinds import kind_keys, kind_named
from wedgate.calendars.padding import Pad
from wedgate.calendars.spellings import MonthSet
from wedgate.calendars.values import ClockRange, Effect
from wedgate.config import scalars, schema_words

_EFFECTS = {
    "deny": "block",
    "freeze": "block",
    "closed": "block",
    "forbid": "block",
    "warn": "caution",
    "warning": "caution",
    "permit": "allow",
    "open": "allow",
}


__all__ = ["MODIFIERS", "RuleField", "fields_of", "fields_of_kind", "kind_keys", "kind_keys_in", "kinds_with_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleField:
    """One key of a rule: how it is read, written, and described to an editor."""

    key: str
    attribute: str
    parse: Callable[[Any], Any]
    spell: Callable[[Any], object] | None
    schema: Mapping[str, object]
    required: bool = False
    default: object = None
    description: str | None = None


MODIFIERS = (
    RuleField(
        key="where",
        attribute="where",
        parse=scalars.parse_where,
        spell=None,
        schema=schema_words.WHERE,
        required=True,
        description="Where the rule applies: `all`, a region, `region/market`, or a list of them.",
    ),
    RuleField(
        key="time",
        attribute="time",
        parse=ClockRange.parse,
        spell=ClockRange.spell,
        schema=ClockRange.json_schema(),
        description="Local time of day, half-open; wraps midnight when it ends before it starts.",
    ),
    RuleField(
        key="months",
        attribute="months",
        parse=MonthSet.parse,
        spell=MonthSet.spell,
        schema=MonthSet.json_schema(),
        description="Only in these months.",
    ),
    RuleField(
        key="pad",
        attribute="pad",
        parse=Pad.parse,
        spell=Pad.spell,
        schema=Pad.json_schema(),
        description="Begin earlier and end later by so much local time; days are local dates.",
    ),
    RuleField(
        key="bridge",
        attribute="bridge",
        parse=scalars.parse_bridge,
        spell=None,
        schema=schema_words.BRIDGE,
        description="Also the working days, at most so many, between a matching day and a weekend or another one.",
    ),
    RuleField(
        key="countries",
        attribute="countries",
        parse=scalars.parse_countries,
        spell=None,
        schema=schema_words.COUNTRIES,
        description="Only in markets of these countries, or of these parts of them: `DE`, `AU-NSW`.",
    ),
    RuleField(
        key="zone",
        attribute="zone",
        parse=scalars.parse_zone,
        spell=None,
        schema=schema_words.ZONE,
        description="Evaluate once for the region in this zone, instead of in each market's own time.",
    ),
    RuleField(
        key="effect",
        attribute="effect",
        parse=lambda raw: scalars.parse_choice(Effect, raw, synonyms=_EFFECTS),
        spell=lambda effect: effect.value,
        schema={"enum": [effect.value for effect in Effect]},
        description="`block` closes, `caution` asks for care, `allow` opens only inside its windows.",
    ),
    RuleField(
        key="load",
        attribute="load",
        parse=scalars.parse_load,
        spell=scalars.spell_load,
        schema=schema_words.LOAD,
        description="Traffic in multiples of base: 4 is four times, 0.5 a lull. `loads` says what it means.",
    ),
    RuleField(
        key="reason",
        attribute="reason",
        parse=scalars.parse_text,
        spell=None,
        schema=schema_words.TEXT,
        description="What a person reads beside the verdict: a ticket, a sentence.",
    ),
)


def kind_keys_in(rule: object) -> tuple[str, ...]:
    """Return the kind keys that a rule holds: one in a good rule, none for every day."""
    return tuple(key for key in kind_keys() if key in rule) if isinstance(rule, dict) else ()


@cache
def fields_of_kind(key: str) -> tuple[RuleField, ...]:
    """Return the keys that one kind takes, its own first."""
    kind: Any = kind_named(key)
    hints = get_type_hints(kind)
    found = []
    for field in dataclasses.fields(kind):
        spelled = _without_none(hints[field.name])
        default: Any = dataclasses.MISSING if field.default_factory is dataclasses.MISSING else field.default_factory()
        default = default if field.default is dataclasses.MISSING else field.default
        schema = spelled.json_schema()
        found.append(
            RuleField(
                key=field.name.rstrip("_").replace("_", "-"),
                attribute=field.name,
                parse=spelled.parse,
                spell=spelled.spell,
                schema=schema,
                required=default is dataclasses.MISSING,
                default=default,
                description=field.metadata.get("description") or schema.get("description"),
            )
        )
    return tuple(found)


def fields_of(kinds: tuple[str, ...]) -> tuple[RuleField, ...]:
    """Return every key that a rule of these kinds may have, the kinds' own before the modifiers."""
    fields: dict[str, RuleField] = {}
    for key in kinds:
        fields.update({field.key: field for field in fields_of_kind(key)})
    where, *rest = MODIFIERS
    return (where, *fields.values(), *(field for field in rest if field.key not in fields))


def kinds_with_key(key: str) -> tuple[str, ...]:
    """Return the kinds that take ``key``: what a rule without its kind's own key probably meant."""
    return tuple(kind for kind in kind_keys() if any(field.key == key for field in fields_of_kind(kind)))


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (only,) = (part for part in get_args(hint) if part is not type(None))
        return only
    return hint
