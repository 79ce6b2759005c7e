"""The journal of a rollout: events as data, and the state that they fold to.

The journal is the only source of a rollout's state: nothing is kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wedgate.ledger.appending import Draft
from wedgate.ledger.plain import PlainError, from_plain, to_plain
from wedgate.ledger.streams import JournalLine, Stream
from wedgate.rollout import events
from wedgate.rollout.events import Event, Started
from wedgate.rollout.state import RolloutState
from wedgate.rollout.step import begin, step

KINDS: Mapping[str, type[Event]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind
    for kind in (
        events.Started,
        events.RunBegan,
        events.Ticked,
        events.GateAnswered,
        events.Deployed,
        events.DeployFailed,
        events.DigestRead,
        events.WeightsRead,
        events.TargetFailed,
        events.ReturnWaits,
        events.Judged,
        events.RegressionReported,
        events.Interrupted,
        events.ReturnedByHand,
        events.Superseded,
        events.Observed,
        events.Ordered,
        events.HookRan,
    )
}
"""The kind under which each event stands in the journal, for example ``gate_answered``."""

_NAMES = {kind: name for name, kind in KINDS.items()}


def draft_of(event: Event, *, rollout: str) -> Draft:
    """Return the entry's draft that records ``event`` in the journal of ``rollout``."""
    body = {"rollout": rollout, "event": to_plain(event)}
    return Draft(stream=Stream.JOURNAL, kind=_NAMES[type(event)], at=event.at, body=body)


def event_of(line: JournalLine) -> Event:
    """Return the event of one journal line; ``PlainError`` when it is not one that this version knows."""
    kind = KINDS.get(line.kind)
    if kind is None:
        raise PlainError(f"{line.kind} is no event that this version of wedgate knows")
    event: Event = from_plain(kind, line.body.get("event"))
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a journal of ``count`` lines folds to; ``last`` is the last of them."""

    state: RolloutState
    count: int
    last: JournalLine


def follow(lines: Sequence[JournalLine], before: Followed | None = None) -> Followed | None:
    """Return what a journal folds to; ``None`` for an empty one.

    One that goes on after what was followed ``before`` is read from there on, one that does not from its beginning.
    Raises ``PlainError`` when a line cannot be read, or the first is not the start.
    """
    goes_on = before is not None and before.count <= len(lines) and lines[before.count - 1] is before.last
    if before is not None and goes_on and before.count == len(lines):
        return before
    state, count = (before.state, before.count) if before is not None and goes_on else (None, 0)
    for line in lines[count:]:
        event = event_of(line)
        if state is None:
            if not isinstance(event, Started):
                raise PlainError(f"the journal begins with {line.kind}, not with its start")
            state = begin(event)
        else:
            state, _ = step(state, event)
    return None if state is None else Followed(state=state, count=len(lines), last=lines[-1])


def replay(lines: Iterable[JournalLine]) -> RolloutState | None:
    """Return the state that a journal folds to; ``None`` for an empty one. Raises as ``follow`` does."""
    followed = follow(tuple(lines))
    return None if followed is None else followed.state
