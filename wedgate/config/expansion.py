"""``extends:`` resolved: the rows of presets and shared calendars become rules of the file, before its own.

A row is changed or switched off by its id under ``rules:``. A mapping there is laid over the row key by key: what it
names replaces what the row says, the rest of the row stays; another way to say when replaces the row's with all that
goes with it. What comes out is the file as if all had been written in it, which the passes over a file then check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wedgate.calendars.spelling import SpellingError
from wedgate.config.complaints import Complaints, Path
from wedgate.config.extends import DISABLED, Shared, SharedRef, parse_extended
from wedgate.config.nearest import nearest, remedy_for
from wedgate.config.nodes import Node
from wedgate.config.preset_file import Preset, PresetRow, parse_preset, read_preset
from wedgate.config.rule_keys import fields_of_kind, kind_keys_in
from wedgate.config.scalars import parse_countries, shown
from wedgate.errors import ConfigurationError


@dataclass(slots=True, kw_only=True)
class Extended:
    """One calendar that regions extend: which regions, in the order of the file, and where the first says so."""

    preset: Preset
    at: Path
    regions: list[str]


@dataclass(slots=True, kw_only=True)
class Expansion:
    """A file with the rows of what it extends.

    ``data`` is the file's plain data with every row as a rule; ``rows`` are those rows by the id that they have there,
    ``absent`` the ones that reach no market of the file, and ``disabled`` the ones that are switched off.
    """

    data: dict[str, Any]
    extended: list[Extended] = field(default_factory=list)
    rows: dict[str, tuple[Extended, PresetRow]] = field(default_factory=dict)
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    disabled: list[str] = field(default_factory=list)


def expand(root: Node, complaints: Complaints, *, shared: Shared | None, is_stand_in: bool = False) -> Expansion:
    """Resolve every ``extends:``; complain about what does not exist, and leave that out.

    ``is_stand_in``: what is shared is only stood in for, and what the file changes in its rows is left out.
    ``ExternalSystemError`` when a shared calendar could not be asked for: without it nothing may be decided.
    """
    extended = _resolve(root.data, complaints, shared)
    rules = root.data.get("rules")
    found = Expansion(data=dict(root.data), extended=extended)
    for each in extended:
        for row in each.preset.rows:
            found.rows[each.preset.row_id(row)] = (each, row)
    if not isinstance(rules, dict) and not found.rows:
        return found
    written: dict[str, Any] = rules if isinstance(rules, dict) else {}
    if is_stand_in:
        written = {rule: raw for rule, raw in written.items() if "//" not in rule}
    changes = _changes(written, found, complaints)
    expanded: dict[str, Any] = {}
    for row_id, (each, row) in found.rows.items():
        if row_id in found.disabled:
            continue
        merged = _merged(row.rule, changes.get(row_id, {}))
        reached = [name for name in each.regions if _reaches(merged, _mapping(root.data["regions"][name]))]
        if not reached:
            found.absent.add(row_id)
        expanded[row_id] = {"where": reached or each.regions, **merged}
        found.changed[row_id] = tuple(changes.get(row_id, ()))
        if row_id not in changes:
            complaints.redirect(("rules", row_id), each.at)
    own = {rule: raw for rule, raw in written.items() if "/" not in rule and not _is_misplaced(rule, raw, found)}
    found.data["rules"] = {**expanded, **own}
    return found


def _mapping(plain: object) -> Mapping[str, Any]:
    return plain if isinstance(plain, dict) else {}


def _resolve(data: Mapping[str, Any], complaints: Complaints, shared: Shared | None) -> list[Extended]:
    """Return every calendar that is extended, in the order in which the file first names it."""
    found: dict[str, Extended] = {}
    for region, plain in _mapping(data.get("regions")).items():
        for item, at in _items(_mapping(plain), ("regions", region, "extends")):
            try:
                name = parse_extended(item)
            except SpellingError as error:
                complaints.value(at, error.what, error.remedy)
                continue
            prefix = name.name if isinstance(name, SharedRef) else name
            known = found.get(prefix)
            if known is not None and known.preset.file != str(name):
                what = f"the rows of {prefix} collide: it is extended at another commit too ({known.preset.file[-40:]})"
                complaints.value(at, what, "name one commit everywhere")
            elif known is not None and region in known.regions:
                complaints.value(at, f"{prefix} is extended twice", "delete one of the two")
            elif known is not None:
                known.regions.append(region)
            elif (preset := _read(name, at, complaints, shared)) is not None:
                found[prefix] = Extended(preset=preset, at=at, regions=[region])
    return list(found.values())


def _items(region: Mapping[str, Any], path: Path) -> Iterator[tuple[object, Path]]:
    raw = region.get("extends")
    if isinstance(raw, list):
        yield from ((item, (*path, index)) for index, item in enumerate(raw))
    elif "extends" in region:
        yield raw, path


def _read(name: str | SharedRef, at: Path, complaints: Complaints, shared: Shared | None) -> Preset | None:
    if isinstance(name, str):
        from wedgate.almanac.presets import preset_names

        if name in preset_names():
            return read_preset(name)
        complaints.value(at, f"unknown preset {name!r}", remedy_for(name, preset_names()))
        return None
    if shared is None:
        complaints.value(at, f"{name.name} cannot be fetched here", "ask with `wedgate check` or `wedgate lint`")
        return None
    content = shared(name)
    if content is None:
        what = f"{name.repository} has no file {name.path} at {name.commit}"
        complaints.value(at, what, "correct the path or the commit")
        return None
    try:
        return parse_preset(content, name=name.name, file=str(name))
    except ConfigurationError as error:
        complaints.include(error.problems)
        return None


def _changes(written: Mapping[str, Any], found: Expansion, complaints: Complaints) -> dict[str, dict[str, Any]]:
    """Return what the file lays over rows, by their ids; note the rows that it switches off."""
    changes: dict[str, dict[str, Any]] = {}
    for rule, raw in written.items():
        path: Path = ("rules", rule)
        if "/" not in rule:
            if _is_misplaced(rule, raw, found):
                near = next(row_id for row_id in found.rows if row_id.endswith(f"/{rule}"))
                complaints.key(path, "only a row of a preset can be switched off", f"did you mean {near}?")
        elif rule not in found.rows:
            complaints.key(path, *_no_such_row(rule, found))
        elif raw == DISABLED:
            found.disabled.append(rule)
        elif isinstance(raw, dict) and raw:
            changes[rule] = raw
        else:
            got = "nothing" if raw == {} else shown(raw)
            what = f"expected the keys to change, or {DISABLED}, got {got}"
            complaints.value(path, what, f"write {DISABLED}, or such as {{load: 3}}")
    return changes


def _is_misplaced(rule: str, raw: object, found: Expansion) -> bool:
    return raw == DISABLED and any(row_id.endswith(f"/{rule}") for row_id in found.rows)


def _no_such_row(rule: str, found: Expansion) -> tuple[str, str]:
    from wedgate.almanac.presets import preset_names

    prefix, _, row = rule.rpartition("/")
    names = {each.preset.name: each.preset for each in found.extended}
    if prefix in names:
        near = nearest(row, [known.id for known in names[prefix].rows])
        remedy = f"did you mean {prefix}/{near}?" if near else f"`wedgate preset show {prefix}` lists them"
        return f"{prefix} has no row {row!r}", remedy
    if prefix in preset_names():
        return f"no region extends {prefix}", f"write extends: {prefix} under a region, or delete this line"
    near = nearest(rule, found.rows) or nearest(prefix, (*names, *preset_names()))
    return f"{prefix} is nothing that a region extends", f"did you mean {near}?" if near else "delete this line"


def _merged(row: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a change over a row; another way to say when replaces the row's with all the keys that go with it."""
    kept = dict(row)
    kinds = kind_keys_in(dict(change))
    if kinds and kinds != kind_keys_in(kept):
        for kind in kind_keys_in(kept):
            for each in fields_of_kind(kind):
                kept.pop(each.key, None)
    return {**kept, **change}


def _reaches(rule: Mapping[str, Any], region: Mapping[str, Any]) -> bool:
    """Whether a region has a market that the rule is for; a broken one counts, so that it is complained about."""
    if "countries" not in rule:
        return True
    try:
        countries = parse_countries(rule["countries"])
    except SpellingError:
        return True
    markets = [_mapping(market) for market in _mapping(region.get("markets")).values()]
    return any(
        market.get("country") in countries or f"{market.get('country')}-{market.get('subdivision')}" in countries
        for market in markets
    )
