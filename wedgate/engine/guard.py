"""The guard: the long-lived process beside the targets that returns traffic when nobody watches a candidate any more.

A run watches while it lives, and ticks watch when they come. The guard is for when neither does. It never increases
anything. First it tries what a tick would do, without the steps forward; where the ledger, the configuration or a
driver that hangs is in the way, it rolls back by hand with what the rescue file says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wedgate.adapters.targets.interface import Target
from wedgate.engine.book import Book
from wedgate.engine.recording import recorder_in
from wedgate.engine.rollback import roll_back
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.errors import ExitCode, WedgateError
from wedgate.ledger.streams import LedgerState
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RolloutState
from wedgate.rollout.values import DEFAULT_UNWATCHED, TargetSettings, Weights

LEASE_GRACE = timedelta(minutes=1)
"""How much longer than allowed a driver that seems to live is left alone before the guard goes over its head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardParts:
    """What a guard needs. ``parts`` wires the engine anew, and may fail: a guard outlives its configuration.

    ``rescue`` returns the rescue file, ``None`` where nothing was rolled out yet.
    """

    parts: Callable[[], RolloutParts]
    rescue: Callable[[], Rescue | None]
    open_target: Callable[[TargetSettings], Target]
    clock: Callable[[], datetime]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one look found: the candidate's percent and how long nobody has watched, by region; and what was done."""

    at: datetime
    weights: dict[str, int | None] = field(default_factory=dict)
    unwatched: dict[str, timedelta] = field(default_factory=dict)
    returned: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    """Where traffic should be back on stable, and could not be returned."""
    rollout: str = ""
    service: str = ""
    ledger: LedgerState | None = None
    state: RolloutState | None = None
    """The ledger as it was before the look did anything, and where the rollout stood; ``None``: not readable."""
    trouble: str = ""


class Guard:
    """Looks again and again. Keeps what it knew last: a ledger that cannot be read must not stop the clock."""

    def __init__(self, parts: GuardParts) -> None:
        self._parts = parts
        self._watched: dict[str, datetime] = {}
        self._allowed = DEFAULT_UNWATCHED
        self._known: LedgerState | None = None

    def look(self) -> Looked:
        """Look once: learn who watched what, and return what nobody has watched for too long."""
        at = self._parts.clock()
        rescue, trouble = self._rescue()
        if rescue is None:
            return Looked(at=at, trouble=trouble)
        parts, state, trouble = self._ledger(rescue)
        weights = {plan.region: self._candidate(rescue, plan.region) for plan in rescue.regions}
        exposed = [name for name, weight in weights.items() if _is_exposed(name, weight, state)]
        self._learn(state, exposed, at)
        unwatched = {name: at - self._watched[name] for name in exposed}
        late = [name for name, since in unwatched.items() if since > self._allowed]
        returned = self._return(rescue, parts, late, unwatched) if late else ()
        allowed = self._allowed + LEASE_GRACE
        stuck = tuple(name for name in late if name not in returned and unwatched[name] > allowed)
        return Looked(
            at=at,
            weights=weights,
            unwatched=unwatched,
            returned=returned,
            stuck=stuck,
            rollout=rescue.rollout,
            service=rescue.service,
            ledger=self._known,
            state=state,
            trouble=trouble,
        )

    def obey(self) -> Looked:
        """Look at once, and do what people told the rollout meanwhile: a report does not wait for the next tick."""
        rescue, _ = self._rescue()
        if rescue is not None:
            parts, _, _ = self._ledger(rescue)
            if parts is not None:
                with _Telling(self._parts.say):
                    RolloutEngine(parts).watch_over()
        return self.look()

    def _rescue(self) -> tuple[Rescue | None, str]:
        try:
            return self._parts.rescue(), ""
        except WedgateError as error:
            return None, str(error)

    def _ledger(self, rescue: Rescue) -> tuple[RolloutParts | None, RolloutState | None, str]:
        """Return the engine's parts and where the rollout stands; nothing where they cannot be had, and why."""
        self._known = None
        try:
            parts = self._parts.parts()
            book = Book(parts.store, parts.spool)
            known = book.refresh()
            state = book.rollout(rescue.rollout)
            self._known = known
            return parts, state, ""
        except WedgateError as error:
            return None, None, str(error)

    def _candidate(self, rescue: Rescue, region: str) -> int | None:
        """Return the candidate's percent in a region; ``None`` where the target does not answer."""
        plan = next(plan for plan in rescue.regions if plan.region == region)
        try:
            weights: Weights = self._parts.open_target(plan.target).weights().weights
        except WedgateError:
            return None
        return weights.of(plan.candidate)

    def _learn(self, state: RolloutState | None, exposed: Sequence[str], at: datetime) -> None:
        """Take in when each exposed region was last watched, as far as the ledger says."""
        self._watched = {name: since for name, since in self._watched.items() if name in exposed}
        if state is not None:
            self._allowed = state.plan.max_unwatched
        for name in exposed:
            known = None if state is None else state.region(name).watched_at
            # Of what the guard sees for the first time it knows only that it was not watched before it looked.
            self._watched[name] = max(filter(None, (known, self._watched.get(name))), default=at)

    def _return(
        self, rescue: Rescue, parts: RolloutParts | None, late: Sequence[str], unwatched: dict[str, timedelta]
    ) -> tuple[str, ...]:
        """Return regions to stable: as a tick would, or over everybody's head."""
        if parts is not None:
            with _Telling(self._parts.say):
                RolloutEngine(parts).watch_over()
        left = [name for name in late if self._candidate(rescue, name) != 0]
        stubborn = [name for name in left if parts is None or unwatched[name] > self._allowed + LEASE_GRACE]
        if stubborn:
            self._by_hand(rescue, parts, stubborn)
        return tuple(name for name in late if self._candidate(rescue, name) == 0)

    def _by_hand(self, rescue: Rescue, parts: RolloutParts | None, regions: Sequence[str]) -> None:
        record = None if parts is None else recorder_in(Book(parts.store, parts.spool))
        why = f"the guard: nobody watched the candidate in {', '.join(regions)} for longer than {self._allowed}"
        end = roll_back(
            rescue,
            self._parts.open_target,
            clock=self._parts.clock,
            why=why,
            regions=list(regions),
            record=record,
            say=self._parts.say,
        )
        for each in end.regions:
            done = "is back on stable" if each.after is not None else f"COULD NOT BE RETURNED: {each.trouble}"
            self._parts.say(f"{each.region} {done}; {why}; {end.recorded}")
        if end.exit_code is ExitCode.EXTERNAL:
            self._parts.say("a person is needed: traffic could not be returned everywhere; it is tried again")


def _is_exposed(region: str, weight: int | None, state: RolloutState | None) -> bool:
    """Whether a candidate has traffic that somebody must watch: with all of it only the ledger knows."""
    if weight == 100:
        return state is not None and not state.is_over and state.region(region).is_exposed
    return weight is None or weight > 0


class _Telling:
    """Says what an engine raised instead of raising it: the guard goes on, whatever is in the way."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Say the error of the engine, and go on."""
        if isinstance(error, WedgateError):
            self._say(str(error))
            return True
        return False
