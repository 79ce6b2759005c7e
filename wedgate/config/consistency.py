"""What must hold between keys that are each well spelled: steps that rise, thresholds in order, a rule that says when.

Like ``references`` it reads plain data of any shape and leaves wrong types to ``shape``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from wedgate.calendars.kinds import kind_named
from wedgate.calendars.spelling import SpellingError
from wedgate.config.complaints import Complaints, Path
from wedgate.config.evidence_checks import check_evidence, check_usage
from wedgate.config.hook_checks import check_hooks
from wedgate.config.nearest import nearest
from wedgate.config.override_checks import check_longest, check_overrides, check_rule_names
from wedgate.config.rule_keys import fields_of, kind_keys_in
from wedgate.config.scalars import DATABASE_VARIABLE, shown
from wedgate.config.target_checks import check_target

_BARE = ("time", "months")


def check_consistency(data: object, complaints: Complaints, *, is_earlier: bool = False) -> None:
    """Complain about every pair of keys that contradict one another; ``is_earlier``: not by what came to be a rule."""
    file = _mapping(data)
    for rule, plain in _mapping(file.get("rules")).items():
        if isinstance(plain, dict):
            _check_rule(("rules", rule), plain, complaints)
    if not is_earlier:
        check_rule_names(_mapping(file.get("rules")), complaints)
        check_longest(file, complaints)
        _check_remote(_mapping(file.get("state")).get("remote"), complaints)
    _check_loads(_mapping(file.get("loads")), complaints)
    check_overrides(file, complaints, is_earlier=is_earlier)
    rollout = _mapping(file.get("rollout"))
    for name, plain in _mapping(rollout.get("strategies")).items():
        _check_strategy(("rollout", "strategies", name), _mapping(plain), complaints)
    _check_choose(rollout, complaints)
    check_hooks(_mapping(rollout.get("hooks")), complaints)
    _check_in_flight(rollout, _mapping(file.get("regions")), complaints)
    evidence, state = _mapping(_mapping(file.get("judge")).get("evidence")), _mapping(file.get("state"))
    check_target(_mapping(rollout.get("target")), evidence, complaints)
    check_evidence(evidence, complaints)
    check_usage(_mapping(file.get("judge")), complaints)
    _check_state(state, complaints)
    _check_notify(file.get("notify"), complaints)


def _mapping(plain: object) -> Mapping[str, Any]:
    return plain if isinstance(plain, dict) else {}


def _number(plain: object) -> float | None:
    return plain if isinstance(plain, int | float) and not isinstance(plain, bool) else None


def _check_rule(path: Path, rule: dict[str, Any], complaints: Complaints) -> None:
    kinds = kind_keys_in(rule)
    if len(kinds) > 1:
        what = f"{' and '.join(kinds)} are two ways to say when"
        complaints.key((*path, kinds[1]), what, "make two rules of it, one for each")
    known = {field.key for field in fields_of(kinds)}
    # A misspelt `weekdays` is one mistake: it is not said again that the rule does not say when.
    strangers = [key for key in rule if key not in known]
    if not kinds and not any(key in rule for key in _BARE) and not strangers:
        remedy = "add weekdays:, yearly:, dates:, holidays: or another such key (docs/reference/calendars.md), or time:"
        complaints.key(path, "the rule does not say when", remedy)
    for field in fields_of(kinds):
        _check_repeats((*path, field.key), rule.get(field.key), field.parse, complaints)
    says_what = "effect" in rule or "load" in rule or any(kind_named(kind).BRINGS_LOADS for kind in kinds)
    if not says_what and not any(nearest(key, ("effect", "load")) for key in strangers):
        complaints.key(
            path, "the rule has neither an effect nor a load", "add effect: block (or caution, allow), or load:"
        )


def _check_repeats(path: Path, plain: object, parse: Callable[[Any], Any], complaints: Complaints) -> None:
    """Complain about an item of a list that says what an earlier one says, however each is spelled."""
    if not isinstance(plain, list) or complaints.has(path):
        return
    seen = []
    for index, item in enumerate(plain):
        try:
            value = parse(item)
        except SpellingError:
            return  # ``shape`` says what is wrong with it.
        if value in seen:
            complaints.value((*path, index), f"{shown(item)} is named twice", "delete one of the two")
        seen.append(value)


def _check_loads(loads: Mapping[str, Any], complaints: Complaints) -> None:
    caution, block = _number(loads.get("caution-from", 2)), _number(loads.get("block-from", 6))
    if caution is not None and block is not None and 0 < block < caution:
        key = "block-from" if "block-from" in loads else "caution-from"
        what = f"blocks from load {block:g}, below caution from {caution:g}"
        complaints.value(("loads", key), what, "let caution begin first, or both at once")


_MISSING = {
    "blue-green": {"bake": "bake: 45m, the time to observe after the switch"},
    "canary": {"steps": "steps: [{weight: 5, bake: 15m}]"},
    "linear": {"step": "step: 20, by how much the weight rises", "bake": "bake: 15m, the time to observe each step"},
}
_NO_STEP = ("only linear has a step", "delete it, or write kind: linear")
_OUT_OF_PLACE = {
    "blue-green": {"steps": ("blue-green has one step", "delete steps, or write kind: canary"), "step": _NO_STEP},
    "canary": {"bake": ("each step of a canary has its own bake", "write it in the steps"), "step": _NO_STEP},
    "linear": {"steps": ("linear makes its own steps", "delete steps, or write kind: canary")},
    "all-at-once": {
        "steps": ("all-at-once has one step", "delete steps, or write kind: canary"),
        "bake": ("all-at-once has no bake", "delete it, or write kind: blue-green"),
        "step": _NO_STEP,
    },
}


def _check_strategy(path: Path, strategy: Mapping[str, Any], complaints: Complaints) -> None:
    kind, steps = strategy.get("kind"), strategy.get("steps")
    for key, remedy in _MISSING.get(str(kind), {}).items():
        if key not in strategy:
            complaints.key(path, f"{key!r} is missing", f"add {remedy}")
    for key, (what, remedy) in _OUT_OF_PLACE.get(str(kind), {}).items():
        if key in strategy:
            complaints.key((*path, key), what, remedy)
    if kind == "linear" and strategy.get("step") == 100:
        complaints.value((*path, "step"), "one step of 100 is no growth", "write less, or kind: blue-green")
    before = 0
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        weight = _mapping(step).get("weight")
        if isinstance(weight, bool) or not isinstance(weight, int) or not 1 <= weight <= 100:
            continue
        at: Path = (*path, "steps", index)
        if weight <= before:
            what = f"the weight {weight} does not rise above {before}"
            complaints.value((*at, "weight"), what, "write strictly rising weights")
        before = max(before, weight)
        if weight < 100 and "bake" not in _mapping(step):
            complaints.value(at, "'bake' is missing", "add bake: 15m, the time to observe this weight")


def _check_choose(rollout: Mapping[str, Any], complaints: Complaints) -> None:
    lines, strategies = rollout.get("choose"), _mapping(rollout.get("strategies"))
    if lines is None and "choose" not in rollout and len(strategies) > 1:
        first = next(iter(strategies))
        complaints.key(("rollout",), "'choose' is missing", f"say which strategy: choose: [{{use: {first}}}]")
    if isinstance(lines, list) and lines and {"verdict", "where"} & set(_mapping(lines[-1])):
        remedy = "add a last line with `use:` alone"
        complaints.value(("rollout", "choose", len(lines) - 1), "no line is left when none of them matches", remedy)


def _check_in_flight(rollout: Mapping[str, Any], regions: Mapping[str, Any], complaints: Complaints) -> None:
    most = rollout.get("in-flight")
    if isinstance(most, int) and not isinstance(most, bool) and regions and most > len(regions):
        what = f"{most} regions cannot move at one time, there are {len(regions)}"
        complaints.value(("rollout", "in-flight"), what, f"write {len(regions)} or less")


_STATE_KEYS = {"file": ("path",), "git": ("ref", "remote"), "postgres": ("url",)}


def _check_state(state: Mapping[str, Any], complaints: Complaints) -> None:
    kind = state.get("kind")
    if not isinstance(kind, str) or kind not in _STATE_KEYS:
        return
    for key in (key for keys in _STATE_KEYS.values() for key in keys):
        if key in state and key not in _STATE_KEYS[kind]:
            complaints.key(("state", key), f"{kind} has no {key}", "delete it")
    if kind == "file" and "path" not in state:
        complaints.key(("state",), "'path' is missing", "add path: with the place of the file")
    if kind == "postgres" and "url" not in state:
        complaints.key(("state",), "'url' is missing", f"add url: env/{DATABASE_VARIABLE}")


_SECRET = re.compile(r"https?://([^/?#]*@|[^?#]*[?#])|[^:/?#]+://[^/?#]*:[^/?#]*@", re.IGNORECASE)
"""An address that a token or a password is part of, or may be; over SSH a name alone is none."""


def _check_remote(remote: object, complaints: Complaints) -> None:
    """Refuse an address with a secret, which is not repeated: what git says of it stands where everybody reads it."""
    if isinstance(remote, str) and _SECRET.match(remote.strip()):
        remedy = "write the address alone, and give the token in WEDGATE_GITHUB_TOKEN or GITHUB_TOKEN"
        complaints.value(("state", "remote"), "a password does not belong into this file", remedy)


def _check_notify(notify: object, complaints: Complaints) -> None:
    seen: dict[str, int] = {}
    for index, plain in enumerate(notify if isinstance(notify, list) else ()):
        to = _mapping(plain).get("to")
        if isinstance(to, str) and seen.setdefault(to, index) != index:
            complaints.value(("notify", index, "to"), "this destination is there already", "make one item of the two")
