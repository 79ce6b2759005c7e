"""Which order of waves, and of the regions inside them, is best: every order, without planning each of them.

What follows depends only on which waves are done and when the last one ended, not on the way there; and inside a wave
only on which regions are done and when places in flight are free. So orders that meet in such a point are one from
there on. Where several regions could begin at the same moment the order decides who does, and only there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from wedgate.rollout.planner import UNBOUNDED, Dated, Goal, Misfit, Planner, Task, plan_from

EXACT_UP_TO = 8
"""Regions up to which no order is left out; beyond, the most promising ones are followed."""
MOST_POINTS = 50_000
"""More than the points at which orders of eight regions can meet: 8! orders that never do."""
MOST_LOOKS = 1_000_000


def best_order(task: Task, start: datetime, goal: Goal) -> Dated:
    """Return the best plan over every order of the waves that the task allows, and of the regions inside them.

    The given order where it is as good as the best one, and so with each wave: nothing is moved without a gain.
    """
    given = plan_from(task, start)
    found = _Search(task, goal, start).best()
    best = given if found is None else plan_from(replace(task, waves=found), start)
    if _cost(given, goal) <= _cost(best, goal):
        return given
    for place, wave in enumerate(best.waves):
        as_given = next(each for each in task.waves if set(each) == set(wave))
        waves = (*best.waves[:place], as_given, *best.waves[place + 1 :])
        plan = plan_from(replace(task, waves=waves), start)
        best = plan if _cost(plan, goal) <= _cost(best, goal) else best
    return best


def is_exact(waves: Sequence[Sequence[str]]) -> bool:
    """Whether every order of these waves is looked at."""
    return sum(len(wave) for wave in waves) <= EXACT_UP_TO


def _cost(dated: Dated, goal: Goal) -> tuple[bool, timedelta, timedelta]:
    return _cost_of(dated.end - dated.start, dated.least_runway, goal, misfits=dated.misfit is not None)


def _cost_of(
    late: timedelta, least_runway: timedelta, goal: Goal, *, misfits: bool
) -> tuple[bool, timedelta, timedelta]:
    if goal is Goal.EARLIEST_FINISH:
        return misfits, late, -least_runway
    return misfits, -least_runway, late


Ends: TypeAlias = dict[datetime, tuple[timedelta, tuple[str, ...]]]
"""When a wave can end, each with the longest runway that can be left then, and an order for it."""


@dataclass(frozen=True, slots=True)
class _Way:
    """The best way to a point: the shortest runway on it, and what was done, the last first."""

    least: timedelta
    before: _Way | None = None
    done: tuple[int, tuple[str, ...]] = (-1, ())

    def order(self) -> Iterator[tuple[str, ...]]:
        """Yield what was done, the first first."""
        if self.before is not None:
            yield from self.before.order()
            yield self.done[1]


def _waves_before(task: Task) -> list[int]:
    """Return of each wave, as bits, which waves must be done before it."""
    places = {name: place for place, wave in enumerate(task.waves) for name in wave}
    before = [0] * len(task.waves)
    for first, then in task.order:
        if first in places and then in places:
            before[places[then]] |= 1 << places[first]
    return before


class _Search:
    """Follows every order at once, point by point."""

    def __init__(self, task: Task, goal: Goal, start: datetime) -> None:
        self._task, self._goal, self._start = task, goal, start
        self._planner = Planner(task)
        self._ends: dict[tuple[int, datetime], Ends] = {}
        self._before = _waves_before(task)
        regions = sum(len(wave) for wave in task.waves)
        self._most = MOST_POINTS if regions <= EXACT_UP_TO else max(1, MOST_LOOKS // regions**2)

    def best(self) -> tuple[tuple[str, ...], ...] | None:
        """Return the waves in the best order; ``None`` where no order fits."""
        points = {(0, self._start): _Way(UNBOUNDED)}
        for _ in self._task.waves:
            after: dict[tuple[int, datetime], _Way] = {}
            for (done, turn), way in points.items():
                for place, before in enumerate(self._before):
                    if not done >> place & 1 and not before & ~done:
                        self._follow(after, done, turn, way, place)
            points = self._chosen(after)
        costs = {
            point: _cost_of(point[1] - self._start, way.least, self._goal, misfits=False)
            for point, way in points.items()
        }
        return tuple(points[min(costs, key=costs.__getitem__)].order()) if costs else None

    def _follow(
        self, after: dict[tuple[int, datetime], _Way], done: int, turn: datetime, way: _Way, place: int
    ) -> None:
        for end, (least, order) in self._wave(place, turn).items():
            point, least = (done | 1 << place, end), min(least, way.least)
            known = after.get(point)
            if known is None or least > known.least:
                after[point] = _Way(least, way, (place, order))

    def _chosen(self, points: dict[tuple[int, datetime], _Way]) -> dict[tuple[int, datetime], _Way]:
        """Return the points that are followed: all, or the most promising ones where there are too many."""
        if len(points) <= self._most:
            return points

        def cost(point: tuple[int, datetime]) -> tuple[bool, timedelta, timedelta]:
            return _cost_of(point[1] - self._start, points[point].least, self._goal, misfits=False)

        return {point: points[point] for point in sorted(points, key=cost)[: self._most]}

    def _wave(self, place: int, turn: datetime) -> Ends:
        """Return when a wave whose turn comes then can end, each with its longest runway and an order for it."""
        if (place, turn) not in self._ends:
            wave = self._task.waves[place]
            found = self._ends_of(wave, turn)
            as_given = self._planner.wave(place, wave, turn)
            if not isinstance(as_given, Misfit) and as_given:
                end = max(region.end for region in as_given)
                least = min(UNBOUNDED if region.runway is None else region.runway for region in as_given)
                if end in found and found[end][0] == least:
                    found[end] = least, wave
            self._ends[place, turn] = found
        return self._ends[place, turn]

    def _ends_of(self, wave: tuple[str, ...], turn: datetime) -> Ends:
        points: dict[tuple[int, tuple[datetime, ...]], tuple[timedelta, tuple[str, ...]]] = {
            (0, (turn,) * self._task.in_flight): (UNBOUNDED, ())
        }
        for _ in wave:
            after: dict[tuple[int, tuple[datetime, ...]], tuple[timedelta, tuple[str, ...]]] = {}
            for (done, free), (least, order) in points.items():
                for place, end, runway in self._next(wave, done, free[0]):
                    point = done | 1 << place, tuple(sorted((*free[1:], end)))
                    longest = min(least, runway)
                    if point not in after or longest > after[point][0]:
                        after[point] = longest, (*order, wave[place])
            if len(after) > self._most:
                kept = sorted(after, key=lambda point: (point[1], -after[point][0]))[: self._most]
                after = {point: after[point] for point in kept}
            points = after
        ends: Ends = {}
        for (_, free), (least, order) in points.items():
            if free[-1] not in ends or least > ends[free[-1]][0]:
                ends[free[-1]] = least, order
        return ends

    def _next(self, wave: tuple[str, ...], done: int, at: datetime) -> list[tuple[int, datetime, timedelta]]:
        """Return who may begin when a place is free at ``at``, with its end and runway; nobody where one never can."""
        soonest: datetime | None = None
        places: list[int] = []
        for place, name in enumerate(wave):
            if done >> place & 1:
                continue
            begin = self._planner.first_fit(name, at)
            if begin is None:
                return []
            if soonest is None or begin < soonest:
                soonest, places = begin, [place]
            elif begin == soonest:
                places.append(place)
        return [] if soonest is None else [(place, *self._planner.through(wave[place], soonest)) for place in places]
