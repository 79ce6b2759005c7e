"""Properties of the judge over any slices at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from wedgate.judge.live import judge_live
from wedgate.judge.slices import merge_samples, slice_between
from wedgate.judge.values import (
    Bucket,
    ColourSample,
    ErrorLimits,
    JudgeSettings,
    LatencyLimits,
    Outcome,
    Reading,
    Slice,
)

START = datetime(2027, 6, 7, 10, tzinfo=UTC)
LEVELS = st.sampled_from([Decimal("0.05"), Decimal("0.01"), Decimal("0.0005")])
SETTINGS = JudgeSettings(errors=ErrorLimits(requests=10), latency=LatencyLimits(worse_by=Decimal("0.5"), slices=4))


@st.composite
def samples(draw: st.DrawFn, *, most: int = 40) -> ColourSample:
    """Any consistent sample, one of nothing included."""
    buckets = draw(st.dictionaries(st.integers(0, 90), st.integers(1, most), max_size=5))
    timeouts = draw(st.integers(0, 3))
    requests = sum(buckets.values()) + timeouts
    errors = draw(st.integers(timeouts, max(timeouts, min(requests, timeouts + 4))))
    latency = tuple(Bucket(lower_ms=lower, upper_ms=lower + 1, count=buckets[lower]) for lower in sorted(buckets))
    return ColourSample(requests=requests, errors=min(errors, requests), timeouts=timeouts, latency=latency)


@st.composite
def bakes(draw: st.DrawFn) -> list[Slice]:
    """Any slices in order, some of them in trouble."""
    count = draw(st.integers(0, 14))
    return [
        Slice(
            start=START + timedelta(seconds=number),
            end=START + timedelta(seconds=number + 1),
            stable=draw(samples()),
            candidate=draw(samples()),
            trouble=draw(st.sampled_from([None, None, None, "restarted"])),
        )
        for number in range(count)
    ]


@given(bakes(), LEVELS)
@settings(max_examples=100, deadline=None)
def test_nothing_passes_before_the_end_or_without_evidence(slices: list[Slice], level: Decimal) -> None:
    """Before the end never ``pass``; at the end only with the minimum sample and the slices that were asked for."""
    early = judge_live(slices, SETTINGS, level=level, final=False)
    assert Outcome.PASS not in {early.outcome, *(metric.outcome for metric in early.metrics)}
    verdict = judge_live(slices, SETTINGS, level=level, final=True)
    assert verdict.outcome is not Outcome.ERROR
    if verdict.outcome is Outcome.PASS:
        usable = [piece for piece in slices if piece.trouble is None]
        assert len(usable) >= SETTINGS.latency.slices
        assert sum(piece.candidate.requests for piece in usable) >= SETTINGS.errors.requests


@given(bakes(), LEVELS)
@settings(max_examples=60, deadline=None)
def test_a_failure_stands(slices: list[Slice], level: Decimal) -> None:
    """What has failed at some slice has failed at every later look, the final one included."""
    outcomes = [judge_live(slices[:end], SETTINGS, level=level, final=False).outcome for end in range(len(slices) + 1)]
    if Outcome.FAIL in outcomes:
        assert set(outcomes[outcomes.index(Outcome.FAIL) :]) == {Outcome.FAIL}
        assert judge_live(slices, SETTINGS, level=level, final=True).outcome is Outcome.FAIL


@given(bakes(), LEVELS)
@settings(max_examples=60, deadline=None)
def test_more_failures_never_make_a_verdict_better(slices: list[Slice], level: Decimal) -> None:
    """A bake that does not pass does not pass either when every candidate request of a slice failed besides."""
    before = judge_live(slices, SETTINGS, level=level, final=True).outcome
    worse = [replace(piece, candidate=replace(piece.candidate, errors=piece.candidate.requests)) for piece in slices]
    after = judge_live(worse, SETTINGS, level=level, final=True).outcome
    if before is Outcome.FAIL:
        assert after is Outcome.FAIL
    if any(piece.candidate.requests and piece.trouble is None for piece in slices):
        assert after is not Outcome.PASS


@given(st.lists(st.tuples(samples(), samples()), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_slices_of_readings_give_back_what_happened(parts: list[tuple[ColourSample, ColourSample]]) -> None:
    """Readings that add up what happened, cut into slices again, are what happened."""
    sums = [
        Reading(
            at=START + timedelta(seconds=number),
            since=START - timedelta(hours=1),
            colours={
                "blue": merge_samples([blue for blue, _ in parts[: number + 1]]),
                "green": merge_samples([green for _, green in parts[: number + 1]]),
            },
        )
        for number in range(len(parts))
    ]
    for number in range(1, len(parts)):
        found = slice_between(sums[number - 1], sums[number], stable="blue")
        assert found.trouble is None
        assert (found.stable, found.candidate) == parts[number]
