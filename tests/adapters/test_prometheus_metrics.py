"""Evidence from the real Prometheus, which scrapes exporters whose numbers the test controls."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from modules import module_at
from prometheus_server import EVERY, Exporter, PrometheusServer, metrics, wait_until

from wedgate.adapters._prometheus.client import PrometheusClient
from wedgate.adapters._prometheus.settings import parse_settings
from wedgate.adapters.metrics import prometheus as module
from wedgate.adapters.metrics.envoy import EnvoyMetrics
from wedgate.adapters.metrics.interface import MetricSource
from wedgate.adapters.metrics.prometheus import PrometheusMetrics
from wedgate.errors import ExternalSystemError
from wedgate.judge.slices import slice_between
from wedgate.judge.values import UNBOUNDED_MS, Bucket, ColourSample, Reading

pytestmark = pytest.mark.needs_tool("prometheus")

BLUE = {"200": 100, "503": 2, "timeouts": 1, "le": {"0.5": 10, "1": 30, "5": 90, "+Inf": 101}}
GREEN = {"timeouts": 0}
OTHER = {
    "colours": {"label": "version", "blue": "v1", "green": "v2"},
    "metrics": {"requests": "http_requests_total", "latency": "http_seconds", "errors": ["500", "5x3"]},
}


contract: Any = module_at(Path(__file__).parents[1] / "contract" / "metrics_contract.py")


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def source_of(url: str, timeout: float = 10.0, **options: Any) -> PrometheusMetrics:
    """Return the source as a configuration with these options opens it."""
    settings = parse_settings(options, "us-west", slice_length=timedelta(seconds=30))
    return PrometheusMetrics(PrometheusClient(url, timeout=timeout), settings, region="us-west")


class World:
    """One Prometheus with two exporters. Each test has a label of its own, so that it sees its own series only."""

    def __init__(self, program: Path, directory: Path) -> None:
        self.exporters = [Exporter(), Exporter()]
        self.server = PrometheusServer(program, directory, [each.address for each in self.exporters])
        self.case = 0

    def begin(self) -> None:
        """Begin another test."""
        self.case += 1
        for exporter in self.exporters:
            exporter.text, exporter.status = "", 200

    def show(self, text: str, *, of: int = 0) -> None:
        """Let an exporter serve this, and wait until it was scraped and is in the store."""
        exporter = self.exporters[of]
        exporter.text = self.mine(text)
        seen = exporter.scrapes
        wait_until(lambda: exporter.scrapes >= seen + 3)

    def mine(self, text: str) -> str:
        """Return metrics with the label of this test."""
        return text.replace("{", f'{{case="{self.case}",')

    def settle(self) -> None:
        """Wait until it can be told how often this test's series are scraped."""
        query = self.mine("max(count_over_time(envoy_cluster_upstream_rq_timeout{}[1m]))").replace(",}", "}")
        wait_until(lambda: float((self.server.ask(query) or [{"value": [0, "0"]}])[0]["value"][1]) > 6)

    def source(self, *, match: dict[str, str] | None = None, **options: Any) -> PrometheusMetrics:
        """Return a source that reads it."""
        return source_of(self.server.url, match={"case": str(self.case), **(match or {})}, **options)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, tool_named: Callable[[str], Path]) -> Iterator[World]:
    """One Prometheus for all tests: it takes seconds to start."""
    made = World(tool_named("prometheus"), tmp_path_factory.mktemp("prometheus"))
    made.server.start()
    yield made
    made.server.stop()
    for exporter in made.exporters:
        exporter.close()


@pytest.fixture
def world(running: World) -> World:
    """It, with exporters that serve nothing yet."""
    running.begin()
    return running


def moved(before: Reading, source: PrometheusMetrics) -> Reading:
    """Read until there is a later scrape than before."""
    found = [before]

    def is_later() -> bool:
        found[0] = source.read(utc_now())
        return found[0].at > before.at

    wait_until(is_later)
    return found[0]


def trouble(before: Reading, after: Reading) -> str:
    """Return why the slice between two readings cannot be used; empty when it can."""
    return slice_between(before, after, stable="blue").trouble or ""


class TestContract(contract.MetricsContract):
    """The interface's promises."""

    @pytest.fixture
    def clock(self, world: World) -> Callable[[], datetime]:
        """Each look lets 9 more requests pass."""
        count = [0]

        def look() -> datetime:
            count[0] += 9
            more = {"200": count[0], "503": 1, "timeouts": 1, "le": {"5": count[0], "+Inf": count[0]}}
            world.show(metrics({"blue": more, "green": more}))
            return utc_now()

        return look

    @pytest.fixture
    def source(self, world: World) -> MetricSource:
        """The real one."""
        return world.source()

    @pytest.fixture
    def silent(self) -> MetricSource:
        """Nobody listens there."""
        return source_of("http://127.0.0.1:9")


@pytest.mark.parametrize("code", ["Unavailable", "500 Internal Server Error", "0", "14", "5XX "])
def test_a_code_that_nobody_knows_is_no_success(world: World, code: str) -> None:
    """Half of the requests may have failed with it, and nothing says so."""
    world.show(metrics({"blue": BLUE, "green": GREEN | {code: 7}}))
    with pytest.raises(ExternalSystemError, match=rf'"{code}" is an error is not known; name it .* in `successes`'):
        world.source().read(utc_now())


def test_a_reading_is_what_was_scraped(world: World) -> None:
    """Counts and buckets are the exporter's; whole milliseconds make an edge of 5 mean less than 6."""
    began = time.time()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    reading = world.source().read(utc_now())
    assert began - 1 < reading.at.timestamp() < time.time() + 1
    assert reading.colours["green"] == ColourSample(requests=0, errors=0, timeouts=0, latency=())
    blue = reading.colours["blue"]
    assert (blue.requests, blue.errors, blue.timeouts) == (102, 2, 1)
    assert blue.latency == (
        Bucket(lower_ms=0, upper_ms=1, count=10),
        Bucket(lower_ms=1, upper_ms=2, count=20),
        Bucket(lower_ms=2, upper_ms=6, count=60),
        Bucket(lower_ms=6, upper_ms=UNBOUNDED_MS, count=11),
    )


def test_other_names_labels_and_units(world: World) -> None:
    """A service's own metrics in seconds, without timeouts; a code counts as an error as the patterns say."""
    lines = [
        f'http_requests_total{{version="{version}",code="{code}"}} {count}'
        for version in ("v1", "v2")
        for code, count in (("200", 90), ("404", 5), ("500", 2), ("503", 3), ("501", 4))
    ]
    lines += [
        f'http_seconds_bucket{{version="{version}",le="{edge}"}} {count}'
        for version in ("v1", "v2")
        for edge, count in (("0.05", 7), ("0.1", 100), ("+Inf", 104))
    ]
    # What is not of this region is not looked at.
    lines += [line.replace('version="', 'region="eu",version="') for line in lines]
    lines = [line if "region=" in line else line.replace("{", '{region="us-west",') for line in lines]
    world.show("\n".join((*lines, "")))
    green = world.source(**OTHER, match={"region": "{region}"}).read(utc_now()).colours["green"]
    assert (green.requests, green.errors, green.timeouts, green.refused) == (104, 5, 0, 5)
    assert [(each.lower_ms, each.upper_ms, each.count) for each in green.latency] == [
        (0, 50, 7),
        (50, 100, 93),
        (100, UNBOUNDED_MS, 4),
    ]


def test_a_baseline_is_read_beside_the_colours(world: World) -> None:
    """By its own value of the label and with as many instances as it has; without a series it is no evidence."""
    both = {"blue": BLUE, "green": GREEN}
    world.show(metrics({**both, "fresh": {"200": 7, "timeouts": 0, "le": {"5": 7, "+Inf": 7}}}))
    reading = world.source(baseline={"name": "fresh"}).read(utc_now())
    assert {name: sample.requests for name, sample in reading.colours.items()} == {
        "blue": 102,
        "green": 0,
        "baseline": 7,
    }
    with pytest.raises(ExternalSystemError, match=r"baseline has 1 series .* where 2 were expected"):
        world.source(baseline={"name": "fresh", "instances": 2}).read(utc_now())
    with pytest.raises(ExternalSystemError, match=r'baseline has no series .*\{envoy_cluster_name="gone"\}'):
        world.source(baseline={"name": "gone"}).read(utc_now())


def test_a_counter_that_began_anew_is_trouble_even_when_it_is_higher_again(world: World) -> None:
    """A restart between two readings spoils the slice, and only that one."""
    source = world.source()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    before = source.read(utc_now())
    world.show(metrics({"blue": {**BLUE, "200": 1, "503": 0}, "green": GREEN}))
    world.show(metrics({"blue": {**BLUE, "200": 900}, "green": GREEN}))
    after = source.read(utc_now())
    assert after.colours["blue"].requests > before.colours["blue"].requests
    assert "restarted" in trouble(before, after)
    assert trouble(after, moved(after, source)) == ""


def test_what_ended_with_a_restart_is_zero_and_has_not_vanished(world: World) -> None:
    """After a restart Envoy has no series of 503 until the next one."""
    source = world.source()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    before = source.read(utc_now())
    world.show(metrics({"blue": {"200": 1, "timeouts": 0, "le": {"5": 1, "+Inf": 1}}, "green": GREEN}))
    after = moved(before, source)
    assert (after.colours["blue"].requests, after.colours["blue"].errors) == (1, 0)
    assert "restarted" in trouble(before, after)


def test_a_gap_is_trouble_and_meanwhile_nothing_is_made_up(world: World) -> None:
    """While scrapes fail no time passes; the stretch across more than two of them is not used."""
    source = world.source()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    world.settle()
    world.exporters[0].status = 500
    seen = world.exporters[0].scrapes
    wait_until(lambda: world.exporters[0].scrapes > seen + 2)
    before = source.read(utc_now())
    wait_until(lambda: world.exporters[0].scrapes > seen + 6)
    still = source.read(utc_now())
    assert (still.at, still.colours) == (before.at, before.colours)
    assert "stands still" in trouble(before, still)
    world.exporters[0].status = 200
    world.show(metrics({"blue": {**BLUE, "200": 5000}, "green": GREEN}))
    after = moved(before, source)
    assert trouble(before, after) != ""
    assert trouble(after, moved(after, source)) == ""


def test_one_failed_scrape_costs_nothing(world: World) -> None:
    """The counters go on where they were."""
    source = world.source()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    world.settle()
    before = source.read(utc_now())
    seen = world.exporters[0].scrapes
    world.exporters[0].status = 500
    wait_until(lambda: world.exporters[0].scrapes > seen)
    world.exporters[0].status = 200
    world.show(metrics({"blue": {**BLUE, "200": 150}, "green": GREEN}))
    after = moved(before, source)
    assert slice_between(before, after, stable="blue").stable.requests == 50


def test_a_restarted_prometheus(world: World) -> None:
    """Down it is an error; afterwards the stretch in which nothing was scraped is not used."""
    source = world.source()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    world.settle()
    before = source.read(utc_now())
    world.server.stop()
    with pytest.raises(ExternalSystemError, match="did not answer"):
        source.read(utc_now())
    stopped = time.monotonic()
    wait_until(lambda: time.monotonic() > stopped + 5 * EVERY)
    world.server.start()
    after = moved(before, source)
    assert "restarted" in trouble(before, after)
    assert trouble(after, moved(after, source)) == ""


def test_a_prometheus_that_lost_its_past(world: World, tmp_path: Path, tool_named: Callable[[str], Path]) -> None:
    """The stretch from the last reading to the first scrape was seen by nobody: a restart may hide in it."""
    server = PrometheusServer(tool_named("prometheus"), tmp_path / "lost", [world.exporters[0].address])
    server.start()
    try:
        source = source_of(server.url, match={"case": str(world.case)})
        world.show(metrics({"blue": BLUE, "green": GREEN}))
        found: list[Reading] = []

        def is_there() -> bool:
            try:
                found[:] = [source.read(utc_now())]
            except ExternalSystemError:
                return False
            return True

        wait_until(is_there)
        before = found[0]
        server.stop()
        shutil.rmtree(tmp_path / "lost" / "data")
        stopped = time.monotonic()
        wait_until(lambda: time.monotonic() > stopped + 5 * EVERY)
        world.show(metrics({"blue": {**BLUE, "200": 5000}, "green": GREEN}))
        server.start()
        wait_until(is_there)
        after = moved(before, source)
        assert "restarted" in trouble(before, after)
        assert trouble(after, moved(after, source)) == ""
    finally:
        server.stop()


def test_an_exporter_whose_clock_is_ahead(world: World) -> None:
    """What is of the future has not been scraped yet: an error, never a reading from ahead of Prometheus' clock."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.wait(EVERY / 2):
            stamp = time.time() + 40
            world.exporters[0].text = world.mine(metrics({"blue": BLUE, "green": GREEN}, stamp=stamp))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        seen = world.exporters[0].scrapes
        wait_until(lambda: world.exporters[0].scrapes > seen + 4)
        with pytest.raises(ExternalSystemError, match="nothing is scraped"):
            world.source().read(utc_now())
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("gone", ["green", "503"])
def test_a_series_that_vanished_is_named_and_not_zero(world: World, gone: str) -> None:
    """Stale is not zero: neither a colour nor one code of it."""
    source = world.source()
    colours: dict[str, Any] = {"blue": BLUE, "green": BLUE}
    world.show(metrics(colours))
    before = source.read(utc_now())
    if gone == "green":
        del colours["green"]
    else:
        colours["green"] = {key: value for key, value in BLUE.items() if key != "503"}
    world.show(metrics(colours))

    def is_named() -> bool:
        try:
            found = source.read(utc_now())
        except ExternalSystemError as error:
            return "vanished" in str(error) and 'envoy_cluster_name="green"' in str(error)
        assert found.colours == before.colours
        return False

    wait_until(is_named)


def test_a_colour_that_never_was_is_an_error(world: World) -> None:
    """The name of a cluster that is not there."""
    world.show(metrics({"blue": BLUE}))
    with pytest.raises(ExternalSystemError, match=r"green has no series .*no series is not zero requests"):
        world.source().read(utc_now())


def test_nothing_at_all_is_an_error(world: World) -> None:
    """Names that match nothing."""
    with pytest.raises(ExternalSystemError, match="nothing is scraped"):
        world.source().read(utc_now())


@pytest.mark.parametrize("hours", [-3, 3])
def test_the_clock_here_has_no_part_in_it(world: World, hours: int) -> None:
    """A reading is of Prometheus' own time, however wrong the clock is where wedgate runs."""
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    source = world.source()
    before = source.read(utc_now() + timedelta(hours=hours))
    assert abs(before.at.timestamp() - float(world.server.ask("time()")[0])) < 10
    assert trouble(before, moved(before, source)) == ""


@pytest.mark.parametrize("odd", ["NaN", "+Inf", "-1", "1.5"])
def test_what_is_no_count_is_an_error_that_names_it(world: World, odd: str) -> None:
    """And one that was no count between two readings spoils the slice."""
    source = world.source()
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    before = source.read(utc_now())
    world.show(metrics({"blue": {**BLUE, "503": odd}, "green": GREEN}))
    with pytest.raises(ExternalSystemError, match=r'envoy_response_code="503".* no count'):
        source.read(utc_now())
    world.show(metrics({"blue": {**BLUE, "503": 9}, "green": GREEN}))
    assert "restarted" in trouble(before, source.read(utc_now()))


def test_two_series_where_one_was_expected_are_named(world: World) -> None:
    """Two pods under one cluster's name are an error, not a sum."""
    world.show(
        metrics({"blue": BLUE, "green": GREEN}, labels='pod="a"')
        + metrics({"blue": BLUE, "green": GREEN}, labels='pod="b"')
    )
    with pytest.raises(ExternalSystemError) as caught:
        world.source().read(utc_now())
    text = str(caught.value)
    assert "2 series" in text
    assert 'pod="a"' in text
    assert 'pod="b"' in text
    assert "match:" in text
    assert world.source(match={"pod": "a"}).read(utc_now()).colours["blue"].requests == 102
    assert world.source(instances=2).read(utc_now()).colours["blue"].requests == 204


def test_two_instances_are_read_as_of_one_instant(world: World) -> None:
    """Their sum is as of the last instant at which both were scraped; one that is lost is an error."""
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    world.show(metrics({"blue": BLUE, "green": GREEN}), of=1)
    source = world.source(instances=2)
    before = source.read(utc_now())
    assert before.colours["blue"].requests == 204
    world.exporters[1].status = 500

    def is_named() -> bool:
        try:
            source.read(utc_now())
        except ExternalSystemError as error:
            return "vanished" in str(error) and world.exporters[1].address in str(error)
        return False

    wait_until(is_named)


def test_data_that_is_40_seconds_late(world: World) -> None:
    """It is of 40 seconds ago, and good; without anything newer it is an error after two minutes."""
    stop = threading.Event()

    def serve(late: float) -> None:
        passed = 0
        while not stop.wait(EVERY / 2):
            passed += 1
            stamp = time.time() - late
            blue = {**BLUE, "200": 100 + passed}
            world.exporters[0].text = world.mine(metrics({"blue": blue, "green": GREEN}, stamp=stamp))

    thread = threading.Thread(target=serve, args=(40.0,), daemon=True)
    thread.start()
    try:
        world.settle()
        source = world.source()
        before = source.read(utc_now())
        assert 39 < time.time() - before.at.timestamp() < 50
        after = moved(before, source)
        assert trouble(before, after) == ""
        assert slice_between(before, after, stable="blue").stable.requests > 0
    finally:
        stop.set()
        thread.join()


def test_old_data_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever scrapes no more has no evidence."""
    monkeypatch.setattr(module, "OLDEST", timedelta(seconds=1))
    world.show(metrics({"blue": BLUE, "green": GREEN}))
    source = world.source()
    source.read(utc_now())
    world.exporters[0].status = 500

    def is_old() -> bool:
        try:
            source.read(utc_now())
        except ExternalSystemError as error:
            return "nothing was scraped for" in str(error)
        return False

    wait_until(is_old)


def test_requests_without_a_histogram_and_without_codes(world: World) -> None:
    """Latency that is not there is not fast, and errors that have no code are not zero."""
    world.show(metrics({"blue": {"200": 9, "timeouts": 0}, "green": GREEN}))
    with pytest.raises(ExternalSystemError, match="requests and no envoy_cluster_upstream_rq_time_bucket"):
        world.source().read(utc_now())
    settings = {"metrics": {**OTHER["metrics"], "requests": "envoy_cluster_upstream_rq"}}
    with pytest.raises(ExternalSystemError, match="no label code"):
        world.source(match={}, colours={"label": "envoy_cluster_name"}, **settings).read(utc_now())


def test_every_process_with_good_answers_has_a_histogram(world: World) -> None:
    """Of two processes one says nothing of latency: its answers may be the slow ones. One that failed or idled may."""
    idle = {"503": 4, "timeouts": 0}
    world.show(metrics({"blue": BLUE, "green": BLUE}))
    world.show(metrics({"blue": BLUE, "green": idle}), of=1)
    assert world.source(instances=2).read(utc_now()).colours["green"].requests == 106
    world.show(metrics({"blue": BLUE, "green": idle | {"200": 9}}), of=1)
    with pytest.raises(ExternalSystemError, match="1 of green's processes has good answers and no"):
        world.source(instances=2).read(utc_now())


def test_buckets_that_do_not_add_up(world: World) -> None:
    """Without +Inf, or falling, a histogram is none."""
    for edges in ({"1": 5}, {"1": 5, "5": 3, "+Inf": 9}):
        world.show(metrics({"blue": {"200": 9, "timeouts": 0, "le": edges}, "green": GREEN}))
        with pytest.raises(ExternalSystemError, match="do not add up"):
            world.source().read(utc_now())
        world.show("")


def test_a_query_that_prometheus_refuses(world: World) -> None:
    """Its own words are handed on."""
    with pytest.raises(ExternalSystemError, match=r"refused the query .*bad_data"):
        world.source(match={"no-label": "x"}).read(utc_now())


class _Odd(BaseHTTPRequestHandler):
    """Answers whatever it is asked with ``answer``."""

    answer: tuple[int, bytes, bool] = (200, b"", False)

    def do_POST(self) -> None:
        status, body, drips = self.answer
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            for place in range(0, len(body), 1 if drips else max(1, len(body))):
                self.wfile.write(body[place : place + 1] if drips else body)
                if drips:
                    self.wfile.flush()
                    time.sleep(0.05)
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def odd() -> Iterator[tuple[str, type[_Odd]]]:
    """Something that listens where Prometheus should."""
    handler = type("Handler", (_Odd,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


NATIVE = (
    b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"h"},'
    b'"values":[[1,"5"]],"histograms":[[2,{"count":"6","sum":"1"}]]}]}}'
)
WARNED = b'{"status":"success","warnings":["a store is gone"],"data":{"resultType":"scalar","result":[1,"1"]}}'


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b"<html>hello</html>", "without JSON"),
        (200, b"", "without JSON"),
        (200, b"[1]", "not Prometheus'"),
        (502, b"bad gateway", "502 without JSON"),
        (302, b"", "302 without JSON"),
        (200, b'{"status":"error","errorType":"timeout","error":"too slow"}', "timeout: too slow"),
        (200, b'{"status":"success","data":{"result":[1,"NaN"]}}', "tells nan"),
        (200, b'{"status":"success","data":{}}', "does not tell its time"),
        (200, b'{"status":"success","data":[]}', "without data"),
        (200, WARNED, "a store is gone"),
    ],
)
def test_what_is_no_answer_is_an_error(odd: Any, status: int, body: bytes, says: str) -> None:
    """One clear error that names the address."""
    url, handler = odd
    handler.answer = (status, body, False)
    with pytest.raises(ExternalSystemError, match=re.escape(says)) as caught:
        source_of(url).read(utc_now())
    assert url in str(caught.value)


def test_a_number_that_became_a_native_histogram_is_refused_by_name(odd: Any) -> None:
    """Which of both is meant nobody knows."""
    url, handler = odd
    handler.answer = (200, NATIVE, False)
    with pytest.raises(ExternalSystemError, match="h was a number and became a native histogram"):
        PrometheusClient(url).samples("h", window=timedelta(minutes=5), at=0.0)


def test_an_answer_that_drips_ends(odd: Any) -> None:
    """The limit is for the whole answer."""
    url, handler = odd
    handler.answer = (200, b" " * 400, True)
    began = time.monotonic()
    with pytest.raises(ExternalSystemError, match=r"no whole answer within 0\.5 s"):
        source_of(url, timeout=0.5).read(utc_now())
    assert time.monotonic() - began < 5


def test_the_metrics_of_a_real_envoy(region: Any, tmp_path: Path, tool_named: Callable[[str], Path]) -> None:
    """Prometheus says of the same requests what Envoy's own statistics say; an edge is never crossed."""
    region.edge.restart()
    admin = region.edge.admin.removeprefix("http://")
    server = PrometheusServer(tool_named("prometheus"), tmp_path, [admin], path="/stats/prometheus")
    server.start()
    try:
        own, source = EnvoyMetrics.beside(region.settings()), source_of(server.url)
        paths = ("/", "/404", "/500", "/slow/60", "/slow/260", "/hang")
        for path in paths:
            region.get(path)

        def is_there() -> bool:
            try:
                found = source.read(utc_now()).colours["blue"]
            except ExternalSystemError:
                return False
            return found.requests == len(paths) and sum(each.count for each in found.latency) == len(paths) - 1

        wait_until(is_there)
        exact, found = own.read(utc_now()).colours["blue"], source.read(utc_now()).colours["blue"]
        assert (found.requests, found.errors, found.timeouts) == (exact.requests, exact.errors, exact.timeouts)
        assert (found.requests, found.errors, found.timeouts) == (6, 2, 1)
        assert source.read(utc_now()).colours["green"].requests == 0
        for bucket in found.latency:
            inside = [each for each in exact.latency if bucket.lower_ms <= each.lower_ms < bucket.upper_ms]
            assert sum(each.count for each in inside) == bucket.count
    finally:
        server.stop()
