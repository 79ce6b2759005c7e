"""Noise that lasts: what it does to a level, how it is measured, and slices that lie far enough apart.

The expected rates are of a simulation of the coin alone, in numpy, without slices, quantiles or anything else of the
judge (20,000 bakes of 40 slices at a level of 5 %): 4.8 % without correlation, 11.0 % at 0.3, 17.7 % at 0.5 and 38.3 %
at 0.8. With slices as long as the noise lasts and twice as much left out it was 5.0, 5.1, 5.1 and 5.4 %, where how
long it lasts was measured on 200 slices.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from wedgate.judge.correlation import autocorrelation, bound, chance_of, lasting, slices_apart, spaced
from wedgate.judge.identical import measure_identical
from wedgate.judge.latency import PASS_RISK, judge_latency
from wedgate.judge.live import judge_live, slices_needed
from wedgate.judge.values import Bucket, ColourSample, ErrorLimits, JudgeSettings, LatencyLimits, Outcome, Slice

START = datetime(2027, 6, 7, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NO_MARGIN = LatencyLimits(worse_by=Decimal(0), slices=8)
SETTINGS = JudgeSettings(slice_length=SECOND, latency=NO_MARGIN, errors=ErrorLimits(requests=10))


def noise(phi: float, count: int, rng: random.Random) -> list[float]:
    """Return a stationary AR(1) series of variance 1."""
    value, found = rng.gauss(0, 1), []
    for _ in range(count):
        found.append(value)
        value = phi * value + math.sqrt(1 - phi * phi) * rng.gauss(0, 1)
    return found


def sample(log_ms: float) -> ColourSample:
    """Return twenty requests that took as long."""
    value = 1000 * math.exp(0.1 * log_ms)
    bucket = Bucket(lower_ms=value, upper_ms=value * (1 + 1e-9), count=20)
    return ColourSample(requests=20, errors=0, timeouts=0, latency=(bucket,))


def stretch(phi: float, count: int, rng: random.Random, *, slower: float = 0.0) -> list[Slice]:
    """Return slices of a second in which each colour has noise of its own, and nothing else differs."""
    pairs = zip(noise(phi, count, rng), noise(phi, count, rng), strict=True)
    return [
        Slice(
            start=START + number * SECOND,
            end=START + (number + 1) * SECOND,
            stable=sample(stable),
            candidate=sample(candidate + slower),
        )
        for number, (stable, candidate) in enumerate(pairs)
    ]


def alarms(phi: float, lasts: int, *, bakes: int, slices: int, rng: random.Random) -> float:
    """Return how often latency fails at a level of 5 % where nothing differs, looked at after every slice."""
    count = slices_apart(slices, slice_length=SECOND, noise_lasts=lasts * SECOND)
    failed = 0
    for _ in range(bakes):
        apart = spaced(stretch(phi, count, rng), lasts * SECOND)
        assert len(apart) == slices
        failed += judge_latency(apart, NO_MARGIN, level=0.05, final=False).outcome is Outcome.FAIL
    return failed / bakes


def test_slices_as_long_as_they_happen_to_be_break_the_level_and_chosen_ones_keep_it() -> None:
    """Neighbours correlate by 0.8: 38 % alarms at a stated 5 %, and no more than 5 % (chance: 9 %) as it is chosen."""
    rng = random.Random(5)  # noqa: S311 - seeded on purpose
    measured = measure_identical(stretch(0.8, 400, rng), SETTINGS, level=Decimal("0.05")).noise_lasts
    assert 5 * SECOND <= measured <= 20 * SECOND
    assert alarms(0.8, 0, bakes=200, slices=40, rng=rng) == pytest.approx(0.383, abs=0.1)
    assert alarms(0.8, measured // SECOND, bakes=200, slices=25, rng=rng) <= 0.09


def test_the_autocorrelation_is_that_of_numpy() -> None:
    """The usual estimate: divided by the variance about the mean of the whole series."""
    values = noise(0.6, 60, random.Random(1))  # noqa: S311 - seeded on purpose
    apart = np.array(values) - np.mean(values)
    whole = np.correlate(apart, apart, mode="full")[len(values) - 1 :]
    for lag in (1, 2, 7):
        assert autocorrelation(values, lag) == pytest.approx(whole[lag] / whole[0], abs=1e-12)
    assert autocorrelation([3.0] * 20, 1) == 0.0
    assert bound(400) == pytest.approx(1.6448536 / 20)


def test_how_long_noise_lasts() -> None:
    """None without correlation, and about where 0.8 to the power of the lag goes under: at the tenth of 400."""
    rng = random.Random(2)  # noqa: S311 - seeded on purpose
    assert [lasting(noise(0.0, 400, rng)) for _ in range(10)].count(0) >= 8
    found = sorted(lasting(noise(0.8, 400, rng)) for _ in range(21))
    assert 6 <= found[10] <= 14
    assert lasting([1.0, 2.0] * 5) == 0
    assert lasting([math.inf] * 20) == 0
    assert lasting([float(number) for number in range(40)]) == 10


def test_slices_lie_apart_and_never_change_with_what_follows() -> None:
    """Three seconds together, six left out, also across slices that were dropped; a rest is left out."""
    pieces = stretch(0.0, 24, random.Random(3))  # noqa: S311 - seeded on purpose
    found = spaced(pieces, 3 * SECOND)
    offsets = [((each.start - START) // SECOND, (each.end - START) // SECOND) for each in found]
    assert offsets == [(0, 3), (9, 12), (18, 21)]
    assert [each.stable.requests for each in found] == [60, 60, 60]
    for count in range(24):
        assert spaced(pieces[:count], 3 * SECOND) == found[: len(spaced(pieces[:count], 3 * SECOND))]
    assert spaced(pieces, timedelta(0)) == pieces
    gapped = [*pieces[:1], *pieces[4:]]
    assert [(each.start - START) // SECOND for each in spaced(gapped, 3 * SECOND)] == [0, 12, 21]
    assert slices_apart(3, slice_length=SECOND, noise_lasts=3 * SECOND) == 21
    assert slices_apart(3, slice_length=SECOND, noise_lasts=timedelta(0)) == 3


def test_a_bake_says_how_many_slices_it_needs_with_noise_that_lasts() -> None:
    """Eight at one in a hundred; each of two, with four left out between, are 44."""
    settings = JudgeSettings(slice_length=SECOND, noise_lasts=2 * SECOND, latency=NO_MARGIN)
    assert slices_needed(settings, level=Decimal("0.01")) == 2 * 8 + 4 * 7
    rng = random.Random(4)  # noqa: S311 - seeded on purpose
    slow = stretch(0.0, 44, rng, slower=20)
    assert judge_live(slow[:43], settings, level=Decimal("0.01"), final=False).outcome is Outcome.NOT_ENOUGH_DATA
    assert judge_live(slow, settings, level=Decimal("0.01"), final=False).outcome is Outcome.FAIL


def test_a_pass_is_not_given_on_slices_that_foretell_one_another() -> None:
    """A wave of forty slices is one observation and not forty; the numbers say how much they hang together.

    A fail is not held back.
    """
    rng = random.Random(6)  # noqa: S311 - seeded on purpose
    limits = LatencyLimits(worse_by=Decimal("0.5"), slices=8)
    quiet = judge_latency(stretch(0.0, 40, rng), limits, level=0.01, final=True)
    assert quiet.outcome is Outcome.PASS
    wave = [
        replace(piece, candidate=sample(math.sin(number * math.tau / 40)))
        for number, piece in enumerate(stretch(0.0, 40, rng))
    ]
    tied = judge_latency([replace(piece, stable=sample(0)) for piece in wave], limits, level=0.01, final=True)
    assert tied.outcome is Outcome.NOT_ENOUGH_DATA
    assert "noise that the colours do not share lasts" in tied.rule
    assert float(dict(tied.numbers)["neighbours correlate by"]) > float(dict(tied.numbers)["of chance at most"])
    slow = judge_latency(stretch(0.9, 40, rng, slower=20), limits, level=0.01, final=False)
    assert slow.outcome is Outcome.FAIL


def test_a_stretch_of_identical_versions_tells_the_rate() -> None:
    """Without a margin, on noise that lasts, more is alarmed than stated; each rate has its upper limit."""
    rng = random.Random(7)  # noqa: S311 - seeded on purpose
    found = measure_identical(stretch(0.8, 800, rng), SETTINGS, level=Decimal("0.05"))
    naive, chosen = (each for each in found.rates if not each.with_margin)
    assert (naive.noise_lasts, chosen.noise_lasts) == (timedelta(0), found.noise_lasts)
    assert naive.bakes == 2 * (800 // naive.slices)
    assert naive.alarms / naive.bakes > 0.05
    assert chosen.alarms <= 1
    for rate in found.rates:
        assert rate.alarms / max(1, rate.bakes) <= rate.at_most <= 1
    assert found.correlation == pytest.approx(0.8, abs=0.1)


def test_either_colour_is_the_candidate_once() -> None:
    """Where green is much faster, each bake in which blue is the candidate alarms, and no other."""
    found = measure_identical(stretch(0.0, 80, random.Random(9), slower=-20), SETTINGS, level=Decimal("0.05"))  # noqa: S311
    for rate in found.rates:
        assert (rate.alarms, rate.bakes) == (rate.bakes / 2, 2 * (80 // rate.slices))
        assert rate.at_most == 0.5


def test_a_stretch_that_is_too_short_says_so() -> None:
    """Eleven slices tell nothing of themselves."""
    with pytest.raises(ValueError, match="11 of 11 slices have requests on both colours, and 12 are needed"):
        measure_identical(stretch(0.0, 11, random.Random(8)), SETTINGS, level=Decimal("0.05"))  # noqa: S311


@pytest.mark.parametrize("ceiling_ms", [None, 2000.0])
@pytest.mark.parametrize("where", ["the end", "what is left out", "here and there"])
def test_what_is_left_out_between_slices_is_looked_at_for_what_is_terrible(
    where: str, ceiling_ms: float | None
) -> None:
    """Two thirds of a bake are left out so that slices lie apart; twenty times as slow is not overlooked there."""
    latency = replace(NO_MARGIN, worse_by=Decimal("0.5"), never_above_ms=ceiling_ms)
    settings = JudgeSettings(slice_length=SECOND, noise_lasts=2 * SECOND, latency=latency)
    bake = stretch(0.0, 90, random.Random(8))  # noqa: S311 - seeded on purpose
    assert judge_live(bake, settings, level=Decimal("0.05"), final=True).outcome is Outcome.PASS
    places = {"the end": [86, 87, 88, 89], "what is left out": [each for each in range(90) if each % 6 > 1]}
    slow = places.get(where, [2, 9, 15, 22, 28, 35, 41, 51])
    worse = [replace(piece, candidate=sample(20)) if at in slow else piece for at, piece in enumerate(bake)]
    found = judge_live(worse, settings, level=Decimal("0.05"), final=True)
    assert found.outcome is Outcome.MARGINAL
    assert {metric.outcome for metric in found.metrics if "latency" in metric.metric} == {Outcome.MARGINAL}


def test_answers_without_a_latency_are_counted_where_slices_are_left_out_too() -> None:
    """They may be the slowest."""
    settings = JudgeSettings(slice_length=SECOND, noise_lasts=2 * SECOND, latency=NO_MARGIN)
    bake = stretch(0.0, 90, random.Random(8))  # noqa: S311 - seeded on purpose
    hidden = [
        replace(piece, candidate=replace(piece.candidate, latency=())) if at % 6 > 1 else piece
        for at, piece in enumerate(bake)
    ]
    assert judge_live(hidden, settings, level=Decimal("0.05"), final=True).outcome is Outcome.NOT_ENOUGH_DATA


def test_a_burst_is_one_toss_for_each_time_that_noise_lasts() -> None:
    """Three in a row are one where noise lasts so long; nine are three."""
    once, thrice, never = [False, True, True, True, False], [True] * 9, [False] * 9
    assert chance_of(once, never, 3) == pytest.approx(0.5)
    assert chance_of(once, never) == pytest.approx(0.125)
    assert chance_of(thrice, never, 3) == pytest.approx(0.125)
    assert chance_of(once, [True, False, True], 3) == pytest.approx(0.875)
    assert chance_of(never, never, 3) == pytest.approx(1.0)


def test_bursts_that_both_versions_have_are_rarely_more_than_chance_makes() -> None:
    """A collector that runs for three slices in each: no more often than stated, as slices alone would be."""
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    odd = {1: 0, 3: 0}
    for _ in range(2000):
        starts = [[rng.random() < 0.03 for _ in range(90)] for _ in range(2)]
        mine, theirs = ([any(each[max(0, at - 2) : at + 1]) for at in range(90)] for each in starts)
        worse, better = (
            [one and not other for one, other in zip(*both, strict=True)] for both in ((mine, theirs), (theirs, mine))
        )
        for together in odd:
            odd[together] += chance_of(worse, better, together) <= PASS_RISK
    assert odd[3] / 2000 <= PASS_RISK
    assert odd[1] / 2000 > PASS_RISK
