"""What a metric source is: cumulative readings per colour that become paired slices.

Every implementation passes ``tests/contract/test_metrics.py``. A reading is a value that may be stored; slices are
made from two readings by the pure ``wedgate.judge.slices``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from wedgate.judge.values import Reading


class MetricSource(Protocol):
    """Evidence for one region."""

    def read(self, at: datetime) -> Reading:
        """Read the counters of both colours; ``ExternalSystemError`` if they cannot be had."""
