"""What every metric source keeps, as a class to inherit from: a subclass gives the fixture ``source``, a source that
answers, and ``silent``, one whose outside does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wedgate.adapters.metrics.interface import MetricSource
from wedgate.errors import ExternalSystemError
from wedgate.judge.slices import slice_between
from wedgate.rollout.values import Colour


class MetricsContract:
    """The promises of ``wedgate.adapters.metrics.interface``."""

    @pytest.fixture
    def source(self) -> MetricSource:
        """Return a source that answers."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> MetricSource:
        """Return a source that cannot be read."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self):
        """Return the clock that the source lives by."""
        raise NotImplementedError

    def test_a_reading_has_both_colours_and_aware_instants(self, source: MetricSource, clock) -> None:
        """Whoever makes slices finds blue and green, and instants in UTC in their order."""
        reading = source.read(clock())
        assert set(reading.colours) == {colour.value for colour in Colour}
        assert reading.at.utcoffset() == reading.since.utcoffset() == timedelta(0)
        assert reading.since <= reading.at

    def test_counts_are_consistent(self, source: MetricSource, clock) -> None:
        """Timeouts are errors, errors are requests, and buckets ascend without overlap."""
        for sample in source.read(clock()).colours.values():
            assert 0 <= sample.timeouts <= sample.errors <= sample.requests
            edges = [edge for bucket in sample.latency for edge in (bucket.lower_ms, bucket.upper_ms)]
            assert edges == sorted(edges)
            assert all(bucket.lower_ms < bucket.upper_ms and bucket.count >= 0 for bucket in sample.latency)

    def test_counters_only_grow(self, source: MetricSource, clock) -> None:
        """Two readings, the second later, make a slice without trouble."""
        before = source.read(clock())
        assert slice_between(before, source.read(clock()), stable="blue").trouble is None

    def test_a_source_that_cannot_be_read_says_so(self, silent: MetricSource, clock) -> None:
        """No answer is an error of an outside system, never a reading of nothing."""
        with pytest.raises(ExternalSystemError):
            silent.read(clock())
