"""Evidence from the real Envoy: what a request of each kind counts as."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.adapters.metrics.envoy import EnvoyMetrics
from wedgate.errors import ExternalSystemError
from wedgate.judge.slices import NOTHING, slice_between
from wedgate.judge.values import ColourSample

AT = datetime(2027, 6, 7, 10, tzinfo=UTC)


def now() -> datetime:
    """Return the instant: Envoy's uptime is held against it."""
    return datetime.now(UTC)


@pytest.fixture
def difference(region) -> Callable[..., ColourSample]:
    """Return what some requests to blue add to its counters, which begin anew with each test."""
    region.edge.restart()
    source = EnvoyMetrics.beside(region.settings())

    def add(*paths: str, answered: int) -> ColourSample:
        before = source.read(now())
        for path in paths:
            region.get(path)
        # Histograms are published with the next flush; counters are there at once.
        deadline = time.monotonic() + 10
        while True:
            after = source.read(now())
            found = slice_between(before, after, stable="blue")
            assert found.trouble is None
            assert found.candidate.requests == 0
            if sum(bucket.count for bucket in found.stable.latency) >= answered or time.monotonic() > deadline:
                return found.stable
            time.sleep(0.02)

    return add


def test_answers_count_as_requests_with_a_latency(difference) -> None:
    """Good answers and 4xx are requests and no errors; each has its place in the histogram."""
    found = difference("/", "/", "/404", answered=3)
    assert (found.requests, found.errors, found.timeouts) == (3, 0, 0)
    assert sum(bucket.count for bucket in found.latency) == 3


@pytest.mark.parametrize(
    ("codes", "errors"), [((), 1), (("404",), 2), (("4xx",), 2), (("5xx", "4x4"), 2), (("401",), 1)]
)
def test_codes_that_are_named_are_errors_too(region, difference, codes: tuple[str, ...], errors: int) -> None:
    """A 404 is an error where it is named, and a 5xx always is one, once."""
    difference("/", answered=1)
    named = EnvoyMetrics.beside(region.settings(), errors=codes)
    before = named.read(now())
    for path in ("/", "/404", "/500"):
        region.get(path)
    found = slice_between(before, named.read(now()), stable="blue").stable
    assert (found.requests, found.errors) == (3, errors)
    assert found.refused == 2 - errors


def test_a_latency_is_in_its_bucket(difference) -> None:
    """A request that takes 60 ms is in a bucket of 1 ms between 60 and 200 (a busy machine adds some)."""
    (bucket,) = difference("/slow/60", answered=1).latency
    assert 60 <= bucket.lower_ms < 200
    assert bucket.upper_ms - bucket.lower_ms >= 1


@pytest.mark.parametrize("path", ["/500", "/503", "/break"])
def test_a_failure_counts_once(difference, path: str) -> None:
    """The service's own 5xx, and a connection that broke before the answer, are one error each."""
    found = difference(path, answered=0)
    assert (found.requests, found.errors, found.timeouts) == (1, 1, 0)


def test_an_answer_that_broke_off_is_an_error_though_envoy_says_200(difference) -> None:
    """Half an answer is no answer: Envoy counts it as 200, wedgate as an error."""
    found = difference("/cut", answered=0)
    assert (found.requests, found.errors) == (1, 1)


def test_broken_connections_are_not_counted_twice(difference) -> None:
    """Two breaks before the answer and one in it are three errors of three requests."""
    found = difference("/break", "/cut", "/break", answered=0)
    assert (found.requests, found.errors) == (3, 3)


def test_a_services_own_503_may_hide_a_broken_answer_but_counts_itself(difference) -> None:
    """Envoy's counters cannot tell these apart: the answer is a lower bound, never one too many."""
    found = difference("/503", "/cut", answered=0)
    assert (found.requests, found.errors) == (2, 1)


def test_a_timeout_is_an_error_without_a_latency(difference) -> None:
    """A request that hangs is counted as timed out and failed, and is not in the histogram."""
    found = difference("/hang", answered=0)
    assert (found.requests, found.errors, found.timeouts) == (1, 1, 1)
    assert found.latency == ()


def test_a_service_that_is_down_fails_every_request(envoy_edge, tmp_path) -> None:
    """Connections that cannot be made are errors of the colour that they were for."""
    nobody = {"blue_address": "127.0.0.1:1", "green_address": "127.0.0.1:1"}
    with envoy_edge.EnvoyEdge.started("us-east", directory=tmp_path, **nobody) as edge:
        source = EnvoyMetrics(region="us-east", admin=edge.admin)
        before = source.read(now())
        for _ in range(4):
            connection = http.client.HTTPConnection("127.0.0.1", edge.listen_port, timeout=10)
            connection.request("GET", "/")
            assert connection.getresponse().status == 503
            connection.close()
        found = slice_between(before, source.read(now()), stable="blue")
    assert (found.stable.requests, found.stable.errors, found.stable.timeouts) == (4, 4, 0)
    assert found.candidate.requests == 0


def test_a_restart_is_trouble_and_not_evidence(region) -> None:
    """After a restart the counters begin anew: the slice over it says so."""
    source = EnvoyMetrics.beside(region.settings())
    region.get()
    before = source.read(now())
    region.edge.restart()
    found = slice_between(before, source.read(now()), stable="blue")
    assert found.trouble is not None
    # An Envoy that is back within the second has the same start, as far as it says; its counters tell.
    assert "restarted" in found.trouble or "went down" in found.trouble
    assert (found.stable, found.candidate) == (NOTHING, NOTHING)


def test_since_is_when_envoy_started(region) -> None:
    """The reading's ``since`` lies before it by Envoy's uptime in whole seconds."""
    reading = EnvoyMetrics.beside(region.settings()).read(AT)
    assert timedelta(0) <= AT - reading.since < timedelta(minutes=10)
    assert (AT - reading.since) % timedelta(seconds=1) == timedelta(0)


def test_unknown_clusters_are_an_error_and_not_zero_traffic(region) -> None:
    """A cluster that Envoy does not have is a mistake of the configuration, not a colour without requests."""
    settings = region.settings(clusters={"blue": "azure", "green": "green"})
    with pytest.raises(ExternalSystemError, match="are the clusters named azure and green"):
        EnvoyMetrics.beside(settings).read(AT)


def test_an_envoy_that_does_not_answer_is_an_error() -> None:
    """No answer is never a reading of nothing."""
    with pytest.raises(ExternalSystemError, match="did not answer"):
        EnvoyMetrics(region="us-west", admin="http://127.0.0.1:1").read(AT)
