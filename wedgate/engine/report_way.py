"""Follows a regression report from the event that brought it to restored traffic, and says how long each stage took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wedgate.engine.audit import AuditBook
from wedgate.ledger.orders import Order, OrderLine
from wedgate.rollout.way_back import way_back

LOOK_EVERY = timedelta(seconds=1)


class Stage(StrEnum):
    """The stages of the way over the forge, in their order."""

    REPORTED = "reported"
    """By the report's own clock, or when the forge took the comment."""
    RUN_CREATED = "run created"
    RUN_STARTED = "run started"
    READ = "report read"
    BEGUN = "rollback begun"
    RESTORED = "traffic restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A stage with its instant (``None``: not known, or not yet), and the seconds since the last known one before it.

    Clocks of several machines take part, so seconds may be less than none.
    """

    stage: Stage
    at: datetime | None
    seconds: float | None


def timed(instants: Mapping[Stage, datetime | None]) -> tuple[Timed, ...]:
    """Return every stage with the time that it took."""
    found: list[Timed] = []
    before: datetime | None = None
    for stage in Stage:
        at = instants.get(stage)
        seconds = None if at is None or before is None else (at - before).total_seconds()
        found.append(Timed(stage=stage, at=at, seconds=seconds))
        before = at or before
    return tuple(found)


def total_seconds(way: Sequence[Timed]) -> float | None:
    """Return the seconds from the report to restored traffic; ``None`` while it is not restored."""
    first, last = way[0].at, way[-1].at
    return None if first is None or last is None else (last - first).total_seconds()


def orders_by(ledger: AuditBook, by: str) -> tuple[OrderLine, ...]:
    """Return the newest report that somebody gave to each rollout; of a comment, that of each of its lines."""
    found = {
        (line.given.rollout, line.given.by): line
        for line in ledger.read().orders
        if line.given.order is Order.REPORT and (line.given.by == by or line.given.by.startswith(f"{by}, line "))
    }
    return tuple(found.values())


def follow_back(
    ledger: AuditBook,
    orders: Sequence[OrderLine],
    *,
    obey: Callable[[], None],
    pause: Callable[[timedelta], None],
    clock: Callable[[], datetime],
    patience: timedelta,
) -> tuple[datetime | None, datetime | None]:
    """Wait until every rollout has obeyed; return when the first began to go back, and when the last one was back.

    ``obey`` does what is ordered unless a run that is alive will do it. After ``patience`` what is not known by then
    stays ``None``.
    """
    until = clock() + patience
    while True:
        obey()
        journals = ledger.read().journals
        ways = [way_back(journals.get(str(order.given.rollout), ()), order.revision) for order in orders]
        begun = [way.begun for way in ways if way.begun is not None]
        restored = [way.restored for way in ways if way.restored is not None]
        if len(restored) == len(ways) or clock() >= until:
            is_whole = bool(ways) and len(restored) == len(ways)
            return min(begun, default=None), max(restored) if is_whole else None
        pause(LOOK_EVERY)
