"""The guard: the long-lived process beside the targets that returns traffic when nobody watches a candidate any more.

A run watches while it lives, and ticks watch when they come. The guard is for when neither does. It never increases
anything. What it guards is what the ledger has under way. First it tries what a tick would do, without the steps
forward; where the ledger, the configuration or a driver that hangs is in the way, it rolls back by hand, by what it
read of the ledger last, or by the rescue file. A target that a later rollout has switched since is left alone then: by
an earlier one's file its old colour may be the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wedgate.adapters.targets.interface import Target
from wedgate.engine.book import Book
from wedgate.engine.once import Once
from wedgate.engine.recording import Recorder, exposed_by, recorder_in, rescue_in
from wedgate.engine.rollback import roll_back, words_of
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.errors import ExitCode
from wedgate.ledger.streams import LedgerState
from wedgate.rollout.events import ReturnedByHand
from wedgate.rollout.regions import CLOCKS_DIFFER
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPhase, RolloutState
from wedgate.rollout.values import TargetSettings

LEASE_GRACE = timedelta(minutes=1)
"""How much longer than allowed a driver that seems to live is left alone before the guard goes over its head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardParts:
    """What a guard needs. ``parts`` wires the engine anew, and may fail: a guard outlives its configuration.

    ``rescue`` returns the rescue file, ``None`` where there is none; it is asked where the ledger cannot be read.
    ``is_once`` says that this guard looks once and ends: then the time of the rescue file is all it knows of the past.
    """

    parts: Callable[[], RolloutParts]
    rescue: Callable[[], Rescue | None]
    open_target: Callable[[TargetSettings], Target]
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    is_once: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    """One rollout to guard: what its regions return to, and where it stood when that was read last."""

    rescue: Rescue
    state: RolloutState | None = None
    promoted: frozenset[str] = frozenset()
    """Regions that are done and have not been rolled back since."""


class Guard:
    """Looks again and again. Keeps what it knew last: a ledger that cannot be read must not stop the clock."""

    def __init__(self, parts: GuardParts) -> None:
        self._parts = parts
        self._watched: dict[str, datetime] = {}
        self._charges: tuple[_Charge, ...] = ()
        self._known: LedgerState | None = None
        self._say = Once(parts.say, parts.clock)

    def look(self) -> Looked:
        """Look once: learn who watched what, and return what nobody has watched for too long."""
        at = self._parts.clock()
        self._say.looks()
        parts, trouble = self._learn_charges()
        looks = [self._look_at(charge, parts, at) for charge in self._charges]
        first = self._charges[0] if self._charges else None
        odd = [words for look in looks for words in look.odd]
        if odd and not trouble:
            trouble = "; ".join(odd)
        watched = {name for look in looks for name in look.unwatched}
        self._watched = {name: since for name, since in self._watched.items() if name in watched}
        return Looked(
            at=at,
            weights={name: weight for look in looks for name, weight in look.weights.items()},
            unwatched={name: since for look in looks for name, since in look.unwatched.items()},
            returned=tuple(name for look in looks for name in look.returned),
            stuck=tuple(name for look in looks for name in look.stuck),
            rollout="" if first is None else first.rescue.rollout,
            service="" if first is None else first.rescue.service,
            ledger=self._known,
            state=None if first is None or self._known is None else first.state,
            trouble=trouble,
        )

    def obey(self) -> Looked:
        """Look at once, and do what people told the rollout meanwhile: a report does not wait for the next tick."""
        parts, _ = self._learn_charges()
        if parts is not None:
            with _Telling(self._say):
                RolloutEngine(parts).watch_over()
        return self.look()

    def _learn_charges(self) -> tuple[RolloutParts | None, str]:
        """Learn what is to be guarded; return the engine's parts, or why the ledger cannot be read.

        Where it cannot, what was read last counts, and where nothing was, the rescue file.
        """
        self._known = None
        try:
            parts = self._parts.parts()
            book = Book(parts.store, parts.spool)
            known = book.refresh()
            self._charges = _charges_in(book, parts, self._parts.clock())
            self._known = known
            return parts, ""
        except Exception as error:
            # Whatever it is: a guard that ends for it returns nothing, however often it is started again.
            trouble = words_of(error)
        try:
            rescue = self._parts.rescue()
        except Exception as error:
            rescue, missing = None, words_of(error)
        else:
            missing = "there is no rescue file"
        if rescue is not None:
            self._charges = _with_rescue(self._charges, rescue)
        return None, trouble if self._charges else f"{trouble}; and {missing}"

    def _look_at(self, charge: _Charge, parts: RolloutParts | None, at: datetime) -> _Look:
        """Look at the regions of one rollout, and return what nobody has watched for too long."""
        rescue, allowed = charge.rescue, charge.rescue.max_unwatched
        read = {plan.region: self._candidate(rescue, plan.region) for plan in rescue.regions}
        strangers = [name for name, each in read.items() if each.is_stranger]
        weights = {name: each.weight for name, each in read.items() if not each.is_stranger}
        exposed = [
            name
            for name, weight in weights.items()
            if _is_exposed(name, weight, charge, was_exposed=self._known is None and name in self._watched)
        ]
        self._learn(charge, exposed, at)
        unwatched = {name: at - self._watched[name] for name in exposed}
        late = [name for name, since in unwatched.items() if since > allowed]
        returned = self._return(charge, parts, late, unwatched) if late else ()
        stuck = tuple(name for name in late if name not in returned and unwatched[name] > allowed + LEASE_GRACE)
        odd = [f"{', '.join(strangers)}: switched by a rollout that is not known here"] if strangers else []
        odd += [_divided(name, each.weight) for name, each in read.items() if _is_divided(name, each, charge)]
        return _Look(weights=weights, unwatched=unwatched, returned=returned, stuck=stuck, odd=tuple(odd))

    def _candidate(self, rescue: Rescue, region: str) -> _Read:
        """Read the candidate's percent in a region, and whether a later rollout has switched it, or an unknown one.

        The epoch of one that the ledger does not know is from another ledger, and says nothing about which is later.
        """
        plan = next(plan for plan in rescue.regions if plan.region == region)
        try:
            reading = self._parts.open_target(plan.target).weights()
        except Exception:
            # Whatever a target answers: the guard looks at the other regions, and again later.
            return _Read(weight=None)
        fence = reading.fence
        is_stranger = fence is not None and fence.rollout != rescue.rollout
        if fence is not None and (self._known is None or fence.rollout in self._known.journals):
            is_stranger = is_stranger and fence.epoch > rescue.epoch
        is_others = fence is not None and fence.rollout != rescue.rollout
        return _Read(weight=reading.weights.of(plan.candidate), is_stranger=is_stranger, is_others=is_others)

    def _learn(self, charge: _Charge, exposed: Sequence[str], at: datetime) -> None:
        """Take in when each exposed region was last watched, as far as the ledger says."""
        # Of what the guard sees for the first time it knows only that it was not watched before it looked; one that
        # looks once goes by when the run or tick was that wrote the rescue file.
        # What a clock that was ahead wrote down tells nothing, and must not make anybody wait for it.
        first = at
        if self._parts.is_once and self._known is None:
            is_dated = charge.rescue.at - at <= CLOCKS_DIFFER
            first = charge.rescue.at if is_dated else at - charge.rescue.max_unwatched - CLOCKS_DIFFER
        for name in exposed:
            known = None if charge.state is None else charge.state.region(name).watched_at
            marks = filter(None, (known, self._watched.get(name)))
            self._watched[name] = max((mark for mark in marks if mark - at <= CLOCKS_DIFFER), default=first)

    def _return(
        self, charge: _Charge, parts: RolloutParts | None, late: Sequence[str], unwatched: dict[str, timedelta]
    ) -> tuple[str, ...]:
        """Return regions to stable: as a tick would, or over everybody's head."""
        rescue = charge.rescue
        if parts is not None:
            with _Telling(self._say):
                RolloutEngine(parts).watch_over()
        grace = rescue.max_unwatched + LEASE_GRACE
        left = [name for name in late if self._candidate(rescue, name).weight != 0]
        stubborn = [name for name in left if parts is None or unwatched[name] > grace]
        if stubborn:
            self._by_hand(charge, parts, stubborn)
        return tuple(name for name in late if self._candidate(rescue, name).weight == 0)

    def _by_hand(self, charge: _Charge, parts: RolloutParts | None, regions: Sequence[str]) -> None:
        rescue, state = charge.rescue, charge.state
        record = None if parts is None else self._recorder(Book(parts.store, parts.spool))
        why = f"the guard: nobody watched the candidate in {', '.join(regions)} for longer than {rescue.max_unwatched}"
        end = roll_back(
            rescue,
            self._parts.open_target,
            clock=self._parts.clock,
            why=why,
            regions=list(regions),
            record=record,
            exposed=lambda rescue: () if state is None or state.is_over else exposed_by(state),
            say=self._say,
        )
        for each in end.regions:
            done = "is back on stable" if each.after is not None else f"COULD NOT BE RETURNED: {each.trouble}"
            odd = f"; {each.stable}" if each.stable else ""
            self._say(f"{each.region} {done}{odd}; {why}; {end.recorded}")
        if end.exit_code is ExitCode.EXTERNAL:
            self._say("a person is needed: traffic could not be returned everywhere; it is tried again")

    def _recorder(self, book: Book) -> Recorder:
        """Record what was returned each time, and what could not be only until the digest counts as poisoned."""
        record, known = recorder_in(book), self._known

        def recorded(rescue: Rescue, returned: ReturnedByHand, epoch: int) -> str:
            is_told = known is not None and rescue.release.digest in known.poisoned
            if not returned.regions and (is_told or book.has_kept):
                return "recorded before"
            return record(rescue, returned, epoch)

        return recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A candidate's percent (``None``: the target does not answer), and whose it is.

    ``is_others``: another rollout wrote it, maybe an earlier one; ``is_stranger``: a later one, or one not known here.
    """

    weight: int | None
    is_stranger: bool = False
    is_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was found of one rollout; ``odd`` says what is left alone and a person should look at."""

    weights: dict[str, int | None]
    unwatched: dict[str, timedelta]
    returned: tuple[str, ...]
    stuck: tuple[str, ...]
    odd: tuple[str, ...]


def _charges_in(book: Book, parts: RolloutParts, at: datetime) -> tuple[_Charge, ...]:
    """Return what the ledger has under way, or what it had last: its targets are read for the metrics all the same."""
    names = book.state.unfinished or tuple(filter(None, (book.state.latest,)))
    found = []
    for name in names:
        rescue = rescue_in(
            book,
            service=parts.service,
            at=at,
            store_kind=parts.store_kind,
            store_options=dict(parts.store_options),
            rollout=name,
        )
        if rescue is not None:
            state = book.rollout(name)
            found.append(_Charge(rescue=rescue, state=state, promoted=_promoted(state, book.state)))
    return tuple(found)


def _promoted(state: RolloutState | None, known: LedgerState) -> frozenset[str]:
    """Return the regions that are done, and whose last good version is that of the rollout still."""
    regions = () if state is None else state.regions
    return frozenset(
        each.region
        for each in regions
        if each.phase is RegionPhase.DONE
        and state is not None
        and (each.region not in known.good or known.good[each.region].release.digest == state.plan.release.digest)
    )


def _with_rescue(charges: tuple[_Charge, ...], rescue: Rescue) -> tuple[_Charge, ...]:
    """Return what is to be guarded where the ledger cannot be read, and a rescue file lies there.

    What was read last counts, and the file of a rollout that began since: it takes the place of those that are over. A
    file from before says nothing: its stable version may be long gone.
    """
    if any(each.rescue.rollout == rescue.rollout or each.rescue.epoch >= rescue.epoch for each in charges):
        return charges
    going_on = [each for each in charges if each.state is None or not each.state.is_over]
    return (*going_on, _Charge(rescue=rescue))


def _is_exposed(region: str, weight: int | None, charge: _Charge, *, was_exposed: bool) -> bool:
    """Whether a candidate has traffic that somebody must watch.

    Of all of the traffic, and of a target that does not answer, only the ledger knows whether that is so: what was
    promoted has the traffic for good, and a target that is down for a moment is no reason to take it away. Where the
    ledger cannot be read, one that does not answer may also be what this guard saw there before (``was_exposed``).
    """
    if weight is None and was_exposed:
        return True
    state = charge.state
    if state is None:
        return weight is not None and 0 < weight < 100
    if weight is None or weight == 100:
        return not state.is_over and region in exposed_by(state)
    return weight > 0 and region not in charge.promoted


def _is_divided(region: str, read: _Read, charge: _Charge) -> bool:
    """Whether somebody divided the traffic after a region was done: no wedgate did, and none knows what for."""
    if read.weight is None or read.is_others:
        return False
    return 0 < read.weight < 100 and region in charge.promoted


def _divided(region: str, weight: int | None) -> str:
    return f"{region}: the candidate has {weight} % although it was promoted; nothing is returned, look at the target"


class _Telling:
    """Says what an engine raised instead of raising it: the guard goes on to return what it can, whatever it was."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Say the error of the engine, and go on."""
        if isinstance(error, Exception):
            self._say(words_of(error))
            return True
        return False
