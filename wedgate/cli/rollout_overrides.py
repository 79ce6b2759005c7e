"""Wires overrides into a rollout: on a runner a grant for the release opens what closes a region, and is used once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.parts import Almanac
    from wedgate.engine.rollout_parts import Passage
    from wedgate.gate.decision import Decision, Inputs, OverrideLook, RegionDecision
    from wedgate.rollout.state import Plan


def passages(
    config: Path | None, environment: Mapping[str, str]
) -> Callable[[RegionDecision, Plan, datetime], Passage | None]:
    """Return what looks for an override that opens a region for a rollout; elsewhere than on a runner none does."""
    from wedgate.adapters.forge.runner import is_runner

    def none(decision: RegionDecision, plan: Plan, at: datetime) -> Passage | None:
        return None

    def look(decision: RegionDecision, plan: Plan, at: datetime) -> Passage | None:
        from wedgate.cli.override_wiring import override_parts
        from wedgate.cli.wiring import open_runner, utc_now
        from wedgate.engine.overrides import Overrides
        from wedgate.overrides.grants import Outgoing

        runner = open_runner(config, environment, by_calendar=True)
        configuration = runner.configuration()
        if configuration is None or configuration.overrides is None:
            return None
        overrides = Overrides(override_parts(runner, configuration, environment, utc_now))
        outgoing = Outgoing(commit=plan.release.commit, binding=f"rollout:{plan.rollout}")
        decided = overrides.through(_whole(decision, at, runner.gate.inputs()), outgoing)
        granted = next((each for each in decided.overrides if each.is_granted), None)
        return None if granted is None else _passage(granted, configuration, at, runner.gate.almanac)

    return look if is_runner(environment) else none


def _whole(decision: RegionDecision, at: datetime, inputs: Inputs) -> Decision:
    """Return one region's decision as a record of its own."""
    from wedgate.gate.decide import Question, Together, decide
    from wedgate.gate.decision import Mode

    answer = decision.answer
    together = Together(
        next_open=decision.next_open,
        next_close=None if answer is None else answer.next_close,
        horizon=at if answer is None else answer.horizon,
    )
    return decide(Question(at=at), [decision], together, mode=Mode.ENFORCE, inputs=inputs)


def _passage(granted: OverrideLook, configuration: Configuration, at: datetime, almanac: Almanac) -> Passage:
    """Return what a grant does for a rollout: until something closes that it does not open."""
    from wedgate.engine.lasting import granted_until
    from wedgate.engine.rollout_parts import Passage

    policy = configuration.overrides
    untouchable = frozenset() if policy is None else policy.untouchable
    assert granted.expires is not None  # a grant has its times
    until = granted_until(
        configuration.calendar,
        almanac,
        granted.region,
        at,
        granted.expires,
        rules=granted.rules,
        untouchable=untouchable,
    )
    return Passage(until=until, words=granted.words, strategy=granted.strategy)
