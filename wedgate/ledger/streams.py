"""The streams of one service's ledger, and the state folded from them.

A journal's bodies are carried as they are: what they mean is the rollout's business (``wedgate.rollout.journal``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from wedgate.ledger.audit import Act, AuditLine, Frozen
from wedgate.ledger.chain import GENESIS, Entry
from wedgate.ledger.copying import replace
from wedgate.ledger.freezes import after_thaw
from wedgate.ledger.grown import Grown
from wedgate.ledger.orders import Given, Order, OrderLine
from wedgate.ledger.plain import PlainError, from_plain
from wedgate.ledger.told import Mark, Passed, Telling, marked
from wedgate.making import quick
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
    ORDERS = "orders"
    """What people told a rollout: pause, resume, abort; a regression that was reported; a digest to clear."""
    NOTICES = "notices"
    """What people were told, and where."""


WITHOUT_LEASE = (Stream.AUDIT, Stream.ORDERS, Stream.NOTICES)
"""Streams that anybody may append to while somebody else holds the lease; they are no sign of life of its holder."""


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
    """A digest that failed, and why.

    ``is_found`` says that a run only found what somebody had done by hand: whoever did it says why.
    """

    digest: str
    why: str
    rollout: str
    is_found: bool = False
    cleared: tuple[str, ...] = ()
    """The regions in which somebody has taken it off the list."""

    def holds(self, regions: Iterable[str]) -> bool:
        """Whether it must not be rolled out in one of some regions."""
        return not set(regions) <= set(self.cleared)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who may write: ``who`` (``machine:pid`` for a run) since ``at``, last heard of at ``seen``.

    Everything written under the lease's epoch is a sign of life. ``ended`` says that the holder gave it back.
    """

    who: str
    epoch: int
    at: datetime
    seen: datetime
    ended: bool = False

    @property
    def is_of_run(self) -> bool:
        """Whether a run holds it, which switches traffic under it; not somebody who only writes something down."""
        return self.who.rpartition(":")[2].isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Regions that belong to one rollout."""

    rollout: str
    regions: tuple[str, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One event of a rollout's journal as data."""

    kind: str
    at: datetime
    body: Mapping[str, object]


_JOURNAL, _LEASE = Stream.JOURNAL.value, Stream.LEASE.value

START = "started"
"""The kind of the entry that begins a rollout's journal."""


@quick
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
    rolled_back: frozenset[str] = frozenset()
    """The rollouts whose digest was poisoned, for as long as the ledger lasts."""
    claims: Mapping[str, str] = field(default_factory=dict)
    journals: Mapping[str, Sequence[JournalLine]] = field(default_factory=dict)
    latest: str | None = None
    lease: Lease | None = None
    lost: int = 0
    """The highest epoch of a run that never gave its lease back: it may switch traffic where no higher fence is."""
    audit: tuple[AuditLine, ...] = ()
    freezes: tuple[Frozen, ...] = ()
    """The freezes that nobody has ended; each may be over by its own time."""
    orders: tuple[OrderLine, ...] = ()
    told: Mapping[tuple[str, str], Mark] = field(default_factory=dict)
    """What became of each message, by destination and by the key of what it is about."""
    hashes: Sequence[str] = ()
    """The hash of every entry in order, whatever its stream: what an anchor outside is compared with."""

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The rollouts that hold regions and have not ended, each once."""
        return tuple(dict.fromkeys(self.claims.values()))

    @property
    def running(self) -> str | None:
        """The rollout that holds regions and has not ended, if any."""
        return next(iter(self.unfinished), None)


EMPTY = LedgerState()
"""The state of a ledger that nobody has written to."""


def fold(entries: Iterable[Entry], state: LedgerState = EMPTY) -> LedgerState:
    """Return the state that ``entries`` lead to, starting from ``state`` (an empty ledger by default).

    ``PlainError`` for an entry whose body is not one of its kind: somebody else than wedgate wrote it.
    """
    folding = _Folding(state)
    for entry in entries:
        try:
            folding.take(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise PlainError(
                f"entry {entry.revision} ({entry.stream}, {entry.kind}) cannot be read: {error}"
            ) from error
    return folding.state()


class _Folding:
    """A ledger's state while entries are taken in: what is frozen otherwise would be copied for each of them."""

    __slots__ = (
        "_audit",
        "_claims",
        "_epoch",
        "_freezes",
        "_good",
        "_has_more",
        "_hashes",
        "_head",
        "_journals",
        "_latest",
        "_lease",
        "_lost",
        "_orders",
        "_poisoned",
        "_revision",
        "_rolled_back",
        "_state",
        "_told",
    )

    def __init__(self, state: LedgerState) -> None:
        self._state = state
        self._revision, self._head, self._epoch = state.revision, state.head, state.epoch
        self._lease, self._latest, self._freezes = state.lease, state.latest, state.freezes
        self._lost = state.lost
        self._good, self._poisoned, self._claims = state.good, state.poisoned, state.claims
        self._audit: list[AuditLine] = []
        self._orders: list[OrderLine] = []
        self._hashes: list[str] = []
        self._told = state.told
        self._rolled_back = state.rolled_back
        self._journals: dict[str, list[JournalLine]] = {}
        self._has_more = False
        """Whether anything was taken in but lines of known journals, and what concerns the lease."""

    def state(self) -> LedgerState:
        """Return what was taken in."""
        before = self._state
        journals = before.journals
        if self._journals:
            longer = {name: _grown(journals.get(name, ()), lines) for name, lines in self._journals.items()}
            journals = {**journals, **longer}
        taken = replace(
            before,
            revision=self._revision,
            head=self._head,
            epoch=self._epoch,
            journals=journals,
            lease=self._lease,
            lost=self._lost,
            hashes=_grown(before.hashes, self._hashes),
        )
        if not self._has_more:
            return taken
        return replace(
            taken,
            good=self._good,
            poisoned=self._poisoned,
            rolled_back=self._rolled_back,
            claims=self._claims,
            latest=self._latest,
            audit=(*before.audit, *self._audit) if self._audit else before.audit,
            freezes=self._freezes,
            orders=(*before.orders, *self._orders) if self._orders else before.orders,
            told=self._told,
        )

    def take(self, entry: Entry) -> None:
        """Take in one entry."""
        epoch, stream = entry.epoch, entry.stream
        self._revision, self._head = entry.revision, entry.hash
        if epoch > self._epoch:
            self._epoch = epoch
        self._hashes.append(entry.hash)
        lease = self._lease
        if lease is not None and epoch == lease.epoch and entry.at > lease.seen and stream not in WITHOUT_LEASE:
            self._lease = replace(lease, seen=entry.at)
        if stream == _JOURNAL:
            self._take_line(entry)
        elif stream == _LEASE:
            self._take_lease(entry)
        else:
            self._has_more = True
            self._take_more(entry)

    def _take_more(self, entry: Entry) -> None:
        """Take in one entry of the streams that are seldom written to."""
        match entry.stream:
            case Stream.HISTORY:
                good = from_plain(Good, dict(entry.body))
                self._good = {**self._good, good.region: good}
            case Stream.POISON:
                poisoned = from_plain(Poisoned, dict(entry.body))
                # The first reason stays: a later entry for the same digest only repeats it, or is that of the person.
                first = self._poisoned.get(poisoned.digest)
                kept = poisoned if first is None or (first.is_found and not poisoned.is_found) else first
                # Whatever it repeats, it is for every region.
                self._poisoned = {**self._poisoned, poisoned.digest: replace(kept, cleared=())}
                self._rolled_back |= {poisoned.rollout}
            case Stream.CLAIMS:
                self._take_claim(entry)
            case Stream.AUDIT:
                self._take_audit(entry)
            case Stream.ORDERS:
                self._take_order(entry)
            case Stream.NOTICES:
                self._take_notice(entry)
            case _:
                pass

    def _take_line(self, entry: Entry) -> None:
        """Add a line to a rollout's journal, which begins with its start.

        A rollback by hand is recorded even where the ledger that saw the start is lost: what it says of a rollout that
        this ledger never knew is kept in the chain, and is nothing to go on from.
        """
        rollout = str(entry.body["rollout"])
        lines = self._journals.get(rollout)
        if lines is None:
            known = self._state.journals.get(rollout)
            if known is None and entry.kind != START:
                return
            lines = self._journals[rollout] = []
            if known is None:
                self._latest, self._has_more = rollout, True
        lines.append(JournalLine(kind=entry.kind, at=entry.at, body=entry.body))

    def _take_audit(self, entry: Entry) -> None:
        """Keep the line; a freeze counts from then on, until a thaw ends it."""
        line = AuditLine(revision=entry.revision, kind=entry.kind, at=entry.at, body=entry.body, hash=entry.hash)
        self._audit.append(line)
        if entry.kind == Act.FROZEN:
            frozen = replace(from_plain(Frozen, dict(entry.body)), entry=entry.revision)
            self._freezes = (*self._freezes, frozen)
        elif entry.kind == Act.THAWED:
            self._freezes = after_thaw(self._freezes, entry.body, entry.at)

    def _take_order(self, entry: Entry) -> None:
        """Keep the order; one that clears a digest takes effect at once, because no run has a part in it."""
        given = from_plain(Given, dict(entry.body))
        self._orders.append(OrderLine(revision=entry.revision, at=entry.at, given=given))
        if given.order is Order.CLEAR and given.digest is not None:
            self._clear(given.digest, given.regions)

    def _clear(self, digest: str, regions: tuple[str, ...] | None) -> None:
        """Take a digest off the list, everywhere or in some regions."""
        poisoned = self._poisoned.get(digest)
        if poisoned is None:
            return
        rest = {name: each for name, each in self._poisoned.items() if name != digest}
        if regions is not None:
            rest[digest] = replace(poisoned, cleared=tuple(sorted({*poisoned.cleared, *regions})))
        self._poisoned = rest

    def _take_notice(self, entry: Entry) -> None:
        """Mark what is told, was told, or could not be; a kind of a later version is nothing to go by."""
        if entry.kind not in tuple(Telling):
            return
        passed = from_plain(Passed, dict(entry.body))
        told = dict(self._told)
        for key in passed.about:
            place = (passed.to, key)
            told[place] = marked(told.get(place), Telling(entry.kind), entry.at)
        self._told = told

    def _take_lease(self, entry: Entry) -> None:
        """Take the lease, or give it back; a renewal is only a sign of life."""
        if entry.kind == "taken":
            who = str(entry.body.get("who", ""))
            if self._lease is not None and self._lease.is_of_run and not self._lease.ended:
                self._lost = self._lease.epoch
            self._lease = Lease(who=who, epoch=entry.epoch, at=entry.at, seen=entry.at)
        elif entry.kind == "released" and self._lease is not None and self._lease.epoch == entry.epoch:
            self._lease = replace(self._lease, ended=True)

    def _take_claim(self, entry: Entry) -> None:
        """Take regions for a rollout, or give them back."""
        claim = from_plain(Claim, dict(entry.body))
        if entry.kind == "claimed":
            self._claims = {**self._claims, **dict.fromkeys(claim.regions, claim.rollout)}
        else:
            self._claims = {region: name for region, name in self._claims.items() if name != claim.rollout}


Item = TypeVar("Item")


def _grown(known: Sequence[Item], more: Sequence[Item]) -> Grown[Item]:
    """Return a stream with more at its end."""
    return (known if isinstance(known, Grown) else Grown(known)).grown(more)
