"""Observation during a bake: readings become slices, slices become judgements, and only covered time counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from wedgate.adapters.metrics.interface import MetricSource
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Judgement, JudgeSettings, Outcome, Reading, Slice
from wedgate.ledger.copying import replace
from wedgate.rollout.effects import Judge
from wedgate.rollout.events import Judged, Observed
from wedgate.rollout.state import RegionState

BAKES_LOOKED_BACK = 3
LEAST_LOOKED_BACK = timedelta(hours=1)
"""How far back a judgement looks: hours of a region that is held must not dilute what goes wrong now."""

MOST_LATE = timedelta(minutes=2)
"""How late evidence may come before it is said that there is none."""


class SliceBetween(Protocol):
    """``wedgate.judge.slices.slice_between``."""

    def __call__(self, before: Reading, after: Reading, *, stable: str) -> Slice:
        """Make the slice between two readings."""


class JudgeLive(Protocol):
    """``wedgate.judge.live.judge_live``."""

    def __call__(
        self,
        slices: Sequence[Slice],
        settings: JudgeSettings,
        *,
        level: Decimal,
        final: bool,
        against_limits: bool = False,
    ) -> Judgement:
        """Judge the slices of one step."""


@dataclass(slots=True)
class Observation:
    """What was observed of one region at one step since the read-back of its weight."""

    step: int
    since: datetime
    last: Reading | None = None
    tried_at: datetime | None = None
    slices: list[Slice] = field(default_factory=list)
    kept: int = 0
    """How many of the slices are in the ledger."""
    counted: int = 0
    covered: timedelta = timedelta(0)
    """How many slices were counted so far, and the time that the usable ones of them cover."""

    @property
    def observed(self) -> timedelta:
        """The time covered by usable slices."""
        for each in self.slices[self.counted :]:
            self.covered += each.end - each.start if each.trouble is None else timedelta(0)
        self.counted = len(self.slices)
        return self.covered


class Watcher:
    """Takes a reading per region and slice length, and asks the judge. One for each run: what a killed process
    observed and did not write down is gone, and is observed again."""

    def __init__(
        self,
        sources: Callable[[str], MetricSource],
        settings: JudgeSettings,
        *,
        slice_between: SliceBetween,
        judge_live: JudgeLive,
    ) -> None:
        self._open = sources
        self._sources: dict[str, MetricSource] = {}
        self._settings = settings
        self._slice_between = slice_between
        self._judge_live = judge_live
        self._observations: dict[str, Observation] = {}

    def judge(self, effect: Judge, at: datetime) -> Judged | None:
        """Take a reading if one is due and judge what there is; ``None`` when there is nothing new to judge."""
        observation = self._observations.get(effect.region)
        if observation is None or (observation.step, observation.since) != (effect.step, effect.since):
            observation = self._observations[effect.region] = Observation(step=effect.step, since=effect.since)
        # An instant of the last run's evidence may lie ahead: it is by the clock of whoever measured.
        if observation.tried_at is not None and timedelta(0) <= at - observation.tried_at < self._settings.slice_length:
            return None
        observation.tried_at = at
        try:
            reading = self._source(effect.region).read(at)
        except ExternalSystemError as error:
            return self._judged(effect, observation, at, _error(f"no evidence: {error}", observation))
        if observation.last is None and reading.at < effect.since:
            # Evidence that comes late is still of the weight before this one.
            if at - effect.since <= MOST_LATE:
                return None
            text = f"no evidence: the last is of {reading.at.isoformat()}, before this weight; is a clock wrong?"
            return self._judged(effect, observation, at, _error(text, observation))
        before, observation.last = observation.last, reading
        if before is None:
            return None
        observation.slices.append(self._slice(before, reading, effect))
        return self._judged(effect, observation, at, None)

    def resume(self, region: RegionState) -> None:
        """Go on from what an earlier run observed of the step in force and wrote down."""
        found = region.evidence
        if found is None or region.bake_from is None:
            return
        self._observations[region.region] = Observation(
            step=region.at_step,
            since=region.bake_from,
            last=found.last,
            tried_at=found.last.at,
            slices=list(found.slices),
            kept=len(found.slices),
        )

    def observed(self, region: RegionState, at: datetime) -> Observed | None:
        """Return what was observed of the step in force since it was last written down; ``None`` for nothing."""
        seen = self._observations.get(region.region)
        if seen is None or seen.last is None or (seen.step, seen.since) != (region.at_step, region.bake_from):
            return None
        if region.evidence is not None and region.evidence.last == seen.last:
            return None
        fresh = tuple(seen.slices[seen.kept :])
        seen.kept = len(seen.slices)
        return Observed(at=at, region=region.region, step=seen.step, since=seen.since, last=seen.last, slices=fresh)

    def due(self, region: RegionState, at: datetime) -> timedelta:
        """Return how long until the next reading of a region is due; zero when it is, or a new bake began."""
        observation = self._observations.get(region.region)
        if observation is None or observation.tried_at is None or observation.since != region.bake_from:
            return timedelta(0)
        if at < observation.tried_at:
            return timedelta(0)
        return max(timedelta(0), observation.tried_at + self._settings.slice_length - at)

    def _source(self, region: str) -> MetricSource:
        """Return the source of a region, opened once."""
        if region not in self._sources:
            self._sources[region] = self._open(region)
        return self._sources[region]

    def _slice(self, before: Reading, after: Reading, effect: Judge) -> Slice:
        """Make the slice between two readings; one with a gap is not evidence."""
        made = self._slice_between(before, after, stable=effect.stable.value)
        gap = after.at - before.at
        if made.trouble is None and gap > 2 * self._settings.slice_length:
            made = replace(made, trouble=f"nothing was read for {gap.total_seconds():.0f} s")
        return made

    def _judged(self, effect: Judge, observation: Observation, at: datetime, failed: Judgement | None) -> Judged:
        """Ask the judge; at the end of the bake for its final answer."""
        observed = observation.observed
        final = failed is None and observed >= effect.bake
        back = at - max(BAKES_LOOKED_BACK * effect.bake, LEAST_LOOKED_BACK)
        recent = tuple([each for each in observation.slices if each.end > back])
        judgement = failed or self._ask(recent, effect, final=final)
        return Judged(
            at=at, region=effect.region, step=effect.step, observed=observed, final=final, judgement=judgement
        )

    def _ask(self, slices: tuple[Slice, ...], effect: Judge, *, final: bool) -> Judgement:
        """Ask the judge; an exception inside it is an ``error``, never an answer."""
        try:
            return self._judge_live(
                slices,
                self._settings,
                level=effect.level,
                final=final,
                against_limits=effect.against_limits or effect.weight == 100,
            )
        except Exception as error:
            text = f"the judge failed: {type(error).__name__}: {error}"
            return Judgement(outcome=Outcome.ERROR, metrics=(), slices=len(slices), usable=0, text=text)


def _error(text: str, observation: Observation) -> Judgement:
    """Return the judgement that says that there was nothing to judge."""
    return Judgement(outcome=Outcome.ERROR, metrics=(), slices=len(observation.slices), usable=0, text=text)
