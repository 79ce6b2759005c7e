"""Is a build the start of a lasting shift? Change points in the history of one metric, a value for each build.

A split of the history is a change point when the values on its two sides differ in rank beyond what chance explains
(Mann and Whitney, exact where one side is short, shared out over every split that was looked at), when most of one side
lies above most of the other, and when their medians differ by more than a stated share. A spike moves no ranks but its
own, and a metric that jumps about never has one side above the other.

Which splits are looked at: those of seeded intervals (Kovacs, Buehlmann, Li and Munk, Biometrika 110, 2023), short and
long ones at every place, so that a shift up and one down again do not hide one another. Once a shift is found, its
builds are the base of what follows: what was before no longer counts, and a history heals.

Only the order and the ratios of values are looked at, so the unit does not matter.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, groupby, pairwise
from itertools import count as count_from
from statistics import median, quantiles

from wedgate.judge.comparison import SAME
from wedgate.judge.rank_sums import rank_sum_tail
from wedgate.judge.reading import Direction

_EXACT = 12
"""Values on the shorter side up to which the chance is counted exactly; with more the normal curve is no smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """When a split is a change point.

    ``level`` is the risk of any false one in a whole history without drift. ``shift`` is the least change of the median
    as a fraction, ``apart`` the least share of pairs of builds, one of each side, in which the later one is on the
    shift's side. ``lasting`` builds at least make a level; what is shorter is a spike. ``near`` builds on each side are
    compared at the most, so that a slow drift over hundreds is no shift.
    """

    level: float = 0.05
    shift: float = 0.03
    apart: float = 0.85
    lasting: int = 5
    near: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """A lasting shift: ``first`` is the place of the first build after it, ``before`` and ``after`` the medians of the
    levels on its sides, ``worse`` whether it is a regression, ``p`` its chance without a shift."""

    first: int
    before: float
    after: float
    worse: bool
    p: float

    @property
    def ratio(self) -> float:
        """How many times as much the metric is after it."""
        return self.after / self.before if self.before else math.inf


class Standing(StrEnum):
    """What the newest builds of a history are."""

    STEADY = "steady"
    """As the level that they belong to."""
    SHIFTED = "shifted"
    """They are the first of a new level: fewer than ``near`` builds belong to it."""
    UNDECIDED = "undecided"
    """Away from the level, but too few yet to tell a spike from the start of a lasting shift."""
    YOUNG = "young"
    """Of too few builds: a shift that is there could not be told from chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a history comes to. ``level`` is the median of what the next build is held against: the builds since the
    last shift, without spikes. ``spikes`` are the places of builds that were away from their level for a short time."""

    change_points: tuple[ChangePoint, ...]
    spikes: tuple[int, ...]
    level: float | None
    standing: Standing
    undecided: int = 0


def read_history(values: Sequence[float], *, direction: Direction, settings: SeriesSettings | None = None) -> History:
    """Return the shifts and spikes of a history, and what its newest builds are. ``ValueError`` as below."""
    asked = settings or SeriesSettings()
    changes = find_change_points(values, direction=direction, settings=asked)
    edges = [0, *(each.first for each in changes), len(values)]
    away = [place for start, stop in pairwise(edges) for place in _away(values, start, stop, asked)]
    last, undecided = edges[-2], 0
    while len(values) - 1 - undecided in away:
        undecided += 1
    settled = [value for place, value in enumerate(values) if place >= last and place not in away]
    standing = Standing.UNDECIDED if undecided else Standing.STEADY
    if not undecided and changes and len(values) - last < asked.near:
        standing = Standing.SHIFTED
    if not changes and len(values) < builds_needed(asked):
        standing = Standing.YOUNG
    return History(
        change_points=changes,
        spikes=tuple(place for place in away if place < len(values) - undecided),
        level=median(settled) if settled else None,
        standing=standing,
        undecided=undecided,
    )


def builds_needed(settings: SeriesSettings) -> int:
    """Return of how many builds a history is at least in which the newest could be found to be a lasting shift."""
    lasting = settings.lasting
    return next(
        count
        for count in count_from(2 * lasting)
        if 2 * _tail(count - lasting, lasting, 0) <= settings.level / _looks(count, settings)
    )


def _looks(count: int, settings: SeriesSettings) -> int:
    return max(1, sum(stop - start for start, stop in _seeded(count, 2 * settings.lasting)))


def _away(values: Sequence[float], start: int, stop: int, asked: SeriesSettings) -> Iterator[int]:
    """Yield the places of a level whose values are far outside of it, for fewer builds than a level needs.

    The newest are yielded however many they are: what is no shift yet in so long a history is no level either. Far is
    beyond Tukey's outer fences (three times the distance of the quartiles), and by more than a shift.
    """
    level = values[start:stop]
    if len(level) < 2 * asked.lasting:
        return
    first, middle, third = quantiles(level, n=4, method="inclusive")
    reach = 3 * (third - first)
    low = min(first - reach, middle / (1 + asked.shift)) * (1 - SAME)
    high = max(third + reach, middle * (1 + asked.shift)) * (1 + SAME)
    for is_away, group in groupby(range(start, stop), key=lambda at: not low <= values[at] <= high):
        places = list(group)
        if is_away and (len(places) < asked.lasting or places[-1] == len(values) - 1):
            yield from places


def find_change_points(
    values: Sequence[float], *, direction: Direction, settings: SeriesSettings | None = None
) -> tuple[ChangePoint, ...]:
    """Return the lasting shifts of a history, the oldest first. ``values`` is one for each build, in their order.

    ``ValueError`` for a value that is not finite or is negative.
    """
    for place, value in enumerate(values):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"value {place} is {value:g}: no duration, rate or size")
    return _History(values, direction, settings or SeriesSettings()).change_points()


class _History:
    """A history of which only the order of its values, with ties, and their medians are asked."""

    def __init__(self, values: Sequence[float], direction: Direction, settings: SeriesSettings) -> None:
        self._values = values
        self._heights = _heights(values)
        self._direction = direction
        self._asked = settings
        intervals = list(_seeded(len(values), 2 * settings.lasting))
        self._risk = settings.level / _looks(len(values), settings)
        self._found = [each for each in map(self._best, intervals) if each is not None]

    def change_points(self) -> tuple[ChangePoint, ...]:
        splits = self._pruned(sorted(self._within(0, len(self._values))))
        edges = [0, *splits, len(self._values)]
        return tuple(
            self._change_point(start, split, stop)
            for start, split, stop in zip(edges, edges[1:], edges[2:], strict=False)
        )

    def _within(self, start: int, stop: int) -> Iterator[int]:
        """Yield the splits of a stretch: the least likely one first, then those on both sides of it."""
        inside = [each for each in self._found if start <= each[1] and each[3] <= stop]
        if not inside:
            return
        _, low, split, high = min(inside)
        split = self._moved(max(start, low), split, min(stop, high))
        yield split
        yield from self._within(start, split)
        yield from self._within(split, stop)

    def _best(self, interval: tuple[int, int]) -> tuple[float, int, int, int] | None:
        """Return p, start, split and stop of the likeliest change point of an interval; ``None`` for none."""
        start, stop = interval
        heights = self._heights[start:stop]
        ordered, count, lasting = sorted(heights), stop - start, self._asked.lasting
        ranks = [bisect_left(ordered, each) + bisect_right(ordered, each) - count for each in heights]
        sums = list(accumulate(ranks))
        places = range(lasting, count - lasting + 1)
        # Twice the distance of the sum of ranks from its mean, over what its deviation goes with.
        split = start + max(places, key=lambda at: abs(sums[at - 1]) / math.sqrt(at * (count - at)))
        p = self._p(start, split, stop)
        return (p, start, split, stop) if p is not None else None

    def _p(self, start: int, split: int, stop: int) -> float | None:
        """Return the chance of a split, if it is a change point of a stretch."""
        asked = self._asked
        before = self._heights[max(start, split - asked.near) : split]
        after = self._heights[split : min(stop, split + asked.near)]
        if min(len(before), len(after)) < asked.lasting or not self._is_large(start, split, stop):
            return None
        ordered, most = sorted(before), len(before) * len(after)
        higher = sum(bisect_left(ordered, each) for each in after)
        lower = most - sum(bisect_right(ordered, each) for each in after)
        wins = max(higher, lower)
        if wins < asked.apart * most:
            return None
        p = 2 * _tail(len(before), len(after), most - wins)
        return p if p <= self._risk else None

    def _is_large(self, start: int, split: int, stop: int) -> bool:
        low, high = sorted(self._levels(start, split, stop))
        return high > low * (1 + self._asked.shift)

    def _levels(self, start: int, split: int, stop: int) -> tuple[float, float]:
        near = self._asked.near
        return (
            median(self._values[max(start, split - near) : split]),
            median(self._values[split : min(stop, split + near)]),
        )

    def _moved(self, start: int, split: int, stop: int) -> int:
        """Return the split that leaves the fewest values nearer to the other side's median."""
        before, after = self._levels(start, split, stop)
        near, lasting = self._asked.near, self._asked.lasting
        low, high = max(start, split - near), min(stop, split + near)
        # How much nearer to the level before each value is than to the one after: no value counts for more than that.
        gains = [abs(value - after) - abs(value - before) for value in self._values[low:high]]
        sums = [0.0, *accumulate(gains)]
        places = range(max(low, start + lasting) - low, min(high, stop - lasting) - low + 1)
        best = max(sums[at] for at in places)
        slack = SAME * max(before, after) * len(gains)
        return low + min((at for at in places if sums[at] >= best - slack), key=lambda at: (abs(low + at - split), at))

    def _pruned(self, splits: list[int]) -> list[int]:
        """Return the splits that still hold between their neighbours, the weakest taken away one by one."""
        while splits:
            edges = [0, *splits, len(self._values)]
            chances = [
                self._p(start, split, stop) for start, split, stop in zip(edges, edges[1:], edges[2:], strict=False)
            ]
            worst = max(range(len(splits)), key=lambda at: _or_one(chances[at]))
            if chances[worst] is not None:
                break
            del splits[worst]
        return splits

    def _change_point(self, start: int, split: int, stop: int) -> ChangePoint:
        before, after = self._levels(start, split, stop)
        return ChangePoint(
            first=split,
            before=before,
            after=after,
            worse=(after > before) is (self._direction is Direction.LOWER_IS_BETTER),
            p=_or_one(self._p(start, split, stop)),
        )


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def _heights(values: Sequence[float]) -> list[int]:
    """Return for each value how many different ones are below it; values that differ by rounding only are the same."""
    places = sorted(range(len(values)), key=lambda at: values[at])
    found, height = [0] * len(values), 0
    for last, at in pairwise(places):
        height += values[at] > values[last] * (1 + SAME)
        found[at] = height
    return found


def _seeded(count: int, shortest: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of a history: of each length, from the whole down by the root of two, half overlapping."""
    length = float(count)
    while length >= shortest:
        stretches = 2 * math.ceil(count / length) - 1
        step = (count - length) / (stretches - 1) if stretches > 1 else 0.0
        yield from sorted({(math.floor(at * step), math.ceil(at * step + length)) for at in range(stretches)})
        length /= math.sqrt(2)


def _tail(first: int, second: int, pairs: int) -> float:
    """Return the chance of so few pairs, or fewer, in the rarer order."""
    if min(first, second) <= _EXACT:
        return rank_sum_tail(first, second, pairs)
    deviation = math.sqrt(first * second * (first + second + 1) / 12)
    return math.erfc((first * second / 2 - pairs - 0.5) / deviation / math.sqrt(2)) / 2
