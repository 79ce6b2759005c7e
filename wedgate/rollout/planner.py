"""When a rollout would go where, if every deploy works and every judgement passes: the engine's own rules, on paper.

A region begins when its wave is up, a place in flight is free, it is open, and the whole way through it (deploy, every
bake, reserve) fits before it closes; the first in the plan's order that can, goes, and who was refused goes to the end.
What is planned is a way without interruption, with the time of the deploy: the engine can hold between two steps, and
no plan should count on that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from wedgate.calendars.values import Verdict
from wedgate.rollout.values import Strategy

LOOK_BACK, LOOK_AHEAD = timedelta(days=14), timedelta(days=28)
GRID = timedelta(minutes=15)
UNBOUNDED = timedelta(days=100_000)
"""A runway of which no end is known."""


class Goal(StrEnum):
    """What an order of waves and regions is chosen for."""

    EARLIEST_FINISH = "earliest-finish"
    MOST_RUNWAY = "most-runway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A region is open (with care or without) from ``start`` until ``end``, when it closes or the verdict changes."""

    start: datetime
    end: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be planned. ``stretches`` are the open ones of each region in order, up to ``horizon``.

    ``strategy_of(region, verdict)`` is the engine's choice. ``deploy`` is how long a deploy and its read-back take,
    ``slice_length`` how long the judge looks at the least.
    ``order`` are pairs of regions of which the first must be in an earlier wave than the second.
    """

    waves: tuple[tuple[str, ...], ...]
    in_flight: int
    reserve: timedelta
    deploy: timedelta
    stretches: Mapping[str, tuple[Stretch, ...]]
    strategy_of: Callable[[str, Verdict], Strategy]
    horizon: datetime
    order: tuple[tuple[str, str], ...] = ()
    slice_length: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A weight in percent from ``start`` until its bake ends and is judged."""

    weight: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRegion:
    """One region's way: begun at ``start``, promoted at ``end``; ``closes`` is when its window ends (``None``: beyond
    the horizon). ``waited`` is how long its turn had come before it could begin."""

    region: str
    wave: int
    strategy: str
    start: datetime
    steps: tuple[PlannedStep, ...]
    end: datetime
    closes: datetime | None
    waited: timedelta

    @property
    def runway(self) -> timedelta | None:
        """What is left of the window when the region is promoted."""
        return None if self.closes is None else self.closes - self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A region whose way fits into no window: what it needs, ``deploy`` of it for the deploy, and the window into which
    it nearly fits."""

    region: str
    needs: timedelta
    longest: timedelta
    deploy: timedelta = timedelta(0)

    @property
    def too_long_by(self) -> timedelta:
        """By how much the way must become shorter."""
        return self.needs - self.longest

    @property
    def is_up_to_deploy(self) -> bool:
        """Whether the deploy alone takes longer than the window, so that no shorter bake makes up for it."""
        return self.deploy > self.longest

    @property
    def is_up_to_bakes(self) -> bool:
        """Whether bakes and reserve alone take longer than the window, so that no faster deploy makes up for it."""
        return self.needs - self.deploy > self.longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A plan: regions in the order in which they begin, and what did not fit (then it ends there)."""

    start: datetime
    waves: tuple[tuple[str, ...], ...]
    regions: tuple[PlannedRegion, ...]
    misfit: Misfit | None = None

    @property
    def end(self) -> datetime:
        """When the last region is promoted; the start where none is."""
        return max((region.end for region in self.regions), default=self.start)

    @property
    def waited(self) -> timedelta:
        """How long regions wait for their calendars, all together."""
        return sum((region.waited for region in self.regions), timedelta(0))

    @property
    def least_runway(self) -> timedelta:
        """The shortest runway that is left at a promotion."""
        known = [region.runway for region in self.regions if region.runway is not None]
        return min(known, default=UNBOUNDED)


def plan_from(task: Task, start: datetime) -> Dated:
    """Return the plan that the engine would follow from ``start`` on, in the order of the task's waves."""
    return Planner(task).plan(start)


def without_waiting(task: Task, start: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the latest start before ``start``, and the first one after it, from which no region would have to wait.

    To the minute, within two weeks before and four weeks after; ``None`` where there is none.
    """
    planner = Planner(task)

    def fits(at: datetime) -> bool:
        dated = planner.plan(at)
        return dated.misfit is None and not dated.waited

    earlier = (start - count * GRID for count in range(1, int(LOOK_BACK / GRID)))
    later = (start + count * GRID for count in range(1, int(LOOK_AHEAD / GRID)))
    before = next((at for at in earlier if fits(at)), None)
    after = next((at for at in later if fits(at)), None)
    minute = timedelta(minutes=1)
    if before is not None:
        before = next(at for at in (before + count * minute for count in range(15, -1, -1)) if fits(at))
    if after is not None:
        after = next(at for at in (after - count * minute for count in range(15, -1, -1)) if fits(at))
    return before, after


class Planner:
    """Plans one task from any start; what each window admits is worked out once for all of them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._windows = {name: _Windows(task, name) for name in task.stretches}
        self._through: dict[tuple[str, datetime], tuple[datetime, timedelta]] = {}

    def plan(self, start: datetime, waves: tuple[tuple[str, ...], ...] | None = None) -> Dated:
        """Return the plan from ``start`` on, in the order of the task's waves, or of others of the same regions."""
        order = self._task.waves if waves is None else waves
        regions: list[PlannedRegion] = []
        turn = start
        for index, wave in enumerate(order):
            done = self.wave(index, wave, turn)
            if isinstance(done, Misfit):
                return Dated(start=start, waves=order, regions=tuple(regions), misfit=done)
            regions += done
            turn = max((region.end for region in done), default=turn)
        return Dated(start=start, waves=order, regions=tuple(regions))

    def wave(self, index: int, wave: Sequence[str], turn: datetime) -> list[PlannedRegion] | Misfit:
        """Plan one wave from when its turn comes: whenever a place is free, the first region goes that can."""
        waiting, free, done = list(wave), [turn] * self._task.in_flight, []
        refused: set[str] = set()
        while waiting:
            free.sort()
            at = free[0]
            starts: dict[str, datetime] = {}
            for name in waiting:
                found = self._windows[name].first_fit(at)
                if found is None:
                    return self._windows[name].misfit(at)
                starts[name] = found
            soonest = min(starts.values())
            # The engine asks in this order whenever a place is free, and who was refused once goes to the end.
            order = sorted(waiting, key=lambda name: name in refused)
            if soonest > at:
                refused.update(waiting)
                order = waiting
            name = next(name for name in order if starts[name] == soonest)
            refused.update(order[: order.index(name)])
            region = self._windows[name].way(index, soonest, waited=soonest - at)
            done.append(region)
            waiting.remove(name)
            free[0] = region.end
        return done

    def first_fit(self, region: str, at: datetime) -> datetime | None:
        """Return the first instant from ``at`` on at which a region can begin and get through; ``None``: never."""
        return self._windows[region].first_fit(at)

    def through(self, region: str, start: datetime) -> tuple[datetime, timedelta]:
        """Return when a region that begins at ``start`` is promoted, and what is left of its window then."""
        known = self._through.get((region, start))
        if known is None:
            way = self._windows[region].way(0, start, waited=timedelta(0))
            known = self._through[region, start] = way.end, UNBOUNDED if way.runway is None else way.runway
        return known


class _Windows:
    """When one region can begin: each of its open stretches, with the last beginning that gets through."""

    def __init__(self, task: Task, region: str) -> None:
        self._task = task
        self._region = region
        self._stretches = task.stretches[region]
        ways = {verdict: task.strategy_of(region, verdict) for verdict in (Verdict.OPEN, Verdict.CAUTION)}
        self._ways = ways
        self._needs = {verdict: task.deploy + self._runway(way) for verdict, way in ways.items()}
        self._starts = [each.start for each in self._stretches]
        self._closes = self._closings()
        self._last = [
            closes - self._needs[each.verdict] for each, closes in zip(self._stretches, self._closes, strict=True)
        ]
        self._fitting = [
            place
            for place, each in enumerate(self._stretches)
            if each.start < each.end and each.start <= self._last[place]
        ]
        self._fitting_starts = [self._starts[place] for place in self._fitting]

    def first_fit(self, at: datetime) -> datetime | None:
        """Return the first instant from ``at`` on at which the region can begin and get through."""
        following = bisect_right(self._fitting_starts, at)
        if following:
            place = self._fitting[following - 1]
            if at < self._stretches[place].end and at <= self._last[place]:
                return at
        return self._fitting_starts[following] if following < len(self._fitting) else None

    def misfit(self, at: datetime) -> Misfit:
        """Return the window from ``at`` on into which the way nearly fits, where it fits into none.

        What is needed depends on the verdict: it is compared with the window that it was needed in.
        """
        current = bisect_right(self._starts, at) - 1
        found: list[tuple[timedelta, int, timedelta]] = []
        if current >= 0 and at < self._stretches[current].end:
            found.append((at - self._last[current], current, self._closes[current] - at))
        if self._short[current + 1 :]:
            found.append(min(self._short[current + 1 :]))
        if not found:
            needs, longest = min(self._needs.values()), timedelta(0)
        else:
            _, place, longest = min(found)
            needs = self._needs[self._stretches[place].verdict]
        return Misfit(region=self._region, needs=needs, longest=longest, deploy=self._task.deploy)

    @cached_property
    def _short(self) -> list[tuple[timedelta, int, timedelta]]:
        """By how much each window is too short from its beginning on, its place, and how long it is."""
        places = zip(self._starts, self._last, self._closes, strict=True)
        return [(start - last, place, closes - start) for place, (start, last, closes) in enumerate(places)]

    def way(self, wave: int, start: datetime, *, waited: timedelta) -> PlannedRegion:
        """Return the way through the region from an instant on at which it can begin."""
        place = bisect_right(self._starts, start) - 1
        strategy = self._ways[self._stretches[place].verdict]
        steps, at = [], start + self._task.deploy
        for step, watched in zip(strategy.steps, self._watched(strategy), strict=True):
            steps.append(PlannedStep(weight=step.weight, start=at, end=at + watched))
            at += watched
        closes = self._closes[place]
        return PlannedRegion(
            region=self._region,
            wave=wave,
            strategy=strategy.name,
            start=start,
            steps=tuple(steps),
            end=at,
            closes=None if closes >= self._task.horizon else closes,
            waited=waited,
        )

    def _runway(self, strategy: Strategy) -> timedelta:
        """Return how long the region must stay open after the deploy: what the engine asks for, and the whole way."""
        bakes = sum((step.bake for step in strategy.steps), timedelta(0))
        return max(bakes + self._task.reserve, sum(self._watched(strategy), timedelta(0)))

    def _watched(self, strategy: Strategy) -> list[timedelta]:
        """Return how long each step is watched before it is judged: whole slices, and one at the least.

        A later step without a bake rests on the judgement before it.
        """
        one = self._task.slice_length
        bakes = [step.bake for step in strategy.steps]
        if not one:
            return bakes
        return [max(-(-bake // one), 0 if place else 1) * one for place, bake in enumerate(bakes)]

    def _closings(self) -> list[datetime]:
        """Return when the window of each stretch closes; one that follows at once only changes the verdict."""
        closes: list[datetime] = []
        for place in range(len(self._stretches) - 1, -1, -1):
            goes_on = closes and self._stretches[place + 1].start == self._stretches[place].end
            closes.append(closes[-1] if goes_on else self._stretches[place].end)
        return closes[::-1]
