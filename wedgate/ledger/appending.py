"""Drafts of entries, and what every store checks before it takes entries.

Kept beside the chain so that each store enforces the same rules with the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wedgate.ledger.chain import GENESIS, Entry, digest_of
from wedgate.making import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to record, before it has a place in the chain."""

    stream: str
    kind: str
    at: datetime
    body: Mapping[str, object]


def drafted(stream: str, kind: str, at: datetime, body: object) -> Draft:
    """Return the draft of a record; ``TypeError`` for one that is no object."""
    if not isinstance(body, dict):
        raise TypeError("a record is an object")
    return Draft(stream=stream, kind=kind, at=at, body=body)


def chain_onto(
    drafts: Sequence[Draft], *, revision: int, head: str, epoch: int, nonces: Sequence[str]
) -> tuple[Entry, ...]:
    """Return ``drafts`` as the entries that follow ``revision`` entries ending in ``head``; one nonce for each."""
    entries: list[Entry] = []
    for draft, nonce in zip(drafts, nonces, strict=True):
        revision += 1
        digest = digest_of(
            revision=revision,
            stream=draft.stream,
            kind=draft.kind,
            at=draft.at,
            epoch=epoch,
            nonce=nonce,
            body=draft.body,
            previous=head,
        )
        entries.append(
            Entry(
                revision=revision,
                stream=draft.stream,
                kind=draft.kind,
                at=draft.at,
                epoch=epoch,
                nonce=nonce,
                body=draft.body,
                previous=head,
                hash=digest,
            )
        )
        head = digest
    return tuple(entries)


def refusal_to_append(existing: Sequence[Entry], new: Sequence[Entry], *, revision: int) -> str | None:
    """Return why ``new`` may not follow ``existing``, or ``None``.

    The writer must have read ``revision`` entries, and all that there are; its entries continue the chain; and its
    epoch is not lower than the last one written, because a lower one has lost the lease.
    """
    last = existing[-1] if existing else None
    head, epoch = (last.hash, last.epoch) if last else (GENESIS, 0)
    return refusal_to_follow(new, revision=revision, count=len(existing), head=head, epoch=epoch)


def refusal_to_follow(new: Sequence[Entry], *, revision: int, count: int, head: str, epoch: int) -> str | None:
    """Return why ``new`` may not follow ``count`` entries, the last of them with the hash ``head`` and this epoch.

    The same rule as ``refusal_to_append``, for a store that looks at its last entry alone.
    """
    if count != revision:
        return f"the ledger has {count} entries, the writer had read {revision}"
    for offset, entry in enumerate(new, start=1):
        if entry.revision != revision + offset or entry.previous != head:
            return f"entry {entry.revision} does not follow entry {revision + offset - 1}"
        if entry.epoch < epoch:
            return f"epoch {entry.epoch} has lost the lease to epoch {epoch}"
        head, epoch = entry.hash, entry.epoch
    return None
