"""The planner as a use case: a configuration's calendars become stretches, and a plan with what would be better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from wedgate.calendars.timeline import EARLIEST, Timeline
from wedgate.calendars.values import Span, Verdict
from wedgate.config.configuration import Configuration
from wedgate.engine.frozen import frozen_spans
from wedgate.engine.horizon import timeline_for
from wedgate.engine.parts import Almanac
from wedgate.errors import UsageError
from wedgate.judge.live import slices_needed
from wedgate.ledger.audit import Frozen
from wedgate.rollout.ordering import best_order
from wedgate.rollout.planner import LOOK_BACK, Dated, Goal, Stretch, Task, plan_from, without_waiting
from wedgate.rollout.regions import chosen_strategy
from wedgate.rollout.strategies import completed, is_at_once
from wedgate.rollout.values import RolloutSettings, Strategy

HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortBake:
    """A bake that cannot come to an answer: what there is, and what it needs for the traffic given."""

    strategy: str
    weight: int
    bake: timedelta
    needs: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAnswer:
    """A plan; the better order where one was asked for; starts without waiting; bakes that are too short; and the
    strategies of the plan that give everybody the version before anybody judged it."""

    given: Dated
    better: Dated | None
    latest_before: datetime | None
    next_after: datetime | None
    short_bakes: tuple[ShortBake, ...]
    dangerous: tuple[str, ...] = ()
    freezes: tuple[Frozen, ...] = ()
    """The freezes that the plan waits for, or goes around."""
    freezes_unknown: str | None = None
    """Why nobody knows whether anything is frozen."""


def make_plan(
    configuration: Configuration,
    almanac: Almanac,
    start: datetime,
    *,
    regions: tuple[str, ...] = (),
    deploy: timedelta = timedelta(minutes=2),
    goal: Goal | None = None,
    rate: float | None = None,
    freezes: Sequence[Frozen] = (),
) -> PlanAnswer:
    """Plan a rollout from ``start`` on. ``rate`` is a region's traffic in requests per second, where it is known.

    ``freezes`` are those that nobody has ended: each is over by its hour.

    ``UsageError`` without a rollout in the configuration, and for a region that no wave names.
    """
    rollout = configuration.rollout
    if rollout is None:
        raise UsageError(f"{configuration.path} has no `rollout:`, so there is nothing to plan")
    waves = asked_waves(rollout, regions)
    span = Span(start=max(start - LOOK_BACK - timedelta(days=1), EARLIEST), end=start + HORIZON)
    timeline = timeline_for(configuration.calendar, almanac, span)
    task = task_over(timeline, rollout, waves, deploy, configuration.judge.slice_length, freezes)
    given = plan_from(task, start)
    better = None if goal is None else best_order(task, start, goal)
    before, after = (None, None)
    if given.waited or given.misfit is not None:
        before, after = without_waiting(task, start)
    return PlanAnswer(
        given=given,
        better=better,
        latest_before=before,
        next_after=after,
        short_bakes=_short_bakes(configuration, rollout, rate),
        dangerous=_dangerous(rollout, given if better is None else better),
        freezes=tuple(each for each in freezes if start < each.until and each.held_of(chain.from_iterable(waves))),
    )


def asked_waves(rollout: RolloutSettings, regions: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the waves as far as regions are asked about, all for none; ``UsageError`` for one that no wave names."""
    known = {name for wave in rollout.waves for name in wave}
    for name in regions:
        if name not in known:
            raise UsageError(f"region {name} is in no wave; the waves name {', '.join(sorted(known))}")
    waves = (tuple(name for name in wave if not regions or name in regions) for wave in rollout.waves)
    return tuple(wave for wave in waves if wave)


def task_over(
    timeline: Timeline,
    rollout: RolloutSettings,
    waves: tuple[tuple[str, ...], ...],
    deploy: timedelta,
    slice_length: timedelta,
    freezes: Sequence[Frozen] = (),
) -> Task:
    """Return what is to be planned over the whole of a timeline. ``slice_length`` is the judge's."""
    stretches = {
        name: tuple(
            piece
            for each in timeline.intervals(name)
            if each.verdict is not Verdict.CLOSED
            for piece in _thawed(Stretch(start=each.start, end=each.end, verdict=each.verdict), name, freezes)
        )
        for wave in waves
        for name in wave
    }

    ways = tuple(rollout.strategies.values())

    def strategy_of(region: str, verdict: Verdict) -> Strategy:
        return chosen_strategy(ways, rollout.choose, region, verdict)

    return Task(
        waves=waves,
        in_flight=rollout.in_flight,
        reserve=rollout.reserve,
        deploy=deploy,
        stretches=stretches,
        strategy_of=strategy_of,
        horizon=timeline.span.end,
        order=rollout.order,
        slice_length=slice_length,
    )


def _thawed(stretch: Stretch, region: str, freezes: Sequence[Frozen]) -> tuple[Stretch, ...]:
    """Return what freezes leave of a stretch."""
    left = [stretch]
    for frozen in frozen_spans(freezes, region):
        pieces = []
        for each in left:
            before, after = min(each.end, frozen.start), max(each.start, frozen.end)
            pieces += [replace(each, end=before)] if each.start < before else []
            pieces += [replace(each, start=after)] if after < each.end else []
        left = pieces
    return tuple(left)


def _dangerous(rollout: RolloutSettings, dated: Dated) -> tuple[str, ...]:
    """Return the strategies of a plan that are dangerous, in the order of the configuration."""
    used = {region.strategy for region in dated.regions}
    return tuple(name for name, strategy in rollout.strategies.items() if name in used and is_at_once(strategy))


def _short_bakes(configuration: Configuration, rollout: RolloutSettings, rate: float | None) -> tuple[ShortBake, ...]:
    """Return the bakes that are over before the judge could say pass."""
    judge = configuration.judge
    regions = sum(len(wave) for wave in rollout.waves)
    most = max(len(strategy.steps) for strategy in rollout.strategies.values())
    slices = max(slices_needed(judge, level=judge.level_of_step(regions=regions, steps=most)), judge.latency.slices)
    found = []
    for strategy in rollout.strategies.values():
        for step in completed(strategy).steps:
            by_limits = strategy.against_limits or step.weight == 100
            # Held to limits alone there is no latency to compare; a ceiling of it needs as many slices.
            errors_alone = by_limits and judge.latency.never_above_ms is None
            needs = timedelta(0) if errors_alone else slices * judge.slice_length
            if rate is not None:
                needs = max(needs, timedelta(seconds=judge.errors.requests / (rate * step.weight / 100)))
            # All traffic without a bake of its own rests on the step before it.
            if step.bake < needs and (step.weight < 100 or step.bake):
                found.append(ShortBake(strategy=strategy.name, weight=step.weight, bake=step.bake, needs=needs))
    return tuple(found)
