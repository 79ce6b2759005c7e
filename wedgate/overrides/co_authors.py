"""Who else wrote a commit, by the trailers of its message: a squash merge keeps its authors nowhere else.

Trailers are text that whoever commits may write. So they only ever take somebody's approval away, and whom one names
is looked for in every paragraph: a squash puts whole messages into one. One pass, in time linear in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TRAILER = re.compile(r"co-authored-by[ \t]*:", re.IGNORECASE)
_ADDRESS = re.compile(r"<([^<>]*)>")
_BREAK = re.compile(r"\r\n|\n|\r")
_NOREPLY = re.compile(r"(?:([0-9]{1,18})\+)?([a-z0-9_-]{1,39}(?:\[bot\])?)@users\.noreply\.([a-z0-9.-]{1,253})")
_ODD = re.compile(r"[^A-Za-z0-9.+_@-]")
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """An address of an account that the forge hands out: its login, its number (not in older ones), and the forge."""

    number: int | None
    login: str
    host: str


def co_authors_in(message: str) -> tuple[str, ...]:
    """Return whom the trailers of a message name, each once, in lower case: by address, and else by the words there."""
    return tuple(dict.fromkeys(name for value in _values(message) for name in _named(value)))


def no_reply_in(address: str) -> NoReply | None:
    """Return the account that an address of the forge's own names; ``None`` for any other address."""
    found = _NOREPLY.fullmatch(address.lower())
    return None if found is None else NoReply(number=int(found[1]) if found[1] else None, login=found[2], host=found[3])


def names_of(addresses: Iterable[str]) -> frozenset[str]:
    """Return addresses, and the logins in those that a forge hands out, in lower case."""
    lower = [address.lower() for address in addresses]
    return frozenset((*lower, *(found.login for each in lower if (found := no_reply_in(each)) is not None)))


def shown(name: str) -> str:
    """Return what a trailer says so that it is safe to show anywhere: letters of addresses, and not many of them."""
    text = _ODD.sub("?", name)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _values(message: str) -> Iterator[str]:
    """Yield the value of each trailer, with the lines that are folded under it."""
    parts: list[str] = []
    for line in _BREAK.split(message):
        if parts and line[:1] in (" ", "\t"):
            parts.append(line.strip())
            continue
        if parts:
            yield " ".join(parts)
        found = _TRAILER.match(line)
        parts = [] if found is None else [line[found.end() :].strip()]
    if parts:
        yield " ".join(parts)


def _named(value: str) -> tuple[str, ...]:
    given = tuple(each.strip().lower() for each in _ADDRESS.findall(value) if "@" in each)
    found = given or tuple(word.strip("<>,;").lower() for word in value.split() if "@" in word)
    return found or ((value.lower(),) if value else ())
