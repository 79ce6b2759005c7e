"""What is valid but probably not meant: rules that never match or repeat another, regions that no wave names.

And what time makes of a file that nobody touched: dates that are over, sources that end, regions that never open again.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.calendars.facts import needs_of
from wedgate.calendars.sources import empty, expiring, partial
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import Span
from wedgate.config.scalars import spell_duration
from wedgate.errors import Problem
from wedgate.judge.live import slices_needed

if TYPE_CHECKING:
    from wedgate.calendars.values import Rule
    from wedgate.config.configuration import Configuration
    from wedgate.rollout.values import RolloutSettings

LOOK_AHEAD = timedelta(days=365)
"""A region that no instant of the next year opens is probably not meant to exist."""


def warnings_of(configuration: Configuration, *, now: datetime | None = None) -> tuple[Problem, ...]:
    """Return the warnings of ``lint``, in the order of the file; none of them changes what the gate decides.

    ``now`` is the instant from which dates are over and sources end; this instant unless given.
    """
    at = (now or datetime.now(UTC)).replace(microsecond=0)
    found = [*_about_rules(configuration), *_about_time(configuration, at), *_about_rollout(configuration)]
    return tuple(sorted(found, key=lambda problem: (problem.line == 0, problem.line)))


def _about_rules(configuration: Configuration) -> list[Problem]:
    found = []
    seen: dict[Rule, str] = {}
    # What stands in a preset is not this file's to correct.
    for rule in (each for each in configuration.calendar.rules if each.origin is None):
        if rule.kind.never_matches(rule.months):
            what = f"this rule never matches ({rule.kind.words()})"
            found.append(_warning(configuration, rule, what, "correct the date, or delete the rule"))
        # Written in another order or spelling, it is the same rule all the same.
        bare = dataclasses.replace(rule, id="", line=None, where=tuple(sorted(rule.where, key=str)), reason=None)
        if bare in seen:
            found.append(_warning(configuration, rule, f"this rule repeats {seen[bare]}", "delete one of the two"))
        seen.setdefault(bare, rule.id)
    return found


def _about_time(configuration: Configuration, now: datetime) -> list[Problem]:
    from wedgate.almanac.files import Shelf, WorkingFiles
    from wedgate.almanac.gather import gather_facts

    calendar, found = configuration.calendar, []
    span = Span(start=now, end=now + LOOK_AHEAD)
    shelf = Shelf(WorkingFiles(Path(configuration.path).parent), lambda: now)
    facts = gather_facts(needs_of(calendar), span, shelf)
    for rule in calendar.rules:
        # A day more, because the date of the last time zone is up to a day behind.
        if rule.origin is None and rule.kind.since((now - timedelta(days=1)).date()) is None:
            what = f"all of this rule is over ({rule.kind.words()})"
            found.append(_warning(configuration, rule, what, "write the next dates, or delete the rule"))
    partly: dict[tuple[str, str], tuple[Rule, list[str]]] = {}
    for use in partial(calendar, facts):
        partly.setdefault((use.rule.id, use.market.country), (use.rule, []))[1].append(str(use.place))
    for (_, country), (rule, places) in partly.items():
        what = f"{', '.join(dict.fromkeys(places))}: parts of {country} have holidays that {country} as a whole has not"
        found.append(_warning(configuration, rule, what, f"give the market a subdivision, {_subdivisions_of(country)}"))
    for use in empty(calendar, facts):
        what = f"{use.place}: no {use.key} are known, so the rule never matches there"
        found.append(_warning(configuration, use.rule, what, "name another category, or delete the rule"))
    found += [
        _whole(
            configuration,
            words,
            "renew it, or update wedgate if it comes with it; what it does not know is not verified",
        )
        for words in expiring(calendar, facts, now)
    ]
    timeline = compile_timeline(calendar, facts, span)
    for name in timeline.region_names:
        if not timeline.open_runs((name,)):
            what = f"regions.{name}: it is closed for all of the next {LOOK_AHEAD.days} days"
            found.append(_whole(configuration, what, "check its blocks and allow windows"))
    return found


def _subdivisions_of(country: str) -> str:
    from wedgate.almanac.holidays import subdivisions

    codes = subdivisions(country)
    return f"one of {', '.join(codes)}" if len(codes) <= 8 else f"such as {', '.join(codes[:3])}"


def _about_rollout(configuration: Configuration) -> list[Problem]:
    rollout = configuration.rollout
    if rollout is None:
        return []
    found = []
    for index, choice in enumerate(rollout.choose[:-1]):
        if choice.verdict is None and choice.where is None:
            rest = len(rollout.choose) - index - 1
            what = f"rollout.choose[{index}]: matches always, so the {rest} after it are never asked"
            found.append(_whole(configuration, what, "move it to the end"))
            break
    used = {choice.use for choice in rollout.choose}
    for name in rollout.strategies:
        if name not in used:
            what = f"rollout.strategies.{name}: nothing chooses it"
            found.append(_whole(configuration, what, "name it in rollout.choose, or delete it"))
    moved = {region for wave in rollout.waves for region in wave}
    for region in configuration.calendar.regions:
        if region.name not in moved:
            what = f"rollout.waves: {region.name} is in no wave, so no rollout reaches it"
            found.append(_whole(configuration, what, "add it to a wave, if it should be reached"))
    return [*found, *_short_bakes(configuration, rollout)]


def _short_bakes(configuration: Configuration, rollout: RolloutSettings) -> list[Problem]:
    """Return the bakes that are over before the judge could ever say pass."""
    judge, found = configuration.judge, []
    regions = sum(len(wave) for wave in rollout.waves)
    most = max(len(strategy.steps) for strategy in rollout.strategies.values())
    needed = slices_needed(judge, level=judge.level_of_step(regions=regions, steps=most))
    for strategy in rollout.strategies.values():
        # At 100 % stable has no traffic to compare with, and latency is not judged.
        for step in strategy.steps:
            if step.weight < 100 and step.bake < needed * judge.slice_length:
                what = (
                    f"rollout.strategies.{strategy.name}: {spell_duration(step.bake)} at {step.weight} % are "
                    f"{step.bake // judge.slice_length} slices of {spell_duration(judge.slice_length)}, and no bake "
                    f"passes with fewer than {needed}"
                )
                found.append(_whole(configuration, what, f"bake {spell_duration(needed * judge.slice_length)} or more"))
    return found


def _warning(configuration: Configuration, rule: Rule, what: str, remedy: str) -> Problem:
    line = rule.line or 0
    return Problem(
        file=configuration.path, line=line, column=3 if line else 0, what=f"rules.{rule.id}: {what}", remedy=remedy
    )


def _whole(configuration: Configuration, what: str, remedy: str) -> Problem:
    return Problem(file=configuration.path, line=0, column=0, what=what, remedy=remedy)
