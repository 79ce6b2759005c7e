"""What must hold in `overrides:` beside the spelling of each value: names that exist, a quorum that can be had.

It reads plain data of any shape, as ``references`` and ``consistency`` do, and leaves wrong types to ``shape``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.calendars.durations import parse_duration, spell_duration
from wedgate.calendars.spelling import SpellingError
from wedgate.config.complaints import Complaints, Path
from wedgate.config.nearest import remedy_for
from wedgate.config.override_scalars import DEFAULT
from wedgate.overrides.policy import OVERRIDABLE, SHORTEST

_LATER = ("teams", "code-owners", "on-call")
"""Approvers that only the forge knows: how many they are is asked when somebody asks."""


def check_overrides(file: Mapping[str, Any], complaints: Complaints, *, is_earlier: bool = False) -> None:
    """Complain about unknown regions and rules, and about approvals that nobody could ever give.

    ``is_earlier``: two spellings of one person are two, as they were once.
    """
    plain = file.get("overrides")
    if not isinstance(plain, dict):
        return
    regions, rules = tuple(_mapping(file.get("regions"))), tuple(_mapping(file.get("rules")))
    for key in ("approvers-in", "approvals", "from-teams"):
        for name in _mapping(plain.get(key)):
            if name not in regions and not (name == DEFAULT and key != "approvers-in"):
                complaints.key(("overrides", key, name), f"unknown region {name!r}", remedy_for(str(name), regions))
    untouchable = plain.get("untouchable")
    for place, name in enumerate(untouchable if isinstance(untouchable, list) else ()):
        if isinstance(name, str) and name.strip() not in rules:
            complaints.value(("overrides", "untouchable", place), f"unknown rule {name!r}", remedy_for(name, rules))
    if _mapping(plain.get("may")).get("report") == "signers" and "signers" not in plain:
        what = "reports must be signed, and no file says who may sign"
        complaints.value(("overrides", "may", "report"), what, "add signers: .github/allowed_signers beside `may`")
    for region in regions:
        at, approvers = _approvers_of(plain, region)
        if isinstance(approvers, dict):
            named = list(map(str, _listed(approvers.get("people"))))
            people = len(named) if is_earlier else _people_among(named)
            _check_quorum(plain, region, at, approvers, people, complaints)


def check_rule_names(rules: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about a rule with the name of a reason code that an override may name: one would stand for the other."""
    for name in rules:
        if name in OVERRIDABLE:
            what = f"{name} is a reason code, and an override names it beside rules"
            complaints.key(("rules", name), what, "choose another name")


def check_longest(file: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about a grant that is too short to open or mend anything."""
    plain = _mapping(file.get("overrides")).get("longest")
    if not isinstance(plain, str):
        return
    try:
        longest = parse_duration(plain)
    except SpellingError:
        return
    if longest < SHORTEST:
        what = f"{plain.strip()} is over before a deployment that was let through has begun"
        complaints.value(("overrides", "longest"), what, f"write {spell_duration(SHORTEST)} or more")


def _check_quorum(
    plain: Mapping[str, Any], region: str, at: Path, approvers: Mapping[str, Any], people: int, complaints: Complaints
) -> None:
    """Complain about a region that can never have its approvals, once for a place in the file."""
    if complaints.has(at) or complaints.has((*at, "people")) or complaints.has((*at, "teams")):
        return
    if not any(_listed(approvers.get(key)) for key in ("people", *_LATER)):
        complaints.key(at, "nobody is named who may approve", "add people: [...] or teams: [org/team]")
        return
    needed, from_teams = _count(plain.get("approvals"), region, 2), _count(plain.get("from-teams"), region, 1)
    if not any(approvers.get(key) for key in _LATER) and people < needed:
        who = "1 person" if people == 1 else f"{people} people"
        what = f"{region} needs {needed} approvals, and only {who} may ever approve"
        complaints.key((*at, "people"), what, f"name {needed} people or more, or lower `approvals`")
    if from_teams > 1:
        teams = len(_listed(approvers.get("teams")))
        if from_teams > needed:
            what = f"{needed} approvals cannot come from {from_teams} teams"
            complaints.key(("overrides", "from-teams"), what, f"write {needed} or less")
        elif teams < from_teams and not approvers.get("code-owners"):
            what = f"{region} needs approvals from {from_teams} teams, and {teams} are named"
            complaints.key((*at, "teams") if teams else at, what, "name more teams, or lower `from-teams`")


def _people_among(named: list[str]) -> int:
    """Return how many people these are at least: a number is one person, and so is a login beside its number."""
    spelled = [each.strip().removeprefix("@").lower().partition(":") for each in named]
    numbers, numbered = ({each[part] for each in spelled if each[1]} for part in (2, 0))
    return len(numbers) + len({login for login, _, number in spelled if not number} - numbered)


def _approvers_of(plain: Mapping[str, Any], region: str) -> tuple[Path, object]:
    own = _mapping(plain.get("approvers-in")).get(region)
    if own is not None:
        return ("overrides", "approvers-in", region), own
    return ("overrides", "approvers"), plain.get("approvers")


def _count(plain: object, region: str, otherwise: int) -> int:
    found = plain
    if isinstance(plain, dict):
        found = plain.get(region, plain.get(DEFAULT, otherwise))
    return found if isinstance(found, int) and not isinstance(found, bool) else otherwise


def _listed(plain: object) -> list[Any]:
    return plain if isinstance(plain, list) else [plain] if isinstance(plain, str) else []


def _mapping(plain: object) -> Mapping[str, Any]:
    return plain if isinstance(plain, dict) else {}
