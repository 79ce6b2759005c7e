"""The three passes over a file (shape, references, consistency) and, when all are clean, its normal plain data."""

from __future__ import annotations

from typing import Any

from wedgate.calendars.spelling import SpellingError
from wedgate.config.build import Validated, build_rule
from wedgate.config.complaints import Complaints
from wedgate.config.consistency import check_consistency
from wedgate.config.expansion import Expansion, expand
from wedgate.config.extends import Shared
from wedgate.config.nodes import Node, parse_nodes
from wedgate.config.override_scalars import parse_earlier_links
from wedgate.config.references import check_references
from wedgate.config.scalars import shown
from wedgate.config.shape import normal_rule, validate_shape
from wedgate.config.source import whole_file
from wedgate.errors import ConfigurationError, Problem


def validate(
    text: str, *, name: str, shared: Shared | None = None, is_stand_in: bool = False, is_earlier: bool = False
) -> Validated:
    """Return the normal plain data of a configuration; ``ConfigurationError`` with everything wrong in it.

    ``shared`` fetches the calendars of other repositories; ``ExternalSystemError`` when it gets no answer. Where it
    only stands in for them (``is_stand_in``), what the file changes in their rows is left out. ``is_earlier``: a file
    that was valid before limits came to be (of links, of `longest`, of names of rules, of people) still is.
    """
    noted: list[Problem] = []
    root = parse_nodes(text, name=name, noted=noted)
    if not isinstance(root.data, dict):
        what, remedy = f"the file is {shown(root.data)}, not keys with values", "write a starter with `wedgate init`"
        raise ConfigurationError((*noted, *whole_file(name, what, remedy).problems))
    complaints = Complaints(name, root, noted)
    expansion = expand(root, complaints, shared=shared, is_stand_in=is_stand_in)
    links = _take_links(expansion.data, complaints) if is_earlier else None
    data = validate_shape(root, expansion.data, complaints)
    check_references(expansion.data, complaints)
    check_consistency(expansion.data, complaints, is_earlier=is_earlier)
    _check_rules(expansion.data.get("rules"), complaints)
    if data is None or complaints.problems:
        raise ConfigurationError(complaints.problems)
    if links is not None:
        data["overrides"]["links"] = links
    return _validated(data, root, expansion)


def _take_links(data: dict[str, Any], complaints: Complaints) -> list[str] | None:
    """Take the links out of a file, whose shape knows only those of now, and return them; ``None`` if it has none."""
    plain = data.get("overrides")
    if not isinstance(plain, dict) or "links" not in plain:
        return None
    data["overrides"] = {key: value for key, value in plain.items() if key != "links"}
    try:
        found: list[str] = parse_earlier_links(plain["links"])
    except SpellingError as error:
        complaints.value(("overrides", "links"), error.what, error.remedy)
        return None
    return found


def _validated(data: dict[str, Any], root: Node, expansion: Expansion) -> Validated:
    """Return what is kept of a file: rows with where they come from, and what the file itself says about them."""
    rules: dict[str, Any] = data.get("rules", {})
    lines = _rule_lines(root)
    rows = {}
    for row_id, (extended, row) in expansion.rows.items():
        lines.setdefault(row_id, root.at(extended.at).line)
        preset = extended.preset
        rows[row_id] = {"file": preset.file, "line": row.line, "source": row.source, "confidence": row.confidence}
    changes = {row_id: {key: rules[row_id][key] for key in keys} for row_id, keys in expansion.changed.items() if keys}
    for row_id in expansion.absent:
        del rules[row_id]
    return Validated(
        data=data,
        lines=lines,
        rows=rows,
        changes={**changes, **dict.fromkeys(expansion.disabled)},
        extended={each.preset.file: each.preset.digest for each in expansion.extended},
    )


def _rule_lines(root: Node) -> dict[str, int]:
    rules = root.at(("rules",))
    return {rule: key.line for rule, (key, _) in rules.items.items()} if "rules" in root.items else {}


def _check_rules(rules: object, complaints: Complaints) -> None:
    """Complain about rules whose keys are each well spelled, but whose kind refuses them together."""
    for rule, raw in rules.items() if isinstance(rules, dict) else ():
        if complaints.has(("rules", rule)):
            continue
        try:
            build_rule(rule, normal_rule(raw), regions=(), line=None)
        except SpellingError as error:
            complaints.key(("rules", rule), error.what, error.remedy)
