"""The rollout over all its regions: take the lease, find what is there, tick until nothing more can be done.

A run never leaves a candidate with part of the traffic behind when it ends: nobody would watch it any more. It goes
back to stable first, and a later run of the same release begins the region again. (A process that is killed cannot
do this; the next run does it then.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from wedgate.engine.beside import to_the_end
from wedgate.engine.book import Book, LeaseLostError
from wedgate.engine.driving import Driver, needs_settling
from wedgate.engine.holder import live_holder, refuse_while_held, utc
from wedgate.engine.never import spell_never
from wedgate.engine.observe import Watcher
from wedgate.engine.outcome import end_of, tick_end
from wedgate.engine.progress import Progress, unfailing
from wedgate.engine.rollout_parts import RolloutParts, RunEnd
from wedgate.engine.start import Planned, is_poisoned, plan_rollout, refuse_beside, refuse_poisoned, requested_regions
from wedgate.engine.tick import Ticker, claim_regions, release_claims
from wedgate.engine.traffic import spell_exposed
from wedgate.errors import ExitCode, ExternalSystemError, NeedsHumanError, RefusedError, WedgateError
from wedgate.ledger.copying import replace
from wedgate.ledger.streams import LedgerState
from wedgate.rollout import events as ev
from wedgate.rollout.journal import draft_of
from wedgate.rollout.promises import Declared, spell_undrained, undrained
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import HoldKind, Plan, RegionPhase, RegionState, RolloutState
from wedgate.rollout.step import begin
from wedgate.rollout.values import Release

_NOTHING_UNDER_WAY = RunEnd(exit_code=ExitCode.DONE, text="nothing to do: no rollout is under way", state=None)


class RolloutEngine:
    """Rolls releases of one service out. One object for one run."""

    def __init__(self, parts: RolloutParts, declared: Declared | None = None) -> None:
        self._declared = declared or Declared()
        self._parts = replace(parts, observe=unfailing(parts.observe))
        self._book = Book(parts.store, parts.spool, parts.known)
        self._last: Ticker | None = None
        self._ticks = False
        """Whether this is a tick: one that ended before a deploy did would leave nobody to see how that went."""
        self._driver = Driver(self._parts)

    def run(
        self,
        release: Release,
        *,
        regions: Sequence[str] = (),
        wait: timedelta = timedelta(0),
        budget: timedelta | None = None,
    ) -> RunEnd:
        """Roll ``release`` out over ``regions`` (all by default), or go on where an earlier run stopped.

        ``wait`` bounds how long closed windows are waited for. After ``budget`` the run hands over: it writes down
        what it observed and leaves candidates their traffic, for the next run to go on. Returns how it ended; raises
        ``RefusedError`` when it may not start, ``NeedsHumanError`` when somebody else took over,
        ``ExternalSystemError`` when the ledger or the rescue file cannot be written (traffic is back on stable then).
        """
        began = self._parts.clock()
        leave_at = None if budget is None else began + budget
        return self._begun(
            release, regions, lambda ticker, rescue: self._driven(ticker, began + wait, leave_at, rescue)
        )

    def go_on(self, *, wait: timedelta = timedelta(0), budget: timedelta | None = None) -> RunEnd:
        """Go on with the rollout that is under way, whatever it releases; like a tick, waiting is no failure.

        Of several that are under way each takes one step, as with ``tick``: none is left unwatched for another. What
        is held for want of something stays so. ``wait``, ``budget`` and what is raised are as for ``run``.
        """
        began = self._parts.clock()
        leave_at = None if budget is None else began + budget
        self._book.refresh()
        if len(self._book.state.unfinished) != 1 or self._is_held():
            return self.tick()
        self._say_notices()
        try:
            self._take_lease(None)
        except RefusedError as refused:
            return _nothing_done(refused)
        try:
            running = self._book.rollout(self._book.state.running)
            if running is None:
                return _NOTHING_UNDER_WAY
            if running.is_over:
                self._book.append([release_claims(running, self._parts.clock())])
                return _NOTHING_UNDER_WAY
            ticker = self._ticker(running)
            self._say(None, "found", f"rollout {running.plan.rollout} of {running.plan.release.digest}")
            ticker.take_over(anew=False)
            if any(_came_back(region) for region in ticker.state.regions):
                # Nobody had watched it, and now it is on stable: this run is the one that begins it again.
                ticker.take_over(anew=False)
            rescue = self._save_rescue(running.plan)
            end = self._driven(ticker, began + wait, leave_at, rescue)
            is_waiting = not end.is_handed_over and self._parts.interrupted() is None
            return tick_end(ticker.state, rescue, never=self._never(ticker)) if is_waiting else end
        except LeaseLostError as error:
            raise LeaseLostError(self._spell_loss(error)) from error
        finally:
            self._book.release_lease(self._parts.clock())

    def start(self, release: Release, *, regions: Sequence[str] = ()) -> RunEnd:
        """Plan ``release`` and write its start down; ticks do the rest. Raises as ``run`` does."""
        return self._begun(release, regions, None)

    def tick(self, *, regions: Sequence[str] = ()) -> RunEnd:
        """Let each region (or those named) of what is under way take at most one step, and leave it at that.

        What is observed is written down for the next tick. While another run is alive nothing is done. Raises as
        ``run`` does.
        """
        self._ticks = True
        self._book.refresh()
        self._say_notices()
        only = requested_regions(self._parts.settings, regions) if regions else None
        try:
            self._refuse_while_held(self._book.state)
            if not self._book.state.claims and not self._book.has_kept:
                self._refuse_lost_ledger()
                return _NOTHING_UNDER_WAY
            self._take_lease(None, only)
        except RefusedError as refused:
            return _nothing_done(refused)
        ends = []
        try:
            for name in self._book.state.unfinished:
                running = self._book.rollout(name)
                if running is None:
                    continue
                if running.is_over:
                    self._book.append([release_claims(running, self._parts.clock())])
                    continue
                ticker = self._ticker(running)
                trouble = self._renewed_rescue(running.plan)
                # Without it nothing goes forward: a rollback would not reach above what is written from here on.
                self._driver.tick_once(ticker, only, steps=trouble is None)
                if trouble is not None:
                    raise trouble
                ends.append(tick_end(ticker.state, never=self._never(ticker)))
        except LeaseLostError as error:
            raise LeaseLostError(self._spell_loss(error)) from error
        finally:
            self._book.release_lease(self._parts.clock())
        if not ends:
            return _NOTHING_UNDER_WAY
        return max(ends, key=lambda end: end.exit_code)

    def watch_over(self) -> RunEnd:
        """Do what a tick does, without any step forward: obey orders, and return what nobody has watched for too long.

        Raises ``RefusedError`` while another run is alive, and otherwise as ``run`` does.
        """
        self._ticks = True
        self._book.refresh()
        self._refuse_while_held(self._book.state)
        if not self._book.state.claims:
            return _NOTHING_UNDER_WAY
        self._take_lease(None)
        state = None
        try:
            for running in filter(None, map(self._book.rollout, self._book.state.unfinished)):
                ticker = self._ticker(running)
                self._driver.tick_once(ticker, None, steps=False)
                state = ticker.state
        finally:
            self._book.release_lease(self._parts.clock())
        return RunEnd(exit_code=ExitCode.DONE, text="watched over", state=state)

    def _begun(self, release: Release, regions: Sequence[str], drive: Callable[[Ticker, str], RunEnd] | None) -> RunEnd:
        """Start or go on with a rollout, and drive it; without ``drive`` the rest is left to a later run."""
        self._book.refresh()
        self._say_notices()
        requested = requested_regions(self._parts.settings, regions)
        self._refuse_while_held(self._book.state)
        self._refuse_beside_watched(release, requested)
        planned = None
        if not self._book.has_kept and not self._book.state.claims:
            # Nothing waits to be finished: a refusal, or nothing to do, needs no lease.
            planned = plan_rollout(self._parts, self._book.state, release, requested, self._declared)
            if planned.plan is None:
                return _nothing_to_do(release, planned)
        self._take_lease(planned.plan if planned is not None else None)
        try:
            ticker = self._resume_or_start(release, requested, planned)
            if ticker is None:
                return _nothing_to_do(release, Planned(plan=None, already=requested))
            rescue = self._save_rescue(ticker.state.plan)
            return tick_end(ticker.state, rescue, never=self._never(ticker)) if drive is None else drive(ticker, rescue)
        except LeaseLostError as error:
            raise LeaseLostError(self._spell_loss(error)) from error
        finally:
            self._book.release_lease(self._parts.clock())

    def _refuse_beside_watched(self, release: Release, requested: Sequence[str]) -> None:
        """Refuse a second rollout without a word to the first, where somebody has watched that one of late."""
        for running in filter(None, map(self._book.rollout, self._book.state.unfinished)):
            since = self._parts.clock() - running.plan.max_unwatched
            if all(region.watched_at is not None and region.watched_at >= since for region in _exposed(running)):
                refuse_beside(running, self._book.state, release, requested)

    def _is_held(self) -> bool:
        """Whether another run is alive."""
        return live_holder(self._book.state, self._parts.clock(), self._parts.is_alive) is not None

    def _refuse_while_held(self, state: LedgerState) -> None:
        """Refuse while another run is alive: it watches its regions, and is not taken over."""
        refuse_while_held(state, self._parts.clock(), self._parts.is_alive)

    def _take_lease(self, planned: Plan | None, only: Sequence[str] | None = None) -> None:
        """Take the lease above every fence that the targets hold, and write down what waited in the spool.

        With ``only`` no target of another region is asked.
        """
        plans = [planned] if planned is not None else []
        plans += [found.plan for found in map(self._book.rollout, self._book.state.unfinished) if found is not None]
        epochs = [0]
        for region in (region for plan in plans for region in plan.regions):
            if only is not None and region.region not in only:
                continue
            try:
                epochs.append(self._parts.open_target(region.target).weights().highest)
            except ExternalSystemError as error:
                self._say(region.region, "target failed", f"reading the weights: {error}")
        reconciled = self._book.take_lease(
            self._parts.clock(), above=max(epochs), who=self._parts.who, allow=self._refuse_while_held
        )
        if reconciled:
            self._say(None, "found", f"{reconciled} records that an earlier run could not write; they are written now")

    def _resume_or_start(self, release: Release, requested: Sequence[str], planned: Planned | None) -> Ticker | None:
        """Return the ticker of the rollout to work on; ``None`` when every region runs the release already.

        The lease was just taken, and with it records from the spool: what is unfinished is looked at again. Whatever
        is asked for now, no candidate of an earlier run keeps traffic that nobody watches.
        """
        good = self._book.state.good
        rest = {name for name in requested if name not in good or good[name].release.digest != release.digest}
        same = beside = None
        for name in self._book.state.unfinished:
            running = self._book.rollout(name)
            if running is None:
                continue
            if running.is_over:
                self._book.append([release_claims(running, self._parts.clock())])
                continue
            planned = None
            over = {region.region for region in running.plan.regions}
            if is_poisoned(self._book.state, release, requested) or not rest & over:
                ticker = self._ticker(running)
                self._bring_to_rest(ticker, f"release {release.digest} was asked for")
                beside = ticker
                if over & set(requested):
                    _refuse_undrained(ticker.state)
            elif running.plan.release == release and rest <= over <= set(requested):
                same = self._ticker(running)
                self._refuse_other_migration(same)
                self._take_over(same)
            else:
                self._supersede(self._ticker(running), release)
        if same is not None:
            return same
        refuse_poisoned(self._parts, self._book.state, release, requested)
        if beside is not None:
            refuse_beside(beside.state, self._book.state, release, requested)
        planned = planned or plan_rollout(self._parts, self._book.state, release, requested, self._declared)
        return None if planned.plan is None else self._start(planned.plan)

    def _take_over(self, ticker: Ticker) -> None:
        """Take a rollout over from the run that worked on it before."""
        plan = ticker.state.plan
        self._say(None, "found", f"rollout {plan.rollout} of {plan.release.digest}")
        ticker.take_over()

    def _bring_to_rest(self, ticker: Ticker, why: str) -> None:
        """Return what an earlier run left in motion to stable, and leave the rest of its rollout as it is."""
        if not any(needs_settling(region) or region.owes_return for region in ticker.state.regions):
            return
        self._take_over(ticker)
        self._driver.settle(ticker, why)
        ticker.hear(last=True)
        if any(region.is_exposed or region.owes_return for region in ticker.state.regions):
            raise NeedsHumanError(_stuck(ticker.state))

    def _spell_loss(self, error: LeaseLostError) -> str:
        """Say who took over, what was raised just before, where candidate traffic is, and who watches it."""
        texts = [str(error)]
        raised = self._last.raised if self._last is not None else None
        if raised is not None and raised.weights is not None:
            texts.append(
                f"{raised.region} was just raised to blue {raised.weights.blue} % / green {raised.weights.green} %"
            )
        watched = "nobody is known to watch it: run the same command again, or `wedgate rollback`"
        try:
            lease = self._book.refresh().lease
        except WedgateError:
            lease = None
        if lease is not None and lease.who != self._parts.who:
            texts.append(f"{lease.who} took over at {utc(lease.at)}")
            held = live_holder(self._book.state, self._parts.clock(), self._parts.is_alive)
            watched = f"{held.who} watches it" if held is not None else watched
        if self._last is not None:
            exposed = spell_exposed(self._last.state.plan.regions, self._parts.open_target)
            texts.append(f"candidate traffic: {exposed}; {watched}" if exposed else "no candidate has traffic")
        return "; ".join(texts)

    def _start(self, plan: Plan) -> Ticker:
        """Write the rescue file, then the start: from here on the regions are this rollout's."""
        at = self._parts.clock()
        started = ev.Started(at=at, plan=plan)
        state = begin(started)
        self._save_rescue(plan)
        self._book.append([draft_of(started, rollout=plan.rollout), claim_regions(state, at)])
        names = ", ".join(region.region for region in plan.regions)
        self._say(None, "started", f"rollout {plan.rollout} of {plan.release.digest} over {names}")
        return self._ticker(state)

    def _supersede(self, ticker: Ticker, release: Release) -> None:
        """End an unfinished rollout in favour of another release; its candidates go back to stable first."""
        stuck = [region for region in ticker.state.regions if region.phase is RegionPhase.NEEDS_HUMAN]
        if any(not region.owes_return for region in stuck):
            self._bring_to_rest(ticker, f"release {release.digest} was asked for")
            raise NeedsHumanError(_stuck(ticker.state))
        if undrained(ticker.state):
            self._bring_to_rest(ticker, f"release {release.digest} was asked for")
            _refuse_undrained(ticker.state)
        self._take_over(ticker)
        why = f"release {release.digest} takes its place"
        ticker.feed(ev.Superseded(at=self._parts.clock(), why=why))
        self._driver.settle(ticker, why)
        self._driver.drain(ticker)
        ticker.hear(last=True)
        if not ticker.state.is_over:
            raise NeedsHumanError(_stuck(ticker.state))

    def _refuse_other_migration(self, ticker: Ticker) -> None:
        """Refuse to go on with a rollout under another declaration than it was started with."""
        said, plan = self._declared.migration, ticker.state.plan
        if said is not None and said is not plan.migration:
            self._bring_to_rest(ticker, f"a {said} migration was declared")
            raise RefusedError(
                f"rollout {plan.rollout} was started with --migration {plan.migration}, not {said}; leave it out to go "
                "on, or end that one with `wedgate rollout abort`"
            )

    def _driven(self, ticker: Ticker, deadline: datetime, leave_at: datetime | None, rescue: str) -> RunEnd:
        """Drive a rollout, and return how that ended."""
        if self._driver.drive(ticker, deadline, leave_at):
            return replace(tick_end(ticker.state, rescue, never=self._never(ticker)), is_handed_over=True)
        return end_of(ticker.state, self._parts.interrupted(), rescue, never=self._never(ticker))

    def _never(self, ticker: Ticker) -> str:
        """Say what of a rollout will never get through; waiting for it is of no use."""
        return spell_never(self._parts, ticker.state)

    def _ticker(self, state: RolloutState) -> Ticker:
        """Return the ticker for a rollout, with a watcher of its own."""
        if state.plan.service != self._parts.service:
            raise NeedsHumanError(
                f"the ledger is of {state.plan.service}, and this is {self._parts.service}: nothing was touched; "
                "let `state:` name the ledger of this service"
            )
        theirs, ours = state.plan.repository, self._parts.repository
        if theirs and ours and theirs.lower() != ours.lower():
            raise NeedsHumanError(
                f"rollout {state.plan.rollout} of this ledger was started in {theirs}, and this is {ours}: nothing was "
                "touched; let `state:` name a ledger of this repository's own; if it was renamed, return that "
                "rollout's traffic with `wedgate rollback` and start anew"
            )
        watcher = Watcher(
            self._parts.open_metrics,
            state.plan.judge,
            slice_between=self._parts.slice_between,
            judge_live=self._parts.judge_live,
        )
        if not set(state.plan.places) & set(self._parts.settings.targets):
            raise NeedsHumanError(
                f"the ledger is of a rollout over {', '.join(state.plan.places)}, and wedgate.yml has none of these "
                "regions: it is another repository's ledger, or they were renamed meanwhile; nothing was touched; let "
                "`state:` name the ledger of this repository, or return that rollout's traffic with `wedgate rollback`"
            )
        parts = self._parts
        if self._ticks:
            parts = replace(parts, run_beside=to_the_end(parts.run_beside, lambda: ticker.wait()))
        # A scale is waited for by nobody: the rest of a return goes after its time, whether that has ended or not.
        self._last = ticker = Ticker(parts, self._book, state, watcher, scale_beside=self._parts.run_beside)
        return ticker

    def _refuse_lost_ledger(self) -> None:
        """Raise where the rescue file is of a rollout that the ledger has never heard of.

        The ledger was lost or replaced, and with it what is frozen, poisoned, and where a candidate has traffic.
        """
        name = self._parts.rescued()
        if name is not None and self._book.rollout(name) is None:
            raise NeedsHumanError(
                f"the rescue file is of rollout {name}, which this ledger does not know: the ledger was lost or "
                "replaced; put it back, or use `wedgate rollback`, and delete the rescue file once traffic is right"
            )

    def _renewed_rescue(self, plan: Plan) -> ExternalSystemError | None:
        """Write the rescue file of the rollout that was started last with this tick's epoch; return why that failed.

        Each tick takes a higher epoch. A rollback by hand that goes by the first one would be written over.
        """
        if plan.rollout != self._book.state.latest:
            return None
        try:
            self._save_rescue(plan)
        except ExternalSystemError as error:
            return error
        return None

    def _save_rescue(self, plan: Plan) -> str:
        """Write the rescue file; return where."""
        return self._parts.save_rescue(
            Rescue(
                service=plan.service,
                rollout=plan.rollout,
                release=plan.release,
                at=self._parts.clock(),
                epoch=self._book.epoch,
                regions=plan.regions,
                store_kind=self._parts.store_kind,
                store_options=dict(self._parts.store_options),
                migration=plan.migration,
                max_unwatched=plan.max_unwatched,
            )
        )

    def _say_notices(self) -> None:
        """Say what the ledger left out."""
        for notice in self._book.notices():
            self._say(None, "found", notice)

    def _say(self, region: str | None, what: str, why: str) -> None:
        """Tell whoever watches."""
        self._parts.observe(Progress(at=self._parts.clock(), region=region, what=what, why=why))


def _exposed(state: RolloutState) -> list[RegionState]:
    return [region for region in state.regions if region.is_exposed]


def _came_back(region: RegionState) -> bool:
    """Whether a region waits on stable for nothing but the next run."""
    return region.hold is not None and region.hold.kind is HoldKind.INTERRUPTED and region.weight == 0


def _stuck(state: RolloutState) -> str:
    """Say which regions keep an unfinished rollout from being replaced."""
    stuck = [f"{region.region}: {region.why}" for region in state.regions if region.phase is RegionPhase.NEEDS_HUMAN]
    return (
        f"rollout {state.plan.rollout} needs a human: {'; '.join(stuck) or 'it could not be ended'}; look at the "
        "region, then record what runs there with `wedgate rollout adopt`, or return it with `wedgate rollback`"
    )


def _refuse_undrained(state: RolloutState) -> None:
    """Refuse another release where the old colour would go that nobody has seen to be the last way back."""
    if waits := spell_undrained(state):
        raise RefusedError(f"rollout {state.plan.rollout} is not over: {waits}")


def _nothing_done(refused: RefusedError) -> RunEnd:
    """Return the end of a run that found another one at work, which is as it should be."""
    return RunEnd(exit_code=ExitCode.DONE, text=f"nothing done: {refused}", state=None)


def _nothing_to_do(release: Release, planned: Planned) -> RunEnd:
    """Return the end of a run that found every region on the release already."""
    names = ", ".join(planned.already)
    text = f"nothing to do: {release.digest} already runs in {names}"
    return RunEnd(exit_code=ExitCode.DONE, text=text, state=None)
