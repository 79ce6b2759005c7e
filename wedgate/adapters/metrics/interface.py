"""What a metric source is: cumulative readings per colour that become paired slices.

Every implementation passes ``tests/contract/test_metrics.py``. A reading is a value that may be stored; slices are
made from two readings by the pure ``wedgate.judge.slices``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wedgate.judge.values import ColourSample
from wedgate.rollout.values import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Counters of both colours since their source started (``since``), as of ``at``."""

    at: datetime
    since: datetime
    colours: Mapping[Colour, ColourSample]


class MetricSource(Protocol):
    """Evidence for one region."""

    def read(self, at: datetime) -> Reading:
        """Read the counters of both colours; ``ExternalSystemError`` if they cannot be had."""
