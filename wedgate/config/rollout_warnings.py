"""Warnings about rollouts: strategies that nothing chooses, regions that no wave names, bakes that can never pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wedgate.calendars.durations import spell_duration
from wedgate.config.complaint_places import about_file
from wedgate.errors import Problem
from wedgate.judge.live import slices_needed
from wedgate.rollout.strategies import AT_ONCE, is_at_once
from wedgate.rollout.windows import never_fits

if TYPE_CHECKING:
    from wedgate.calendars.timeline import Timeline
    from wedgate.config.configuration import Configuration
    from wedgate.rollout.values import RolloutSettings


def warnings_of_rollout(configuration: Configuration) -> list[Problem]:
    """Return what a rollout probably does not mean."""
    rollout = configuration.rollout
    if rollout is None:
        return []
    found = []
    for index, choice in enumerate(rollout.choose[:-1]):
        if choice.verdict is None and choice.where is None:
            rest = len(rollout.choose) - index - 1
            what = f"rollout.choose[{index}]: matches always, so the {rest} after it are never asked"
            found.append(about_file(configuration, what, "move it to the end"))
            break
    used = {choice.use for choice in rollout.choose}
    for name in rollout.strategies:
        if name not in used:
            what = f"rollout.strategies.{name}: nothing chooses it"
            found.append(about_file(configuration, what, "name it in rollout.choose, or delete it"))
    found += [
        about_file(
            configuration,
            f"rollout.strategies.{name}: {AT_ONCE}",
            "use it where an outage is cheaper than a slow start; else kind: blue-green with a bake, or canary",
        )
        for name, strategy in rollout.strategies.items()
        if is_at_once(strategy)
    ]
    moved = {region for wave in rollout.waves for region in wave}
    for region in configuration.calendar.regions:
        if region.name not in moved:
            what = f"rollout.waves: {region.name} is in no wave, so no rollout reaches it"
            found.append(about_file(configuration, what, "add it to a wave, if it should be reached"))
    return [*found, *_short_bakes(configuration, rollout)]


def warnings_of_windows(configuration: Configuration, timeline: Timeline) -> list[Problem]:
    """Return the regions whose way fits into no window of a timeline: no rollout would ever reach them."""
    rollout = configuration.rollout
    if rollout is None:
        return []
    found = []
    for region in (name for wave in rollout.waves for name in wave):
        never = never_fits(rollout, timeline, region)
        if never is not None:
            what = f"rollout: {never.words('the coming year')}: no rollout fits"
            found.append(about_file(configuration, what, "shorten the bakes, or the reserve; `wedgate plan` says more"))
    return found


def _short_bakes(configuration: Configuration, rollout: RolloutSettings) -> list[Problem]:
    """Return the bakes that are over before the judge could ever say pass."""
    judge, found = configuration.judge, []
    regions = sum(len(wave) for wave in rollout.waves)
    most = max(len(strategy.steps) for strategy in rollout.strategies.values())
    needed = slices_needed(judge, level=judge.level_of_step(regions=regions, steps=most))
    for strategy in rollout.strategies.values():
        for step in strategy.steps:
            # At 100 % stable has no traffic to compare with, and latency is judged by its ceiling alone.
            by_slices = step.weight < 100 or (step.bake and judge.latency.never_above_ms is not None)
            if by_slices and step.bake < needed * judge.slice_length:
                what = (
                    f"rollout.strategies.{strategy.name}: {spell_duration(step.bake)} at {step.weight} % are "
                    f"{step.bake // judge.slice_length} slices of {spell_duration(judge.slice_length)}, and no bake "
                    f"passes with fewer than {needed}"
                )
                found.append(
                    about_file(configuration, what, f"bake {spell_duration(needed * judge.slice_length)} or more")
                )
    return found
