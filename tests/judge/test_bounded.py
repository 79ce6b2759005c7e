"""Values known to a bucket: decided only where the answer is the same wherever in it they are."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wedgate.adapters.benchmarks import hdr_log, hdr_percentiles
from wedgate.adapters.benchmarks.interface import UnreadableError
from wedgate.judge.bounded import compare_bounded
from wedgate.judge.comparison import Margins, compare
from wedgate.judge.measurements import Measurements, Metric, parse_measurements, plain_measurements, together
from wedgate.judge.reading import Direction, ReportError
from wedgate.judge.suite import judge_suite
from wedgate.judge.values import Outcome

FILES = Path(__file__).parents[1] / "benchmark_files" / "hdr"
BASE = [10.0 + number / 100 for number in range(20)]
MARGINS = Margins(worse_by=0.05, missed=0.15, level=0.05)


def wide(values: list[float], part: float) -> list[tuple[float, float]]:
    """Return bounds that go down by a part of each value."""
    return [(value * (1 - part), value) for value in values]


@pytest.mark.parametrize(
    ("slower", "part", "expected"),
    [
        (1.0, 0.0, Outcome.PASS),
        (1.3, 0.0, Outcome.FAIL),
        # 30 % slower in buckets of 20 %: the candidate may be as fast as 1.04 times the base, which is no failure.
        (1.3, 0.2, Outcome.NOT_ENOUGH_DATA),
        (1.3, 0.1, Outcome.FAIL),
        # The same in buckets of 20 % may be 25 % slower.
        (1.0, 0.2, Outcome.NOT_ENOUGH_DATA),
        (1.0, 0.01, Outcome.PASS),
        (1.0, 1.0, Outcome.NOT_ENOUGH_DATA),
    ],
)
@pytest.mark.parametrize("direction", list(Direction))
def test_the_whole_interval_decides(direction: Direction, slower: float, part: float, expected: Outcome) -> None:
    """Whichever way is good."""
    candidate = [value * slower if direction is Direction.LOWER_IS_BETTER else value / slower for value in BASE]
    found = compare_bounded(wide(BASE, part), wide(candidate, part), direction=direction, margins=MARGINS)
    assert (found.outcome is Outcome.PASS, found.outcome is Outcome.FAIL) == (
        expected is Outcome.PASS,
        expected is Outcome.FAIL,
    )
    if part == 0.2:
        assert found.outcome is expected
        assert "known to a bucket" in found.why


@pytest.mark.parametrize("direction", list(Direction))
def test_what_is_decided_holds_wherever_the_values_are(direction: Direction) -> None:
    """At points drawn at random inside of the bounds: what is decided is what compare() says there."""
    rng = random.Random(8)  # noqa: S311 - seeded on purpose
    decided = 0
    for _ in range(500):
        wide_by = rng.choice((1.02, 1.08, 1.3))
        arms = [
            [(low, low * rng.choice((1, wide_by))) for low in (rng.lognormvariate(0, 0.015) for _ in range(10))]
            for _ in range(2)
        ]
        found = compare_bounded(*arms, direction=direction).outcome
        if found is Outcome.NOT_ENOUGH_DATA:
            continue
        decided += 1
        for _ in range(12):
            points = [[rng.choice(pair) for pair in arm] for arm in arms]
            assert compare(*points, direction=direction).outcome is found
    assert decided > 100


def test_bounds_without_width_change_nothing() -> None:
    """It is the comparison of the values."""
    candidate = [value * 1.3 for value in BASE]
    plain = compare(BASE, candidate, direction=Direction.LOWER_IS_BETTER, margins=MARGINS)
    assert compare_bounded(wide(BASE, 0), wide(candidate, 0), direction=Direction.LOWER_IS_BETTER, margins=MARGINS) == (
        plain
    )


def metric(values: list[float], part: float) -> Metric:
    """Return a metric with bounds."""
    return Metric(
        name="p99",
        unit="ms",
        direction=Direction.LOWER_IS_BETTER,
        values=tuple(values),
        bounds=tuple(wide(values, part)),
    )


def test_a_suite_judges_by_bounds_in_either_unit() -> None:
    """A candidate in seconds is put into the base's unit with its bounds."""
    base = Measurements(metrics=(metric(BASE, 0.3),))
    slow = [value * 1.3 / 1000 for value in BASE]
    other = Metric(name="p99", unit="s", direction=Direction.LOWER_IS_BETTER, values=tuple(slow))
    found = judge_suite(base, Measurements(metrics=(other,)))
    assert found.outcome is Outcome.FAIL
    vague = Measurements(
        metrics=(
            Metric(name="p99", unit="s", direction=other.direction, values=other.values, bounds=tuple(wide(slow, 0.4))),
        )
    )
    assert judge_suite(base, vague).outcome is Outcome.NOT_ENOUGH_DATA


def test_reports_keep_bounds_and_refuse_what_is_none() -> None:
    """As pairs around each value; joined reports keep them."""
    report = Measurements(metrics=(metric([1.0, 2.0], 0.5),))
    assert parse_measurements(json.loads(json.dumps(plain_measurements(report)))) == report
    joined = together([report, Measurements(metrics=(metric([4.0], 0.0),))])
    assert joined.metrics[0].bounds == ((0.5, 1.0), (1.0, 2.0), (4.0, 4.0))
    for bounds in ([[1, 2]], [[1, 2], [3, 4]], [[0, 1], "x"], [[0, 1, 2], [0, 2]], "x", [[0, True], [0, 2]]):
        plain = plain_measurements(report)
        plain["metrics"][0]["bounds"] = bounds
        with pytest.raises(ReportError, match="expected 2 pairs"):
            parse_measurements(plain)


def test_quantiles_of_a_log_are_hdrhistograms_own() -> None:
    """Lowest and highest equivalent value, as the library that wrote the file says; intervals of a tag are added."""
    found = hdr_log.read_lines((FILES / "interval.hlog").read_text().splitlines(keepends=True))
    assert {each.name: each.bounds[0] for each in found.metrics} == {
        "latency p50": (7872, 7903),
        "latency p95": (20992, 21119),
        "latency p99": (31616, 31743),
        "slow latency p50": (15576, 15583),
        "slow latency p95": (42816, 42847),
        "slow latency p99": (60672, 60703),
    }
    assert all(each.values == (each.bounds[0][1],) for each in found.metrics)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "java",
            {
                "latency p50": (1200, 1200),
                "latency p95": (5828, 5831),
                "latency p99": (11088, 11095),
                "slow latency p50": (168960, 169983),
                "slow latency p95": (847872, 851967),
                "slow latency p99": (1392640, 1400831),
            },
        ),
        (
            "javascript",
            {
                "latency p50": (4932, 4935),
                "latency p95": (10688, 10695),
                "latency p99": (13704, 13711),
                "slow latency p50": (688128, 720895),
                "slow latency p95": (1507328, 1572863),
                "slow latency p99": (2031616, 2097151),
            },
        ),
        (
            "shifted",
            {
                "latency p50": (16384000, 16392191),
                "latency p95": (31129600, 31145983),
                "latency p99": (32440320, 32456703),
            },
        ),
    ],
)
def test_logs_of_other_writers_have_the_quantiles_that_those_say(name: str, said: dict[str, tuple[int, int]]) -> None:
    """The original, which has tags, a least value and shifted counts, and the port to JavaScript, which writes a shift
    where there is none: each as its writer says, and of the latter as the original reads it."""
    found = hdr_log.read_lines((FILES / f"{name}.hlog").read_text().splitlines(keepends=True))
    assert {each.name: each.bounds[0] for each in found.metrics} == said
    assert {each.times for each in found.metrics} == {(datetime(2027, 6, 3, 5, 20, 0, 250_000, UTC),)}


def test_fractions_are_refused_with_what_to_record() -> None:
    """A DoubleHistogram of the original."""
    with pytest.raises(
        UnreadableError, match="DoubleHistogram, and those are not read; record whole numbers"
    ) as caught:
        hdr_log.read_lines((FILES / "doubles.hlog").read_text().splitlines(keepends=True))
    assert caught.value.line == 6


def test_a_distribution_of_the_original_has_its_quantiles() -> None:
    """It says 1.2, 5.831 and 11.095 of the same values."""
    found = hdr_percentiles.read((FILES / "java.hgrm").read_text())
    bounds = [each.bounds[0] for each in found.metrics]
    assert bounds == [(0.928, 1.2), (5.443, 5.831), (11.023, 11.247)]
    assert all(low < said <= high for (low, high), said in zip(bounds, (1.2, 5.831, 11.095), strict=True))


def test_a_least_value_that_is_told_apart_widens_buckets() -> None:
    """Ten each of 5,000, 70,000 and 900,000, with one digit from 1,000 on: what the library says of its own."""
    packed = "HISTFAAAACd4nJNpmSzMwMDAxgABjBCK+QWIvDZ5CYP9B4iIoEiuSKEIAIVpBqA="
    found = hdr_log.read_lines([f"0.1,1.0,0.9,{packed}\n"])
    assert [each.bounds[0] for each in found.metrics] == [(69632, 73727), (884736, 917503), (884736, 917503)]


def test_quantiles_of_a_distribution_lie_between_its_rows() -> None:
    """The library says 8.015, 21.599 and 33.279 of the same values."""
    found = hdr_percentiles.read((FILES / "latency.hgrm").read_text())
    for each, said in zip(found.metrics, (8.015, 21.599, 33.279), strict=True):
        (low, high) = each.bounds[0]
        assert low < said <= high
        assert (high - low) / said < 0.1


def test_what_is_no_histogram_is_refused_with_its_line() -> None:
    """A log that breaks off inside an interval, one of another resolution, and a distribution without its end."""
    lines = (FILES / "interval.hlog").read_text().splitlines(keepends=True)
    mixed = [*lines[:-1], lines[-1].removeprefix("Tag=slow,")]
    with pytest.raises(UnreadableError, match="its resolution is not that of the others") as caught:
        hdr_log.read_lines(mixed)
    assert caught.value.line == len(lines)
    with pytest.raises(UnreadableError, match="an interval is no histogram"):
        hdr_log.read_lines([*lines[:-1], lines[-1][:-9] + "\n"])
    text = (FILES / "latency.hgrm").read_text()
    for spoiled in (text[:2000], text.replace("2000.000", "1999.000"), text + text):
        with pytest.raises(UnreadableError):
            hdr_percentiles.read(spoiled)
