"""How the values of `overrides:` are spelled: logins, teams, paths, counts by region. Data in, plain data out."""

from __future__ import annotations

import re
from collections.abc import Callable

from wedgate.calendars.spelling import SpellingError
from wedgate.config.extends import parse_rule_id
from wedgate.config.nearest import remedy_for
from wedgate.config.scalars import parse_name, parse_text, shown

LOGIN_PATTERN = "^(?=[A-Za-z0-9_-]{1,39}(:|$))[A-Za-z0-9](-?[A-Za-z0-9]){0,38}(_[A-Za-z0-9]{1,8})?(:[1-9][0-9]{0,18})?$"
"""At most 39 characters, the underscore and short code of a managed user included, as GitHub's page of them says."""
TEAM_PATTERN = "^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[a-z0-9][a-z0-9_-]{0,99}$"
LINK_PATTERN = "^https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/[A-Za-z0-9._~:/?#@!$&*+,;=%-]{0,300}$"
"""As `link=` takes it, with room left: a beginning that nobody can write would let nothing through."""
_EARLIER_LINK_PATTERN = "^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/.*$"
"""What was a link before that: an earlier version of a file that has one was valid."""
NAME_OF_VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$"
MOST_APPROVALS = 20
DEFAULT = "default"

_COUNT = {"type": "integer", "minimum": 1, "maximum": MOST_APPROVALS}
QUORUM_SCHEMA = {"anyOf": [_COUNT, {"type": "object", "additionalProperties": _COUNT}], "examples": [2]}


def list_schema(pattern: str | None = None, words: tuple[str, ...] = ()) -> dict[str, object]:
    """Return the schema of a list of texts."""
    item: dict[str, object] = {"type": "string"}
    item |= {"pattern": pattern} if pattern else {}
    item |= {"enum": list(words)} if words else {}
    return {"type": "array", "items": item, "minItems": 1}


def parse_quorum(raw: object) -> dict[str, int]:
    """Read a number, or numbers by region beside ``default``; each from 1 to ``MOST_APPROVALS``."""
    if isinstance(raw, dict):
        if not raw:
            raise SpellingError("there is no number in it", "write 2, or {default: 2, eu-central: 3}")
        return {name if name == DEFAULT else parse_name(name): _count(value) for name, value in raw.items()}
    return {DEFAULT: _count(raw)}


def spell_quorum(counts: dict[str, int]) -> object:
    """Write it as short as it goes."""
    return counts[DEFAULT] if set(counts) == {DEFAULT} else counts


def _count(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= MOST_APPROVALS:
        raise SpellingError(f"expected a number from 1 to {MOST_APPROVALS}, got {shown(raw)}", "write such as 2")
    return int(raw)


def _one_of_a_list(parse: Callable[[object], str], noun: str) -> Callable[[object], list[str]]:
    def parse_list(raw: object) -> list[str]:
        if not isinstance(raw, list) or not raw:
            raise SpellingError(f"expected a list of {noun}, got {shown(raw)}", "write it as [one, two]")
        found = [parse(each) for each in raw]
        folded = [each.casefold() for each in found]
        twice = next((each for each, same in zip(found, folded, strict=True) if folded.count(same) > 1), None)
        if twice is not None:
            raise SpellingError(f"{twice} is named twice", "delete one of the two")
        return found

    return parse_list


def _login(raw: object) -> str:
    text = parse_text(raw).removeprefix("@")
    if not re.fullmatch(LOGIN_PATTERN, text):
        what = f"{shown(raw)} is not a login"
        raise SpellingError(what, "write alice, or alice:1234 with the number of the account")
    return text


def _team(raw: object) -> str:
    """Read a team; in small letters, as the forge finds it by any, and one must not count as two."""
    text = parse_text(raw).removeprefix("@")
    if not re.fullmatch(TEAM_PATTERN, text):
        raise SpellingError(f"{shown(raw)} is not a team", "write org/team, the team as its address has it")
    return text.lower()


def _path(raw: object) -> str:
    text = parse_text(raw).removeprefix("/")
    if not text or text.startswith("..") or "/../" in text or any(char in text for char in "*?[\\"):
        raise SpellingError(f"{shown(raw)} is not a path in the repository", "write such as wedgate.yml")
    return text


def _link(raw: object) -> str:
    text = parse_text(raw)
    if not re.fullmatch(LINK_PATTERN, text):
        what = f"{shown(raw)} is not the beginning of an address that link= takes"
        raise SpellingError(what, "write such as https://incidents.example/, up to a / at least, in ASCII")
    return text


def _earlier_link(raw: object) -> str:
    text = parse_text(raw)
    return text if re.fullmatch(_EARLIER_LINK_PATTERN, text) else _link(raw)


def _variable(raw: object) -> str:
    text = parse_text(raw)
    if not re.fullmatch(NAME_OF_VARIABLE, text):
        raise SpellingError("this is not the name of an environment variable", "write its name alone, such as TOKEN")
    return text


def words_of(words: tuple[str, ...]) -> Callable[[object], list[str]]:
    """Return the reader of a list of some words."""

    def parse(raw: object) -> str:
        text = parse_text(raw)
        if text not in words:
            raise SpellingError(f"unknown word {shown(raw)}", remedy_for(text, words))
        return text

    return _one_of_a_list(parse, "words")


parse_logins = _one_of_a_list(_login, "logins")
parse_teams = _one_of_a_list(_team, "teams")
parse_paths = _one_of_a_list(_path, "paths")
parse_variables = _one_of_a_list(_variable, "names")
parse_links = _one_of_a_list(_link, "addresses")
parse_earlier_links = _one_of_a_list(_earlier_link, "addresses")
parse_rule_ids = _one_of_a_list(parse_rule_id, "rules")
