"""Synthetic traffic for the judge: two colours behind one proxy that publishes whole milliseconds."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.judge.values import Bucket, ColourSample, Slice

START = datetime(2027, 6, 7, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How one bake behaves: log-normal latencies whose level both colours share and which drifts from slice to slice.

    ``drift`` is the standard deviation of the shared level (its correlation from slice to slice is 0.8), ``private``
    that of the noise that each colour has for itself.
    """

    stable_requests: int = 60
    candidate_requests: int = 12
    median_ms: float = 20.0
    spread: float = 0.5
    slower: float = 1.0
    drift: float = 0.3
    private: float = 0.05
    failing: float = 0.0
    stable_failing: float = 0.0
    hanging: float = 0.0

    def bake(self, slices: int, rng: random.Random) -> list[Slice]:
        """Return the slices of one bake, one second each."""
        level, found = 0.0, []
        for number in range(slices):
            level = 0.8 * level + 0.6 * rng.gauss(0, self.drift)
            stable = self.median_ms * math.exp(level + rng.gauss(0, self.private))
            candidate = self.slower * self.median_ms * math.exp(level + rng.gauss(0, self.private))
            start = START + timedelta(seconds=number)
            found.append(
                Slice(
                    start=start,
                    end=start + timedelta(seconds=1),
                    stable=self._sample(self.stable_requests, stable, self.stable_failing, 0.0, rng),
                    candidate=self._sample(self.candidate_requests, candidate, self.failing, self.hanging, rng),
                )
            )
        return found

    def _sample(
        self, requests: int, median_ms: float, failing: float, hanging: float, rng: random.Random
    ) -> ColourSample:
        timeouts = sum(rng.random() < hanging for _ in range(requests)) if hanging else 0
        failed = sum(rng.random() < failing for _ in range(requests - timeouts)) if failing else 0
        values = [int(median_ms * math.exp(rng.gauss(0, self.spread))) for _ in range(requests - timeouts)]
        return sample_of(values, errors=failed + timeouts, timeouts=timeouts)


def sample_of(values_ms: list[int], *, errors: int = 0, timeouts: int = 0) -> ColourSample:
    """Return a sample as Envoy publishes it: two significant digits, whole milliseconds."""
    counts: Counter[tuple[int, int]] = Counter()
    for value in values_ms:
        width = max(1, 10 ** (len(str(value)) - 2))
        lower = value // width * width
        counts[lower, lower + width] += 1
    buckets = tuple(Bucket(lower_ms=low, upper_ms=up, count=counts[low, up]) for low, up in sorted(counts))
    return ColourSample(requests=len(values_ms) + timeouts, errors=errors, timeouts=timeouts, latency=buckets)


@pytest.fixture
def traffic() -> type[Traffic]:
    """Return the generator of bakes."""
    return Traffic


@pytest.fixture
def sample() -> object:
    """Return the builder of one sample from values in milliseconds."""
    return sample_of
