"""Native histograms, CPU and memory from the real Prometheus: Debian's 2.42, with its feature for native histograms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exposition import COUNTER, GAUGE, HISTOGRAM, counter, family, gauge, native
from prometheus_server import Exporter, PrometheusServer, wait_until

from wedgate.adapters._prometheus.client import PrometheusClient
from wedgate.adapters._prometheus.settings import parse_settings
from wedgate.adapters.metrics.prometheus import PrometheusMetrics
from wedgate.errors import ExternalSystemError
from wedgate.judge.quantiles import pair_of
from wedgate.judge.slices import slice_between
from wedgate.judge.values import LatencyLimits, Reading, Used

pytestmark = pytest.mark.needs_tool("prometheus")

METRICS = {"requests": "http_requests_total", "latency": "http_seconds"}
USED = {"cpu": "process_cpu_seconds_total", "memory": "process_resident_memory_bytes"}


class World:
    """One Prometheus with two exporters; each test has a label of its own."""

    def __init__(self, program: Path, directory: Path) -> None:
        self.exporters = [Exporter(), Exporter()]
        self.server = PrometheusServer(
            program,
            directory,
            [each.address for each in self.exporters],
            options=["--enable-feature=native-histograms"],
        )
        self.case = 0

    def show(self, colours: dict[str, dict[str, Any]], *, of: int = 0, schema: int = 3) -> None:
        """Serve this, and wait until it was scraped and is in the store."""
        self.serve(colours, of=of, schema=schema)
        seen = self.exporters[of].scrapes
        wait_until(lambda: self.exporters[of].scrapes >= seen + 3)

    def serve(self, colours: dict[str, dict[str, Any]], *, of: int = 0, schema: int = 3) -> None:
        """Serve ``requests``, ``buckets`` by index, ``zero``, ``cpu`` and ``memory`` of some colours."""
        found: dict[tuple[str, int], list[bytes]] = {}
        for colour, shown in colours.items():
            label = {"case": str(self.case), "colour": colour}
            for name, kind, write in (
                ("http_requests_total", COUNTER, lambda v, at=label: counter({**at, "code": "200"}, v)),
                ("process_cpu_seconds_total", COUNTER, lambda v, at=label: counter(at, v)),
                ("process_resident_memory_bytes", GAUGE, lambda v, at=label: gauge(at, v)),
            ):
                key = {"http_requests_total": "requests", USED["cpu"]: "cpu", USED["memory"]: "memory"}[name]
                if key in shown:
                    found.setdefault((name, kind), []).append(write(shown[key]))
            if "buckets" in shown:
                found.setdefault(("http_seconds", HISTOGRAM), []).append(
                    native(label, shown["buckets"], schema=schema, zero=shown.get("zero", 0))
                )
        self.exporters[of].text = b"".join(family(name, kind, metrics) for (name, kind), metrics in found.items())

    def read(self, **metrics: str) -> Reading:
        """Read it once."""
        return self.source(**metrics).read(datetime.now(UTC))

    def source(self, **metrics: str) -> PrometheusMetrics:
        """Return a source that reads it."""
        options = {"match": {"case": str(self.case)}, "metrics": {**METRICS, **metrics}}
        settings = parse_settings(options, "us-west", slice_length=timedelta(seconds=30))
        return PrometheusMetrics(PrometheusClient(self.server.url), settings, region="us-west")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, tool_named: Callable[[str], Path]) -> Iterator[World]:
    """One Prometheus for all tests."""
    made = World(tool_named("prometheus"), tmp_path_factory.mktemp("native"))
    made.server.start()
    yield made
    made.server.stop()
    for exporter in made.exporters:
        exporter.close()


@pytest.fixture
def world(running: World) -> World:
    """It, with exporters that serve nothing yet."""
    running.case += 1
    for exporter in running.exporters:
        exporter.text, exporter.status = b"", 200
    return running


def both(**shown: Any) -> dict[str, dict[str, Any]]:
    """Show the same of both colours."""
    return {"blue": shown, "green": shown}


def test_native_buckets_are_as_wide_as_their_schema(world: World) -> None:
    """Schema 3 grows by the eighth root of two; the zero bucket begins at nothing."""
    world.show(both(requests=13, buckets={-32: 9, -31: 2}, zero=2))
    found = world.read().colours["blue"].latency
    expected = [(0, 1e-6), (1000 * 2 ** (-33 / 8), 1000 * 2**-4), (1000 * 2**-4, 1000 * 2 ** (-31 / 8))]
    assert [each.count for each in found] == [2, 9, 2]
    for bucket, (low, up) in zip(found, expected, strict=True):
        assert bucket.lower_ms == pytest.approx(low, abs=1e-6)
        assert bucket.upper_ms == pytest.approx(up, abs=1e-6)


def test_the_quantile_is_where_prometheus_says_and_is_bounded_by_its_bucket(world: World) -> None:
    """histogram_quantile lies within the bounds that the judge takes."""
    world.show(both(requests=100, buckets={-32: 40, -24: 50, -16: 10}))
    query = f'histogram_quantile(0.95, http_seconds{{case="{world.case}",colour="blue"}})'
    said = 1000 * float(world.server.ask(query)[0]["value"][1])
    sample = world.read().colours["blue"]
    pair = pair_of(sample, sample, LatencyLimits().quantile)
    assert pair is not None
    assert pair.stable.lower <= said <= pair.stable.upper
    assert pair.stable.upper / pair.stable.lower == pytest.approx(2 ** (1 / 8), rel=1e-6)
    assert not pair.is_surely_worse(1.0)


def test_a_native_histogram_that_began_anew_is_trouble(world: World) -> None:
    """Its count went down, whatever its buckets say."""
    source = world.source()
    world.show(both(requests=50, buckets={-32: 50}))
    before = source.read(datetime.now(UTC))
    world.show(both(requests=70, buckets={-32: 10}))
    world.show(both(requests=90, buckets={-32: 90}))
    after = source.read(datetime.now(UTC))
    assert "restarted" in (slice_between(before, after, stable="blue").trouble or "")


def test_a_resolution_that_changed_is_trouble_and_not_a_slower_version(world: World) -> None:
    """A histogram that got too many buckets halves its resolution."""
    source = world.source()
    world.show(both(requests=50, buckets={-32: 25, -31: 25}))
    before = source.read(datetime.now(UTC))
    world.show(both(requests=60, buckets={-16: 30, -15: 30}), schema=2)
    after = source.read(datetime.now(UTC))
    assert slice_between(before, after, stable="blue").trouble is not None


def test_a_stretch_of_native_buckets_is_their_difference(world: World) -> None:
    """Buckets that are new had nothing before."""
    source = world.source()
    world.show(both(requests=50, buckets={-32: 50}))
    before = source.read(datetime.now(UTC))
    world.show(both(requests=75, buckets={-32: 60, -20: 15}))
    after = source.read(datetime.now(UTC))
    assert [each.count for each in slice_between(before, after, stable="blue").candidate.latency] == [10, 15]


def test_cpu_and_memory_are_read_with_what_they_are_off_by(world: World) -> None:
    """Two ticks where they were scraped with the requests; without a series it is an error, never nothing."""
    world.show(both(requests=10, buckets={-32: 10}, cpu=12.5, memory=1.5e8))
    assert world.read(**USED).colours["green"].used == Used(cpu_seconds=12.5, cpu_off=0.02, memory_bytes=1.5e8)
    assert world.read().colours["green"].used is None
    world.case += 1
    shown = {"requests": 10, "buckets": {-32: 10}, "cpu": 1}
    world.show({"blue": {**shown, "memory": 1}, "green": shown})
    with pytest.raises(ExternalSystemError, match="green has no series process_resident_memory_bytes"):
        world.read(**USED)


def test_cpu_that_began_anew_is_trouble_and_memory_may_fall(world: World) -> None:
    """A process that was restarted spoils the slice across it; a process that gave memory back does not."""
    source = world.source(**USED)
    shown = {"requests": 10, "buckets": {-32: 10}}
    world.show(both(**shown, cpu=12.5, memory=2e8))
    before = source.read(datetime.now(UTC))
    world.show(both(**shown, cpu=13.0, memory=1e8))
    after = source.read(datetime.now(UTC))
    made = slice_between(before, after, stable="blue")
    assert made.trouble is None
    assert made.stable.used == Used(cpu_seconds=0.5, cpu_off=0.02, memory_bytes=1.5e8)
    world.show(both(**shown, cpu=0.5, memory=1e8))
    world.show(both(**shown, cpu=20.0, memory=1e8))
    assert "restarted" in (slice_between(after, source.read(datetime.now(UTC)), stable="blue").trouble or "")


@pytest.mark.parametrize(("key", "odd"), [("cpu", float("nan")), ("cpu", -1.0), ("memory", float("inf"))])
def test_what_is_no_amount_is_an_error(world: World, key: str, odd: float) -> None:
    """It names the series."""
    world.show(both(**{"requests": 1, "buckets": {-32: 1}, "cpu": 1.0, "memory": 1.0, key: odd}))
    with pytest.raises(ExternalSystemError, match=rf"{USED[key]}.*no amount"):
        world.read(**USED)


def test_cpu_of_two_processes_where_one_was_expected_is_named(world: World) -> None:
    """Not a sum."""
    world.show(both(requests=1, buckets={-32: 1}, cpu=1.0, memory=1.0))
    world.show(both(cpu=2.0, memory=1.0), of=1)
    with pytest.raises(ExternalSystemError, match="2 series of process_cpu_seconds_total where 1 was expected"):
        world.read(**USED)


def test_cpu_that_is_scraped_apart_from_the_requests_is_known_from_both_sides(world: World) -> None:
    """What it grew by until its next scrape is part of what it may be off by."""
    world.show(both(requests=1, buckets={-32: 1}))
    world.show(both(cpu=1.0, memory=1.0), of=1)
    seen = [0, 1.0]

    def is_wide() -> bool:
        if world.exporters[1].scrapes > seen[0]:
            seen[0], seen[1] = world.exporters[1].scrapes, seen[1] + 1
            world.serve(both(cpu=seen[1], memory=1.0), of=1)
        used = world.read(**USED).colours["blue"].used
        assert used is not None
        return used.cpu_off > 0.5

    wait_until(is_wide)
