"""Running hooks: conditions beside the loop, those before a rollback for a moment, the others while nobody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wedgate.adapters.hooks.interface import Hooks
from wedgate.engine.beside import Beside
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.rollout import events as ev
from wedgate.rollout.hooks import HookCall, HookEnd
from wedgate.rollout.values import HookPoint

GRACE = timedelta(seconds=1)
"""How much longer than its limit a hook is waited for: to end it takes a moment."""

WAIT_AT_LAST = timedelta(minutes=1)
"""How long a run that has nothing else to do waits for its hooks; its lease lasts longer."""

LOOK_EVERY = timedelta(seconds=0.1)


@dataclass(slots=True)
class _Running:
    """A hook that was started, and how it ended when it has."""

    call: HookCall
    beside: Beside | None = None
    ends: list[HookEnd] = field(default_factory=list)


class HookDesk:
    """The hooks of one rollout: which run now, and how those ended that nobody heard of yet."""

    def __init__(self, parts: RolloutParts) -> None:
        self._hooks: Hooks = parts.hooks
        self._parts = parts
        self._conditions: dict[tuple[HookPoint, str], _Running] = {}
        self._others: list[_Running] = []

    @property
    def has_any(self) -> bool:
        """Whether there is a hook at all."""
        return bool(self._hooks.points())

    def has(self, point: HookPoint) -> bool:
        """Whether there is a hook at a point."""
        return point in self._hooks.points()

    def run(self, call: HookCall) -> ev.HookRan:
        """Run a hook, waiting for it."""
        return self._ran(call, self._hooks.run(call))

    def is_begun(self, point: HookPoint, region: str) -> bool:
        """Whether a condition was started and not heard of yet."""
        return (point, region) in self._conditions

    def is_waited_for(self, region: str) -> bool:
        """Whether a region waits for the end of a condition."""
        return any(name == region for _, name in self._conditions)

    def begin(self, call: HookCall) -> None:
        """Start a condition."""
        self._conditions[(call.point, call.region)] = self._started(call)

    def ended(self, point: HookPoint, region: str) -> ev.HookRan | None:
        """Return how a condition ended, once; ``None`` while it runs."""
        running = self._conditions[(point, region)]
        if not _is_done(running):
            return None
        del self._conditions[(point, region)]
        return self._ran(running.call, running.ends[0])

    def forget(self, region: str) -> None:
        """A region does not wait for its conditions any more: what they come to is only told."""
        for key in [key for key in self._conditions if key[1] == region]:
            self._others.append(self._conditions.pop(key))

    def begin_beside(self, call: HookCall) -> None:
        """Start a hook for which nobody waits."""
        self._others.append(self._started(call))

    def heard(self) -> Sequence[ev.HookRan]:
        """Return how hooks ended for which nobody waits, each once."""
        if not self._others:
            return ()
        done = [running for running in self._others if _is_done(running)]
        self._others = [running for running in self._others if running not in done]
        return tuple(self._ran(running.call, running.ends[0]) for running in done)

    def at_last(self) -> Sequence[ev.HookRan]:
        """Return how every hook ended that still runs. They are waited for, but only so long, and no interrupted run
        waits: what is left then ends with this process."""
        if not self._conditions and not self._others:
            return ()
        for _, region in list(self._conditions):
            self.forget(region)
        found = list(self.heard())
        until = self._parts.clock() + WAIT_AT_LAST
        while self._others and self._parts.clock() < until and self._parts.interrupted() is None:
            self._parts.pause(LOOK_EVERY)
            found += self.heard()
        left = HookEnd(took=timedelta(0), output="", trouble="it still ran when the run ended, and was ended with it")
        found += [self._ran(running.call, left) for running in self._others]
        self._others = []
        return tuple(found)

    def for_a_moment(self, calls: Sequence[HookCall]) -> Sequence[ev.HookRan]:
        """Run hooks at the same time and return how they ended; none is waited for longer than it may take."""
        running = [_Running(call=call) for call in calls]
        threads = [threading.Thread(target=self._finish, args=(each,), daemon=True) for each in running]
        for thread in threads:
            thread.start()
        limits = [self._hooks.limit(call.point) + GRACE for call in calls]
        until = time.monotonic() + max(limits, default=timedelta(0)).total_seconds()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return tuple(self._ran(each.call, each.ends[0]) for each in running if each.ends)

    def _started(self, call: HookCall) -> _Running:
        running = _Running(call=call)
        running.beside = self._parts.run_beside(lambda: self._finish(running))
        return running

    def _finish(self, running: _Running) -> None:
        running.ends.append(self._hooks.run(running.call))

    def _ran(self, call: HookCall, end: HookEnd) -> ev.HookRan:
        at: datetime = self._parts.clock()
        return ev.HookRan(
            at=at, region=call.region, point=call.point, took=end.took, output=end.output, trouble=end.trouble
        )


def _is_done(running: _Running) -> bool:
    """Whether a hook has ended; one that could not even be run has, and says why."""
    try:
        done = running.beside is not None and running.beside.is_done()
    except Exception as error:
        done = True
        running.ends.append(HookEnd(took=timedelta(0), output="", trouble=f"it could not be run: {error}"))
    return done and bool(running.ends)
