"""The hash chain: entries that name their predecessor's hash, with a random nonce in each.

A nonce makes two writers' entries differ even when they say the same, so that a store that accepts identical bytes
twice cannot make both believe they won.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from wedgate.making import quick

GENESIS = "0" * 64
"""The ``previous`` of the first entry."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def _spelling() -> Callable[[object], str]:
    """Return what spells canonical JSON: the encoder's part in C, which it would make anew for each value.

    Where that part is not there, or is another one, the encoder itself does the same.
    """
    try:
        make = getattr(json.encoder, "c_make_encoder", None)
        spell = make(None, _CANONICAL.default, json.encoder.encode_basestring, None, ":", ",", True, False, True)  # type: ignore[misc]
        spell([{}], 0)
    except TypeError:
        return _CANONICAL.encode
    return lambda value: "".join(spell(value, 0))


_spell = _spelling()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger.

    ``revision`` counts from 1; ``stream`` is one of the ledger's streams (``journal`` of a rollout, ``history``,
    ``poison``, ``lease``, ...); ``body`` is JSON data; ``epoch`` is the writer's lease epoch.
    """

    revision: int
    stream: str
    kind: str
    at: datetime
    epoch: int
    nonce: str
    body: Mapping[str, object]
    previous: str
    hash: str


def digest_of(
    *,
    revision: int,
    stream: str,
    kind: str,
    at: datetime,
    epoch: int,
    nonce: str,
    body: Mapping[str, object],
    previous: str,
) -> str:
    """Return the SHA-256 of an entry's canonical JSON (sorted keys, no spaces, UTF-8), in hex."""
    canonical = _spell((revision, stream, kind, at.isoformat(), epoch, nonce, body, previous))
    return hashlib.sha256(canonical.encode()).hexdigest()


def broken_at(entries: Iterable[Entry]) -> int | None:
    """Return the revision of the first entry that does not fit the chain, or ``None`` when all of them do."""
    previous, expected = GENESIS, 1
    for entry in entries:
        own = digest_of(
            revision=entry.revision,
            stream=entry.stream,
            kind=entry.kind,
            at=entry.at,
            epoch=entry.epoch,
            nonce=entry.nonce,
            body=entry.body,
            previous=previous,
        )
        if entry.revision != expected or entry.previous != previous or entry.hash != own:
            return expected
        previous, expected = entry.hash, expected + 1
    return None
