"""Which way a metric is good, by its unit; of an unknown one nobody says it."""

from __future__ import annotations

import pytest

from wedgate.judge.reading import Direction
from wedgate.judge.units import UNITS, direction_of


@pytest.mark.parametrize(
    "unit",
    ["s", "sec", "ms", "us", "µs", "μs", "ns", "min", "h", "B", "bytes", "kB", "MB", "GiB", "ns/op", "B/op", "ms/req"],
)
def test_less_time_and_less_memory_are_better(unit: str) -> None:
    """Also for each operation."""
    assert direction_of(unit) is Direction.LOWER_IS_BETTER


@pytest.mark.parametrize(
    "unit",
    [
        "1/s",
        "/s",
        "ops/s",
        "op/s",
        "ops/sec",
        "req/s",
        "requests/s",
        "MB/s",
        "MiB/s",
        "Mbit/s",
        "ops/us",
        "tps",
        "QPS",
        "rps",
    ],
)
def test_more_work_in_a_time_is_better(unit: str) -> None:
    """A rate of work or of data."""
    assert direction_of(unit) is Direction.HIGHER_IS_BETTER


@pytest.mark.parametrize(
    "unit", ["1", "", "%", "ratio", "points", "errors/s", "allocs/op", "s/s", "m", "op", "1/op", "MB/s/s"]
)
def test_of_another_unit_nobody_says_it(unit: str) -> None:
    """Errors a second are a rate, too."""
    assert direction_of(unit) is None


def test_every_unit_that_is_turned_into_another_has_a_direction_and_the_same() -> None:
    """As the docstring of the module says."""
    assert all(direction_of(unit) is direction_of(into) is not None for unit, (into, _) in UNITS.items())
