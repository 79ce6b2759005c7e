"""The three passes over a file (shape, references, consistency) and, when all are clean, its normal plain data."""

from __future__ import annotations

from wedgate.calendars.spelling import SpellingError
from wedgate.config.build import Validated, build_rule
from wedgate.config.complaints import Complaints
from wedgate.config.consistency import check_consistency
from wedgate.config.nodes import Node, parse_nodes
from wedgate.config.references import check_references
from wedgate.config.scalars import shown
from wedgate.config.shape import normal_rule, validate_shape
from wedgate.config.source import whole_file
from wedgate.errors import ConfigurationError, Problem


def validate(text: str, *, name: str) -> Validated:
    """Return the normal plain data of a configuration; ``ConfigurationError`` with everything wrong in it."""
    noted: list[Problem] = []
    root = parse_nodes(text, name=name, noted=noted)
    if not isinstance(root.data, dict):
        what, remedy = f"the file is {shown(root.data)}, not keys with values", "write a starter with `wedgate init`"
        raise ConfigurationError((*noted, *whole_file(name, what, remedy).problems))
    complaints = Complaints(name, root, noted)
    data = validate_shape(root, complaints)
    check_references(root.data, complaints)
    check_consistency(root.data, complaints)
    _check_rules(root.data.get("rules"), complaints)
    if data is None or complaints.problems:
        raise ConfigurationError(complaints.problems)
    return Validated(data=data, lines=_rule_lines(root))


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
