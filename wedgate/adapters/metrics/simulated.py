"""Evidence without traffic: counters that grow as a script says, in proportion to the weights of a simulated target.

The script says what a digest does: ``{"rate": 50, "digests": {"sha256:bad": {"errors": 0.2, "latency-ms": 80}}}``.
``rate`` is in requests per second for the whole region; a digest that is not listed has no errors and takes 20 ms.
Counters are whole numbers without noise: the same script gives the same judgement each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from wedgate.adapters.targets.interface import Target
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Bucket, ColourSample, Reading
from wedgate.rollout.values import Colour


class SimulatedMetrics:
    """Evidence for one region. Set ``broken`` to a text to make every reading fail with it."""

    def __init__(self, target: Target, script: Mapping[str, Any]) -> None:
        self._target = target
        self._script = script
        self._since: datetime | None = None
        self._last: datetime | None = None
        self._counts = {colour: _Counts() for colour in Colour}
        self.broken: str | None = None

    def read(self, at: datetime) -> Reading:
        """Let traffic flow at the present weights since the last reading, and return the counters."""
        if self.broken is not None:
            raise ExternalSystemError(f"{self._target.region}: evidence: {self.broken}")
        elapsed = timedelta(0) if self._last is None else at - self._last
        weights = self._target.weights().weights
        for colour in Colour:
            share = float(self._script.get("rate", 50)) * weights.of(colour) / 100
            behaviour = self._script.get("digests", {}).get(self._target.digest(colour), {})
            self._counts[colour].add(share * elapsed.total_seconds(), behaviour)
        self._since, self._last = self._since or at, at
        return Reading(
            at=at,
            since=self._since,
            colours={colour.value: counts.sample() for colour, counts in self._counts.items()},
        )


class _Counts:
    """The counters of one colour."""

    def __init__(self) -> None:
        self._requests = 0.0
        self._errors = 0.0
        self._latency: dict[float, float] = {}

    def add(self, requests: float, behaviour: Mapping[str, Any]) -> None:
        """Let ``requests`` pass."""
        self._requests += requests
        self._errors += requests * float(behaviour.get("errors", 0))
        latency = float(behaviour.get("latency-ms", 20))
        # A spread of one fifth either way, so that a quantile has something to rank.
        for factor, part in ((0.8, 0.25), (1.0, 0.5), (1.2, 0.25)):
            lower = round(latency * factor)
            self._latency[lower] = self._latency.get(lower, 0.0) + requests * part

    def sample(self) -> ColourSample:
        """Return the counters as whole numbers."""
        buckets = tuple(
            Bucket(lower_ms=lower, upper_ms=lower + 1, count=int(count))
            for lower, count in sorted(self._latency.items())
        )
        return ColourSample(requests=int(self._requests), errors=int(self._errors), timeouts=0, latency=buckets)
