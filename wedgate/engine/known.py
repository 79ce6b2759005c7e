"""What was made of a ledger when it was last read, so that the next reading goes on from there.

A ledger only grows, as a chain: where the entry that was the last one is still in its place, everything before it is
what it was. Where it is not, everything is read from the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.ledger.chain import Entry
from wedgate.ledger.streams import EMPTY, LedgerState, fold
from wedgate.rollout.journal import Followed, follow
from wedgate.rollout.state import RolloutState


class Known:
    """The last state of one ledger and of the rollouts in it. Raises ``PlainError`` for what cannot be read."""

    def __init__(self) -> None:
        self._ledger = EMPTY
        self._rollouts: dict[str, Followed] = {}

    def ledger(self, entries: Sequence[Entry]) -> LedgerState:
        """Return the state that these entries, all that there are, lead to."""
        self._ledger = go_on(entries, self._ledger)
        return self._ledger

    def wrote(self, state: LedgerState) -> None:
        """Take note of what the ledger is after its reader has written to it."""
        self._ledger = state

    def rollout(self, state: LedgerState, name: str) -> RolloutState | None:
        """Return the state of one rollout by its journal; ``None`` when there is none of that name."""
        followed = follow(state.journals.get(name, ()), self._rollouts.get(name))
        if followed is None:
            return None
        self._rollouts[name] = followed
        return followed.state


def go_on(entries: Sequence[Entry], state: LedgerState) -> LedgerState:
    """Return the state of a ledger with these entries, from the one known where they go on from it."""
    known = state.revision
    if not 0 < known <= len(entries) or entries[known - 1].hash != state.head:
        return fold(entries)
    return state if known == len(entries) else fold(entries[known:], state)
