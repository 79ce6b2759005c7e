"""Drives one rollout: ticks once, or until nothing more can be done, and leaves nothing in motion unwatched."""

from __future__ import annotations

from datetime import datetime, timedelta

from wedgate.adapters.targets.interface import FenceError
from wedgate.engine.audit import AuditBook
from wedgate.engine.book import LeaseLostError
from wedgate.engine.orders import UNCONFIRMED, pause_once
from wedgate.engine.progress import Progress
from wedgate.engine.resting import POLL, SHORTEST, rest, until_return
from wedgate.engine.rollout_parts import Regression, RolloutParts
from wedgate.engine.tick import OBEY_EVERY, Ticker
from wedgate.errors import ExternalSystemError
from wedgate.rollout import events as ev
from wedgate.rollout.state import ADVANCED, PREPARING, RegionPhase, RegionState

LISTEN_FOR = timedelta(seconds=1)
"""How long the store is listened to in one go: an interruption does not end that."""

MOST_TRIES = 400
"""A bound on the tries to leave nothing in motion, above what ``RETURN_WITHIN`` and a deploy of the old version allow;
against an error that repeats itself without being the target's."""


class Driver:
    """Drives the rollouts of one run; what was reported to it, and when it last looked for orders, is one for all."""

    def __init__(self, parts: RolloutParts) -> None:
        self._parts = parts
        self._reported: set[Regression] = set()
        self._obeyed_at: datetime | None = None

    def tick_once(self, ticker: Ticker, only: tuple[str, ...] | None, *, steps: bool = True) -> None:
        """Take over what the last tick left, take one step (or none), and write down what was observed."""
        ticker.only = only
        try:
            ticker.take_over(only, anew=False)
            ticker.obey()
            self._take_reports(ticker)
            if steps:
                ticker.feed(ev.Ticked(at=self._parts.clock(), regions=only))
            for _ in range(MOST_TRIES):
                back = tuple(
                    each.region
                    for each in ticker.state.regions
                    if each.phase is RegionPhase.ROLLING_BACK and (only is None or each.region in only)
                )
                if not back:
                    break
                self._parts.pause(until_return(ticker.state))
                ticker.feed(ev.Ticked(at=self._parts.clock(), regions=back))
            ticker.leave()
            ticker.hear(last=True)
        except LeaseLostError:
            raise
        except BaseException as error:
            self.settle(ticker, f"the tick failed: {error or type(error).__name__}")
            if error is not ticker.blind:
                raise
        self.raise_blind(ticker)

    def drive(self, ticker: Ticker, deadline: datetime, leave_at: datetime | None) -> bool:
        """Tick until nothing more can be done, and leave nothing in motion behind.

        Returns whether the time was up before, at ``leave_at``: then candidates keep their traffic for the next run.
        """
        try:
            while not ticker.state.is_over and self._parts.interrupted() is None:
                ticker.renew()
                self._obey(ticker)
                self._take_reports(ticker)
                ticker.hear()
                ticker.feed(ev.Ticked(at=self._parts.clock()))
                now = self._parts.clock()
                pause = rest(ticker.state, now, deadline, due=ticker.watcher.due, is_deploying=ticker.is_deploying)
                if pause is None or ticker.blind is not None:
                    break
                if leave_at is not None and now >= leave_at and _may_leave(ticker):
                    ticker.leave()
                    ticker.hear(last=True)
                    return True
                self._pause(ticker, pause if leave_at is None else min(pause, max(leave_at - now, POLL)))
        except LeaseLostError:
            raise
        except BaseException as error:
            # Whatever went wrong: nobody watches after this, so traffic goes back first.
            self.settle(ticker, f"the run failed: {error or type(error).__name__}")
            if error is not ticker.blind:
                raise
        why = self._parts.interrupted()
        self.settle(ticker, f"interrupted: {why}" if why else "the run ended and nobody would watch any more")
        ticker.hear(last=True)
        self.raise_blind(ticker)
        return False

    def _pause(self, ticker: Ticker, duration: timedelta) -> None:
        """Wait, but not past an order: the ledger is looked at every few seconds, however long a slice is.

        A store that says when somebody appended is listened to, and what was ordered is obeyed at once.
        """
        end = self._parts.clock() + duration
        while self._parts.interrupted() is None:
            # A clock that was set back makes no pause longer.
            left = min(end - self._parts.clock(), duration)
            if left <= timedelta(0):
                return
            waited = min(left, OBEY_EVERY if self._parts.listen is None else LISTEN_FOR)
            if self._is_told(waited):
                self._obeyed_at = None
            else:
                duration -= waited
            if self._obey(ticker):
                return

    def _is_told(self, duration: timedelta) -> bool:
        """Wait, and say whether somebody appended to the ledger meanwhile, as far as the store tells."""
        began = self._parts.clock()
        try:
            if self._parts.listen is not None and self._parts.listen(duration):
                # What was appended need not be for this rollout: its reader must not spin either.
                self._parts.pause(SHORTEST)
                return True
        except ExternalSystemError:
            pass
        left = min(duration, duration - (self._parts.clock() - began))
        if left > timedelta(0):
            self._parts.pause(left)
        return False

    def _obey(self, ticker: Ticker) -> bool:
        """Obey what people told the rollout, looking only so often; return whether there was anything."""
        now = self._parts.clock()
        if self._obeyed_at is not None and timedelta(0) <= now - self._obeyed_at < OBEY_EVERY:
            return False
        self._obeyed_at = now
        return ticker.obey()

    def drain(self, ticker: Ticker) -> None:
        """Record what is promoted in a rollout that has ended, as soon as it is read back."""
        for _ in range(MOST_TRIES):
            if not any(region.phase in ADVANCED for region in ticker.state.regions):
                return
            before = ticker.state
            ticker.feed(ev.Ticked(at=self._parts.clock()))
            if ticker.state.regions == before.regions:
                return
            self._parts.pause(SHORTEST)

    def raise_blind(self, ticker: Ticker) -> None:
        """Raise what kept the ledger from being written, if anything did."""
        if ticker.blind is not None:
            self.settle(ticker, f"the ledger cannot be written: {ticker.blind}")
            kept = f"; what was done is kept in {ticker.spooled_at}" if ticker.spooled_at else ""
            raise ExternalSystemError(f"{ticker.blind}; the rollout stopped{kept}") from ticker.blind

    def settle(self, ticker: Ticker, why: str) -> None:
        """Return what is in motion to stable, trying until the machine calls a person."""
        failure: Exception | None = None
        for attempt in range(MOST_TRIES):
            reached = [each for each in ticker.state.regions if ticker.only is None or each.region in ticker.only]
            if not any(needs_settling(region) for region in reached):
                return
            if attempt:
                self._parts.pause(until_return(ticker.state))
            try:
                ticker.feed(ev.Interrupted(at=self._parts.clock(), why=why, regions=ticker.only))
            except (LeaseLostError, FenceError):
                raise
            except ExternalSystemError as error:
                # The ledger: the ticker is blind from here on, and the next attempt goes without it.
                self._say(None, "ledger failed", str(error))
            except Exception as error:
                failure = error
                self._say(None, "failed", f"{type(error).__name__}: {error}")
        if failure is not None:
            raise failure

    def _take_reports(self, ticker: Ticker) -> None:
        """Feed regressions that were reported since; what is not confirmed is a pause, in front of this tick."""
        for report in self._parts.reports():
            if report in self._reported:
                continue
            self._reported.add(report)
            at = self._parts.clock()
            if report.is_confirmed:
                ticker.feed(ev.RegressionReported(at=at, region=report.region, why=report.why))
                continue
            book = AuditBook(self._parts.store, self._parts.pause, self._parts.known)
            why, rollout = UNCONFIRMED + report.why, ticker.state.plan.rollout
            pause_once(book, rollout, by="a report", why=why, at=at, region=report.region)
            ticker.obey()

    def _say(self, region: str | None, what: str, why: str) -> None:
        """Tell whoever watches."""
        self._parts.observe(Progress(at=self._parts.clock(), region=region, what=what, why=why))


def needs_settling(region: RegionState) -> bool:
    """Whether a region may not be left as it is when nobody watches."""
    return region.is_exposed or region.phase in PREPARING


def _may_leave(ticker: Ticker) -> bool:
    """Whether nothing is half done: no switch of traffic whose outcome is not known, and no deploy."""
    half = (RegionPhase.SHIFTING, RegionPhase.ROLLING_BACK)
    return not any(region.phase in half or ticker.is_deploying(region.region) for region in ticker.state.regions)
