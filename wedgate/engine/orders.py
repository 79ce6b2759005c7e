"""What people tell rollouts, freezes and the poison list: written into the ledger, whoever drives a rollout now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wedgate.engine.audit import AuditBook
from wedgate.errors import RefusedError, UsageError
from wedgate.ledger.appending import Draft
from wedgate.ledger.audit import Frozen
from wedgate.ledger.freezes import Thawing, Unclear, choose
from wedgate.ledger.orders import Given, Order, OrderLine
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import LedgerState, Stream
from wedgate.overrides.record import draft_of_freeze, draft_of_thaw
from wedgate.rollout.events import Ordered
from wedgate.rollout.journal import replay
from wedgate.rollout.orders import resumes_nothing
from wedgate.rollout.regions import CLOCKS_DIFFER
from wedgate.rollout.step import step


class AboutOtherError(RefusedError):
    """A report that is about something else than what is under way."""


UNCONFIRMED = "no fresh runs have confirmed this alarm of a benchmark (`wedgate bench run --confirm`): "
"""Before the words of a report that pauses a rollout."""


def give_order(
    ledger: AuditBook, order: Order, *, by: str, why: str, at: datetime, regions: Sequence[str] = ()
) -> tuple[str, ...]:
    """Write an order for every rollout under way (that has one of ``regions``), and return the rollouts.

    ``RefusedError`` if there is none, or nothing in them that a resume lets go on.
    """
    found: tuple[str, ...] = ()

    def decide(state: LedgerState) -> Sequence[Draft]:
        nonlocal found
        found = tuple(dict.fromkeys(name for region, name in state.claims.items() if not regions or region in regions))
        where = f" in {', '.join(regions)}" if regions else ""
        if not found:
            raise RefusedError(
                f"no rollout is under way{where}; `wedgate rollout status` says where the last one stands"
            )
        if order is Order.RESUME:
            idle, found = found, tuple(name for name in found if _is_resumable(state, name, regions))
            if not found:
                raise RefusedError(
                    f"nothing of rollout {', '.join(idle)} is paused{where}, or held until somebody has looked, so "
                    "there is nothing to resume; `wedgate rollout status` says what it waits for"
                )
        given = [Given(order=order, by=by, why=why, rollout=name, regions=tuple(regions) or None) for name in found]
        return [_draft(each, at) for each in given]

    ledger.transact(decide)
    return found


def _is_resumable(ledger: LedgerState, rollout: str, regions: Sequence[str]) -> bool:
    """Whether a resume finds something to do, once every order that is written already has been obeyed."""
    state = replay(ledger.journals.get(rollout, ()))
    if state is None:
        return True
    for line in ledger.orders:
        if line.revision > state.obeyed and line.given.rollout == rollout:
            state, _ = step(state, ordered(line, line.at))
    return not resumes_nothing(state, tuple(regions) or None)


def ordered(line: OrderLine, at: datetime) -> Ordered:
    """Return an order of the ledger as the event of its rollout that obeys it at an instant."""
    given = line.given
    return Ordered(at=at, revision=line.revision, order=given.order, by=given.by, why=given.why, regions=given.regions)


def give_report(
    ledger: AuditBook,
    *,
    by: str,
    why: str,
    at: datetime,
    commit: str | None = None,
    digest: str | None = None,
    regions: Sequence[str] = (),
    since: datetime | None = None,
    is_confirmed: bool = True,
) -> tuple[str, ...]:
    """Write that a release is worse, for every rollout under way of it, and return the rollouts.

    What is not confirmed, a benchmark's alarm that no fresh runs have repeated, pauses them and sends nothing back.

    ``RefusedError`` if none is under way, ``AboutOtherError`` if one of another release is; with ``since``, also if the
    rollout began after that, or if it is yet to come: what was said of an earlier one is not repeated, nor is what was
    dated ahead to be fresh for each later one.
    """
    if since is not None and since > at + CLOCKS_DIFFER:
        raise AboutOtherError(f"it is from {since:%Y-%m-%d %H:%M:%S}Z, which is later than now; one clock is wrong")
    state = ledger.read()
    for name in state.unfinished:
        rollout = replay(state.journals.get(name, ()))
        release = None if rollout is None else rollout.plan.release
        if release is not None and (commit not in (None, release.commit) or digest not in (None, release.digest)):
            what = f"it is about another release than {release.digest} of {release.commit}, which is under way"
            raise AboutOtherError(what)
        if since is not None and since < state.journals[name][0].at:
            raise AboutOtherError(f"it is older than rollout {name}; report anew what is found of this one")
    if not is_confirmed:
        return give_order(ledger, Order.PAUSE, by=by, why=UNCONFIRMED + why, at=at, regions=regions)
    return give_order(ledger, Order.REPORT, by=by, why=why, at=at, regions=regions)


def pause_once(ledger: AuditBook, rollout: str, *, by: str, why: str, at: datetime, region: str | None) -> None:
    """Write a pause for a rollout, unless the same one stands there already: what was resumed since stays so."""
    given = Given(order=Order.PAUSE, by=by, why=why, rollout=rollout, regions=None if region is None else (region,))

    def decide(state: LedgerState) -> Sequence[Draft]:
        return [] if any(line.given == given for line in state.orders) else [_draft(given, at)]

    ledger.transact(decide)


def clear_digest(
    ledger: AuditBook, digest: str, *, by: str, why: str, at: datetime, regions: Sequence[str] = ()
) -> str:
    """Take a digest off the poison list (in some regions alone), and return why it was on it.

    ``RefusedError`` if it is not.
    """
    was = ""

    def decide(state: LedgerState) -> Sequence[Draft]:
        nonlocal was
        poisoned = state.poisoned.get(digest)
        if poisoned is None or (regions and not poisoned.holds(regions)):
            listed = ", ".join(state.poisoned) or "nothing"
            where = f" in {', '.join(regions)}" if regions and poisoned is not None else ""
            raise RefusedError(f"{digest} is not poisoned{where}; on the list: {listed}")
        was = poisoned.why
        return [_draft(Given(order=Order.CLEAR, by=by, why=why, digest=digest, regions=tuple(regions) or None), at)]

    ledger.transact(decide)
    return was


def freeze(ledger: AuditBook, frozen: Frozen, *, known: Sequence[str]) -> None:
    """Freeze; ``known`` are the regions that there are, and ``UsageError`` names one that is not among them."""
    for region in frozen.regions or ():
        if region not in known:
            raise UsageError(f"there is no region {region}; there are {', '.join(known)}")
    ledger.transact(lambda state: [draft_of_freeze(frozen)])


def thaw(
    ledger: AuditBook,
    *,
    by: str,
    why: str,
    at: datetime,
    regions: Sequence[str] = (),
    entries: Sequence[int] = (),
    is_for_all: bool = False,
) -> Thawing:
    """End the only freeze, or those that are named, and return what was ended (``wedgate.ledger.freezes.choose``).

    ``RefusedError`` where nothing is frozen, or it is not clear which freeze is meant: it names those that there are.
    """
    found: Thawing | None = None

    def decide(state: LedgerState) -> Sequence[Draft]:
        nonlocal found
        chosen = choose(state.freezes, at, regions=regions, entries=entries, is_for_all=is_for_all)
        if isinstance(chosen, Unclear):
            raise RefusedError(str(chosen))
        found = chosen
        return [draft_of_thaw(chosen, by, why, at)]

    ledger.transact(decide)
    assert found is not None
    return found


def _draft(given: Given, at: datetime) -> Draft:
    body = to_plain(given)
    assert isinstance(body, dict)
    return Draft(stream=Stream.ORDERS, kind=given.order.value, at=at, body=body)
