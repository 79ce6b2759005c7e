"""The judgement of a step: what fails, what passes, what is held back, and what is said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from wedgate.judge.live import judge_live, slices_needed
from wedgate.judge.slices import NOTHING
from wedgate.judge.values import (
    UNBOUNDED_MS,
    Bucket,
    ColourSample,
    ErrorLimits,
    JudgeSettings,
    LatencyLimits,
    Outcome,
    Slice,
)

START = datetime(2027, 6, 7, 10, tzinfo=UTC)
LEVEL = Decimal("0.01")
SETTINGS = JudgeSettings(errors=ErrorLimits(requests=50), latency=LatencyLimits(worse_by=Decimal("0.5"), slices=8))


def bake(traffic, slices: int = 12, seed: int = 1, **shape: float) -> list[Slice]:
    """Return one seeded bake."""
    return traffic(**shape).bake(slices, random.Random(seed))  # noqa: S311 - seeded on purpose


def test_a_healthy_candidate_passes_at_the_end_and_not_before(traffic) -> None:
    """``pass`` is an answer of the whole bake only."""
    slices = bake(traffic)
    early = judge_live(slices, SETTINGS, level=LEVEL, final=False)
    assert [metric.outcome for metric in early.metrics] == [Outcome.MARGINAL, Outcome.MARGINAL]
    verdict = judge_live(slices, SETTINGS, level=LEVEL, final=True)
    assert verdict.outcome is Outcome.PASS
    assert (verdict.slices, verdict.usable) == (12, 12)
    assert "errors: candidate failed 0 of 144 (0 %) against 0 of 720 (0 %), within the limits" in verdict.text


@pytest.mark.parametrize(("level", "slices"), [("0.01", 8), ("0.005", 9), ("0.0025", 10), ("0.0005", 12)])
def test_eight_times_slower_fails_as_soon_as_that_many_slices_can_say_it(traffic, level: str, slices: int) -> None:
    """n slices cannot say more than 1 in 2^n: unanimous ones decide at the first n whose 1 in 2^n is affordable."""
    verdicts = [
        judge_live(bake(traffic, count, slower=8.0), SETTINGS, level=Decimal(level), final=False).outcome
        for count in range(1, slices + 1)
    ]
    assert verdicts == [Outcome.NOT_ENOUGH_DATA] * (slices - 1) + [Outcome.FAIL]


def test_the_text_says_why_in_numbers(sample) -> None:
    """One sentence: both values, how many times, the limit, how many slices, and the probability."""
    start = bake_of(sample, stable=7, candidate=61, slices=9)
    verdict = judge_live(start, SETTINGS, level=LEVEL, final=False)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.text == (
        "latency-p95: candidate 62 ms against 8.0 ms (x7.8, limit x1.50), 9 of 9 slices worse, p = 0.002"
    )


def test_a_late_look_gives_the_verdict_of_a_punctual_one(traffic) -> None:
    """Whether slices were judged one by one or all at once: a candidate that crossed the line has failed."""
    slices = bake(traffic, 9, slower=8.0)
    later = [
        replace(piece, start=piece.start + timedelta(hours=1), end=piece.end + timedelta(hours=1))
        for piece in bake(traffic, 12)
    ]
    assert judge_live([*slices, *later], SETTINGS, level=LEVEL, final=True).outcome is Outcome.FAIL


def test_a_version_that_hangs_fails_on_latency_too(traffic) -> None:
    """Requests that timed out are in no histogram and still rank worst."""
    slices = bake(traffic, 12, hanging=0.5)
    quiet = [replace(piece, candidate=replace(piece.candidate, errors=piece.candidate.timeouts)) for piece in slices]
    patient = replace(SETTINGS, errors=ErrorLimits(never_above=Decimal("0.9"), worse_by=Decimal("0.9"), requests=1))
    verdict = judge_live(quiet, patient, level=LEVEL, final=False)
    assert verdict.outcome is Outcome.FAIL
    assert "no answer" in verdict.text


def test_a_catastrophe_is_called_after_a_handful_of_requests(sample) -> None:
    """Ten failures of ten are beyond 2 % whatever the minimum sample is; the probability is stated."""
    only = bake_of(sample, stable=7, candidate=7, slices=1, requests=10, errors=10)
    verdict = judge_live(only, JudgeSettings(), level=LEVEL, final=False)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.text == "errors: candidate failed 10 of 10 (100.0 %), never above 2.0 %, p = 1e-17"


def test_the_minimum_sample_outranks_significance(sample) -> None:
    """Two failures of twenty against one of 180 are p < 0.05 and no verdict: the sample is too small."""
    only = bake_of(sample, stable=7, candidate=7, slices=1, requests=20, errors=2, stable_requests=180)
    verdict = judge_live(only, JudgeSettings(), level=Decimal("0.05"), final=True)
    assert verdict.outcome is Outcome.NOT_ENOUGH_DATA
    assert "candidate got 20 requests, 400 are needed" in verdict.text


def test_the_minimum_sample_outranks_any_difference_to_stable(sample) -> None:
    """Thirty of a hundred against none of a thousand is no verdict below 400 requests, where no ceiling is broken."""
    only = bake_of(sample, stable=7, candidate=7, slices=1, requests=100, errors=30, stable_requests=1000)
    tolerant = JudgeSettings(errors=ErrorLimits(never_above=Decimal("0.5")))
    assert judge_live(only, tolerant, level=LEVEL, final=True).outcome is Outcome.NOT_ENOUGH_DATA
    small = JudgeSettings(errors=ErrorLimits(never_above=Decimal("0.5"), requests=100))
    assert judge_live(only, small, level=LEVEL, final=True).outcome is Outcome.FAIL


def test_more_failures_than_stable_fail_below_the_ceiling(sample) -> None:
    """1.5 % against nothing is under the ceiling of 2 % and fails by the comparison with stable."""
    slices = bake_of(sample, stable=7, candidate=7, slices=20, requests=400, errors=6, stable_requests=2000)
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.text.startswith("errors: candidate failed")
    assert "worse by more than 0.5 %" in verdict.text


def test_failures_that_stable_has_too_are_not_the_candidates(sample) -> None:
    """Where stable fails as often, the comparison does not blame the candidate."""
    slices = bake_of(
        sample, stable=7, candidate=7, slices=20, requests=100, errors=1, stable_requests=1000, stable_errors=10
    )
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True)
    assert [metric.outcome for metric in verdict.metrics if metric.metric == "errors"] == [Outcome.PASS]


def test_zero_traffic_on_a_colour_is_not_enough_data(sample) -> None:
    """Without candidate requests, or without stable ones to compare with, nothing is known."""
    silent = bake_of(sample, stable=7, candidate=7, slices=20, requests=0)
    assert judge_live(silent, SETTINGS, level=LEVEL, final=True).outcome is Outcome.NOT_ENOUGH_DATA
    alone = bake_of(sample, stable=7, candidate=7, slices=20, requests=100, stable_requests=0)
    assert judge_live(alone, SETTINGS, level=LEVEL, final=True).outcome is Outcome.NOT_ENOUGH_DATA
    assert judge_live([], SETTINGS, level=LEVEL, final=True).outcome is Outcome.NOT_ENOUGH_DATA


def test_against_limits_alone_a_candidate_with_all_the_traffic_can_pass_or_fail(sample) -> None:
    """With no stable traffic the ceiling alone decides: that is asked for, never assumed."""
    alone = bake_of(sample, stable=7, candidate=7, slices=8, requests=100, stable_requests=0)
    assert judge_live(alone, SETTINGS, level=LEVEL, final=True, against_limits=True).outcome is Outcome.PASS
    broken = bake_of(sample, stable=7, candidate=7, slices=8, requests=100, errors=30, stable_requests=0)
    assert judge_live(broken, SETTINGS, level=LEVEL, final=True, against_limits=True).outcome is Outcome.FAIL


def test_a_level_that_the_slices_cannot_reach_is_not_enough_data(traffic) -> None:
    """Eight healthy slices do not pass where twelve are needed before any failure could show."""
    strict = Decimal("0.0005")
    verdict = judge_live(bake(traffic, 8), SETTINGS, level=strict, final=True)
    assert verdict.outcome is Outcome.NOT_ENOUGH_DATA
    assert "12 are needed" in verdict.text
    assert slices_needed(SETTINGS, level=strict) == 12
    assert slices_needed(SETTINGS, level=LEVEL) == 8


def test_slices_in_trouble_are_dropped_and_counted(traffic) -> None:
    """A restart in the middle costs a slice, and the text says so."""
    slices = bake(traffic)
    slices[3] = replace(slices[3], trouble="the source restarted at about 10:00")
    verdict = judge_live(slices, SETTINGS, level=LEVEL, final=True)
    assert (verdict.outcome, verdict.slices, verdict.usable) == (Outcome.PASS, 12, 11)
    assert "1 of 12 slices dropped (the source restarted at about 10:00)" in verdict.text
    lost = [replace(piece, trouble="gone") for piece in slices]
    assert judge_live(lost, SETTINGS, level=LEVEL, final=True).outcome is Outcome.NOT_ENOUGH_DATA


def test_failures_in_a_gap_of_the_evidence_count(sample) -> None:
    """Counters went on while nobody read them: what failed meanwhile did, although nothing else can be said of it."""
    slices = bake_of(sample, stable=7, candidate=7, slices=24, requests=100, stable_requests=100)
    gap = bake_of(sample, stable=7, candidate=7, slices=1, requests=400, errors=200, stable_requests=400)[0]
    slices[5] = replace(gap, start=slices[5].start, end=slices[5].end, trouble="nothing was read for 80 s")
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True)
    assert (verdict.outcome, verdict.usable) == (Outcome.FAIL, 23)
    assert "errors: candidate failed 200 of" in verdict.text or "of late" in verdict.text


@pytest.mark.parametrize(("lost", "outcome"), [(2, Outcome.PASS), (3, Outcome.NOT_ENOUGH_DATA)])
def test_a_version_that_takes_its_evidence_with_it_does_not_pass(sample, lost: int, outcome: Outcome) -> None:
    """A restart or two happen; a version that crashes again and again fails in the slices that are lost."""
    slices = bake_of(sample, stable=7, candidate=7, slices=26, requests=100, stable_requests=100)
    for place in range(lost):
        slices[4 * place] = replace(
            slices[4 * place], stable=NOTHING, candidate=NOTHING, trouble="green: requests went down from 2400 to 1"
        )
    assert judge_live(slices, JudgeSettings(), level=LEVEL, final=True).outcome is outcome


@pytest.mark.parametrize(
    ("errors", "outcome"),
    [(100, Outcome.FAIL), (60, Outcome.FAIL), (19, Outcome.MARGINAL), (6, Outcome.MARGINAL), (2, Outcome.PASS)],
)
def test_what_goes_wrong_at_the_end_is_not_made_small_by_the_hours_before(
    sample, errors: int, outcome: Outcome
) -> None:
    """Of a hundred requests in the last of two hundred slices; the ceiling is 2 %."""
    slices = bake_of(sample, stable=7, candidate=7, slices=199, requests=100, stable_requests=100)
    last = bake_of(sample, stable=7, candidate=7, slices=1, requests=100, errors=errors, stable_requests=100)[0]
    length = slices[-1].end - slices[-1].start
    slices.append(replace(last, start=slices[-1].end, end=slices[-1].end + length))
    assert judge_live(slices, JudgeSettings(), level=LEVEL, final=True).outcome is outcome


@pytest.mark.parametrize(
    ("silent", "against_limits", "outcome"),
    [
        (range(30, 40), False, Outcome.NOT_ENOUGH_DATA),
        (range(20, 40), False, Outcome.NOT_ENOUGH_DATA),
        (range(36, 40), False, Outcome.PASS),
        (range(35, 40), False, Outcome.NOT_ENOUGH_DATA),
        (range(20, 40), True, Outcome.PASS),
    ],
)
def test_a_candidate_that_no_longer_gets_requests_does_not_pass(
    sample, silent: Sequence[int], against_limits: bool, outcome: Outcome
) -> None:
    """A balancer took it out: where that is so in more than a tenth of the slices, nobody knows how it would do."""
    slices = bake_of(sample, stable=7, candidate=7, slices=40, requests=200)
    slices = [replace(piece, candidate=NOTHING) if at in silent else piece for at, piece in enumerate(slices)]
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True, against_limits=against_limits)
    assert verdict.outcome is outcome, verdict.text
    if outcome is Outcome.NOT_ENOUGH_DATA:
        assert f"evidence: 0 of 40 slices were lost, and in {len(silent)} only stable had requests" in verdict.text


def test_a_candidate_with_little_traffic_may_have_none_in_a_slice(sample) -> None:
    """Every third slice is empty where the others have two requests; and a night is silent for both."""
    slices = bake_of(sample, stable=7, candidate=7, slices=120, requests=2)
    slices = [replace(piece, candidate=NOTHING) if at % 3 == 0 else piece for at, piece in enumerate(slices)]
    busy = bake_of(sample, stable=7, candidate=7, slices=40, requests=50)
    idle = [replace(piece, stable=NOTHING, candidate=NOTHING) if at >= 30 else piece for at, piece in enumerate(busy)]
    for quiet in (slices, idle):
        verdict = judge_live(quiet, SETTINGS, level=LEVEL, final=True)
        assert "evidence" not in [metric.metric for metric in verdict.metrics]


def test_a_moment_that_both_colours_fail_in_is_no_fault_of_the_candidate(sample) -> None:
    """What is behind both of them was gone for half a minute."""
    slices = bake_of(sample, stable=7, candidate=7, slices=40, requests=100, stable_requests=100)
    bad = bake_of(sample, stable=7, candidate=7, slices=1, requests=100, errors=30, stable_requests=100)[0]
    bad = replace(bad, stable=bad.candidate, start=slices[-1].start, end=slices[-1].end)
    verdict = judge_live([*slices[:-1], bad], JudgeSettings(), level=LEVEL, final=True)
    assert verdict.outcome is Outcome.PASS, verdict.text


def test_thin_slices_are_joined_before_they_count_for_a_pass(traffic) -> None:
    """Two requests a slice are no 95th percentile: sixteen such slices are too few, forty are enough."""
    few = bake(traffic, 16, candidate_requests=2)
    verdict = judge_live(few, SETTINGS, level=LEVEL, final=True)
    assert "5 slices with 5 requests or more on both colours, 8 are needed" in verdict.text
    assert verdict.outcome is Outcome.NOT_ENOUGH_DATA
    assert judge_live(bake(traffic, 40, candidate_requests=2), SETTINGS, level=LEVEL, final=True).outcome is not (
        Outcome.NOT_ENOUGH_DATA
    )


@pytest.mark.parametrize("slower", [1.5, 2.0])
def test_a_candidate_at_the_limit_or_beyond_rarely_passes(traffic, slower: float) -> None:
    """The risk of passing a candidate at the limit is one in ten at most; over 100 bakes 10, and chance up to 17."""
    passed = sum(
        judge_live(bake(traffic, 12, seed, slower=slower), SETTINGS, level=LEVEL, final=True).outcome is Outcome.PASS
        for seed in range(100)
    )
    assert passed <= 17


def test_nonsense_is_an_error_and_never_a_pass(traffic) -> None:
    """Overlapping slices, counts that contradict themselves and impossible levels are judged ``error``."""
    slices = bake(traffic)
    broken = replace(slices[2], candidate=replace(slices[2].candidate, errors=999))
    for odd in ([*slices, slices[0]], [broken], [replace(slices[0], end=slices[0].start)]):
        verdict = judge_live(odd, SETTINGS, level=LEVEL, final=True)
        assert verdict.outcome is Outcome.ERROR
        assert verdict.text.startswith("the judge could not judge: ")
    assert judge_live(slices, SETTINGS, level=Decimal(0), final=True).outcome is Outcome.ERROR


def test_a_failure_outranks_what_is_not_known(traffic) -> None:
    """One metric that fails is enough to fail, whatever the other one cannot say."""
    slices = bake(traffic, 9, slower=8.0, candidate_requests=4)
    verdict = judge_live(slices, JudgeSettings(latency=SETTINGS.latency), level=LEVEL, final=False)
    assert [metric.outcome for metric in verdict.metrics] == [Outcome.NOT_ENOUGH_DATA, Outcome.FAIL]
    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize("colour", ["stable", "candidate"])
@pytest.mark.parametrize(("silent", "outcome"), [(1, Outcome.PASS), (2, Outcome.NOT_ENOUGH_DATA)])
def test_answers_without_a_latency_are_missed(sample, colour: str, silent: int, outcome: Outcome) -> None:
    """Of 120 slices some have good answers and no latency at all: those may be the slow ones, beyond 1 % of all."""
    slices = bake_of(sample, stable=7, candidate=7, slices=120)
    for place in range(0, 5 * silent, 5):
        bare = replace(getattr(slices[place], colour), latency=())
        slices[place] = replace(slices[place], **{colour: bare})
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True)
    assert verdict.outcome is outcome, verdict.text


@pytest.mark.parametrize(
    ("candidate", "against_limits", "final", "outcome"),
    [
        (700, True, True, Outcome.PASS),
        (700, True, False, Outcome.MARGINAL),
        (799, False, True, Outcome.PASS),
        (900, True, False, Outcome.FAIL),
        (900, False, False, Outcome.FAIL),
        (800, True, True, Outcome.MARGINAL),
    ],
)
def test_a_ceiling_of_latency_holds_whatever_stable_does(
    sample, candidate: int, against_limits: bool, final: bool, outcome: Outcome
) -> None:
    """A broken stable that takes a second must not make 900 ms look well, and at 100 % there is no stable at all."""
    slices = bake_of(sample, stable=1000, candidate=candidate, slices=24)
    settings = JudgeSettings(latency=LatencyLimits(never_above_ms=800))
    verdict = judge_live(slices, settings, level=LEVEL, final=final, against_limits=against_limits)
    assert verdict.outcome is outcome, verdict.text


def refusing(sample, *, candidate: int, stable: int = 0, bursts: int = 0) -> list[Slice]:
    """Return forty slices of 100 requests a colour; of each so many are refused, and of some all of the candidate's."""
    slices = bake_of(sample, stable=7, candidate=7, slices=40, requests=100, stable_requests=100)
    return [
        replace(
            piece,
            stable=replace(piece.stable, refused=stable),
            candidate=replace(piece.candidate, refused=100 if place < bursts else candidate),
        )
        for place, piece in enumerate(slices)
    ]


@pytest.mark.parametrize(
    ("shape", "outcome"),
    [
        ({"candidate": 100}, Outcome.MARGINAL),
        ({"candidate": 2}, Outcome.MARGINAL),
        ({"candidate": 12, "stable": 7}, Outcome.MARGINAL),
        ({"candidate": 0}, Outcome.PASS),
        ({"candidate": 7, "stable": 7}, Outcome.PASS),
        ({"candidate": 0, "stable": 9}, Outcome.PASS),
        ({"candidate": 1, "stable": 1, "bursts": 4}, Outcome.PASS),
        ({"candidate": 0, "bursts": 5}, Outcome.MARGINAL),
    ],
)
def test_a_version_that_refuses_more_does_not_pass(sample, shape: dict[str, int], outcome: Outcome) -> None:
    """Fast answers of 404 are no errors and no good work; what one colour meets for a moment is chance."""
    slices = refusing(sample, **shape)
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True)
    assert verdict.outcome is outcome, verdict.text
    assert judge_live(slices, JudgeSettings(), level=LEVEL, final=False).outcome is Outcome.MARGINAL
    alone = judge_live(slices, JudgeSettings(), level=LEVEL, final=True, against_limits=True)
    assert alone.outcome is Outcome.PASS
    if outcome is Outcome.MARGINAL:
        assert "codes that are no errors (4xx)" in verdict.text


@pytest.mark.parametrize("against_limits", [False, True])
@pytest.mark.parametrize(("hidden", "outcome"), [(10, Outcome.PASS), (11, Outcome.NOT_ENOUGH_DATA)])
def test_a_slow_tail_that_is_in_no_bucket_does_not_pass(
    sample, hidden: int, outcome: Outcome, against_limits: bool
) -> None:
    """Of 1,000 good answers of a slice more than a fifth of the slowest 50 have no latency: p95 may be anything."""
    slices = bake_of(sample, stable=7, candidate=7, slices=40, requests=1000, stable_requests=1000)
    for place, piece in enumerate(slices):
        known = tuple(replace(each, count=each.count - hidden) for each in piece.candidate.latency)
        slices[place] = replace(piece, candidate=replace(piece.candidate, latency=known))
    settings = JudgeSettings(latency=LatencyLimits(never_above_ms=800))
    verdict = judge_live(slices, settings, level=LEVEL, final=True, against_limits=against_limits)
    assert verdict.outcome is outcome, verdict.text


def test_at_a_weight_of_100_percent_a_ceiling_needs_no_stable(sample) -> None:
    """Stable has no requests; without any latency nothing passes."""
    settings = JudgeSettings(latency=LatencyLimits(never_above_ms=800))
    slices = bake_of(sample, stable=7, candidate=7, slices=24, stable_requests=0)
    assert judge_live(slices, settings, level=LEVEL, final=True, against_limits=True).outcome is Outcome.PASS
    bare = [replace(piece, candidate=replace(piece.candidate, latency=())) for piece in slices]
    verdict = judge_live(bare, settings, level=LEVEL, final=True, against_limits=True)
    assert verdict.outcome is Outcome.NOT_ENOUGH_DATA


@pytest.mark.parametrize(
    ("above", "outcome"),
    [
        ((), Outcome.PASS),
        (range(28, 40), Outcome.MARGINAL),
        ((38, 39), Outcome.MARGINAL),
        ((10, 38), Outcome.PASS),
        ((5, 15, 25), Outcome.PASS),
        ((5, 15, 25, 35), Outcome.MARGINAL),
    ],
)
def test_a_ceiling_is_not_kept_by_what_was_before(sample, above: Sequence[int], outcome: Outcome) -> None:
    """Of forty slices: not the last two, and not four with none as far below (1 in 16, and 1 in 8 for three)."""
    slices = bake_of(sample, stable=7, candidate=7, slices=40)
    slow = bake_of(sample, stable=7, candidate=5000, slices=40)
    settings = JudgeSettings(latency=LatencyLimits(never_above_ms=800))
    mixed = [slow[place] if place in above else piece for place, piece in enumerate(slices)]
    verdict = judge_live(mixed, settings, level=LEVEL, final=True, against_limits=True)
    assert verdict.outcome is outcome, verdict.text


def test_a_ceiling_takes_what_chance_throws_above_it(sample) -> None:
    """Eight of forty slices are above it, and as many lie as far below their centre (the square of 500 by 800: 312)."""
    settings = JudgeSettings(latency=LatencyLimits(never_above_ms=800))
    of = {0: 900, 2: 250}
    slices = [bake_of(sample, stable=7, candidate=of.get(place % 5, 500), slices=40)[place] for place in range(40)]
    verdict = judge_live(slices, settings, level=LEVEL, final=True, against_limits=True)
    assert verdict.outcome is Outcome.PASS, verdict.text
    assert "8 of 40 slices above" in verdict.metrics[1].rule


@pytest.mark.parametrize(("known", "outcome"), [(99, Outcome.PASS), (98, Outcome.NOT_ENOUGH_DATA)])
def test_a_ceiling_misses_answers_without_a_latency(sample, known: int, outcome: Outcome) -> None:
    """99 of a hundred good answers must be in a bucket: the slow ones may be those that are in none."""
    slices = [
        replace(piece, candidate=replace(sample([7] * known), requests=100))
        for piece in bake_of(sample, stable=7, candidate=7, slices=40, stable_requests=0)
    ]
    settings = JudgeSettings(latency=LatencyLimits(never_above_ms=800))
    verdict = judge_live(slices, settings, level=LEVEL, final=True, against_limits=True)
    assert verdict.outcome is outcome, verdict.text


def in_one_bucket(lower: float, upper: float, slices: int = 24) -> list[Slice]:
    """Return slices in which every request of both colours is in the same bucket."""
    colour = ColourSample(
        requests=200, errors=0, timeouts=0, latency=(Bucket(lower_ms=lower, upper_ms=upper, count=200),)
    )
    at = [START + timedelta(seconds=number) for number in range(slices + 1)]
    return [Slice(start=start, end=end, stable=colour, candidate=colour) for start, end in pairwise(at)]


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [
        (100, 250, Outcome.NOT_ENOUGH_DATA),
        (100, 110, Outcome.PASS),
        (100, 111, Outcome.NOT_ENOUGH_DATA),
        (1, 2, Outcome.PASS),
        (0, 1, Outcome.PASS),
        (1, 2.5, Outcome.NOT_ENOUGH_DATA),
        (1000, UNBOUNDED_MS, Outcome.NOT_ENOUGH_DATA),
    ],
)
def test_what_lies_inside_of_a_wide_bucket_passes_nothing(lower: float, upper: float, outcome: Outcome) -> None:
    """105 ms and 245 ms are one to a histogram from 100 to 250: a tenth more is not seen there."""
    verdict = judge_live(in_one_bucket(lower, upper), JudgeSettings(), level=LEVEL, final=True)
    assert verdict.outcome is outcome, verdict.text


@pytest.mark.parametrize(
    ("places", "outcome"),
    [
        (range(0, 40, 5), Outcome.MARGINAL),
        ([38, 39], Outcome.MARGINAL),
        ([5, 39], Outcome.PASS),
        ([3, 13, 23], Outcome.PASS),
        ([3, 13, 23, 33], Outcome.MARGINAL),
    ],
)
def test_a_terrible_slice_is_not_outvoted(sample, places: Sequence[int], outcome: Outcome) -> None:
    """Five hundred times as slow in a fifth of the time, or at the very end, is no version to go on with."""
    slices = bake_of(sample, stable=10, candidate=10, slices=40)
    terrible = sample([5000] * 50)
    for place in places:
        slices[place] = replace(slices[place], candidate=terrible)
    verdict = judge_live(slices, JudgeSettings(), level=LEVEL, final=True)
    assert verdict.outcome is outcome, verdict.text


def test_slices_that_are_terrible_on_either_colour_are_the_machines(sample) -> None:
    """What stable meets as often is no fault of the candidate."""
    slices = bake_of(sample, stable=10, candidate=10, slices=40)
    for place in (3, 13, 23, 33):
        slices[place] = replace(slices[place], candidate=sample([5000] * 50))
        slices[place + 2] = replace(slices[place + 2], stable=sample([5000] * 50))
    assert judge_live(slices, JudgeSettings(), level=LEVEL, final=True).outcome is Outcome.PASS


def bake_of(
    sample,
    *,
    stable: int,
    candidate: int,
    slices: int,
    requests: int = 50,
    errors: int = 0,
    stable_requests: int = 50,
    stable_errors: int = 0,
) -> list[Slice]:
    """Return slices that all look the same."""
    return [
        Slice(
            start=START + timedelta(seconds=number),
            end=START + timedelta(seconds=number + 1),
            stable=sample([stable] * stable_requests, errors=stable_errors),
            candidate=sample([candidate] * requests, errors=errors),
        )
        for number in range(slices)
    ]
