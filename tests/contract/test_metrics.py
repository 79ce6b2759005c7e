"""Every metric source keeps the contract of its interface; the real Envoy does so in tests/adapters."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from modules import module_at

from wedgate.adapters.metrics.command import CommandMetrics
from wedgate.adapters.metrics.file import FileMetrics
from wedgate.adapters.metrics.interface import MetricSource
from wedgate.adapters.metrics.simulated import SimulatedMetrics
from wedgate.adapters.targets.simulated import SimulatedTarget

AT = datetime(2027, 6, 7, 10, tzinfo=UTC)


contract: Any = module_at(Path(__file__).with_name("metrics_contract.py"))


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Return a clock that moves by 30 seconds with each look."""
    ticks = itertools.count()
    return lambda: AT + timedelta(seconds=30 * next(ticks))


class TestSimulated(contract.MetricsContract):
    """Evidence that a script makes up."""

    @pytest.fixture
    def clock(self, clock: Callable[[], datetime]) -> Callable[[], datetime]:
        """The clock that the tests move."""
        return clock

    @pytest.fixture
    def source(self) -> MetricSource:
        """Traffic of one digest."""
        return SimulatedMetrics(SimulatedTarget("us-west", running="sha256:a"), {"rate": 50})

    @pytest.fixture
    def silent(self) -> MetricSource:
        """A source that was broken on purpose."""
        source = SimulatedMetrics(SimulatedTarget("us-west", running="sha256:a"), {})
        source.broken = "gone"
        return source


class TestFile(contract.MetricsContract):
    """Evidence from a file that its writer keeps up to date."""

    @pytest.fixture
    def clock(self, clock: Callable[[], datetime], tmp_path: Path) -> Callable[[], datetime]:
        """The writer's clock: each look writes the file anew, with 9 requests more."""

        def look() -> datetime:
            now = clock()
            count = int((now - AT).total_seconds()) + 9
            bucket = {"lower_ms": 7, "upper_ms": 8, "count": count}
            sample = {"requests": count, "errors": 1, "timeouts": 1, "latency": [bucket]}
            plain = {"schema_version": 1, "at": now.isoformat(), "since": AT.isoformat()}
            content = json.dumps({**plain, "colours": {"blue": sample, "green": sample}})
            (tmp_path / "evidence.json").write_text(content)
            return now

        return look

    @pytest.fixture
    def source(self, tmp_path: Path) -> MetricSource:
        """The file."""
        return FileMetrics(tmp_path / "evidence.json")

    @pytest.fixture
    def silent(self, tmp_path: Path) -> MetricSource:
        """No file."""
        return FileMetrics(tmp_path / "none.json")


class TestCommand(TestFile):
    """Evidence that a command prints: here the file that its writer keeps up to date."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> MetricSource:
        """The command."""
        argv = ("cat", str(tmp_path / "evidence.json"))
        return CommandMetrics(argv, region="us-west", limit=timedelta(seconds=20), environment=os.environ)

    @pytest.fixture
    def silent(self) -> MetricSource:
        """One that fails."""
        return CommandMetrics(("false",), region="us-west", limit=timedelta(seconds=20), environment=os.environ)
