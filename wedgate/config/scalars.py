"""How single values are spelled in wedgate.yml: names, durations, percentages, loads, zones, countries, choices.

Each has a parser (plain data to value, ``SpellingError`` with a remedy) and, where it is not text, a spelling back.
Rule kinds bring their own spellings (``wedgate.calendars.spelling``); these are the ones outside of rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.weekday_sets import WeekdaySet
from wedgate.config.nearest import nearest, remedy_for
from wedgate.config.templates import PLACE_PATTERN, RESERVED

LABEL_PATTERN = "^[A-Za-z_][A-Za-z0-9_]*$"
METRIC_PATTERN = "^[A-Za-z_:][A-Za-z0-9_:]*$"
NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
REF_PATTERN = "^refs/heads/[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$"
DATABASE_PATTERN = "^(env/[A-Za-z_][A-Za-z0-9_]*|postgres(ql)?://(?!.*password=)([^:@/?#\\s]+@)?[^@\\s]*)$"
VARIABLE_PATTERN = "^env/[A-Za-z_][A-Za-z0-9_]*$"
PERCENT_PATTERN = "^[0-9]{1,3}(\\.[0-9]{1,6})?%$"
DATABASE_VARIABLE = "WEDGATE_DATABASE_URL"
NOTIFY_VARIABLE = "WEDGATE_NOTIFY_URL"
RESERVED_NAMES = frozenset({"all"})
TARGET_KINDS = ("envoy", "haproxy", "nginx", "command", "simulated")
EVIDENCE_KINDS = ("envoy", "prometheus", "command", "file")
EVIDENCE_UNITS = ("s", "ms", "whole-ms")
STATE_KINDS = ("file", "git", "postgres")

_MOST_LOAD = 10_000

# Short names that load from the zone database, or look as if they did, and mean something else than people think.
_AMBIGUOUS_ZONES = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "EST5EDT": "America/New_York",
    "CST6CDT": "America/Chicago",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
    "HST": "Pacific/Honolulu",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "MET": "Europe/Berlin",
    "EET": "Europe/Helsinki",
    "WET": "Europe/Lisbon",
    "BST": "Europe/London",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "SGT": "Asia/Singapore",
    "AEST": "Australia/Sydney",
}
_OFFSET = re.compile(r"(UTC|GMT|Etc/GMT)?[+-]?\d{1,2}(:?\d{2})?")

Choice = TypeVar("Choice", bound=StrEnum)


def shown(raw: object) -> str:
    """Spell plain data the way a person wrote it, for messages."""
    match raw:
        case None:
            return "nothing"
        case bool():
            return "true" if raw else "false"
        case str():
            return repr(raw) if len(raw) <= 60 else repr(raw[:57] + "...")
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return str(getattr(raw, "written", raw))[:60]


def parse_text(raw: object) -> str:
    """Read text without the spaces around it."""
    if isinstance(raw, bool | int | float):
        raise SpellingError(f"expected text, got {shown(raw)}", f'write it in quotes: "{shown(raw)}"')
    if not isinstance(raw, str):
        raise SpellingError(f"expected text, got {shown(raw)}", "write one word or phrase after the colon")
    text = raw.strip()
    if not text:
        raise SpellingError("expected text, got nothing", "write a word or phrase, or delete the key")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise SpellingError("the text holds a line break or a control character", "write it in one line")
    return text


def parse_argument(raw: object) -> str:
    """Read one word of a command: text as it stands, spaces kept; a number is taken as it is written."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return str(getattr(raw, "written", raw))
    if not isinstance(raw, str):
        raise SpellingError(f"expected text, got {shown(raw)}", f'write it in quotes: "{shown(raw)}"')
    if "\0" in raw:
        raise SpellingError("a word of a command may not hold a zero byte", "delete it")
    return raw


def parse_place_text(raw: object) -> str:
    """Read what a template word stands for: text in one line, or a number as it is written; spaces are kept."""
    text = parse_argument(raw)
    parse_text(text)
    return text


def parse_name(raw: object) -> str:
    """Read the name of a service, region, market, rule or strategy."""
    name = parse_text(raw)
    if not re.fullmatch(NAME_PATTERN, name):
        better = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:63] or "my-name"
        raise SpellingError(
            f"{shown(name)} is not a name (letters, digits, - and _, at most 63)", f"write for example {better}"
        )
    if name in RESERVED_NAMES:
        raise SpellingError(f"the name {name} means every region", "choose another name")
    return name


def parse_ref(raw: object) -> str:
    """Read a branch as git has it, in full."""
    text = parse_text(raw)
    if not re.fullmatch(REF_PATTERN, text) or ".." in text or text.endswith(("/", ".", ".lock")) or "//" in text:
        raise SpellingError(f"{shown(raw)} is not the full name of a branch", "write refs/heads/wedgate/my-service")
    return text


def parse_database(raw: object) -> str:
    """Read the address of a database, or the name of the environment variable that holds it.

    What is refused is not repeated: it may be, or hold, a password.
    """
    text = raw if isinstance(raw, str) else ""
    remedy = f"write env/{DATABASE_VARIABLE}, and set {DATABASE_VARIABLE} to postgresql://USER:PASSWORD@HOST/DATABASE"
    if re.match("postgres(ql)?://", text) and (re.search("://[^/?#]*:[^/?#]*@", text) or "password=" in text.lower()):
        raise SpellingError("a password does not belong into this file", remedy)
    if not re.fullmatch(DATABASE_PATTERN, text):
        raise SpellingError("this is no address of a database", f"{remedy}, or write one without a password")
    return text


def parse_label(raw: object) -> str:
    """Read the name of a label of Prometheus."""
    text = parse_text(raw)
    if not re.fullmatch(LABEL_PATTERN, text):
        raise SpellingError(f"{shown(text)} is not the name of a label", "write letters, digits and _")
    return text


def parse_metric(raw: object) -> str:
    """Read the name of a metric of Prometheus, of a histogram without the end of its series."""
    text = parse_text(raw)
    if not re.fullmatch(METRIC_PATTERN, text):
        raise SpellingError(f"{shown(text)} is not the name of a metric", "write the name alone, without labels")
    if text.endswith("_bucket"):
        raise SpellingError(f"{text} are the buckets of a histogram", f"write {text.removesuffix('_bucket')}")
    return text


def parse_variable(raw: object) -> str:
    """Read ``env/NAME``, the environment variable that holds an address which is a secret.

    What is refused is not repeated: it may be the secret.
    """
    text = raw.strip() if isinstance(raw, str) else ""
    if not re.fullmatch(VARIABLE_PATTERN, text):
        what = "an address does not belong into this file" if "://" in text else "this names no environment variable"
        raise SpellingError(what, f"write env/{NOTIFY_VARIABLE}, and set {NOTIFY_VARIABLE} to the address")
    return text


def parse_token(raw: object) -> str:
    """Read ``env/NAME``, the environment variable that holds a token. What is refused is not repeated."""
    text = raw.strip() if isinstance(raw, str) else ""
    if not re.fullmatch(VARIABLE_PATTERN, text):
        raise SpellingError("this names no environment variable", "write env/PROMETHEUS_TOKEN, and set that variable")
    return text


def parse_percent(raw: object) -> Decimal:
    """Read ``0.5%`` as the fraction 0.005; more than 0 and at most 100 %."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raise SpellingError(f"a share needs its unit, got {shown(raw)}", f"write {shown(raw)}%")
    text = raw.strip().replace(" ", "") if isinstance(raw, str) else ""
    if not re.fullmatch(PERCENT_PATTERN, text):
        raise SpellingError(f"{shown(raw)} is not a percentage", "write a number and %, such as 0.5% or 10%")
    fraction = Decimal(text[:-1]) / 100
    if not 0 < fraction <= 1:
        raise SpellingError(f"{text} is not more than 0% and at most 100%", "write a number between, such as 0.5%")
    return fraction


def spell_percent(fraction: Decimal) -> str:
    """Spell a fraction as a percentage without trailing zeros."""
    return f"{_plain(fraction * 100)}%"


def parse_load(raw: object) -> Decimal:
    """Read a traffic multiplier: more than 0, at most 10,000."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise SpellingError(f"expected a number, got {shown(raw)}", "write how many times base traffic, such as 4")
    load = Decimal(str(raw))
    if not load.is_finite() or not 0 < load <= _MOST_LOAD:
        raise SpellingError(
            f"a load is more than 0 and at most {_MOST_LOAD}, got {shown(raw)}", "write such as 4 or 0.5"
        )
    return load


def spell_load(load: Decimal) -> int | float:
    """Spell a multiplier as the YAML number that reads back as the same decimal."""
    return int(load) if load == load.to_integral_value() else float(load)


def parse_count(raw: object) -> int:
    """Read a whole number of at least 1."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise SpellingError(f"expected a whole number, got {shown(raw)}", "write a number without quotes, such as 1")
    if not 1 <= raw <= 1_000_000_000:
        raise SpellingError(f"expected a number of at least 1, got {shown(raw)}", "write 1 or more")
    return raw


def parse_weight(raw: object) -> int:
    """Read the candidate's share of a step: whole percent, 1 to 100, without the sign."""
    if isinstance(raw, str) and re.fullmatch(r"\s*\d{1,3}\s*%\s*", raw):
        raise SpellingError(f"a weight is a whole number, got {shown(raw)}", f"write {raw.strip().rstrip('% ')}")
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= 100:
        raise SpellingError(
            f"expected a weight from 1 to 100, got {shown(raw)}", "write the candidate's percent, such as 5"
        )
    return raw


def parse_choice(kind: type[Choice], raw: object, *, synonyms: dict[str, str] | None = None) -> Choice:
    """Read one word of a closed list."""
    words = tuple(member.value for member in kind)
    word = parse_word(raw, words, synonyms=synonyms)
    return kind(word)


def parse_word(raw: object, words: Iterable[str], *, synonyms: dict[str, str] | None = None) -> str:
    """Read one of ``words``; ``synonyms`` maps what other tools say to what wedgate says."""
    known = tuple(words)
    if not isinstance(raw, str):
        raise SpellingError(f"expected one of {', '.join(known)}, got {shown(raw)}", remedy_for("", known))
    word = raw.strip()
    if word in known:
        return word
    meant = (synonyms or {}).get(word.casefold())
    raise SpellingError(f"unknown word {word!r}", f"did you mean {meant}?" if meant else remedy_for(word, known))


def parse_version(raw: object) -> int:
    """Read the version of the file's format: 1."""
    if isinstance(raw, bool) or raw != 1 or not isinstance(raw, int):
        raise SpellingError(f"this wedgate reads version 1, got {shown(raw)}", "write `version: 1`")
    return raw


def parse_names(raw: object) -> list[str]:
    """Read one name, or a list of different names."""
    return _list_of(parse_name, raw)


def parse_where(raw: object) -> list[str]:
    """Read ``all``, a region, ``region/market``, or a list of them; ``all`` stands alone."""
    if isinstance(raw, str) and raw.strip() == "all":
        return ["all"]
    return _list_of(_parse_place, raw)


def _parse_place(raw: object) -> str:
    text = parse_text(raw)
    if text == "all":
        raise SpellingError("`all` stands beside other places", "write `where: all`, or name the places")
    region, slash, market = text.partition("/")
    return f"{parse_name(region)}/{parse_name(market)}" if slash else parse_name(text)


def _list_of(parse: Callable[[object], str], raw: object) -> list[str]:
    if isinstance(raw, dict) or raw is None:
        raise SpellingError(f"expected a name or a list of names, got {shown(raw)}", "write it as [one, two]")
    names = [parse(element) for element in raw] if isinstance(raw, list) else [parse(raw)]
    if not names:
        raise SpellingError("the list is empty", "name at least one, or delete the key")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SpellingError(f"{twice} is named twice", "delete one of the two")
    return names


def parse_place_word(raw: object) -> str:
    """Read a word of ``places``, which templates use in braces."""
    word = parse_text(raw)
    if not re.fullmatch(PLACE_PATTERN, word):
        what = f"{shown(word)} is not a word for a template (small letters, digits, - and _)"
        raise SpellingError(what, "write such as port")
    if word in RESERVED:
        raise SpellingError(f"{{{word}}} is filled in by wedgate", "choose another word")
    return word


def parse_zone(raw: object) -> str:
    """Read the name of a time zone that knows its clock changes; short names and offsets are refused."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raise _no_offset(f"{raw:+d}")
    name = parse_text(raw)
    from wedgate.almanac.zones import common_zones

    zones = common_zones()
    if name in zones:
        return name
    if name.upper() in _AMBIGUOUS_ZONES:
        better = _AMBIGUOUS_ZONES[name.upper()]
        raise SpellingError(
            f"the zone {name} is a short name without clock changes, or with several meanings",
            f"write for example {better}",
        )
    if _OFFSET.fullmatch(name):
        raise _no_offset(name)
    near = nearest(name, zones)
    if near is None:
        city = name.casefold().replace(" ", "_")
        near = next((zone for zone in zones if zone.rpartition("/")[2].casefold() == city), None)
    remedy = f"did you mean {near}?" if near else "write an IANA name such as Europe/Berlin"
    raise SpellingError(f"unknown time zone {name!r}", remedy)


def _no_offset(name: str) -> SpellingError:
    return SpellingError(
        f"the zone {name} is an offset, which does not know clock changes",
        "write a place such as Europe/Berlin, or UTC",
    )


def parse_country(raw: object) -> str:
    """Read the two letters of a country (ISO 3166-1)."""
    if isinstance(raw, bool):
        word = shown(raw)
        raise SpellingError(f"expected text, got {word}", 'write the country in quotes: "NO" is Norway')
    code = parse_text(raw)
    from wedgate.almanac.holidays import countries

    known = tuple(countries())
    alias = {"UK": "GB", "EN": "GB", "EL": "GR"}.get(code.upper())
    if code in known and alias is None:
        return code
    meant = alias or (code.upper() if code.upper() in known else None)
    remedy = (
        f"did you mean {meant}?"
        if meant
        else remedy_for(code, known, instead="write two letters such as DE (ISO 3166-1)")
    )
    raise SpellingError(f"unknown country {code!r}", remedy)


def parse_countries(raw: object) -> list[str]:
    """Read a country, a part of one (``AU-NSW``), or a list of them; whether the part exists is not asked."""
    items = raw if isinstance(raw, list) else [raw]
    if not items:
        raise SpellingError("expected at least one country, got an empty list", "write two letters such as DE")
    found = []
    for item in items:
        country, dash, part = item.partition("-") if isinstance(item, str) else (item, "", "")
        if dash and not re.fullmatch("[A-Z0-9]{1,3}", part):
            raise SpellingError(f"{shown(item)} is not a part of a country", "write it as AU-NSW")
        found.append(parse_country(country) + dash + part)
    return found


def parse_bridge(raw: object) -> int:
    """Read how many working days may lie between a day and the weekend: 1 to 4."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= 4:
        raise SpellingError(f"expected a number of days from 1 to 4, got {shown(raw)}", "write bridge: 1")
    return int(raw)


def parse_weekdays(raw: object) -> object:
    """Read weekdays of every week, and return them in their normal spelling."""
    return WeekdaySet.parse(raw).spell()


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
