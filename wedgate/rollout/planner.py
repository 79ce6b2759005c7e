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

    ``strategy_of(region, verdict)`` is the engine's choice. ``deploy`` is how long a deploy and its read-back take.
    """

    waves: tuple[tuple[str, ...], ...]
    in_flight: int
    reserve: timedelta
    deploy: timedelta
    stretches: Mapping[str, tuple[Stretch, ...]]
    strategy_of: Callable[[str, Verdict], Strategy]
    horizon: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A weight in percent from ``start`` until its bake ends."""

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
    """A region whose way fits into no window: what it needs, and the window into which it nearly fits."""

    region: str
    needs: timedelta
    longest: timedelta

    @property
    def too_long_by(self) -> timedelta:
        """By how much bakes and reserve must become shorter."""
        return self.needs - self.longest


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
    planner = Planner(task)
    regions: list[PlannedRegion] = []
    turn = start
    for index, wave in enumerate(task.waves):
        done = planner.wave(index, wave, turn)
        if isinstance(done, Misfit):
            return Dated(start=start, waves=task.waves, regions=tuple(regions), misfit=done)
        regions += done
        turn = max((region.end for region in done), default=turn)
    return Dated(start=start, waves=task.waves, regions=tuple(regions))


def without_waiting(task: Task, start: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the latest start before ``start``, and the first one after it, from which no region would have to wait.

    To the minute, within two weeks before and four weeks after; ``None`` where there is none.
    """

    def fits(at: datetime) -> bool:
        dated = plan_from(task, at)
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
    """Answers when a region can begin, with what is worth remembering between two questions."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._starts = {name: [each.start for each in stretches] for name, stretches in task.stretches.items()}
        self._fits: dict[tuple[str, datetime], datetime | Misfit] = {}
        self._through: dict[tuple[str, datetime], tuple[datetime, timedelta]] = {}

    def wave(self, index: int, wave: Sequence[str], turn: datetime) -> list[PlannedRegion] | Misfit:
        """Plan one wave from when its turn comes: whenever a place is free, the first region goes that can."""
        waiting, free, done = list(wave), [turn] * self._task.in_flight, []
        refused: set[str] = set()
        while waiting:
            free.sort()
            at = free[0]
            first = {name: self.first_fit(name, at) for name in waiting}
            misfits = [found for found in first.values() if isinstance(found, Misfit)]
            if misfits:
                return misfits[0]
            starts = {name: found for name, found in first.items() if isinstance(found, datetime)}
            soonest = min(starts.values())
            # The engine asks in this order whenever a place is free, and who was refused once goes to the end.
            order = sorted(waiting, key=lambda name: name in refused)
            if soonest > at:
                refused.update(waiting)
                order = waiting
            name = next(name for name in order if starts[name] == soonest)
            refused.update(order[: order.index(name)])
            region = self._way(name, index, soonest, waited=soonest - at)
            done.append(region)
            waiting.remove(name)
            free[0] = region.end
        return done

    def first_fit(self, region: str, at: datetime) -> datetime | Misfit:
        """Return the first instant from ``at`` on at which a region can begin and get through."""
        known = self._fits.get((region, at))
        if known is None:
            known = self._fits[region, at] = self._first_fit(region, at)
        return known

    def through(self, region: str, start: datetime) -> tuple[datetime, timedelta]:
        """Return when a region that begins at ``start`` is promoted, and what is left of its window then."""
        known = self._through.get((region, start))
        if known is None:
            way = self._way(region, 0, start, waited=timedelta(0))
            runway = UNBOUNDED if way.runway is None else way.runway
            known = self._through[region, start] = way.end, runway
        return known

    def _first_fit(self, region: str, at: datetime) -> datetime | Misfit:
        stretches = self._task.stretches[region]
        nearest: Misfit | None = None
        for place in range(max(0, bisect_right(self._starts[region], at) - 1), len(stretches)):
            stretch = stretches[place]
            begin = max(stretch.start, at)
            if begin >= stretch.end:
                continue
            needs = self._needs(region, stretch.verdict)
            closes = self._closes(region, place)
            if begin + needs <= closes:
                return begin
            # What is needed depends on the verdict: it is compared with the window that it was needed in.
            missed = Misfit(region=region, needs=needs, longest=closes - begin)
            nearest = missed if nearest is None or missed.too_long_by < nearest.too_long_by else nearest
        if nearest is not None:
            return nearest
        needs = min(self._needs(region, verdict) for verdict in (Verdict.OPEN, Verdict.CAUTION))
        return Misfit(region=region, needs=needs, longest=timedelta(0))

    def _needs(self, region: str, verdict: Verdict) -> timedelta:
        steps = self._task.strategy_of(region, verdict).steps
        return self._task.deploy + sum((step.bake for step in steps), timedelta(0)) + self._task.reserve

    def _closes(self, region: str, place: int) -> datetime:
        """Return when the window of a stretch closes; one that follows at once only changes the verdict."""
        stretches = self._task.stretches[region]
        while place + 1 < len(stretches) and stretches[place + 1].start == stretches[place].end:
            place += 1
        return stretches[place].end

    def _way(self, region: str, wave: int, start: datetime, *, waited: timedelta) -> PlannedRegion:
        place = bisect_right(self._starts[region], start) - 1
        strategy = self._task.strategy_of(region, self._task.stretches[region][place].verdict)
        steps, at = [], start + self._task.deploy
        for step in strategy.steps:
            steps.append(PlannedStep(weight=step.weight, start=at, end=at + step.bake))
            at += step.bake
        closes = self._closes(region, place)
        return PlannedRegion(
            region=region,
            wave=wave,
            strategy=strategy.name,
            start=start,
            steps=tuple(steps),
            end=at,
            closes=None if closes >= self._task.horizon else closes,
            waited=waited,
        )
