"""The history of builds as values: each metric over the builds that have it, and what was found and accepted of it.

A build that was measured again has a later line, which counts instead of the earlier one, at the earlier one's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import median

from wedgate.judge.history_lines import MACHINE, Acceptance, Build, BuildValue
from wedgate.judge.reading import Direction
from wedgate.judge.series import ChangePoint, History, SeriesSettings, find_change_points, read_history
from wedgate.judge.units import factor_between

USUAL_GAPS = 0.25
"""After so many of the builds that have a metric it must have been away for as long as now, to be away as usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedShift:
    """A shift to a worse level that somebody accepted: the levels ``before`` and ``after`` it, in ``unit``."""

    before: float
    after: float
    unit: str
    acceptance: Acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricHistory:
    """One metric over the builds that have it, in the unit and direction of the newest of them.

    ``skipped`` are builds whose unit cannot be turned into that one, or whose direction is another. ``accepted`` is
    what somebody accepted of this metric, the newest last. ``vanished`` is how many of the newest builds do not have
    it, though it is not usual that so many lack it.
    """

    name: str
    unit: str
    direction: Direction
    builds: tuple[Build, ...]
    values: tuple[float, ...]
    found: History
    skipped: tuple[Build, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    vanished: int = 0

    def machine_changed(self, first: int) -> str | None:
        """Say how the machine of a build differs from the one before it; ``None`` if it does not."""
        before, after = self.builds[first - 1].machine, self.builds[first].machine
        for name in MACHINE:
            if name in before and name in after and before[name] != after[name]:
                return f"{name}: {before[name]}, then {after[name]}"
        return None

    def news(self, last: int) -> tuple[ChangePoint, ...]:
        """Return the shifts that began in the last so many builds, or could not be told before they came.

        A small one is told from noise, and any from a spike, only some builds after it began. One that is hardly more
        than the noise is told, lost and told again: it is news until as many earlier builds as ``last`` told it. One
        that the next shift took back is over.
        """
        asked, seen = SeriesSettings(), max(0, len(self.values) - last)
        looks: dict[int, tuple[ChangePoint, ...]] = {}

        def told(change: ChangePoint, builds: int) -> bool:
            if builds not in looks:
                looks[builds] = find_change_points(self.values[:builds], direction=self.direction)
            # More builds may find the first one of a shift a little earlier or later.
            return any(
                abs(each.first - change.first) < asked.lasting and each.worse is change.worse for each in looks[builds]
            )

        def is_news(change: ChangePoint) -> bool:
            if change.first >= seen:
                return True
            # What lies further from a shift is not compared with it.
            if seen > change.first + 2 * asked.near or told(change, seen):
                return False
            earlier = (
                builds for builds in range(seen - 1, change.first + asked.lasting - 1, -1) if told(change, builds)
            )
            return len(list(islice(earlier, last))) < last

        return tuple(each for each in self.found.change_points if not self._is_taken_back(each) and is_news(each))

    def _is_taken_back(self, change: ChangePoint) -> bool:
        """Whether the next shift took back what a regression had brought."""
        later = [each for each in self.found.change_points if each.first > change.first]
        if not change.worse or not later or later[0].worse:
            return False
        most, shift, now = change.before, 1 + SeriesSettings().shift, later[0].after
        return now <= most * shift if self.direction is Direction.LOWER_IS_BETTER else now >= most / shift

    def accepted_shift(self, change: ChangePoint) -> Acceptance | None:
        """Return who accepted a shift; ``None`` if nobody did, or it has become larger than what was accepted."""
        return self._accepted(change.first, change.after)

    @property
    def accepted_undecided(self) -> Acceptance | None:
        """Who accepted the level of the newest builds, while they are too few to be a shift; ``None`` if nobody did."""
        count = self.found.undecided
        return self._accepted(len(self.values) - count, median(self.values[-count:])) if count else None

    def accepted_between(self, base: float, candidate: float) -> AcceptedShift | None:
        """Return the accepted shift that lies between two values, in this history's unit; ``None`` if none does.

        The base is then nearer to the level before it, the candidate to the one after it, and no worse than what was
        accepted: another slowdown, on top of the accepted one or beside it, is none of anybody's.
        """
        for first, before, after in reversed(self._shifts()):
            is_between = abs(base - before) < abs(base - after) and abs(candidate - after) < abs(candidate - before)
            is_worse = (after > before) is (self.direction is Direction.LOWER_IS_BETTER)
            if not is_between or not is_worse or self._accepted(first, after) is None:
                continue
            if (taken := self._accepted(first, candidate)) is not None:
                return AcceptedShift(before=before, after=after, unit=self.unit, acceptance=taken)
        return None

    def _shifts(self) -> list[tuple[int, float, float]]:
        """Return every shift, and the newest builds while they are undecided: first build, level before and after."""
        found = [(each.first, each.before, each.after) for each in self.found.change_points]
        count = self.found.undecided
        if count and self.found.level is not None:
            found.append((len(self.values) - count, self.found.level, median(self.values[-count:])))
        return found

    def level_from(self, build: str) -> BuildValue | None:
        """Return the level that begins with a build: after a shift, or of the newest builds. ``None`` if none does."""
        for first, _, level in self._shifts():
            if self.builds[first].name == build:
                since = len(self.values) - first
                return BuildValue(name=self.name, unit=self.unit, direction=self.direction, value=level, count=since)
        return None

    def _accepted(self, first: int, level: float) -> Acceptance | None:
        places = {build.name: place for place, build in enumerate(self.builds)}
        for each in reversed(self.accepted):
            place = places.get(each.build)
            # More builds may find the first one of a shift a little earlier or later.
            if place is None or abs(place - first) >= SeriesSettings().lasting:
                continue
            if any(self._is_within(value, level) for value in each.values if value.name == self.name):
                return each
        return None

    def _is_within(self, accepted: BuildValue, level: float) -> bool:
        """Whether a level is no worse than an accepted one, but for less than a shift."""
        factor = factor_between(accepted.unit, self.unit)
        if factor is None or accepted.direction is not self.direction:
            return False
        most, shift = accepted.value * factor, 1 + SeriesSettings().shift
        return level <= most * shift if self.direction is Direction.LOWER_IS_BETTER else level >= most / shift


def latest_of_each(builds: Iterable[Build]) -> tuple[Build, ...]:
    """Return the builds in the order in which they first came, each as it was measured last."""
    found: dict[str, Build] = {}
    for build in builds:
        found[build.name] = build
    return tuple(found.values())


def metric_histories(
    builds: Sequence[Build], accepted: Sequence[Acceptance] = (), *, settings: SeriesSettings | None = None
) -> tuple[MetricHistory, ...]:
    """Return the history of each metric that the builds have, those of the newest build first."""
    names = dict.fromkeys(value.name for build in reversed(builds) for value in build.values)
    return tuple(
        replace(
            _history(name, builds, settings),
            accepted=tuple(each for each in accepted if any(value.name == name for value in each.values)),
        )
        for name in names
    )


def _history(name: str, builds: Sequence[Build], settings: SeriesSettings | None) -> MetricHistory:
    having = [(build, value) for build in builds for value in build.values if value.name == name]
    newest = having[-1][1]
    kept, skipped = [], []
    for build, value in having:
        factor = factor_between(value.unit, newest.unit)
        if factor is None or value.direction is not newest.direction:
            skipped.append(build)
        else:
            kept.append((build, value.value * factor))
    values = tuple(value for _, value in kept)
    return MetricHistory(
        name=name,
        unit=newest.unit,
        direction=newest.direction,
        builds=tuple(build for build, _ in kept),
        values=values,
        found=read_history(values, direction=newest.direction, settings=settings),
        skipped=tuple(skipped),
        vanished=_vanished(name, builds),
    )


def _vanished(name: str, builds: Sequence[Build]) -> int:
    """Return how many of the newest builds lack a metric, if it is not left out for as long again and again."""
    have = [place for place, build in enumerate(builds) if any(value.name == name for value in build.values)]
    gaps = [after - before - 1 for before, after in pairwise(have)]
    lacking = len(builds) - 1 - have[-1]
    return lacking if sum(gap >= lacking for gap in gaps) < max(1.0, USUAL_GAPS * len(gaps)) else 0


def newest(history: MetricHistory, count: int) -> MetricHistory:
    """Return the last builds of a history, for a picture, with what was found of them over all of it."""
    gone = max(0, len(history.values) - count)
    found = replace(
        history.found,
        change_points=tuple(
            replace(each, first=each.first - gone) for each in history.found.change_points if each.first > gone
        ),
        spikes=tuple(place - gone for place in history.found.spikes if place >= gone),
    )
    return replace(history, builds=history.builds[gone:], values=history.values[gone:], found=found)
