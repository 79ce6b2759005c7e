"""Telling people what the ledger says, once: claim it in the ledger, send it, and write down what became of it.

Two processes that find the same thing do not both tell it: the ledger takes one claim. One that dies between claim and
mark leaves a claim that runs out, and another tells it then. Where the ledger cannot be written, whoever did something
tells it all the same, once: a message twice does less harm than none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wedgate.adapters.notify.interface import Message, Messenger
from wedgate.adapters.stores.interface import Spool, Store
from wedgate.engine.audit import AuditBook
from wedgate.engine.book import Book
from wedgate.engine.holder import own_name
from wedgate.errors import WedgateError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import LedgerState, Stream, fold
from wedgate.ledger.told import Passed, Telling, is_due
from wedgate.rollout.events import Started
from wedgate.rollout.journal import event_of
from wedgate.rollout.notices import Destination, Notice, notices_of
from wedgate.rollout.state import RolloutState
from wedgate.rollout.step import begin, step

SEND_WITHIN = timedelta(seconds=4)
"""How long all destinations together have for one round of messages."""

MOST_LINES = 20
"""Lines of one message."""

Due = dict[str, list[Notice]]
"""What goes to each destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellerParts:
    """What telling needs. ``more`` returns what does not stand in the ledger and is looked for once a day.

    ``insists`` says that people are told even where the ledger cannot take the claim: whoever does something tells it,
    whoever only looks leaves it to others, because it would tell the same again each time.
    """

    service: str
    destinations: tuple[Destination, ...]
    store: Store
    spool: Spool
    messenger: Messenger
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    pause: Callable[[timedelta], None]
    more: Callable[[datetime], Sequence[Notice]] = lambda at: ()
    insists: bool = True
    who: str = field(default_factory=own_name)


class Teller:
    """Tells people what the ledger of one service says. One object for one process; not for two threads at once."""

    def __init__(self, parts: TellerParts) -> None:
        self._parts = parts
        self._book = Book(parts.store, parts.spool)
        self._audit = AuditBook(parts.store, parts.pause)
        self._rollouts: dict[str, tuple[int, RolloutState]] = {}
        self._known: dict[str, Notice] = {}
        self._said: set[tuple[str, str]] = set()
        """What was told and does not stand in the ledger: by this process it is not told again."""

    def know(self, notice: Notice) -> None:
        """Take in something that the ledger does not say; it is told with the rest."""
        self._known[notice.key] = notice

    def tell(self) -> None:
        """Tell what was not told yet. Raises nothing that a destination did; a ledger that fails is gone without."""
        at = self._parts.clock()
        ledger = self._ledger(at)
        found = {notice.key: notice for notice in notices_of(ledger, self._states(ledger), at)}
        notices = [*{**self._known, **found}.values()]
        day = f"sources/{at:%Y-%m-%d}"
        looks = ("", day) not in ledger.told
        if looks:
            notices += self._parts.more(at)
        due = self._claim(notices, ledger, at)
        troubles = self._send(due)
        drafts = [
            self._draft(Telling.FAILED if troubles[to] else Telling.TOLD, to, notices) for to, notices in due.items()
        ]
        if looks:
            drafts.append(_draft(Telling.TOLD, Passed(to="", about=(day,), by=self._parts.who), at))
        if drafts:
            self._write(lambda state: drafts, due)

    def _write(self, decide: Callable[[LedgerState], Sequence[Draft]], due: Due) -> bool:
        """Write to the ledger; where that fails say so, and remember here what this process tells."""
        try:
            self._audit.transact(decide)
        except WedgateError as error:
            self._said |= {(to, notice.key) for to, each in due.items() for notice in each}
            what = "others may tell this again" if self._parts.insists else "nothing is told"
            self._parts.say(f"the ledger could not be written, so {what}: {error}")
            return False
        return True

    def _ledger(self, at: datetime) -> LedgerState:
        """Return what the ledger says, with what waits in the spool; what it said last where it cannot be read."""
        try:
            state = self._book.refresh() if not self._book.state.revision else self._book.look()
            self._book.state = state
        except WedgateError:
            state = self._book.state
        waiting = self._parts.spool.waiting()
        entries = chain_onto(
            waiting, revision=state.revision, head=state.head, epoch=state.epoch, nonces=[""] * len(waiting)
        )
        return fold(entries, state)

    def _states(self, ledger: LedgerState) -> tuple[RolloutState, ...]:
        """Return where the rollouts stand that people may have to hear about; each line is read once."""
        names = dict.fromkeys([*ledger.unfinished, *([ledger.latest] if ledger.latest else [])])
        return tuple(state for name in names if (state := self._state(ledger, name)) is not None)

    def _state(self, ledger: LedgerState, name: str) -> RolloutState | None:
        lines = ledger.journals.get(name, ())
        count, state = self._rollouts.get(name, (0, None))
        for line in lines[count:] if count <= len(lines) else lines:
            event = event_of(line)
            if isinstance(event, Started):
                state = begin(event)
            elif state is not None:
                state, _ = step(state, event)
        if state is not None and not self._parts.spool.waiting():
            self._rollouts[name] = len(lines), state
        return state

    def _claim(self, notices: Sequence[Notice], ledger: LedgerState, at: datetime) -> Due:
        """Return what this process tells where; nobody else does, where the ledger took the claim."""
        due = self._due(notices, ledger, at)
        claimed: Due = {}

        def decide(state: LedgerState) -> Sequence[Draft]:
            claimed.clear()
            claimed.update(self._due(notices, state, at))
            return [self._draft(Telling.CLAIMED, to, each) for to, each in claimed.items()]

        if not due or self._write(decide, due):
            return claimed
        return due if self._parts.insists else {}

    def _due(self, notices: Sequence[Notice], ledger: LedgerState, at: datetime) -> Due:
        found: Due = {}
        for destination in self._parts.destinations:
            for notice in notices:
                place = (destination.to, notice.key)
                wanted = notice.occasion in destination.when and place not in self._said
                if wanted and is_due(ledger.told.get(place), at):
                    found.setdefault(destination.to, []).append(notice)
        return found

    def _send(self, due: Due) -> dict[str, str]:
        """Send everything at the same time; return for each destination why it did not arrive."""
        messages = [Message(to=to, title=self._title(notices), body=_body(notices)) for to, notices in due.items()]
        troubles = dict(zip(due, self._parts.messenger.send(messages, within=SEND_WITHIN), strict=True)) if due else {}
        for to, trouble in troubles.items():
            if trouble:
                self._parts.say(f"{to} was not told: {trouble}")
        return troubles

    def _title(self, notices: Sequence[Notice]) -> str:
        """Return the title of a message about some things: the service, and what they are."""
        return f"wedgate {self._parts.service}: {', '.join(dict.fromkeys(each.occasion.value for each in notices))}"

    def _draft(self, kind: Telling, to: str, notices: Sequence[Notice]) -> Draft:
        about = tuple(each.key for each in notices)
        return _draft(kind, Passed(to=to, about=about, by=self._parts.who), self._parts.clock())


def _body(notices: Sequence[Notice]) -> str:
    """Return a line for each thing, but not more than people read."""
    lines = [each.text for each in notices[:MOST_LINES]]
    left = len(notices) - len(lines)
    return "\n".join([*lines, f"and {left} more: see the ledger"] if left else lines)


def _draft(kind: Telling, passed: Passed, at: datetime) -> Draft:
    plain = to_plain(passed)
    assert isinstance(plain, dict)
    return Draft(stream=Stream.NOTICES, kind=kind, at=at, body=plain)
