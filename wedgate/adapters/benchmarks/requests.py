"""The requests of one run of a load test. They rise and fall together, so a run is one value for each metric.

A request that failed ranks behind every one that did not: a version that refuses at once, or hangs, does not look fast.
A quantile that lies among those that failed has no latency at all: it is ``aggregated`` and not judged, and the share
of those that failed is.
Latencies are kept with five significant digits, so that memory does not grow with the length of the run.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime

from wedgate.judge.measurements import Metric
from wedgate.judge.reading import Direction

QUANTILES = (("p50", 0.50), ("p95", 0.95))
RATIO = "ratio"
"""The unit of a share: failed requests of all requests."""


class Requests:
    """Counts requests by their latency."""

    def __init__(self) -> None:
        self._good: Counter[float] = Counter()
        self._slowest = 0.0
        self._bad = 0

    def add(self, latency: float, *, failed: bool) -> None:
        """Count one request; what a failed one took counts only where it is longer than all others."""
        self._slowest = max(self._slowest, latency)
        if failed:
            self._bad += 1
        else:
            self._good[float(f"{latency:.5g}")] += 1

    def metrics(self, name: str, unit: str, at: datetime | None, *, with_failed: bool = True) -> tuple[Metric, ...]:
        """Return the quantiles of this run, and the share of its requests that failed."""
        times = () if at is None else (at,)
        found = [
            Metric(
                name=f"{name} {label}".strip(),
                unit=unit,
                direction=Direction.LOWER_IS_BETTER,
                values=(self._quantile(share),),
                times=times,
                aggregated=self._unknown(share),
            )
            for label, share in QUANTILES
        ]
        if with_failed:
            found.append(share_of(f"{name} failed".strip(), self._bad, self._bad + self._good.total(), times))
        return tuple(found)

    def _unknown(self, share: float) -> str | None:
        total = self._good.total() + self._bad
        if math.ceil(share * (total - 1)) < self._good.total():
            return None
        return f"{self._bad} of {total} requests failed, and how long they would have taken is not known"

    def _quantile(self, share: float) -> float:
        """Interpolate between the two nearest ranks (definition 7 of Hyndman and Fan, as k6 does)."""
        place = share * (self._good.total() + self._bad - 1)
        low, high = math.floor(place), math.ceil(place)
        below = above = float(f"{self._slowest:.5g}")
        passed = 0
        for latency in sorted(self._good):
            before, passed = passed, passed + self._good[latency]
            below = latency if before <= low < passed else below
            if before <= high < passed:
                above = latency
                break
        return below + (above - below) * (place - low)


def share_of(name: str, part: float, whole: float, times: tuple[datetime, ...] = ()) -> Metric:
    """Return how many of all failed, as a metric of one run."""
    share = part / whole if whole else 0.0
    return Metric(name=name, unit=RATIO, direction=Direction.LOWER_IS_BETTER, values=(share,), times=times)
