"""A year of the starter's four regions looked at, in plans: what the 8,760 starts cost, and what all the rest does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wedgate import __version__
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import load_configuration
from wedgate.engine.outlook import make_outlook
from wedgate.engine.plan import make_plan
from wedgate.rollout.outlook import parse_demand

NAME = "a year's outlook against single plans"
STARTER = Path(__file__).resolve().parents[1] / "wedgate" / "config" / "resources" / "starter.yml"
TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
STARTS = 8760


def seconds_of(call: Callable[[], object]) -> float:
    """Return how long one run takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield the seconds of a year, and its starts as a share of what as many single plans would take."""
    configuration, almanac = load_configuration(STARTER), PinnedAlmanac()
    demand = parse_demand("3/week")

    def outlook(grid: timedelta) -> Callable[[], object]:
        return lambda: make_outlook(configuration, almanac, 2027, demand=demand, grid=grid, wedgate_version=__version__)

    years, days, plans = [], [], []
    for _ in range(5):
        years.append(seconds_of(outlook(timedelta(hours=1))))
        days.append(seconds_of(outlook(timedelta(days=1))))
        plans.append(seconds_of(lambda: make_plan(configuration, almanac, TUESDAY)))
    year, day, plan = min(years), min(days), min(plans)
    yield "a year of four regions, a start each hour (s)", year, 5.0
    yield "of it all but the starts (s)", day, None
    yield "one plan, calendars compiled (ms)", 1000 * plan, None
    yield f"{STARTS:,} starts against as many single plans (%)", 100 * year / (STARTS * plan), 5.0
