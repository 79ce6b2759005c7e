"""Slices from readings: differences, and every way in which two readings do not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from wedgate.judge.live import judge_live
from wedgate.judge.slices import merge_samples, slice_between
from wedgate.judge.values import Bucket, ColourSample, JudgeSettings, Outcome, Reading

AT = datetime(2027, 6, 7, 10, tzinfo=UTC)
STARTED = AT - timedelta(hours=1)


def colour(requests: int, *, errors: int = 0, timeouts: int = 0, fast: int = 0, slow: int = 0) -> ColourSample:
    """Return counters with two buckets."""
    buckets = [Bucket(lower_ms=7, upper_ms=8, count=fast), Bucket(lower_ms=61, upper_ms=62, count=slow)]
    return ColourSample(
        requests=requests, errors=errors, timeouts=timeouts, latency=tuple(b for b in buckets if b.count)
    )


def reading(seconds: float, blue: ColourSample, green: ColourSample, *, since: datetime = STARTED) -> Reading:
    """Return a reading some seconds after the first."""
    return Reading(at=AT + timedelta(seconds=seconds), since=since, colours={"blue": blue, "green": green})


BEFORE = reading(0, colour(100, errors=1, fast=99), colour(10, fast=10))


def test_a_slice_is_the_difference_of_two_readings() -> None:
    """Counters and buckets are subtracted, the stable colour is the one named, and the time is between the two."""
    after = reading(30, colour(160, errors=2, fast=150, slow=9), colour(17, errors=2, timeouts=1, fast=10, slow=6))
    found = slice_between(BEFORE, after, stable="blue")
    assert found.trouble is None
    assert (found.start, found.end) == (AT, AT + timedelta(seconds=30))
    assert found.stable == colour(60, errors=1, fast=51, slow=9)
    assert found.candidate == colour(7, errors=2, timeouts=1, slow=6)
    assert slice_between(BEFORE, after, stable="green").stable == found.candidate


def test_slices_without_traffic_are_sound() -> None:
    """Nothing happened is not trouble: it is no data."""
    found = slice_between(BEFORE, replace(BEFORE, at=AT + timedelta(seconds=1)), stable="blue")
    assert found.trouble is None
    assert found.candidate.requests == found.stable.requests == 0


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (reading(30, colour(90, errors=1, fast=89), colour(10, fast=10)), "blue: requests went down from 100 to 90"),
        (reading(30, colour(100, fast=99), colour(10, fast=10)), "errors went down"),
        (reading(30, colour(101, errors=1, fast=98, slow=2), colour(10, fast=10)), "bucket at 7 ms went down"),
        (reading(30, colour(101, errors=1, slow=100), colour(10, fast=10)), "bucket at 7 ms is gone"),
        (reading(0, colour(101, errors=1, fast=99), colour(10, fast=10)), "no time passed"),
        (reading(-5, colour(101, errors=1, fast=99), colour(10, fast=10)), "the clock went back"),
        (
            reading(30, colour(200, errors=1, fast=200), colour(20, fast=20), since=AT + timedelta(seconds=9)),
            "restarted",
        ),
        (
            reading(30, colour(200, errors=1, fast=200), colour(20, fast=20), since=STARTED + timedelta(seconds=60)),
            "restarted",
        ),
        (
            reading(30, colour(200, errors=1, fast=200), colour(20, fast=20), since=STARTED - timedelta(seconds=60)),
            "started earlier",
        ),
        (
            replace(BEFORE, at=AT + timedelta(seconds=9), colours={"blue": colour(100, errors=1, fast=99)}),
            "readings are of",
        ),
    ],
)
def test_readings_that_do_not_fit_are_trouble_and_not_evidence(after: Reading, says: str) -> None:
    """A reset, a restart, a clock that went back or a colour that vanished is said, and the samples are empty."""
    found = slice_between(BEFORE, after, stable="blue")
    assert found.trouble is not None
    assert says in found.trouble
    assert found.candidate.requests == found.stable.requests == 0


def test_changed_buckets_are_trouble() -> None:
    """The same lower edge with another upper one is another unit or another source."""
    changed = replace(colour(100, errors=1), latency=(Bucket(lower_ms=7, upper_ms=7.5, count=99),))
    found = slice_between(BEFORE, reading(30, changed, colour(10, fast=10)), stable="blue")
    assert found.trouble is not None
    assert "buckets changed at 7 ms" in found.trouble


def test_whole_seconds_of_uptime_are_not_a_restart() -> None:
    """A source that says since when in whole seconds seems to move by one: that is not trouble."""
    after = reading(30, colour(101, errors=1, fast=100), colour(10, fast=10), since=STARTED + timedelta(seconds=1))
    assert slice_between(BEFORE, after, stable="blue").trouble is None


def test_a_source_that_is_just_up_has_not_restarted() -> None:
    """In its first second an uptime is zero whole seconds, so its start seems to move with the reading."""
    blue, green = colour(1, fast=1), colour(0)
    before = reading(0, blue, green, since=AT)
    after = reading(0.9, blue, green, since=AT + timedelta(seconds=0.9))
    assert slice_between(before, after, stable="blue").trouble is None


def test_a_failure_that_shows_before_its_request_is_not_lost() -> None:
    """Counters are read one after the other: one more error than requests counts as a request too."""
    after = reading(30, colour(100, errors=2, fast=99), colour(10, fast=10))
    found = slice_between(BEFORE, after, stable="blue")
    assert (found.stable.requests, found.stable.errors) == (1, 1)


def test_merged_samples_are_their_sum() -> None:
    """Counts add up, bucket by bucket."""
    assert merge_samples([colour(3, fast=2, slow=1), colour(5, errors=1, fast=4)]) == colour(
        8, errors=1, fast=6, slow=1
    )


def aged(seconds: float, **colours: ColourSample) -> Reading:
    """Return a reading with a baseline beside both colours."""
    return Reading(at=AT + timedelta(seconds=seconds), since=STARTED, colours=colours)


def test_a_baseline_of_the_candidates_age_stands_in_stables_place() -> None:
    """Stable's own counters are not looked at; whichever colour the candidate is."""
    before = aged(0, blue=colour(5), green=colour(7), baseline=colour(1))
    after = aged(30, blue=colour(500, errors=90), green=colour(9), baseline=colour(4, errors=1))
    for stable, candidate in (("blue", colour(2)), ("green", colour(495, errors=90))):
        found = slice_between(before, after, stable=stable)
        assert (found.trouble, found.stable, found.candidate) == (None, colour(3, errors=1), candidate)


def test_a_baseline_that_comes_or_goes_is_trouble() -> None:
    """A stretch of which it is known for one end only is none."""
    without, having = aged(0, blue=colour(5), green=colour(7)), aged(30, blue=colour(6), green=colour(8))
    having = replace(having, colours={**having.colours, "baseline": colour(1)})
    assert "['blue', 'green']" in (slice_between(without, having, stable="blue").trouble or "")
    later = replace(without, at=AT + timedelta(seconds=60))
    assert "['blue', 'green']" in (slice_between(having, later, stable="blue").trouble or "")


@pytest.mark.parametrize(("stable_ms", "fresh_ms", "outcome"), [(40, 80, Outcome.PASS), (80, 40, Outcome.FAIL)])
def test_age_neither_fails_a_candidate_nor_hides_one(stable_ms: int, fresh_ms: int, outcome: Outcome) -> None:
    """80 ms of a candidate: what every process takes while it is cold passes, what old memory takes does not excuse."""

    def took(count: int, around: int) -> ColourSample:
        spread = tuple(Bucket(lower_ms=around + n, upper_ms=around + n + 1, count=count) for n in range(10))
        return ColourSample(requests=10 * count, errors=0, timeouts=0, latency=spread)

    read = [
        aged(30 * n, blue=took(100 * n, stable_ms), green=took(100 * n, 80), baseline=took(100 * n, fresh_ms))
        for n in range(41)
    ]
    slices = [slice_between(before, after, stable="blue") for before, after in pairwise(read)]
    settings = JudgeSettings(slice_length=timedelta(seconds=30))
    assert judge_live(slices, settings, level=Decimal("0.01"), final=True).outcome is outcome
