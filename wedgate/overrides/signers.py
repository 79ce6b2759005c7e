"""A file of signers (``allowed_signers`` of OpenSSH): which names each key has, and which of them are one person."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMES = re.compile(r'"([^"]*)"|(\S+)')
_KEY = re.compile(r"(?:^|\s)(?:ssh|ecdsa|sk)-\S+\s+([A-Za-z0-9+/]+=*)")


def lines_of(signers: bytes) -> Iterator[tuple[frozenset[str], str]]:
    """Yield the names of each line and its key as it is spelled."""
    for line in signers.decode("utf-8", "replace").splitlines():
        parts = _NAMES.match(line.strip())
        key = None if parts is None else _KEY.search(line.strip()[parts.end() :])
        if parts is not None and key is not None and not line.strip().startswith("#"):
            yield frozenset(name for name in (parts[1] or parts[2]).split(",") if name), key[1]


def people_of(signers: bytes) -> frozenset[frozenset[str]]:
    """Return the names, in lower case, of each person: a key's names, with those of all lines that share one.

    A vote goes by all of them, so that nobody votes twice, or on what they wrote under another.
    """
    people: list[tuple[frozenset[str], frozenset[str]]] = []
    for own, key in lines_of(signers):
        names, keys = frozenset(name.lower() for name in own), frozenset({key.rstrip("=")})
        same = [each for each in people if each[0] & names or each[1] & keys]
        people = [each for each in people if each not in same]
        people.append((names.union(*(each[0] for each in same)), keys.union(*(each[1] for each in same))))
    return frozenset(names for names, _ in people)
