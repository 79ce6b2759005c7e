"""One tick and what follows from it: events go through the machine, effects into the world, facts come back.

The order for anything that gives a candidate traffic: the event that decided it is in the ledger before the world is
touched, and what was read back afterwards. A return to stable goes the other way round, because nothing may delay
it: noted locally, applied at once, recorded then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import assert_never

from wedgate.adapters.targets.interface import ChangedError, FenceError, Target, WeightsReading
from wedgate.engine.beside import Beside, Call
from wedgate.engine.book import Book, LeaseLostError
from wedgate.engine.holder import RENEW_EVERY
from wedgate.engine.hooks import HookDesk
from wedgate.engine.observe import Watcher
from wedgate.engine.orders import ordered
from wedgate.engine.progress import Progress
from wedgate.engine.region_gate import RegionGate
from wedgate.engine.returning import Returns
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Outcome
from wedgate.ledger.appending import Draft, drafted
from wedgate.ledger.copying import replace
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import Claim, Good, Poisoned, Stream
from wedgate.rollout import effects as fx
from wedgate.rollout import events as ev
from wedgate.rollout.hooks import begins_to_return, call_of, condition_of, point_passed
from wedgate.rollout.journal import draft_of
from wedgate.rollout.returns import PART_WITHIN
from wedgate.rollout.state import HoldKind, RegionPhase, RegionPlan, RolloutState
from wedgate.rollout.step import step, would_go_on
from wedgate.rollout.values import Colour, HookPoint, Weights

OBEY_EVERY = timedelta(seconds=10)
"""How often the ledger is looked at for what people told the rollout."""

MOST_CHANGES = 5
"""How often weights may change under the hand that puts a fence on them; who is overtaken writes once or twice."""

LOOK_EVERY = timedelta(seconds=1)
"""How often a tick looks whether what it waits for has ended."""

ASK_AGAIN = timedelta(seconds=30)
"""How often a closed gate is asked again while a run waits: the calendar itself may be changed meanwhile."""

_ALWAYS_TOLD = (ev.HookRan, ev.Ticked)
"""Events of which something is written or said even where they change nothing."""

LINES_SAID = 3
"""Lines of a failed hook's output that are said at once; more of it is in the journal."""


class Ticker:
    """Drives one rollout's machine against the world. ``state`` is where it stands.

    ``only`` are the regions whose targets may be touched (``None``: all): a job may have no credentials for the others.
    ``blind`` is set to the error when the ledger could not be written: from then on nothing increases, returns to
    stable still work, and what happens is kept in the spool. ``raised`` is an increase that is not recorded yet.
    """

    def __init__(
        self,
        parts: RolloutParts,
        book: Book,
        state: RolloutState,
        watcher: Watcher,
        *,
        scale_beside: Callable[[Call], Beside],
    ) -> None:
        self._parts = parts
        self._now = parts.clock
        self._book = book
        self.watcher = watcher
        self._targets: dict[str, Target] = {}
        self._deploys: dict[str, Beside] = {}
        self._ran: dict[str, Sequence[ev.HookRan]] = {}
        """How the hook before the deploy of a region ended."""
        self._asked: dict[str, datetime] = {}
        self._last: dict[str, WeightsReading] = {}
        """What was in force in each region when it was read or written last."""
        self._gate = RegionGate(parts, book)
        self._returns = Returns(
            parts.run_beside,
            parts.ask,
            lambda region, why: _say(parts, region, "before it goes back", why, None),
            scale_beside=scale_beside,
        )
        self._hooks = HookDesk(parts)
        self.raised: Progress | None = None
        self.state = state
        self.only: tuple[str, ...] | None = None
        self.blind: ExternalSystemError | None = None
        self.spooled_at: str | None = None
        self._marks: list[Draft] = []
        self._is_waiting = False
        self._renewing = threading.Lock()
        """Regions are returned at the same time, and each may wait for something."""
        self._obeyed_at = parts.clock()

    def feed(self, event: ev.Event) -> None:
        """Let the machine take in one event, carry out what follows, and feed back what that found."""
        before = self.state
        after, effects = step(before, event)
        if after is before and not effects and not isinstance(event, _ALWAYS_TOLD):
            # Most of what is read back is as it was, and nothing follows.
            return
        if isinstance(event, ev.HookRan):
            self._say(event.region, f"hook {event.point}", _spell_hook(event), None)
        if self.blind is not None and any(isinstance(each, fx.SetWeights) and not each.is_decrease for each in effects):
            # A return that could not be recorded stops nobody; what would be an increase after it is not even begun.
            raise self.blind
        drafts = self._drafts(event, after, effects)
        decreases = (
            [each for each in effects if isinstance(each, fx.SetWeights) and each.is_decrease] if effects else []
        )
        found: list[ev.Event] = []
        if decreases:
            self.spooled_at = self._book.keep(drafts) or self.spooled_at
            self.state = after
            found += self._before_rollback(before, after)
            failures: list[Exception] = []
            for came in self._parts.together(self._try, list(filter(self._reaches, decreases))):
                if isinstance(came, Exception):
                    failures.append(came)
                else:
                    found += came
            self._record(drafts, spooled=True)
            if failures:
                raise failures[0]
        elif effects or not isinstance(event, ev.Judged):
            self._record(drafts, spooled=False)
            self.state = after
        else:
            # That somebody watched is written with what is written next, at the end of the tick at the latest.
            self._marks += drafts
            self.state = after
        self._after(before, after)
        for each in found:
            self.feed(each)
        for effect in effects:
            if effect in decreases:
                # A region that this tick does not reach owes its return by the journal, and its own tick sees to it.
                continue
            for each in self._apply(effect):
                self.feed(each)
        if isinstance(event, ev.Ticked):
            marks, self._marks = self._marks, []
            self._record(marks, spooled=False)

    def _try(self, decrease: fx.SetWeights) -> Sequence[ev.Event] | Exception:
        """Return what was found, or the error: one region's trouble must not leave the others where they are."""
        try:
            return self._apply(decrease)
        except Exception as error:
            return error

    def target(self, region: str) -> Target:
        """Return the target that the start pinned for a region."""
        if region not in self._targets:
            self._targets[region] = self._parts.open_target(self.state.plan.region(region).target)
        return self._targets[region]

    def _reaches(self, effect: fx.SetWeights) -> bool:
        return self.only is None or effect.region in self.only

    def is_deploying(self, region: str) -> bool:
        """Whether a deploy, or a hook that is a condition, runs beside the loop there."""
        return region in self._deploys or self._hooks.is_waited_for(region)

    def hear(self, *, last: bool = False) -> None:
        """Take in how hooks ended for which nobody waited; at the ``last`` they are waited for."""
        for ran in self._hooks.at_last() if last else self._hooks.heard():
            self.feed(ran)

    def take_over(self, regions: tuple[str, ...] | None = None, *, anew: bool = True) -> None:
        """Put this run's fence on every target of the plan (or of some regions), then take in what was found there.

        A fence holds nobody off until the target has it: an earlier run that was only slow could still raise traffic.
        The weights are written as they were found, and not at all where the target has a fence that every run which
        never gave its lease back is held off by. Nor where somebody else has switched: with this fence it would seem
        to be ours, and would be taken away from him. A region that needs a human is not touched. ``anew``: what is
        held for want of something is tried again.
        """
        found: list[ev.WeightsRead] = []
        fenced: list[str] = []
        for plan in self.state.plan.regions:
            region = self.state.region(plan.region)
            is_theirs = regions is not None and plan.region not in regions
            if is_theirs or (region.phase is RegionPhase.NEEDS_HUMAN and not region.owes_return):
                continue
            try:
                read = self._weights(plan.region)
                lost = self._book.state.lost
                is_behind = read.fence is None or read.fence.epoch <= lost
                if lost and is_behind and not self._is_strangers(plan, read):
                    fenced.append(plan.region)
                    read = self._fenced(plan, read)
            except FenceError as error:
                raise LeaseLostError(f"{error}; this run stops and touches nothing more") from error
            except ExternalSystemError as error:
                self._say(plan.region, "target failed", f"taking over: {error}", None)
            else:
                found.append(read)
        before = self.state
        self._begin(regions, fenced, anew=anew)
        for each in found:
            # What went back since is not as it was read.
            if not before.region(each.region).is_exposed or self.state.region(each.region).is_exposed:
                self.feed(each)
        for state in self.state.regions:
            self.watcher.resume(state)

    def _is_strangers(self, plan: RegionPlan, read: ev.WeightsRead) -> bool:
        """Whether somebody whom this ledger does not know gave a candidate what it has, or took what it had.

        Nobody's fence, as on a target that keeps none, says so only where there is more than this rollout gave.
        """
        region, has, fence = self.state.region(plan.region), read.weights.of(plan.candidate), read.fence
        if fence is None:
            return has > region.weight and region.phase is not RegionPhase.SHIFTING
        is_known = fence.rollout == self.state.plan.rollout or fence.rollout in self._book.state.journals
        return not is_known and (has > 0 or region.weight > 0)

    def _fenced(self, plan: RegionPlan, read: ev.WeightsRead) -> ev.WeightsRead:
        """Put this run's fence on weights as they were read; return what is in force then.

        Who is overtaken here may switch until then: of what it wrote and what was read the lower share stays. What
        somebody else writes meanwhile gets no fence, and is what was found.
        """
        fence, over = self._book.fence(self.state.plan.rollout), WeightsReading(weights=read.weights, fence=read.fence)
        for _ in range(MOST_CHANGES):
            try:
                self._last[plan.region] = self.target(plan.region).set_weights(read.weights, fence, over=over)
            except ChangedError as error:
                changed, over = error, error.found
                found = replace(read, weights=over.weights, fence=over.fence)
                if self._is_strangers(plan, found):
                    self._last[plan.region] = over
                    return found
                lower = min(read.weights, over.weights, key=lambda weights: weights.of(plan.candidate))
                read = replace(found, weights=lower)
            else:
                return read
        raise changed

    def _begin(self, regions: tuple[str, ...] | None, fenced: Sequence[str], *, anew: bool) -> None:
        """Let the run begin; what an earlier one may have left half done, in regions just ``fenced``, begins first."""
        began = ev.RunBegan(at=self._now(), epoch=self._book.epoch, handed_over=False, anew=anew, regions=regions)
        if self._book.was_given_back:
            concerned = regions or tuple(plan.region for plan in self.state.plan.regions)
            rest = tuple(region for region in concerned if region not in fenced)
            if fenced:
                self.feed(replace(began, regions=tuple(fenced)))
            began = replace(began, handed_over=True, regions=rest if fenced else regions)
        self.feed(began)

    def obey(self) -> bool:
        """Take in what people told this rollout since, from the ledger as it is now; return whether there was anything.

        A digest that came onto the poison list by another rollout, or by hand, is a regression here too. A ledger that
        cannot be read tells nothing; it closes the gate in any case.
        """
        try:
            ledger = self._book.look()
        except ExternalSystemError:
            return False
        before = self.state.obeyed
        self._heed(ledger.poisoned.get(self.state.plan.release.digest))
        for line in ledger.orders:
            if line.revision > self.state.obeyed and line.given.rollout == self.state.plan.rollout:
                self.feed(ordered(line, self._now()))
        return self.state.obeyed != before

    def _heed(self, poisoned: Poisoned | None) -> None:
        plan = self.state.plan
        if poisoned is None or self.state.halted is not None or poisoned.rollout == plan.rollout:
            return
        if poisoned.holds([region.region for region in plan.regions]):
            why = f"{poisoned.digest} is poisoned since rollout {poisoned.rollout}: {poisoned.why}"
            self.feed(ev.RegressionReported(at=self._now(), region=None, why=why))

    def leave(self) -> None:
        """Write down what was observed of candidates with traffic, for the run that goes on."""
        for region in self.state.regions:
            is_judged = region.is_exposed or self.state.still_judges(region)
            observed = self.watcher.observed(region, self._now()) if is_judged else None
            if observed is not None:
                self.feed(observed)

    def renew(self) -> None:
        """Say in the ledger that this run is alive, if it has not said anything there for a while."""
        lease, at = self._book.state.lease, self._now()
        if lease is None or at - lease.seen >= RENEW_EVERY:
            self._record([drafted(Stream.LEASE, "renewed", at, {"who": self._parts.who})], spooled=False)

    def wait(self) -> bool:
        """Let a second pass while something runs beside this, and say whether to wait on.

        A tick that says nothing meanwhile would be taken for dead, and one that hears nothing would keep a regression
        waiting. It obeys only in front of what is not begun: what is being returned is not recorded yet.
        """
        self._parts.pause(LOOK_EVERY)
        at = self._now()
        with suppress(ExternalSystemError), self._renewing:
            if self.blind is None:
                self.renew()
        if self._is_waiting and at - self._obeyed_at >= OBEY_EVERY:
            self._obeyed_at, self._is_waiting = at, False
            try:
                self.obey()
            finally:
                self._is_waiting = True
        return self._parts.interrupted() is None

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Note that everything that was decided is recorded, while a deploy or a condition is waited for."""
        before, self._is_waiting = self._is_waiting, True
        try:
            yield
        finally:
            self._is_waiting = before

    def _drafts(self, event: ev.Event, after: RolloutState, effects: Sequence[fx.Effect]) -> list[Draft]:
        """Return what the ledger should say: the event if it changed anything, and the records that go with it."""
        before, rollout, at = self.state, self.state.plan.rollout, event.at
        drafts = []
        if (after is not before and after != before) or isinstance(event, ev.HookRan):
            drafts.append(draft_of(event if effects else _mark_of(event), rollout=rollout))
        for effect in effects:
            if isinstance(effect, fx.Poison):
                poisoned = Poisoned(digest=effect.digest, why=effect.why, rollout=rollout, is_found=effect.is_found)
                drafts.append(drafted(Stream.POISON, "poisoned", at, to_plain(poisoned)))
            elif isinstance(effect, fx.RecordGood):
                good = Good(region=effect.region, colour=effect.colour, release=effect.release, rollout=rollout)
                drafts.append(drafted(Stream.HISTORY, "good", at, to_plain(good)))
        if after is not before and after.is_over and not before.is_over:
            drafts.append(release_claims(after, at))
        return drafts

    def _record(self, drafts: Sequence[Draft], *, spooled: bool) -> None:
        """Write drafts to the ledger; once that failed, only to the spool.

        Raises ``ExternalSystemError`` the first time when nothing was applied yet: the caller stops increasing.
        """
        if not drafts:
            return
        drafts, self._marks = [*self._marks, *drafts], []
        if self.blind is not None:
            if not spooled:
                self.spooled_at = self._book.keep(drafts) or self.spooled_at
            return
        try:
            self._book.append(drafts)
        except LeaseLostError:
            raise
        except ExternalSystemError as error:
            self.blind = error
            if not spooled:
                raise
        else:
            self.raised = None
            if spooled:
                self._book.forget_kept()

    def _apply(self, effect: fx.Effect) -> Sequence[ev.Event]:
        """Carry out one effect and return what was found."""
        match effect:
            case fx.ReadWeights(region=region):
                return self._read(region, "reading the weights", lambda: self._weights(effect.region))
            case fx.ReadDigest(region=region):
                return self._read(region, "reading the digest", lambda: self._digest(effect.region, effect.colour))
            case fx.Judge():
                judged = self.watcher.judge(effect, self._now())
                return () if judged is None else (judged,)
            case fx.AskGate():
                return self._ask(effect)
            case fx.Deploy():
                return self._deploy(effect)
            case fx.SetWeights() if effect.is_decrease:
                return self._return(effect)
            case fx.SetWeights(region=region):
                asked = f"setting weights blue {effect.weights.blue} / green {effect.weights.green}"
                return self._read(region, asked, lambda: self._set_weights(effect))
            case fx.HoldRegion(region=region, why=why, until=until):
                self._say(region, "held", why, until)
                return ()
            case fx.Announce(region=region, what=what, why=why, until=until):
                self._say(region, what, why, until)
                return ()
            case fx.Poison(digest=digest, why=why):
                self._say(None, "poisoned", f"{digest} must not be rolled out again: {why}", None)
                return ()
            case fx.RecordGood():
                return ()
            case unknown:
                assert_never(unknown)

    def _ask(self, effect: fx.AskGate) -> Sequence[ev.Event]:
        """Ask the gate; where it opens and a hook is a condition too, that must have ended well, and is asked last."""
        name = effect.region
        region = self.state.region(name)
        point = condition_of(region)
        if point is None or not self._hooks.has(point):
            return self._answered(effect) if self._is_due(name) else ()
        if not self._hooks.is_begun(point, name):
            if not self._is_due(name):
                return ()
            answer = self._ask_gate(effect)
            if not would_go_on(self.state, region, answer):
                return (answer,)
            self._say(name, f"hook {point}", "runs", None)
            with self._waiting():
                self._hooks.begin(call_of(self.state.plan, region, point))
        ran = self._hooks.ended(point, name)
        if ran is None:
            return ()
        return (ran,) if ran.trouble else (ran, *self._answered(effect))

    def _answered(self, effect: fx.AskGate) -> Sequence[ev.Event]:
        """Ask the gate; what it let through after a while needs what people said, and what answers there, by then."""
        began, name = self._now(), effect.region
        answer = self._ask_gate(effect)
        if answer.at - began < LOOK_EVERY or not would_go_on(self.state, self.state.region(name), answer):
            return (answer,)
        self.obey()
        plan = self.state.plan.region(name)
        read = self._read(name, "reading the digest", lambda: self._digest(name, plan.candidate))
        is_same = all(
            isinstance(each, ev.DigestRead) and each.digest == self.state.plan.release.digest for each in read
        )
        return (answer,) if is_same else read

    def _before_rollback(self, before: RolloutState, after: RolloutState) -> Sequence[ev.Event]:
        """Run the hooks of regions that begin to give traffic back, for a moment that is bounded."""
        point = HookPoint.BEFORE_ROLLBACK
        if not self._hooks.has(point):
            return ()
        changed = zip(before.regions, after.regions, strict=True)
        returning = [region for was, region in changed if begins_to_return(was, region)]
        return self._hooks.for_a_moment([call_of(after.plan, region, point) for region in returning])

    def _after(self, before: RolloutState, after: RolloutState) -> None:
        """Start the hooks that follow what became of the regions; nobody waits for them."""
        if after is before or not self._hooks.has_any:
            return
        for was, region in zip(before.regions, after.regions, strict=True):
            if was is region:
                continue
            if condition_of(was) is not None and condition_of(region) is None:
                self._hooks.forget(region.region)
            point = point_passed(was, region)
            if point is not None and self._hooks.has(point):
                self._hooks.begin_beside(call_of(after.plan, region, point))

    def _is_due(self, region: str) -> bool:
        """Whether the gate should be asked: a closed one not on every tick that other regions need."""
        here, asked = self.state.region(region), self._asked.get(region)
        hold, now = here.hold, self._now()
        watches = here.phase is RegionPhase.BAKING and here.judged is not Outcome.PASS
        if asked is not None and watches:
            return not timedelta(0) <= now - asked < ASK_AGAIN
        if asked is None or hold is None or hold.kind is not HoldKind.CLOSED:
            return True
        return not timedelta(0) <= now - asked < ASK_AGAIN or (hold.until is not None and now >= hold.until)

    def _ask_gate(self, effect: fx.AskGate) -> ev.GateAnswered:
        """Ask the gate now. What could not be asked is closed.

        The answer is of when it came: asking may take long, and what it leaves open is counted from then on.
        """
        at = self._asked[effect.region] = self._now()
        drains = self.state.region(effect.region).phase is RegionPhase.PROMOTED
        answer = self._gate.ask(self.state.plan, effect.region, at, effect.runway, by_override=not drains)
        return replace(answer, at=self._now())

    def _deploy(self, effect: fx.Deploy) -> Sequence[ev.Event]:
        """Start the deploy, or see whether the one started earlier is done; it may take minutes, so nobody waits."""
        region = effect.region
        if region not in self._deploys:
            self._say(region, "deploying", f"{effect.release.digest} on {effect.colour}", None)
            try:
                if self._parts.is_fleet:
                    self._fence_off(self.target(region))
            except FenceError as error:
                raise LeaseLostError(f"{error}; this run stops and touches nothing more") from error
            except ExternalSystemError as error:
                return (ev.DeployFailed(at=self._now(), region=region, why=str(error)),)
            with self._waiting():
                self._deploys[region] = self._parts.run_beside(self._deployment(effect))
        ran = self._ran.get(region, ())
        try:
            if not self._deploys[region].is_done():
                return ()
        except ExternalSystemError as error:
            del self._deploys[region]
            return (*ran, ev.DeployFailed(at=self._now(), region=region, why=str(error)))
        del self._deploys[region]
        return (*ran, ev.Deployed(at=self._now(), region=region))

    def _deployment(self, effect: fx.Deploy) -> Callable[[], None]:
        """Return what deploys a release: the hook that is a condition, if there is one, and the target's deploy."""
        target, point = self.target(effect.region), HookPoint.BEFORE_DEPLOY
        call = call_of(self.state.plan, self.state.region(effect.region), point)
        ran: list[ev.HookRan] = []
        self._ran[effect.region] = ran

        def deploy() -> None:
            if self._hooks.has(point):
                ran.append(self._hooks.run(call))
                if ran[0].trouble:
                    raise ExternalSystemError(f"the hook {point} failed: {ran[0].trouble}")
            target.deploy(effect.colour, effect.release)

        return deploy

    def _fence_off(self, target: Target) -> None:
        """Put this run's fence on a target before a colour is deployed: nobody else can give that colour traffic then.

        Claims keep the rollouts of one service apart. A target that two services share by mistake has two ledgers:
        of two rollouts the one with the lower fence stops, and the one that finds a stranger's as high as its own.
        """
        fence, own = target.weights().fence, self._book.fence(self.state.plan.rollout)
        if fence is not None and fence.epoch >= own.epoch and fence.rollout not in self._book.state.journals:
            raise FenceError(
                f"{target.region}: {fence} is no rollout of {self.state.plan.service} and switches this region too; "
                "give each service targets of its own",
                held=fence,
            )
        stable = Weights.giving(self.state.plan.region(target.region).stable, 100)
        self._last[target.region] = target.set_weights(stable, own)

    def _return(self, effect: fx.SetWeights) -> Sequence[ev.Event]:
        """Give stable all traffic, or what it can take now: what it lacks is started beside this."""
        region, at = effect.region, self._now()
        plan, asked = self.state.plan.region(region), "giving stable all traffic"
        try:
            way, has = self._returns.way(self.target(region), plan, at, is_late=effect.is_late)
        except ExternalSystemError as error:
            self._say(region, "target failed", f"{asked}: {error}", None)
            return (ev.TargetFailed(at=at, region=region, asked=asked, why=str(error)),)
        if way.is_whole:
            return self._read(region, asked, lambda: self._set_weights(effect))
        until = None if way.is_gone else at + PART_WITHIN
        waits = ev.ReturnWaits(at=at, region=region, why=way.why, until=until)
        if way.share <= has:
            return (waits,)
        part = replace(effect, weights=Weights.giving(plan.stable, way.share), why=f"{effect.why}; {way.why}")
        return (waits, *self._read(region, asked, lambda: self._set_weights(part)))

    def _read(self, region: str, asked: str, call: Callable[[], ev.Event]) -> Sequence[ev.Event]:
        """Call the target; a failure is a fact too. A lost fence stops the run."""
        try:
            return (call(),)
        except FenceError as error:
            raise LeaseLostError(f"{error}; this run stops and touches nothing more") from error
        except ExternalSystemError as error:
            self._say(region, "target failed", f"{asked}: {error}", None)
            return (ev.TargetFailed(at=self._now(), region=region, asked=asked, why=str(error)),)

    def _digest(self, region: str, colour: Colour) -> ev.Event:
        """Read back a digest."""
        digest = self.target(region).digest(colour)
        return ev.DigestRead(at=self._now(), region=region, colour=colour, digest=digest)

    def _weights(self, region: str) -> ev.WeightsRead:
        """Read the weights in force. What a newer run of this rollout wrote is not for this one to judge."""
        return self._taken(region, self.target(region).weights())

    def _taken(self, region: str, reading: WeightsReading) -> ev.WeightsRead:
        """Keep a reading, as what the next increase is written over, and return it as a fact."""
        self._last[region] = reading
        fence = reading.fence
        is_newer = fence is not None and not fence.is_by_hand and fence.epoch > self._book.epoch
        if fence is not None and is_newer and fence.rollout == self.state.plan.rollout:
            raise FenceError(f"{region}: {fence} wrote the weights since", held=fence)
        return ev.WeightsRead(at=self._now(), region=region, weights=reading.weights, fence=reading.fence)

    def _set_weights(self, effect: fx.SetWeights) -> ev.Event:
        """Write weights and read them back.

        An increase is written over what was read before it was decided, and over nothing else: what somebody wrote
        while the gate was asked is a fact that the machine takes in. A return to stable goes over everything.
        """
        over = None if effect.is_decrease else self._last.get(effect.region)
        fence = self._book.fence(self.state.plan.rollout)
        for _ in range(MOST_CHANGES):
            try:
                reading = self.target(effect.region).set_weights(effect.weights, fence, over=over)
            except ChangedError as error:
                if over is None or not self._is_own_again(over, error.found):
                    return self._taken(effect.region, error.found)
                over = error.found
            else:
                break
        else:
            raise ExternalSystemError(f"{effect.region}: what is in force is not what was written there last")
        self._last[effect.region] = reading
        at = self._now()
        said = Progress(at=at, region=effect.region, what="weights", why=effect.why, weights=reading.weights)
        self._parts.observe(said)
        self.raised = None if effect.is_decrease else said
        return ev.WeightsRead(at=at, region=effect.region, weights=reading.weights, fence=reading.fence)

    def _is_own_again(self, read: WeightsReading, found: WeightsReading) -> bool:
        """Whether what was found are the weights that were read, with a fence of this rollout that came late."""
        is_own = found.fence is not None and found.fence.rollout == self.state.plan.rollout
        return is_own and found.weights == read.weights

    def _say(self, region: str | None, what: str, why: str, until: datetime | None) -> None:
        """Tell whoever watches."""
        _say(self._parts, region, what, why, until)


def _say(parts: RolloutParts, region: str | None, what: str, why: str, until: datetime | None) -> None:
    """Tell whoever watches a run."""
    parts.observe(Progress(at=parts.clock(), region=region, what=what, why=why, until=until))


def _mark_of(event: ev.Event) -> ev.Event:
    """Return what is written of an event: a judgement that decides nothing only proves that somebody watched."""
    if not isinstance(event, ev.Judged):
        return event
    return replace(event, judgement=replace(event.judgement, metrics=()))


def _spell_hook(ran: ev.HookRan) -> str:
    """Say in one line how a hook ended, and the end of what it printed where it failed."""
    if not ran.trouble:
        return f"done after {ran.took.total_seconds():.1f} s"
    said = " / ".join(ran.output.splitlines()[-LINES_SAID:])
    return f"failed: {ran.trouble}{f': {said}' if said else ''}"


def release_claims(state: RolloutState, at: datetime) -> Draft:
    """Return the draft that gives the regions of a rollout back."""
    regions = tuple(region.region for region in state.regions)
    return drafted(Stream.CLAIMS, "released", at, to_plain(Claim(rollout=state.plan.rollout, regions=regions)))


def claim_regions(state: RolloutState, at: datetime) -> Draft:
    """Return the draft that takes the regions of a rollout."""
    regions = tuple(region.region for region in state.regions)
    return drafted(Stream.CLAIMS, "claimed", at, to_plain(Claim(rollout=state.plan.rollout, regions=regions)))
