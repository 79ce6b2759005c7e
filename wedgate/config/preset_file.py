"""A preset or a shared calendar as a file: a title, and rows, each a rule without ``where`` and with its source.

A row says where it is from (``source``) and how sure that is (``confidence``). What is only recalled may never block.
Shipped files are read as they are, because a test has checked them; a file from outside is checked like a wedgate.yml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wedgate.calendars.spelling import SpellingError
from wedgate.config.build import build_rule
from wedgate.config.complaints import Complaints
from wedgate.config.consistency import check_consistency
from wedgate.config.nearest import remedy_for
from wedgate.config.nodes import Node, parse_nodes
from wedgate.config.scalars import parse_text, shown
from wedgate.config.source import decode, digest_of, whole_file
from wedgate.errors import ConfigurationError, Problem

CONFIDENCES = ("high", "medium", "recalled")
_ABOUT = ("source", "confidence")
_EVERYWHERE = {"where": "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetRow:
    """One row: its ``rule`` as plain data without ``where``, and where that stands and comes from."""

    id: str
    rule: Mapping[str, Any]
    line: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One preset: ``file`` names it in messages (with the commit of a shared one), ``name`` begins the ids of rows.

    ``countries`` are those that it was made for; it may be extended anywhere.
    """

    name: str
    file: str
    digest: str
    title: str
    description: str
    version: str
    countries: tuple[str, ...]
    rows: tuple[PresetRow, ...]

    def row_id(self, row: PresetRow) -> str:
        """Return the id that a row has as a rule: ``wedding/us-east/labor-day-sunday``."""
        return f"{self.name}/{row.id}"


def read_preset(name: str) -> Preset:
    """Read a shipped preset; ``KeyError`` if there is none of that name."""
    from wedgate.almanac.presets import preset_bytes

    content = preset_bytes(name)
    return _preset(parse_nodes(content.decode(), name=name), name=name, file=name, digest=digest_of(content))


def parse_preset(content: bytes, *, name: str, file: str) -> Preset:
    """Check and read a file of this format; ``ConfigurationError`` with everything wrong in it."""
    noted: list[Problem] = []
    root = parse_nodes(decode(content, name=file), name=file, noted=noted)
    if not isinstance(root.data, dict):
        raise whole_file(file, f"the file is {shown(root.data)}, not keys with values", "write title: and rules:")
    complaints = Complaints(file, root, noted)
    _check(root, complaints)
    if complaints.problems:
        raise ConfigurationError(complaints.problems)
    return _preset(root, name=name, file=file, digest=digest_of(content))


def _preset(root: Node, *, name: str, file: str, digest: str) -> Preset:
    data = root.data
    return Preset(
        name=name,
        file=file,
        digest=digest,
        title=data["title"],
        description=data.get("description", ""),
        version=str(data["version"]),
        countries=tuple(data.get("countries", ())),
        rows=tuple(
            PresetRow(
                id=row,
                rule=_rule_of(plain),
                line=root.items["rules"][1].items[row][0].line,
                source=plain["source"],
                confidence=plain["confidence"],
            )
            for row, plain in data["rules"].items()
        ),
    )


def _rule_of(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key not in _ABOUT}


def _check(root: Node, complaints: Complaints) -> None:
    from wedgate.config.models import PresetFile
    from wedgate.config.shape import normal_rule, validate_shape

    rows = root.data.get("rules")
    rules: dict[str, Any] = {}
    for row, plain in rows.items() if isinstance(rows, dict) else ():
        if isinstance(plain, dict):
            _check_about(row, plain, complaints)
        rules[row] = {**_EVERYWHERE, **_rule_of(plain)} if isinstance(plain, dict) else plain
    data = {**root.data, "rules": rules} if isinstance(rows, dict) else root.data
    validate_shape(root, data, complaints, model=PresetFile)
    check_consistency({"rules": rules}, complaints)
    for row, rule in rules.items():
        if isinstance(rule, dict) and not complaints.has(("rules", row)):
            try:
                build_rule(row, normal_rule(rule), regions=(), line=None)
            except SpellingError as error:
                complaints.key(("rules", row), error.what, error.remedy)


def _is_beside(place: str) -> bool:
    """Whether a text names a file, and neither a page nor a table that is shipped with wedgate."""
    return place.endswith((".yml", ".yaml", ".ics")) and "://" not in place


def _check_about(row: str, plain: Mapping[str, Any], complaints: Complaints) -> None:
    path = ("rules", row)
    for key, remedy in (("source", "say where the fact is from"), ("confidence", f"write {' or '.join(CONFIDENCES)}")):
        if key not in plain:
            complaints.key(path, f"{key!r} is missing", remedy)
    for key in ("table", "feed", "auspicious"):
        for value in plain[key] if isinstance(plain.get(key), list) else [plain.get(key)]:
            if isinstance(value, str) and _is_beside(value):
                what = f"{shown(value)} would be a file beside the configuration that extends"
                complaints.value((*path, key), what, "write the dates out, or name a page (https://...)")
    if "where" in plain:
        complaints.key((*path, "where"), "a row is for the region that extends", "delete it; countries: narrows a row")
    if "source" in plain:
        try:
            parse_text(plain["source"])
        except SpellingError as error:
            complaints.value((*path, "source"), error.what, error.remedy)
    if (confidence := plain.get("confidence", "high")) not in CONFIDENCES:
        complaints.value(
            (*path, "confidence"), f"unknown word {shown(confidence)}", remedy_for(str(confidence), CONFIDENCES)
        )
    if confidence == "recalled" and plain.get("effect") in ("block", "allow"):
        complaints.value((*path, "effect"), "what is only recalled may not decide alone", "write effect: caution")
