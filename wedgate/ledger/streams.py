"""The streams of one service's ledger, and the state folded from them.

A journal's bodies are carried as they are: what they mean is the rollout's business (``wedgate.rollout.journal``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from wedgate.ledger.audit import Act, AuditLine, Frozen
from wedgate.ledger.chain import GENESIS, Entry
from wedgate.ledger.plain import from_plain
from wedgate.rollout.values import Colour, Release


class Stream(StrEnum):
    """Streams of the ledger. An entry of a stream that is not listed is kept and ignored."""

    LEASE = "lease"
    """Who may write: each run takes the lease with an epoch one higher."""
    JOURNAL = "journal"
    """The events of rollouts, in order."""
    HISTORY = "history"
    """The last good version per region."""
    POISON = "poison"
    """Digests that must not be rolled out."""
    CLAIMS = "claims"
    """Which rollout holds which regions."""
    AUDIT = "audit"
    """Overrides and freezes: who asked, who approved, what was refused, what was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A version that reached done in a region (or was adopted), and the colour it runs on."""

    region: str
    colour: Colour
    release: Release
    rollout: str | None
    """The rollout that brought it; ``None`` for an adopted one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """A digest that failed, and why."""

    digest: str
    why: str
    rollout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who may write: ``who`` (``host:pid`` for a run) since ``at``, last heard of at ``seen``.

    Everything written under the lease's epoch is a sign of life. ``ended`` says that the holder gave it back.
    """

    who: str
    epoch: int
    at: datetime
    seen: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Regions that belong to one rollout."""

    rollout: str
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One event of a rollout's journal as data."""

    kind: str
    at: datetime
    body: Mapping[str, object]


START = "started"
"""The kind of the entry that begins a rollout's journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """Everything the ledger says now.

    ``revision`` is the number of entries and ``head`` the last one's hash; ``epoch`` belongs to the holder of the
    lease. ``running`` is the first rollout that holds claims, ``latest`` the last one started.
    """

    revision: int = 0
    head: str = GENESIS
    epoch: int = 0
    good: Mapping[str, Good] = field(default_factory=dict)
    poisoned: Mapping[str, Poisoned] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    journals: Mapping[str, tuple[JournalLine, ...]] = field(default_factory=dict)
    latest: str | None = None
    lease: Lease | None = None
    audit: tuple[AuditLine, ...] = ()
    freezes: tuple[Frozen, ...] = ()
    """The freezes that nobody has ended; each may be over by its own time."""

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The rollouts that hold regions and have not ended, each once."""
        return tuple(dict.fromkeys(self.claims.values()))

    @property
    def running(self) -> str | None:
        """The rollout that holds regions and has not ended, if any."""
        return next(iter(self.unfinished), None)


def fold(entries: Iterable[Entry], state: LedgerState | None = None) -> LedgerState:
    """Return the state that ``entries`` lead to, starting from ``state`` (an empty ledger by default)."""
    current = state or LedgerState()
    # The lines of a journal are collected and joined once: joined one by one, a long journal costs its square.
    lines: dict[str, list[JournalLine]] = {}
    for entry in entries:
        current = _fold_one(current, entry)
        if entry.stream == Stream.JOURNAL:
            current = _fold_journal(current, entry, lines)
    journals = {name: (*current.journals.get(name, ()), *added) for name, added in lines.items()}
    return replace(current, journals={**current.journals, **journals}) if lines else current


def _fold_one(state: LedgerState, entry: Entry) -> LedgerState:
    """Take in one entry."""
    state = replace(state, revision=entry.revision, head=entry.hash, epoch=max(state.epoch, entry.epoch))
    # What is written to the audit stream is written without the lease, by anybody: no sign of life of its holder.
    if state.lease is not None and entry.epoch == state.lease.epoch and entry.stream != Stream.AUDIT:
        state = replace(state, lease=replace(state.lease, seen=max(state.lease.seen, entry.at)))
    match entry.stream:
        case Stream.LEASE:
            return replace(state, lease=_fold_lease(state.lease, entry))
        case Stream.HISTORY:
            good = from_plain(Good, dict(entry.body))
            return replace(state, good={**state.good, good.region: good})
        case Stream.POISON:
            poisoned = from_plain(Poisoned, dict(entry.body))
            # The first reason stays: a later entry for the same digest only repeats it.
            return replace(state, poisoned={poisoned.digest: poisoned, **state.poisoned})
        case Stream.CLAIMS:
            return _fold_claim(state, entry)
        case Stream.AUDIT:
            return _fold_audit(state, entry)
        case _:
            return state


def _fold_journal(state: LedgerState, entry: Entry, lines: dict[str, list[JournalLine]]) -> LedgerState:
    """Add a line to those of a rollout's journal, which begins with its start.

    A rollback by hand is recorded even where the ledger that saw the start is lost: what it says of a rollout that
    this ledger never knew is kept in the chain, and is nothing to go on from.
    """
    rollout = str(entry.body["rollout"])
    is_known = rollout in lines or rollout in state.journals
    if not is_known and entry.kind != START:
        return state
    lines.setdefault(rollout, []).append(JournalLine(kind=entry.kind, at=entry.at, body=entry.body))
    return state if is_known else replace(state, latest=rollout)


def _fold_audit(state: LedgerState, entry: Entry) -> LedgerState:
    """Keep the line; a freeze counts from then on, and a thaw ends all of them."""
    line = AuditLine(revision=entry.revision, kind=entry.kind, at=entry.at, body=entry.body, hash=entry.hash)
    freezes = state.freezes
    if entry.kind == Act.FROZEN:
        freezes = (*freezes, from_plain(Frozen, dict(entry.body)))
    elif entry.kind == Act.THAWED:
        freezes = ()
    return replace(state, audit=(*state.audit, line), freezes=freezes)


def _fold_lease(lease: Lease | None, entry: Entry) -> Lease | None:
    """Take the lease, or give it back; a renewal is only a sign of life."""
    if entry.kind == "taken":
        return Lease(who=str(entry.body.get("who", "")), epoch=entry.epoch, at=entry.at, seen=entry.at)
    if entry.kind == "released" and lease is not None and lease.epoch == entry.epoch:
        return replace(lease, ended=True)
    return lease


def _fold_claim(state: LedgerState, entry: Entry) -> LedgerState:
    """Take regions for a rollout, or give them back."""
    claim = from_plain(Claim, dict(entry.body))
    if entry.kind == "claimed":
        return replace(state, claims={**state.claims, **dict.fromkeys(claim.regions, claim.rollout)})
    kept = {region: rollout for region, rollout in state.claims.items() if rollout != claim.rollout}
    return replace(state, claims=kept)
