"""The JSON Schema of wedgate.yml, generated from the models, for editors that complete keys while one writes.

The committed copy (``resources/schema.json``) is what ``wedgate schema`` prints and ``wedgate init`` writes; a test
holds it to what is generated here. A schema cannot say everything: zones, countries and names that refer to other
parts of the file are for ``wedgate lint``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from wedgate.calendars.kinds import kind_named
from wedgate.config.extends import DISABLED, ROW_PATTERN
from wedgate.config.rule_keys import RuleField, fields_of, fields_of_kind, kind_keys

RULE_MARK = "a rule"
"""Stands in the schema of the models where that of a rule goes, which depends on the rule kinds."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def committed_schema() -> str:
    """Return the schema that is shipped, as text."""
    return (resources.files("wedgate.config") / "resources" / "schema.json").read_text(encoding="utf-8")


def generate_schema() -> str:
    """Generate the schema from the models and the rule kinds, as text."""
    from wedgate.config.models import WedgateFile

    body: dict[str, Any] = WedgateFile.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = {**body.pop("$defs", {}), "Rule": _rule_schema(), "Change": _change_schema()}
    body["properties"]["rules"]["patternProperties"][ROW_PATTERN] = {"$ref": "#/$defs/Change"}
    named = {name: name.removesuffix("Section") for name in definitions}
    body = {"$schema": DIALECT, "title": "wedgate.yml", **{key: body[key] for key in body if key != "title"}}
    text = json.dumps(
        {**_tidy(body), "$defs": {named[name]: _tidy(definitions[name]) for name in sorted(definitions)}}, indent=2
    )
    for name, short in named.items():
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{short}"')
    return text + "\n"


def _rule_schema() -> dict[str, Any]:
    """Return one flat object for all kinds: an editor completes it, and the kinds exclude one another."""
    belongs: dict[str, list[str]] = {}
    for kind in kind_keys():
        for field in fields_of_kind(kind):
            if field.key != kind:
                belongs.setdefault(field.key, []).append(kind)
    whole = {kind: [field.key for field in fields_of_kind(kind) if field.required] for kind in kind_keys()}
    brings_loads = [kind for kind in kind_keys() if kind_named(kind).BRINGS_LOADS]
    one_kind = [{"required": [kind]} for kind in kind_keys()]
    bare = {"not": {"anyOf": one_kind}, "anyOf": [{"required": ["time"]}, {"required": ["months"]}]}
    return {
        "type": "object",
        "description": "One line of the calendar: where it applies, when, and its effect or load.",
        "properties": _rule_properties(),
        "required": ["where"],
        "additionalProperties": False,
        "allOf": [
            {"anyOf": [{"required": [key]} for key in ("effect", "load", *brings_loads)]},
            {"oneOf": [*one_kind, bare]},
        ],
        "dependentRequired": {kind: keys for kind, keys in whole.items() if keys != [kind]},
        "dependentSchemas": {
            key: {"anyOf": [{"required": [kind]} for kind in kinds]} for key, kinds in sorted(belongs.items())
        },
    }


def _change_schema() -> dict[str, Any]:
    """Return what may stand under the id of a row of a preset: any keys of a rule, or that it is switched off."""
    changed = {"type": "object", "properties": _rule_properties(), "additionalProperties": False, "minProperties": 1}
    said = "A row of a preset, changed key by key, or switched off."
    return {"description": said, "anyOf": [{"const": DISABLED}, changed]}


def _rule_properties() -> dict[str, Any]:
    return {
        field.key: {**_schema_of(field), **({"description": field.description} if field.description else {})}
        for field in fields_of(kind_keys())
    }


def _schema_of(field: RuleField) -> Mapping[str, object]:
    """Return the schema of a key; where several kinds take it, each in its own way, any of theirs."""
    of_kinds = [each.schema for kind in kind_keys() for each in fields_of_kind(kind) if each.key == field.key]
    different = [schema for index, schema in enumerate(of_kinds) if schema not in of_kinds[:index]]
    return {"anyOf": different} if len(different) > 1 else field.schema


def _tidy(plain: Any) -> Any:
    """Drop titles that only repeat a key and ``null`` defaults that mean left out; point to the rules."""
    if isinstance(plain, Mapping):
        if plain.get("$comment") == RULE_MARK:
            return {"$ref": "#/$defs/Rule"}
        if "patternProperties" in plain:
            plain = {**plain, "additionalProperties": False}
        return {
            key: _tidy(value)
            for key, value in plain.items()
            if not (key == "title" and isinstance(value, str) and value != "wedgate.yml")
            and not (key == "default" and value is None)
        }
    return [_tidy(element) for element in plain] if isinstance(plain, list) else plain


if __name__ == "__main__":
    print(generate_schema(), end="")
