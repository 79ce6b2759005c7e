"""Asks the models about a file and turns what pydantic says into complaints a person can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wedgate.config.complaints import Complaints, Path
from wedgate.config.nearest import nearest, remedy_for
from wedgate.config.nodes import Node
from wedgate.config.rule_keys import kind_keys, kind_keys_in, kinds_with_key
from wedgate.config.scalars import shown

if TYPE_CHECKING:
    from wedgate.config.models import Section

_EXAMPLES = {
    "version": "`version: 1`",
    "service": "`service: my-service`",
    "regions": "`regions:` with at least one region",
    "markets": "`markets:` with at least one market",
    "zone": "`zone: Europe/Berlin` (an IANA name)",
    "country": "`country: DE` (two letters)",
    "where": "`where: all`, or the regions it is for",
    "strategies": "`strategies:` with at least one strategy",
    "target": "`target:` to say how traffic is switched",
    "use": "`use:` and the name of a strategy",
    "weight": "`weight: 5` (the candidate's percent)",
    "url": "`url:` of the page that says the digest",
}
_MERGE_REMEDY = "YAML 1.2 has no merge keys; write the keys out"


def validate_shape(
    root: Node, data: dict[str, Any], complaints: Complaints, *, model: type[Section] | None = None
) -> dict[str, Any] | None:
    """Return the normal plain data of a file whose shape is right; ``None`` after complaining about what is not.

    ``data`` is what the file says with all that it brings in; ``root`` knows the places of what stands in it.
    """
    from pydantic import ValidationError

    from wedgate.config.models import WedgateFile

    try:
        found = (model or WedgateFile).model_validate(data)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            _complain(each, root, data, complaints)
        return None
    plain: dict[str, Any] = found.model_dump(by_alias=True, exclude_unset=True, warnings=False)
    return plain


def normal_rule(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the normal plain data of one rule that nothing was complained about."""
    from wedgate.config.models import rule_section

    return rule_section(kind_keys_in(raw)).model_validate(raw).model_dump(by_alias=True, exclude_unset=True)


def _complain(found: Any, root: Node, data: dict[str, Any], complaints: Complaints) -> None:
    path: Path = tuple(found["loc"])
    kind: str = found["type"]
    context = found.get("ctx", {})
    if path and path[-1] == "[key]":
        complaints.key(path[:-1], context.get("what", found["msg"]), context.get("remedy", "choose another name"))
    elif kind == "spelling":
        complaints.value(path, context["what"], context["remedy"])
    elif kind == "missing":
        complaints.key(path[:-1], f"{path[-1]!r} is missing", _remedy_for_missing(path))
    elif kind == "extra_forbidden":
        _complain_of_unknown_key(path, root, data, complaints)
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        got = shown(root.at(path).data)
        complaints.value(path, f"expected keys with values, got {got}", f"write {_example_keys(path, data)}")
    elif kind == "list_type":
        complaints.value(path, f"expected a list, got {shown(root.at(path).data)}", "write it in brackets: [one, two]")
    elif kind == "too_short":
        complaints.value(path, "there is nothing in it", "write at least one, or delete the key")
    else:
        complaints.value(path, found["msg"], "see docs/reference/configuration.md")


def _remedy_for_missing(path: Path) -> str:
    key = str(path[-1])
    return f"add {_EXAMPLES.get(key, f'`{key}:`')}"


def _example_keys(path: Path, data: dict[str, Any]) -> str:
    from wedgate.config.models import keys_at

    keys = keys_at(path, data)
    return f"such as {{{keys[0]}: ...}}" if keys else "such as {name: ...}"


def _complain_of_unknown_key(path: Path, root: Node, data: dict[str, Any], complaints: Complaints) -> None:
    from wedgate.config.models import keys_at

    key, parent = str(path[-1]), path[:-1]
    if key == "<<":
        complaints.key(path, "unknown key", _MERGE_REMEDY)
        return
    known = tuple(word for word in keys_at(parent, data) if word not in root.at(parent).items)
    remedy = remedy_for(key, known)
    if len(parent) == 2 and parent[0] == "rules":
        owners = kinds_with_key(key)
        if owners:
            remedy = f"it goes with {' or '.join(owners)}, which this rule does not name"
        elif not nearest(key, known):
            remedy = remedy_for(key, (*kind_keys(), *known))
    complaints.key(path, "unknown key", remedy)
