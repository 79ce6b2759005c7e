"""Measuring two commands: in turns, with planned looks, and an end that keeps what was measured."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.adapters.processes.interface import Trial
from wedgate.engine.bench import (
    AGAIN,
    BASE,
    CANDIDATE,
    CPU,
    MEMORY,
    WALL,
    BenchPlan,
    PrintedMetric,
    Progress,
    run_bench,
)
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

START = datetime(2027, 6, 7, 10, tzinfo=UTC)


class Machine:
    """A machine on which commands take what a function says, one after the other."""

    def __init__(self, takes: Callable[[str, int], float], *, output: str = "", peak: int | None = 1 << 20) -> None:
        self.launched: list[str] = []
        self._takes, self._output, self._peak = takes, output, peak
        self._at = START

    def launch(self, words: Sequence[str], folder: Path | None = None) -> Trial:
        """Take as long as the function says; ^C where it says less than nothing, a failure where it says nothing."""
        seconds = self._takes(words[0], len(self.launched))
        if seconds < 0:
            raise KeyboardInterrupt
        self.launched.append(words[0])
        self._at += timedelta(seconds=seconds)
        return Trial(
            started=self._at,
            wall_seconds=seconds,
            cpu_seconds=seconds / 2,
            peak_bytes=self._peak,
            output=self._output,
            trouble=None if seconds else "it exited with 3",
        )


def plan(rounds: int = 20, **changes: object) -> BenchPlan:
    """Return a plan with the two usual arms."""
    return BenchPlan(**{"arms": {BASE: ("base",), CANDIDATE: ("candidate",)}, "rounds": rounds, "seed": 4} | changes)


def noisy(ratio: float = 1.0, spread: float = 0.01, seed: int = 1) -> Callable[[str, int], float]:
    """Return times with noise, the candidate's longer by a ratio."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    return lambda name, _: rng.lognormvariate(0, spread) * (ratio if name == "candidate" else 1.0)


def nothing(_: Progress) -> None:
    """Hear nothing."""


def test_every_round_runs_each_command_once_in_random_order() -> None:
    """Within each pair both are there; over the pairs both orders occur; the seed decides which."""
    machine, again, other = (Machine(noisy()) for _ in range(3))
    run_bench(plan(looks=1), machine, nothing)
    pairs = [tuple(machine.launched[at : at + 2]) for at in range(0, len(machine.launched), 2)]
    assert all(sorted(pair) == ["base", "candidate"] for pair in pairs)
    assert len(set(pairs)) == 2
    run_bench(plan(looks=1), again, nothing)
    run_bench(plan(looks=1, seed=5), other, nothing)
    assert machine.launched == again.launched != other.launched


def test_a_drift_meets_both_alike() -> None:
    """A machine that gets 1 % slower with each run fails no candidate that is the same."""
    found = run_bench(plan(30, looks=1), Machine(lambda _, count: 1.0 + count / 100), nothing)
    assert found.judgement is not None
    assert found.judgement.outcome is not Outcome.FAIL


def test_warm_up_rounds_are_thrown_away() -> None:
    """Their times, a hundred times as long, are in no value."""
    machine = Machine(lambda _, count: 100.0 if count < 6 else 1.0)
    found = run_bench(plan(8, warm_up=3, looks=1), machine, nothing)
    assert found.arms[BASE].named(WALL).values == (1.0,) * 8
    assert len(machine.launched) == 2 * 11


def slow_in(runs: Sequence[int]) -> Callable[[str, int], float]:
    """Return quiet times; the candidate's runs of these numbers, warm-up counted, take a hundred times as long."""
    rng, count = random.Random(1), iter(range(10**6))  # noqa: S311 - seeded on purpose
    return lambda name, _: (
        rng.lognormvariate(0, 0.01) * (100 if name == "candidate" and next(count) in set(runs) else 1)
    )


@pytest.mark.parametrize(
    ("slow", "outcome", "rounds"),
    [
        ((), Outcome.PASS, 15),  # of looks after 5, 10, 15 and 20
        ((7,), Outcome.PASS, 20),  # one alone passes, in the end
        ((12,), Outcome.PASS, 20),
        ((7, 18), Outcome.MARGINAL, 20),
    ],
)
def test_no_early_pass_where_a_part_of_the_runs_may_be_slow(
    slow: tuple[int, ...], outcome: Outcome, rounds: int
) -> None:
    """It was one after five rounds, which see of two slow runs in ten one or none."""
    found = run_bench(plan(20), Machine(slow_in(slow)), nothing)
    assert (found.judgement.outcome, found.rounds) == (outcome, rounds)


def test_looks_pass_a_candidate_with_slow_runs_about_as_often_as_the_end_alone() -> None:
    """A fifth of the candidate's runs a hundred times as long, 200 times: by the binomial 6.9 % pass at the end.

    With an early pass after 15 rounds that saw none, 7.8 % do; four standard deviations are 7.6.
    """
    passed = 0
    for seed in range(200):
        rng = random.Random(seed)  # noqa: S311 - seeded on purpose
        slow = [each for each in range(1, 21) if rng.random() < 0.2]
        passed += run_bench(plan(20), Machine(slow_in(slow)), nothing).judgement.outcome is Outcome.PASS
    assert abs(passed / 200 - 0.078) <= 0.076


@pytest.mark.parametrize(("ratio", "outcome"), [(1.0, Outcome.PASS), (1.3, Outcome.FAIL)])
def test_a_sure_answer_ends_the_run_at_a_planned_look(ratio: float, outcome: Outcome) -> None:
    """Neither a clear pass nor a clear failure needs all forty rounds."""
    found = run_bench(plan(40), Machine(noisy(ratio)), nothing)
    assert found.judgement.outcome is outcome
    assert found.rounds in found.looks.rounds[:-1]
    assert found.judgement.level == pytest.approx(0.05)
    assert found.stopped is None


def test_an_unsure_answer_takes_all_rounds_and_says_how_many_would_do() -> None:
    """With more noise than difference."""
    found = run_bench(plan(12), Machine(noisy(1.0, spread=0.09, seed=3)), nothing)
    assert (found.judgement.outcome, found.rounds) == (Outcome.MARGINAL, 12)
    assert found.needed > 12


def test_a_base_that_differs_from_itself_is_no_base() -> None:
    """The A/A arm is slower: whatever the candidate looks like, nothing is known, and nothing ends early."""
    arms = {BASE: ("base",), CANDIDATE: ("candidate",), AGAIN: ("again",)}
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    for slow in (1.5, 1 / 1.5):
        machine = Machine(lambda name, _, slow=slow: rng.lognormvariate(0, 0.01) * (slow if name == "again" else 1.0))
        found = run_bench(plan(20, arms=arms), machine, nothing)
        assert (found.judgement.outcome, found.rounds) == (Outcome.NOT_ENOUGH_DATA, 20)
        assert "differs from itself" in found.judgement.why
    quiet = run_bench(plan(20, arms=arms), Machine(noisy()), nothing)
    assert quiet.judgement.outcome is Outcome.PASS
    assert quiet.same.estimate == pytest.approx(1, abs=0.02)


def test_an_interrupt_keeps_the_rounds_that_were_whole() -> None:
    """^C in the middle of the eighth round after the warm-up: seven values of each, and no verdict on them."""
    takes = noisy(1.5)
    machine = Machine(lambda name, count: -1.0 if count == 2 + 15 else takes(name, count))
    found = run_bench(plan(40), machine, nothing)
    assert (found.rounds, found.stopped, found.failed) == (7, "interrupted", False)
    assert [len(found.arms[name].named(WALL).values) for name in (BASE, CANDIDATE)] == [7, 7]
    assert found.judgement.outcome is Outcome.NOT_ENOUGH_DATA
    assert found.judgement.why == "interrupted, after 7 of 40 rounds"


def test_a_command_that_fails_ends_it_with_its_last_words() -> None:
    """Which arm, why, and what it printed; a failing warm-up, too."""
    machine = Machine(lambda _, count: 0.0 if count == 9 else 1.0, output="loading\npanic: no disk\n")
    found = run_bench(plan(40), machine, nothing)
    assert found.failed
    assert re.match(r"the command of the (base|candidate) failed: it exited with 3; it printed:\n", found.stopped)
    assert found.stopped.endswith("  loading\n  panic: no disk")
    silent = run_bench(plan(40), Machine(lambda *_: 0.0), nothing)
    assert silent.stopped.endswith("failed: it exited with 3 and printed nothing")
    assert silent.judgement.outcome is Outcome.NOT_ENOUGH_DATA


def test_a_printed_number_decides_instead_of_the_wall_time() -> None:
    """The median of what one process prints; times are shown and decide nothing."""
    printed = PrintedMetric(
        pattern=re.compile(r"rate ([\d.,]+)"), name="rate", unit="1/s", direction=Direction.HIGHER_IS_BETTER
    )
    machine = Machine(noisy(1.5), output="rate 1,000\nrate 3,000\nrate 2,000\n")
    found = run_bench(plan(20, printed=printed), machine, nothing)
    assert found.judgement.outcome is Outcome.PASS
    assert found.arms[BASE].named("rate").values == (2000.0,) * found.rounds
    assert [(each.name, each.decides) for each in found.judgement.results][:2] == [("rate", True), (WALL, False)]


def test_the_cpu_time_decides_where_it_is_asked_to() -> None:
    """Where neighbours make the wall time worthless: it would fail, and the CPU time passes."""

    class Crowded(Machine):
        def launch(self, words: Sequence[str], folder: Path | None = None) -> Trial:
            return replace(super().launch(words), cpu_seconds=0.5)

    by_wall = run_bench(plan(20), Crowded(noisy(1.5)), nothing)
    by_cpu = run_bench(plan(20, deciding=CPU), Crowded(noisy(1.5)), nothing)
    assert (by_wall.judgement.outcome, by_cpu.judgement.outcome) == (Outcome.FAIL, Outcome.PASS)


@pytest.mark.parametrize("output", ["nothing", "rate fast"])
def test_a_number_that_is_not_printed_is_a_failure(output: str) -> None:
    """With the pattern that was looked for."""
    printed = PrintedMetric(pattern=re.compile(r"rate (\w+)"), direction=Direction.LOWER_IS_BETTER)
    found = run_bench(plan(20, printed=printed), Machine(noisy(), output=output), nothing)
    assert "it printed no finite number where --metric looks (rate (" in found.stopped


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1,250", 1250),
        ("12,345,678.5", 12345678.5),
        ("1,25", None),
        ("1234,567", None),
        ("1.250,5", None),
        ("1,250,5", None),
        (",250", None),
        ("0,500.5e3", None),
    ],
)
def test_a_comma_parts_thousands_and_nothing_else(written: str, number: float | None) -> None:
    """1,25 ms is one and a quarter to whoever printed it, and was 125: what is not sure is refused, with words."""
    printed = PrintedMetric(pattern=re.compile(r"took (\S+)"), direction=Direction.LOWER_IS_BETTER)
    found = run_bench(plan(20, printed=printed), Machine(noisy(), output=f"took {written} ms"), nothing)
    if number is None:
        assert "no finite number" in found.stopped
        assert "a comma only parts thousands, as in 1,250.5" in found.stopped
    else:
        (metric,) = [each for each in found.arms["base"].metrics if each.name == printed.name]
        assert set(metric.values) == {number}


def test_memory_that_is_not_known_is_no_metric() -> None:
    """Not zero, and not the command's that measured."""
    found = run_bench(plan(8), Machine(noisy(), peak=None), nothing)
    assert found.arms[BASE].named(MEMORY) is None


def test_progress_is_told_after_each_round() -> None:
    """Warm-up rounds, apart; and how long it has taken."""
    heard: list[Progress] = []
    run_bench(plan(8, looks=1), Machine(lambda *_: 1.0), heard.append)
    assert [(each.done, each.is_warm_up) for each in heard][:3] == [(1, True), (1, False), (2, False)]
    assert (heard[-1].done, heard[-1].planned, heard[-1].spent_seconds) == (8, 8, 18.0)


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf", "1e999"])
def test_a_number_that_is_not_finite_is_no_measurement(odd: str) -> None:
    """Beside good ones either: a median over NaN is whatever sorting leaves."""
    printed = PrintedMetric(pattern=re.compile(r"took (\S+)"), direction=Direction.LOWER_IS_BETTER)
    machine = Machine(noisy(), output=f"took {odd}\ntook 1.0\ntook 5.0\n")
    found = run_bench(plan(20, printed=printed), machine, nothing)
    assert (found.failed, found.judgement.outcome) == (True, Outcome.NOT_ENOUGH_DATA)
    assert "it printed no finite number" in found.stopped
