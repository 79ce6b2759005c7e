"""How far a rollout is on its way back after a report: when the order was obeyed, and when traffic was on stable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wedgate.ledger.streams import JournalLine
from wedgate.rollout.events import Ordered, Started
from wedgate.rollout.journal import event_of
from wedgate.rollout.state import RolloutState
from wedgate.rollout.step import begin, step


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """When the rollback began, and when no region that it is about had a candidate with traffic any more."""

    begun: datetime | None = None
    restored: datetime | None = None


def way_back(lines: Iterable[JournalLine], revision: int) -> WayBack:
    """Return how far a rollout is with the order that stands at a place of the ledger, by its journal.

    Where another order before it has brought everything back and ended the rollout, nothing is left to obey.
    """
    state: RolloutState | None = None
    order: Ordered | None = None
    ended: datetime | None = None
    for line in lines:
        event = event_of(line)
        if state is None:
            if isinstance(event, Started):
                state = begin(event)
            continue
        state, _ = step(state, event)
        if isinstance(event, Ordered) and event.revision == revision:
            order = event
        if order is not None and _is_restored(state, order):
            return WayBack(begun=order.at, restored=event.at)
        is_back = state.halted is not None and state.is_over and _is_at_rest(state)
        ended = (ended or event.at) if is_back else None
    return WayBack(restored=ended) if order is None else WayBack(begun=order.at)


def _is_at_rest(state: RolloutState) -> bool:
    return all(each.weight == 0 and not each.owes_return for each in state.regions)


def _is_restored(state: RolloutState, order: Ordered) -> bool:
    regions = [each for each in state.regions if order.regions is None or each.region in order.regions]
    return not any(each.is_exposed or each.owes_return for each in regions)
