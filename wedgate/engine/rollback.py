"""Rollback by hand: absolute weights from the rescue file, read back, then recorded if that can be done.

Asks nobody: no configuration, calendar, approval, metric or ledger stands in the way. It takes a fence above the one
found, so that a run that is still going cannot raise the weights again. Only what the target itself knows of the old
colour is looked at, for seconds: one that is gone is deployed first, one that is too small gets what it can take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wedgate.adapters.targets.interface import FenceError, Target
from wedgate.engine.returning import DIGEST_SECONDS, Means, Together, instances, reason_of_loss, way_back
from wedgate.errors import ExitCode, ExternalSystemError, UsageError, WedgateError
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.returns import LOOK_AGAIN, PART_WITHIN, VERIFY_WITHIN, Way, way_of_capacity
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import Fence, TargetSettings, Weights

if TYPE_CHECKING:
    from wedgate.engine.recording import Recorder

AHEAD = 1000
"""How far a rollback goes above the epoch of the rescue file: a run that took the lease since, whose rescue file or
fence nobody can see yet, must not write over it. Runs count by one, and the next one begins above what targets hold."""

FENCES = 5
"""How often a rollback goes above a fence that it could not see; each time another writer must have been faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionReturn:
    """One region: weights before (``None``: not known) and after (``None``: it failed, and ``trouble`` says how).

    ``first`` is what had to be done before everything could go back.
    """

    region: str
    before: Weights | None
    after: Weights | None
    trouble: str = ""
    stable: str = ""
    """What is wrong with the stable version that has the traffic now; empty when it answers as it should."""
    first: str = ""
    is_overtaken: bool = False
    """Whether a later rollout than the rescue file's has switched the region."""

    @property
    def changed(self) -> bool:
        """Whether traffic was, or may have been, elsewhere before."""
        return self.after is not None and self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackEnd:
    """How a rollback by hand ended; ``recorded`` says where it was written down."""

    exit_code: ExitCode
    regions: tuple[RegionReturn, ...]
    recorded: str


def roll_back(
    rescue: Rescue,
    open_target: Callable[[TargetSettings], Target],
    *,
    clock: Callable[[], datetime],
    why: str,
    regions: Sequence[str] = (),
    record: Recorder | None = None,
    exposed: Callable[[Rescue], Collection[str] | None] = lambda rescue: (),
    open_in: Callable[[Rescue], Collection[str] | None] = lambda rescue: None,
    observe: Callable[[RegionReturn], None] = lambda region: None,
    say: Callable[[str], None] = lambda text: None,
    means: Means | None = None,
    at_once: bool = False,
    is_named: bool = False,
) -> RollbackEnd:
    """Return the regions (all of the rescue file by default) to stable, each whatever happens to the others.

    A rollback ends the run that watches the rest, so regions not named that are ``exposed`` by the ledger, or found
    with a part of the traffic, return too; so does one whose target does not answer, where nobody knows (``None``)
    which are exposed: what the ledger calls done is not taken back for an answer that failed. A stable colour that is
    known to be gone is deployed first, and one that is known to be too small gets what it can take and the rest when it
    has grown; ``at_once`` leaves both out. A region that a later rollout has switched since, and whose stable colour
    holds another version now, is left alone unless somebody named this rescue file (``is_named``): by it everything
    would go to the later candidate. Where all was on stable already, a rollout that is under way is ended all the same:
    ``open_in`` says which of its regions are in the middle of something, ``None`` where it is over; where it raises,
    the rollout may be under way, and ends if it is.
    ``observe`` hears of each region as it returns, and ``say`` of what
    goes on until then. Raises ``UsageError`` for a region that the rescue file does not know.

    The exit code is 20 when a region could not be returned, 13 when the stable version does not answer as it should, 12
    when something was rolled back, 0 when all was on stable already.
    """
    known = [region.region for region in rescue.regions]
    unknown = [region for region in regions if region not in known]
    if unknown:
        raise UsageError(f"region {unknown[0]} is not in the rescue file; it knows {', '.join(known)}")
    hand = _Hand(
        rescue=rescue, open_target=open_target, say=say, means=means or Means(), at_once=at_once, is_named=is_named
    )
    named = [region for region in rescue.regions if not regions or region.region in regions]
    rest = [region for region in rescue.regions if region not in named]
    ways = [_Return(hand, region) for region in named]
    done = _return_all(ways, _Return.at_once, observe, hand.means.together)
    if rest:
        # What the targets say comes first: a ledger may take long to answer, or never do.
        parted, silent = _divided(rest, open_target, hand.means.together)
        ways += (first := [_Return(hand, region) for region in parted])
        done += _return_all(first, _Return.at_once, observe, hand.means.together)
        whole = [region for region in rest if region not in parted]
        unwatched = exposed(rescue) if whole else ()
        if unwatched is None:
            unwatched = [region.region for region in silent]
        ways += (then := [_Return(hand, region) for region in whole if region.region in unwatched])
        done += _return_all(then, _Return.at_once, observe, hand.means.together)
    # Only now: nobody waits for a colour that has to grow but the region that it is in.
    done += _return_all([each for each in ways if each.is_waiting], _Return.when_able, observe, hand.means.together)
    returned = tuple(sorted(done, key=lambda each: known.index(each.region)))
    changed = tuple(region.region for region in returned if region.changed)
    failed = any(region.after is None for region in returned)
    recorded, is_moving = "nothing to record", bool(changed) or failed
    left, unread = (None, "") if is_moving else _left(open_in, rescue)
    if (is_moving or left is not None) and record is not None:
        # A write that was not confirmed may be in force all the same: the digest is poisoned either way.
        # Imported here: on a busy machine every module that is needed only later delays the return of traffic.
        from wedgate.rollout.events import ReturnedByHand

        epoch = max([rescue.epoch, *(each.epoch for each in ways)])
        at_rest = changed or tuple(region.region for region in returned if region.region in (left or ()))
        recorded = record(rescue, ReturnedByHand(at=clock(), regions=at_rest, why=why), epoch)
        if not is_moving:
            was = f"rollout {rescue.rollout} was under way, and ends"
            if unread:
                was = f"whether rollout {rescue.rollout} was under way could not be read ({unread}); if it was, it ends"
            recorded = f"{was}: {recorded}"
    code = ExitCode.ROLLED_BACK if changed else ExitCode.DONE
    if any(region.stable for region in returned):
        code = ExitCode.NEEDS_HUMAN
    if failed:
        code = ExitCode.EXTERNAL
    return RollbackEnd(exit_code=code, regions=returned, recorded=recorded)


def _left(open_in: Callable[[Rescue], Collection[str] | None], rescue: Rescue) -> tuple[Collection[str] | None, str]:
    """Return what ``open_in`` says, and why it says nothing where the ledger cannot be read."""
    try:
        return open_in(rescue), ""
    except Exception as error:
        # Traffic is back whatever this is, and what may be under way is ended.
        return (), words_of(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """What one rollback by hand works with."""

    rescue: Rescue
    open_target: Callable[[TargetSettings], Target]
    say: Callable[[str], None]
    means: Means
    at_once: bool
    is_named: bool


def _return_all(
    ways: Sequence[_Return],
    give_back: Callable[[_Return], RegionReturn | None],
    observe: Callable[[RegionReturn], None],
    together: Together,
) -> list[RegionReturn]:
    """Return some regions at the same time: one that does not answer must not keep the others waiting."""
    if not ways:
        return []

    def told(way: _Return) -> RegionReturn | None:
        done = give_back(way)
        if done is not None:
            observe(done)
        return done

    return [done for done in together(told, ways) if done is not None]


def _divided(
    plans: Sequence[RegionPlan], open_target: Callable[[TargetSettings], Target], together: Together
) -> tuple[list[RegionPlan], list[RegionPlan]]:
    """Return the regions whose candidate has a part of the traffic, and those whose target does not answer."""

    def read(plan: RegionPlan) -> Weights | None:
        try:
            return open_target(plan.target).weights().weights
        except Exception:
            # Whatever it is: a return must not depend on what a look comes to.
            return None

    def is_divided(plan: RegionPlan, weights: Weights) -> bool:
        return weights not in (Weights.giving(plan.stable, 100), Weights.giving(plan.candidate, 100))

    looks = list(zip(plans, together(read, plans), strict=True))
    parted = [plan for plan, weights in looks if weights is not None and is_divided(plan, weights)]
    return parted, [plan for plan, weights in looks if weights is None]


class _Return:
    """One region on its way back: everything at once, or when its old colour is able to take it.

    ``epoch`` is the one that was used; ``is_waiting`` says that the old colour has what it can take, and no more.
    """

    def __init__(self, hand: _Hand, plan: RegionPlan) -> None:
        self._hand = hand
        self._plan = plan
        self._target: Target | None = None
        self._before: Weights | None = None
        self._first: list[str] = []
        self._way = Way()
        self._given = 0
        self.epoch = hand.rescue.epoch + AHEAD
        self.is_waiting = False
        self.is_overtaken = False

    def at_once(self) -> RegionReturn | None:
        """Give stable everything, or as much as it can take now: then ``None``, and the rest waits."""
        try:
            target = self._target = self._hand.open_target(self._plan.target)
            self._read(target)
            if self.is_overtaken and not self._hand.is_named and (odd := _trouble_of_stable(self._plan, target)):
                return self._failed(
                    "a later rollout has switched this region since this rescue file was written, and what it returns "
                    f"to is gone: {odd}; go by the ledger (--from-ledger), or name the rescue file of the later one"
                )
            if self._before is not None and not self._hand.at_once:
                has = self._before.of(self._plan.stable)
                self._way = way_back(target, self._plan, has=has, ask=self._hand.means.ask)
                if not self._way.is_whole:
                    # Also where nothing can go back yet: a run that is still going is fenced out from here on.
                    self._write(target, max(self._way.share, has))
                    self.is_waiting = True
                    return None
            if self._before is None and not self._hand.at_once:
                # Which weights are in force is not needed; that there is something to take the traffic is.
                gone = reason_of_loss(target, self._plan, self._hand.means.ask, may_have_traffic=True)
                if gone:
                    self._way, self.is_waiting = Way(share=0, why=gone, is_gone=True), True
                    return None
            return self._everything(target)
        except Exception as error:
            return self._failed(words_of(error))

    def when_able(self) -> RegionReturn:
        """Let stable be deployed or grow, as far as that can be had, and give it everything."""
        target = self._target
        assert target is not None
        try:
            if self._way.is_gone:
                self._deploy(target)
                self._way = way_back(target, self._plan, has=0, ask=self._hand.means.ask)
            if not self._way.is_whole and not self._way.is_gone:
                self._grow(target)
            return self._everything(target)
        except Exception as error:
            return self._failed(words_of(error))

    def _read(self, target: Target) -> None:
        try:
            reading = target.weights()
        except Exception:
            # What is in force is not needed to say what should be.
            return
        self._before, fence, rescue = reading.weights, reading.fence, self._hand.rescue
        self.is_overtaken = fence is not None and fence.rollout != rescue.rollout and fence.epoch > rescue.epoch
        self.epoch = max(self.epoch, reading.highest + 1)

    def _write(self, target: Target, share: int) -> None:
        weights = Weights.giving(self._plan.stable, share)
        _, self.epoch = _written(target, self._hand.rescue, weights, self.epoch)
        self._given = share

    def _everything(self, target: Target) -> RegionReturn:
        wanted = self._hand.rescue.weights_for(self._plan)
        after, self.epoch = _written(target, self._hand.rescue, wanted, self.epoch)
        if after != wanted:
            return self._failed(f"the target reports blue {after.blue} / green {after.green} after the write")
        return RegionReturn(
            region=self._plan.region,
            before=self._before,
            after=after,
            stable=_trouble_of_stable(self._plan, target),
            first="; ".join(self._first),
        )

    def _failed(self, trouble: str) -> RegionReturn:
        return RegionReturn(
            region=self._plan.region,
            before=self._before,
            after=None,
            trouble=trouble,
            first="; ".join(self._first),
            is_overtaken=self.is_overtaken,
        )

    def _say(self, text: str) -> None:
        self._hand.say(f"{self._plan.region}: {text}")

    def _grow(self, target: Target) -> None:
        """Scale stable, and give it what it can take as it grows, until it can take everything or its time is up."""
        plan, way, means = self._plan, self._way, self._hand.means
        if self._given < way.share:
            self._write(target, way.share)
        self._say(f"{way.share} % to {plan.stable} at once: {way.why}; the rest within {PART_WITHIN.seconds} s")
        self._first.append(f"{way.share} % went at once ({way.why})")
        means.run_beside(lambda: self._scale(target))
        for _ in range(int(PART_WITHIN / LOOK_AGAIN)):
            means.pause(LOOK_AGAIN)
            ready, wanted = instances(target, plan, means.ask)
            needed = plan.stable_instances or wanted
            now = way_of_capacity(colour=plan.stable, has=way.share, ready=ready, needed=needed, is_staged=True)
            if now.is_whole:
                self._first.append("the rest when it had grown")
                return
            if now.share > way.share:
                self._write(target, now.share)
            way = now
        self._first.append(f"the rest after {PART_WITHIN.seconds} s, although {way.why}")

    def _scale(self, target: Target) -> None:
        try:
            if not target.scale(self._plan.stable):
                self._say(f"without a `scale` command {self._plan.stable} grows by itself, or not")
        except WedgateError as error:
            self._say(f"{self._plan.stable} could not be scaled: {error}")

    def _deploy(self, target: Target) -> None:
        """Deploy the old version on its colour, which has no traffic, and wait until it answers.

        Where that fails and nothing answers there, ``ExternalSystemError``: the other colour is all that there is.
        What answers with another version gets the traffic all the same, and is said.
        """
        plan, means, release = self._plan, self._hand.means, self._plan.stable_release
        self._say(f"{self._way.why}: {release.digest} is deployed on {plan.stable} first")
        trouble = ""
        try:
            target.deploy(plan.stable, release)
        except WedgateError as error:
            trouble = f"it could not be deployed there: {error}"
        for _ in range(int(VERIFY_WITHIN / LOOK_AGAIN)):
            if not reason_of_loss(target, plan, means.ask):
                self._first.append(f"{release.digest} was deployed on {plan.stable} first")
                return
            if trouble:
                break
            means.pause(LOOK_AGAIN)
        found = means.ask(lambda: target.digest(plan.stable), DIGEST_SECONDS)
        if found is not None and found.value is None:
            raise ExternalSystemError(
                f"{self._way.why}, and {trouble or 'it does not answer after its deploy'}; traffic stays on "
                f"{plan.candidate}, which answers: deploy {release.digest} on {plan.stable}, or send everything there "
                "as it is with --at-once"
            )


def _written(target: Target, rescue: Rescue, weights: Weights, epoch: int) -> tuple[Weights, int]:
    """Write weights, and return what was read back and the epoch that it took.

    A write that is not in force yet may hold a fence above every one that can be read: a rollback goes above it.
    """
    for _ in range(FENCES):
        try:
            return target.set_weights(weights, Fence(epoch=epoch, revision=0, rollout=rescue.rollout)).weights, epoch
        except FenceError as error:
            epoch = max(epoch, error.held.epoch) + 1
    return target.set_weights(weights, Fence(epoch=epoch, revision=0, rollout=rescue.rollout)).weights, epoch


def words_of(error: Exception) -> str:
    """Return what went wrong; of what no target should raise, its kind too."""
    return str(error) if isinstance(error, WedgateError) else f"{type(error).__name__}: {error}"


def _trouble_of_stable(plan: RegionPlan, target: Target) -> str:
    """Say what is wrong with the version that has all traffic now; a rollback is not kept from happening by it."""
    wanted = plan.stable_release.digest
    try:
        found = target.digest(plan.stable)
    except Exception as error:
        return f"whether {plan.stable} answers {wanted} is not known: {error}"
    if found == wanted:
        return ""
    return f"{plan.stable} HAS ALL TRAFFIC AND ANSWERS {found or 'NOTHING HEALTHY'}, not {wanted}: look at it now"
