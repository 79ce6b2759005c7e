"""Measures two commands against one another: in turns, in random order, each run in a process of its own.

What drifts on a machine (its temperature, its neighbours) then meets both alike. With an A/A arm the base runs a second
time in every round, under another name: where that differs from the base, the machine is no place to judge on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from statistics import median

from wedgate.adapters.processes.interface import Launcher, Trial
from wedgate.judge.chance import Chance
from wedgate.judge.comparison import Comparison, Margins, compare
from wedgate.judge.confirmation import confirm
from wedgate.judge.looks import Looks, plan_looks, rounds_needed
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.judge.suite import SuiteJudgement, SuiteSettings, judge_suite
from wedgate.judge.values import Outcome

BASE, CANDIDATE, AGAIN = "base", "candidate", "base again"
WALL, CPU, MEMORY = "wall time", "CPU time", "peak memory"
OUTPUT_LINES = 20
"""Of a command that failed, so many of its last lines are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMetric:
    """A number that the command prints itself: the first group of ``pattern``, or all that it matches.

    Where it is printed more than once, its median is the value: one process is one value.
    """

    pattern: re.Pattern[str]
    name: str = "printed"
    unit: str = "1"
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPlan:
    """What to measure. ``arms`` are commands by the name of their arm; ``warm_up`` rounds before ``rounds`` are thrown
    away. ``looks`` is how often to look at the most, 1 for only at the end. ``deciding`` is the metric that
    decides, ``WALL`` or ``CPU``; what is ``printed`` decides in its place. ``folders`` are where an arm's command runs,
    and ``commits`` the full commits that the arms are of, where that is known."""

    arms: Mapping[str, Sequence[str]]
    rounds: int
    seed: int
    warm_up: int = 1
    looks: int = 4
    margins: Margins = field(default_factory=Margins)
    deciding: str = WALL
    printed: PrintedMetric | None = None
    folders: Mapping[str, Path] = field(default_factory=dict)
    commits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: rounds done and planned, warm-up counted apart, and the wall time of all commands so far."""

    done: int
    planned: int
    is_warm_up: bool
    spent_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """What was measured, and what it comes to.

    ``again`` is the run of fresh rounds that an alarm was asked again on.
    ``stopped`` is why there are fewer rounds than planned, where that is not because the answer was sure (``None``).
    ``same`` compares the base with itself, where there was an A/A arm; ``needed`` is about how many rounds would have
    told. ``judgement`` is ``None`` with a single arm.
    """

    plan: BenchPlan
    looks: Looks
    arms: Mapping[str, Measurements]
    rounds: int
    judgement: SuiteJudgement | None = None
    same: Comparison | None = None
    needed: int | None = None
    stopped: str | None = None
    failed: bool = False
    again: BenchRun | None = None


def confirmed_by(found: BenchRun, again: BenchRun) -> BenchRun:
    """Return a run that alarmed with its alarm asked again on the fresh rounds of ``again``.

    Rounds that were cut short, or during which the base differed from itself, confirm nothing.
    """
    assert found.judgement is not None  # it alarmed
    assert again.judgement is not None
    first, fresh = ((run.arms[BASE], run.arms[CANDIDATE]) for run in (found, again))
    settings = SuiteSettings(
        margins=found.plan.margins, advisory=_advisory(found.arms[BASE], found.plan), same_commit=True
    )
    judgement = confirm(found.judgement, first, fresh, settings)
    if again.stopped is not None or (again.same is not None and again.same.outcome is Outcome.FAIL):
        why = f"it alarmed, and fresh rounds did not say: {again.judgement.why}"
        judgement = replace(judgement, outcome=Outcome.NOT_ENOUGH_DATA, why=why)
    return replace(found, judgement=judgement, again=again, failed=again.failed, stopped=again.stopped)


def _advisory(base: Measurements, plan: BenchPlan) -> frozenset[str]:
    """Return the metrics that are shown and decide nothing."""
    return frozenset(metric.name for metric in base.metrics if metric.name != _deciding(plan))


def _deciding(plan: BenchPlan) -> str:
    return plan.deciding if plan.printed is None else plan.printed.name


def _main(judgement: SuiteJudgement, plan: BenchPlan) -> Comparison:
    """Return the comparison of the metric that decides."""
    return next(each.comparison for each in judgement.results if each.name == _deciding(plan))


def run_bench(plan: BenchPlan, launcher: Launcher, heard: Callable[[Progress], None]) -> BenchRun:
    """Measure, look when a look is planned, and stop when the answer is sure. ^C and a failing command end it too."""
    return _Bench(plan, launcher, heard).run()


class _Bench:
    """A run while it goes on."""

    def __init__(self, plan: BenchPlan, launcher: Launcher, heard: Callable[[Progress], None]) -> None:
        self._plan = plan
        self._launcher = launcher
        self._heard = heard
        self._chance = Chance(plan.seed)
        self._looks = plan_looks(plan.rounds, level=plan.margins.level, most=plan.looks)
        self._trials: dict[str, list[Trial]] = {name: [] for name in plan.arms}
        self._printed: dict[str, list[float]] = {name: [] for name in plan.arms}
        self._spent = 0.0

    def run(self) -> BenchRun:
        try:
            for done in range(1, self._plan.warm_up + 1):
                self._round()
                self._tell(done, self._plan.warm_up, is_warm_up=True)
            for done in range(1, self._plan.rounds + 1):
                for name, (trial, number) in self._round().items():
                    self._trials[name].append(trial)
                    self._printed[name] += [] if number is None else [number]
                self._tell(done, self._plan.rounds, is_warm_up=False)
                if done in self._looks.rounds and done < self._plan.rounds:
                    found = self._outcome()
                    if self._is_sure(found, done):
                        return found
        except KeyboardInterrupt:
            return self._cut_short("interrupted", failed=False)
        except _FailedError as error:
            return self._cut_short(str(error), failed=True)
        return self._outcome()

    def _is_sure(self, found: BenchRun, done: int) -> bool:
        """Whether a look's answer ends the run. A pass does not where any run was so slow that two would not pass."""
        if found.judgement is None:
            return False
        if found.judgement.outcome is Outcome.PASS:
            return self._looks.may_pass(done) and not _main(found.judgement, self._plan).beyond
        return found.judgement.outcome is Outcome.FAIL

    def _round(self) -> dict[str, tuple[Trial, float | None]]:
        """Run every arm once, in random order; a round that does not end counts for none of them."""
        return {name: self._once(name) for name in self._chance.shuffled(list(self._plan.arms))}

    def _once(self, name: str) -> tuple[Trial, float | None]:
        trial = self._launcher.launch(self._plan.arms[name], self._plan.folders.get(name))
        self._spent += trial.wall_seconds
        if trial.trouble is not None:
            raise _FailedError(name, trial.trouble, trial.output)
        printed = self._plan.printed
        if printed is None:
            return trial, None
        number = _printed(printed.pattern, trial.output)
        if number is None:
            commas = any("," in match[0] for match in printed.pattern.finditer(trial.output))
            how = "; a comma only parts thousands, as in 1,250.5" if commas else ""
            raise _FailedError(
                name, f"it printed no finite number where --metric looks ({printed.pattern.pattern}){how}", trial.output
            )
        return replace(trial, output=""), number

    def _tell(self, done: int, planned: int, *, is_warm_up: bool) -> None:
        self._heard(Progress(done=done, planned=planned, is_warm_up=is_warm_up, spent_seconds=self._spent))

    def _cut_short(self, why: str, *, failed: bool) -> BenchRun:
        found = self._outcome()
        if found.judgement is not None:
            kept = f"{why.splitlines()[0]}, after {found.rounds} of {self._plan.rounds} rounds"
            found = replace(found, judgement=replace(found.judgement, outcome=Outcome.NOT_ENOUGH_DATA, why=kept))
        return replace(found, stopped=why, failed=failed, needed=None)

    def _outcome(self) -> BenchRun:
        """Judge what there is, at one look's share of the level."""
        arms = {name: self._measurements(name) for name in self._plan.arms}
        rounds = min(len(trials) for trials in self._trials.values())
        found = BenchRun(plan=self._plan, looks=self._looks, arms=arms, rounds=rounds)
        if CANDIDATE not in arms:
            return found
        margins = self._looks.margins(self._plan.margins)
        deciding = _deciding(self._plan)
        advisory = _advisory(arms[BASE], self._plan)
        settings = SuiteSettings(margins=margins, advisory=advisory, same_commit=True)
        judgement = judge_suite(arms[BASE], arms[CANDIDATE], settings)
        judgement = replace(judgement, level=self._plan.margins.level)
        same = self._same(arms, deciding, margins)
        if same is not None and same.outcome is Outcome.FAIL:
            why = "the base differs from itself: something else on this machine decides how long a run takes"
            judgement = replace(judgement, outcome=Outcome.NOT_ENOUGH_DATA, why=why)
        main = _main(judgement, self._plan)
        metric = arms[BASE].named(deciding)
        needed = None if metric is None else rounds_needed(main, margins, metric.direction)
        return replace(found, judgement=judgement, same=same, needed=needed)

    def _same(self, arms: Mapping[str, Measurements], deciding: str, margins: Margins) -> Comparison | None:
        """Compare the base with itself, both ways; a failure either way is one."""
        base, again = arms[BASE].named(deciding), arms[AGAIN].named(deciding) if AGAIN in arms else None
        if base is None or again is None:
            return None
        there = compare(base.values, again.values, direction=base.direction, margins=margins, in_turns=True)
        back = compare(again.values, base.values, direction=base.direction, margins=margins, in_turns=True)
        return back if back.outcome is Outcome.FAIL else there

    def _measurements(self, name: str) -> Measurements:
        trials = self._trials[name]
        times = tuple(trial.started for trial in trials)
        metrics = [
            _metric(WALL, "s", [trial.wall_seconds for trial in trials], times),
            _metric(CPU, "s", [trial.cpu_seconds for trial in trials], times),
        ]
        peaks = [trial.peak_bytes for trial in trials if trial.peak_bytes is not None]
        if self._has_memory():
            metrics.append(_metric(MEMORY, "B", [float(peak) for peak in peaks], times))
        printed = self._plan.printed
        if printed is not None:
            values = tuple(self._printed[name])
            own = Metric(name=printed.name, unit=printed.unit, direction=printed.direction, values=values, times=times)
            metrics.insert(0, own)
        return Measurements(metrics=tuple(metrics), commit=self._plan.commits.get(name), tool="wedgate bench")

    def _has_memory(self) -> bool:
        """Whether the peak memory of every run of every arm is known."""
        return all(trial.peak_bytes is not None for trials in self._trials.values() for trial in trials)


class _FailedError(Exception):
    """A command that could not be measured."""

    def __init__(self, arm: str, trouble: str, output: str) -> None:
        lines = output.rstrip().splitlines()[-OUTPUT_LINES:]
        said = "\n".join(["; it printed:", *(f"  {line}" for line in lines)]) if lines else " and printed nothing"
        super().__init__(f"the command of the {arm} failed: {trouble}{said}")


def _metric(name: str, unit: str, values: Sequence[float], times: tuple[datetime, ...]) -> Metric:
    return Metric(name=name, unit=unit, direction=Direction.LOWER_IS_BETTER, values=tuple(values), times=times)


_THOUSANDS = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?\s*")
"""A number in which commas part thousands; in any other a comma may be a decimal one."""


def _printed(pattern: re.Pattern[str], output: str) -> float | None:
    """Return the median of the numbers that a pattern finds; ``None`` where one of them is none, or is not finite."""
    found = []
    for match in pattern.finditer(output):
        try:
            text = match[1] if pattern.groups else match[0]
            found.append(float(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text))
        except (ValueError, TypeError):
            return None
    return median(found) if found and all(map(math.isfinite, found)) else None
