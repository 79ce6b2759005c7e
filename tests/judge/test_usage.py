"""CPU and memory for the same requests: intervals as wide as what nobody knows, and decisions outside of them only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from wedgate.judge.live import judge_live, slices_needed
from wedgate.judge.slices import merge_samples, slice_between
from wedgate.judge.usage import CPU, MEMORY, judge_usage
from wedgate.judge.values import ColourSample, JudgeSettings, Outcome, Reading, Slice, UsageLimits, Used

START = datetime(2027, 6, 7, 10, tzinfo=UTC)
LIMITS = UsageLimits(worse_by=Decimal("0.20"))


def sample(requests: int, cpu: float | None = None, memory: float | None = None, off: float = 0.0) -> ColourSample:
    """Return what used so much for so many requests."""
    used = Used(cpu_seconds=cpu, cpu_off=off, memory_bytes=memory)
    return ColourSample(requests=requests, errors=0, timeouts=0, latency=(), used=used)


def bake(stable: ColourSample, candidate: ColourSample, slices: int = 12) -> list[Slice]:
    """Return slices that are all alike."""
    return [
        Slice(
            start=START + timedelta(seconds=number),
            end=START + timedelta(seconds=number + 1),
            stable=stable,
            candidate=candidate,
        )
        for number in range(slices)
    ]


def outcome(slices: list[Slice], limits: UsageLimits = LIMITS, *, metric: str = CPU, final: bool = True) -> Outcome:
    """Judge at one in a hundred."""
    return judge_usage(slices, limits, metric=metric, level=0.01, final=final, least=8).outcome


@pytest.mark.parametrize(
    ("cpu", "is_final", "expected"),
    [
        (1.1, True, Outcome.PASS),
        (1.1, False, Outcome.MARGINAL),
        (1.3, False, Outcome.FAIL),
        (1.3, True, Outcome.FAIL),
    ],
)
def test_equal_traffic_is_compared_sharply(cpu: float, is_final: bool, expected: Outcome) -> None:
    """A tenth more passes a margin of a fifth at the end; three tenths fail at once."""
    assert outcome(bake(sample(100, 1.0), sample(100, cpu)), final=is_final) is expected


def test_unequal_traffic_makes_an_interval() -> None:
    """At a tenth of the traffic, stable would use between a tenth and all: what lies between is not decided."""
    stable = sample(1000, 10.0)
    assert outcome(bake(stable, sample(100, 1.0))) is Outcome.PASS
    assert outcome(bake(stable, sample(100, 1.3))) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(stable, sample(100, 11.9))) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(stable, sample(100, 12.1))) is Outcome.FAIL
    found = judge_usage(bake(stable, sample(100, 2.0)), LIMITS, metric=CPU, level=0.01, final=True, least=8)
    assert ("ratio from", "x0.20") in found.numbers
    assert ("ratio to", "x2.0") in found.numbers
    assert "send both colours equal traffic, or set fixed" in found.rule


@pytest.mark.parametrize(
    ("fixed", "cpu", "expected"),
    [
        # 10 s at 1,000 requests, a fifth of it fixed: at 100 requests it is 10 x (0.2 + 0.8 / 10) = 2.8 s.
        ("0.2", 3.3, Outcome.PASS),
        ("0.2", 3.4, Outcome.FAIL),
        ("1", 11.9, Outcome.PASS),
        ("1", 12.1, Outcome.FAIL),
    ],
)
def test_a_known_share_is_no_interval(fixed: str, cpu: float, expected: Outcome) -> None:
    """What is fixed is not counted by the request."""
    limits = UsageLimits(worse_by=Decimal("0.20"), fixed=Decimal(fixed))
    assert outcome(bake(sample(1000, 10.0), sample(100, cpu)), limits) is expected


def test_ticks_of_a_clock_are_reckoned_with() -> None:
    """0.10 s against 0.15 s, each off by 0.02: between 1.08 and 2.1 times, which decides nothing."""
    stable, candidate = sample(100, 0.10, off=0.02), sample(100, 0.15, off=0.02)
    assert outcome(bake(stable, candidate)) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(stable, sample(100, 0.17, off=0.02))) is Outcome.FAIL


def test_memory_is_of_processes_where_all_of_it_is_fixed() -> None:
    """A canary at a twentieth of the traffic holds as much memory as stable, and passes."""
    stable, candidate = sample(1900, memory=200e6), sample(100, memory=210e6)
    every = UsageLimits(worse_by=Decimal("0.20"), fixed=Decimal(1))
    assert outcome(bake(stable, candidate), every, metric=MEMORY) is Outcome.PASS
    assert outcome(bake(stable, candidate), metric=MEMORY) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(stable, sample(100, memory=300e6)), every, metric=MEMORY) is Outcome.FAIL


def test_what_is_not_known_never_passes() -> None:
    """Evidence without it, a colour without requests, a stable that used nothing, and too few slices."""
    silent = ColourSample(requests=100, errors=0, timeouts=0, latency=())
    assert outcome(bake(silent, silent)) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(sample(0, 1.0), sample(100, 1.0))) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(sample(100, 0.0), sample(100, 1.0))) is Outcome.NOT_ENOUGH_DATA
    assert outcome(bake(sample(100, 1.0), sample(100, 1.0), slices=7)) is Outcome.NOT_ENOUGH_DATA


@pytest.mark.parametrize(("silent", "expected"), [(5, Outcome.PASS), (15, Outcome.NOT_ENOUGH_DATA)])
def test_slices_that_do_not_say_what_was_used_are_missed(silent: int, expected: Outcome) -> None:
    """Of sixty: the processes that nobody saw may be those that use most."""
    slices = bake(sample(100, 1.0), sample(100, 1.0), 60)
    for place in range(silent):
        slices[4 * place] = replace(slices[4 * place], candidate=sample(100))
    assert outcome(slices) is expected


def test_a_step_judges_it_beside_the_others_and_the_level_is_shared() -> None:
    """Where latency cannot say anything a candidate that burns CPU fails; a metric more costs a slice."""
    slices = bake(sample(100, 1.0), sample(100, 5.0))
    settings = JudgeSettings(cpu=LIMITS)
    verdict = judge_live(slices, settings, level=Decimal("0.01"), final=False)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.text.startswith("cpu: candidate uses x5.0 of what stable would, limit x1.20, 12 of 12")
    assert [metric.metric for metric in verdict.metrics] == ["errors", "latency-p95", "cpu"]
    few = replace(settings, latency=replace(settings.latency, slices=1), memory=LIMITS)
    alone = replace(few, cpu=None, memory=None)
    assert (slices_needed(alone, level=Decimal("0.01")), slices_needed(few, level=Decimal("0.01"))) == (8, 9)


def test_readings_give_growth_of_cpu_and_the_mean_of_memory() -> None:
    """A counter that went down is trouble; a gauge may fall."""

    def reading(seconds: float, cpu: float, memory: float) -> Reading:
        each = sample(int(100 * cpu), cpu, memory, off=0.02)
        at = START + timedelta(seconds=seconds)
        return Reading(at=at, since=START, colours={"blue": each, "green": each})

    before = reading(0, 5.0, 100.0)
    found = slice_between(before, reading(30, 7.5, 80.0), stable="blue")
    assert found.trouble is None
    assert found.stable.used == Used(cpu_seconds=2.5, cpu_off=0.02, memory_bytes=90.0)
    fell = slice_between(before, replace(reading(30, 7.5, 80.0), colours={
        "blue": sample(900, 4.9, 80.0), "green": sample(900, 6.0, 80.0)}), stable="blue")  # fmt: skip
    assert fell.trouble == "blue: its CPU seconds went down from 5 to 4.9"
    joined = merge_samples([sample(1, 1.0, 10.0, off=0.02), sample(1, 2.0, 30.0, off=0.02)])
    assert joined.used == Used(cpu_seconds=3.0, cpu_off=0.02, memory_bytes=20.0)
    assert merge_samples([sample(1, 1.0), replace(sample(1, 1.0), used=None)]).used is None


@pytest.mark.parametrize(
    ("terrible", "expected"),
    [
        ((38, 39), Outcome.MARGINAL),
        ((39,), Outcome.PASS),
        ((5, 12, 20, 31), Outcome.MARGINAL),
        ((5,), Outcome.PASS),
        ((0, 1, 2, 3), Outcome.PASS),
    ],
)
@pytest.mark.parametrize("metric", [CPU, MEMORY])
def test_what_is_terrible_in_the_newest_slices_or_too_often_does_not_pass(
    metric: str, terrible: tuple[int, ...], expected: Outcome
) -> None:
    """Ten times as much in the last two of forty is a leak that began; once in between is noise, and so
    are the first four in a row: a process warms up."""
    calm, wild = sample(100, 1.0, 1.0), sample(100, 10.0, 10.0)
    slices = bake(calm, calm, 40)
    found = [replace(piece, candidate=wild) if at in terrible else piece for at, piece in enumerate(slices)]
    assert outcome(found, metric=metric) is expected
    lucky = [replace(piece, stable=wild) if at in (6, 13, 21, 32) else piece for at, piece in enumerate(found)]
    assert outcome(lucky, metric=metric) is (Outcome.MARGINAL if 38 in terrible else Outcome.PASS)


def test_what_is_left_out_between_slices_is_looked_at_too() -> None:
    """Slices lie apart; the newest are those of the whole bake."""
    calm, wild = sample(100, 1.0), sample(100, 10.0)
    every = [*bake(calm, calm, 38), *bake(calm, wild, 2)]
    apart = every[:36:3]
    judged = [
        judge_usage(apart, LIMITS, metric=CPU, level=0.01, final=True, least=8, every=each) for each in (None, every)
    ]
    assert [each.outcome for each in judged] == [Outcome.PASS, Outcome.MARGINAL]
    assert judged[1].rule.endswith("more than x2.0 in 2 of 40 slices")
