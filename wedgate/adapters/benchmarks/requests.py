"""The requests of one run of a load test. They rise and fall together, so a run is one value for each metric.

A request that failed ranks behind every one that did not: a version that refuses at once, or hangs, does not look fast.
A quantile that lies among those that failed has no latency at all: it is ``aggregated`` and not judged, and the share
of those that failed is.
Latencies are kept with five significant digits, so that memory does not grow with the length of the run.

A service that stands still makes few requests slow, and many are never sent: how many were answered a second tells it.
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
NO_LENGTH = "the file does not tell how long the run was"


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

    @property
    def good(self) -> int:
        """How many did not fail."""
        return self._good.total()

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


class Span:
    """How long a run was: from when its first request was sent to the last time that its file names."""

    def __init__(self) -> None:
        self._first, self._last = math.inf, -math.inf

    def add(self, at: datetime | None, *, before: float = 0.0, after: float = 0.0) -> None:
        """Count something from so many seconds before an instant to so many after it; ``None`` tells nothing."""
        if at is not None:
            moment = at.timestamp()
            self._first = min(self._first, moment - before)
            self._last = max(self._last, moment + after)

    def until(self, at: datetime | None) -> None:
        """Count a time at which the run still went on, whenever its first request was sent."""
        if at is not None:
            self._last = max(self._last, at.timestamp())

    @property
    def seconds(self) -> float:
        """The length, 0 where no times are known."""
        return max(0.0, self._last - self._first)


def rate_of(name: str, answered: float, seconds: float, at: datetime | None) -> tuple[Metric, ...]:
    """Return how many were answered a second, as a metric of one run; nothing where its length is not known."""
    if seconds <= 0.0:
        return ()
    return (_more_is_better(name, "1/s", answered / seconds, at),)


def count_of(name: str, answered: float, at: datetime | None = None) -> Metric:
    """Return how many were answered, as a metric of one run.

    It is for files that do not tell how long the run was: one that hung at its end looks short there, and not slow.
    """
    return _more_is_better(name, "1", answered, at)


def _more_is_better(name: str, unit: str, value: float, at: datetime | None) -> Metric:
    times = () if at is None else (at,)
    return Metric(name=name, unit=unit, direction=Direction.HIGHER_IS_BETTER, values=(value,), times=times)


def share_of(name: str, part: float, whole: float, times: tuple[datetime, ...] = ()) -> Metric:
    """Return how many of all failed, as a metric of one run."""
    share = part / whole if whole else 0.0
    return Metric(name=name, unit=RATIO, direction=Direction.LOWER_IS_BETTER, values=(share,), times=times)
