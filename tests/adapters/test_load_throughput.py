"""A load test whose service answers nothing for a while: few requests are slow then, and far fewer are answered."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.adapters.benchmarks import k6, locust, locust_history, pgbench_log, vegeta
from wedgate.adapters.benchmarks.registry import read_build
from wedgate.judge.measurements import Measurements, Metric, together
from wedgate.judge.reading import Direction
from wedgate.judge.suite import judge_suite
from wedgate.judge.values import Outcome

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
SECONDS = 60
STALLS = {"twice": ((5, 25), (30, 50)), "from the start": ((0, 40),)}
Answer = tuple[float, float]
"""When it came, in seconds since the begin, and how long it took."""


def answers(seed: int, stalls: tuple[tuple[float, float], ...], *, cut: float = SECONDS) -> list[Answer]:
    """Return what three clients measured of 100 ms each; who asks while the service stands still waits for its end.

    What would come after ``cut`` never comes.
    """
    chance = random.Random(seed)  # noqa: S311
    found = []
    for _ in range(3):
        at = 0.0
        while at < SECONDS:
            took = chance.lognormvariate(-2.3, 0.2) * (1 + 0.01 * (seed % 5))
            for begin, end in stalls:
                if at < end and at + took > begin:
                    took = end - at
            at += took
            if at <= cut or cut >= SECONDS:
                found.append((at, took))
    return sorted(found)


def instant_at(seed: int, at: float) -> datetime:
    """Return an instant of the run of a seed: runs of both arms are in turns."""
    return datetime(2027, 6, 7, 10, tzinfo=UTC) + timedelta(minutes=2 * seed, seconds=at)


def k6_metric(name: str, kind: str = "trend", contains: str = "time") -> str:
    """Return how k6 declares a metric."""
    return json.dumps({"metric": name, "type": "Metric", "data": {"type": kind, "contains": contains}}) + "\n"


def k6_point(name: str, value: float, at: datetime, /, **tags: str) -> str:
    """Return a point as k6 writes it."""
    data = {"time": at.isoformat(), "value": value, "tags": tags}
    return json.dumps({"metric": name, "type": "Point", "data": data}, separators=(",", ":")) + "\n"


def k6_lines(seed: int, found: list[Answer], *, vus: bool = True) -> Iterator[str]:
    """Yield a run as k6 writes it, to its end a point of ``vus`` for each second."""
    yield k6_metric("http_reqs", "counter", "default")
    yield k6_metric("http_req_duration")
    yield k6_metric("http_req_failed", "rate", "default")
    yield k6_metric("iteration_duration")
    yield k6_metric("iterations", "counter", "default")
    yield k6_metric("vus", "gauge", "default")
    for at, took in found:
        when = instant_at(seed, at)
        yield k6_point("http_reqs", 1, when, expected_response="true", status="200")
        yield k6_point("http_req_duration", took * 1000, when, expected_response="true", status="200")
        yield k6_point("http_req_failed", 0, when, expected_response="true", status="200")
        yield k6_point("iteration_duration", took * 1000 + 1, when)
        yield k6_point("iterations", 1, when)
    for second in range(SECONDS if vus else 0):
        yield k6_point("vus", 10, instant_at(seed, second + 1))


def k6_run(seed: int, found: list[Answer]) -> Measurements:
    """Return a run of k6."""
    return k6.read_lines(k6_lines(seed, found))


def pgbench_run(seed: int, found: list[Answer]) -> Measurements:
    """Return a run of ``pgbench -l``."""
    begin = instant_at(seed, 0).timestamp()
    return pgbench_log.read_lines(
        f"0 {place} {int(took * 1e6)} 0 {int(begin + at)} {int((begin + at) % 1 * 1e6)}\n"
        for place, (at, took) in enumerate(found)
    )


def vegeta_run(seed: int, found: list[Answer]) -> Measurements:
    """Return an attack of ``vegeta -rate 0``, which asks again as soon as it is answered."""
    return vegeta.read_lines(
        json.dumps(
            {
                "attack": "",
                "seq": place,
                "code": 200,
                "timestamp": instant_at(seed, at - took).isoformat(),
                "latency": int(took * 1e9),
            }
        )
        + "\n"
        for place, (at, took) in enumerate(found)
    )


def locust_run(seed: int, found: list[Answer]) -> Measurements:
    """Return the history of a run of Locust: a row for each second, without percentiles where nothing was answered."""
    begin = int(instant_at(seed, 0).timestamp())
    lines = ["Timestamp,User Count,Type,Name,50%,95%,Total Request Count,Total Failure Count\n"]
    for second in range(SECONDS + 1):
        total = sum(at <= second for at, _ in found)
        last = sorted(took * 1000 for at, took in found if second - 10 < at <= second)
        shares = [f"{last[len(last) * share // 100]:.0f}" if last else "N/A" for share in (50, 95)]
        lines.append(f"{begin + second},10,,Aggregated,{','.join(shares)},{total},0\n")
    return locust_history.read_lines(lines)


RUNS: dict[str, tuple[Callable[[int, list[Answer]], Measurements], str]] = {
    "k6": (k6_run, "http_reqs"),
    "pgbench-log": (pgbench_run, "tps"),
    "vegeta": (vegeta_run, "throughput"),
    "locust-history": (locust_run, "requests"),
}


def arm(tool: str, first: int, stalls: tuple[tuple[float, float], ...] = (), *, cut: float = SECONDS) -> Measurements:
    """Return eight runs of a build."""
    read, _ = RUNS[tool]
    return together([read(seed, answers(seed, stalls, cut=cut)) for seed in range(first, first + 16, 2)])


def metric(report: Measurements, name: str) -> Metric:
    """Return a metric that must be there."""
    found = report.named(name)
    assert found is not None, [each.name for each in report.metrics]
    return found


@pytest.mark.parametrize("stalls", STALLS.values(), ids=STALLS)
@pytest.mark.parametrize("tool", RUNS)
def test_a_service_that_stands_still_for_most_of_the_time_fails(
    tool: str, stalls: tuple[tuple[float, float], ...]
) -> None:
    """For 40 of 60 s nothing is answered: the latencies of the rest are as good as ever, and a third is answered."""
    name = RUNS[tool][1]
    base, candidate = arm(tool, 0), arm(tool, 1, stalls)
    rate = metric(base, name)
    assert (rate.unit, rate.direction) == ("1/s", Direction.HIGHER_IS_BETTER)
    assert rate.values[0] == pytest.approx(len(answers(0, ())) / SECONDS, rel=0.02)
    assert metric(candidate, name).values[0] == pytest.approx(len(answers(1, stalls)) / SECONDS, rel=0.02)
    judged = judge_suite(base, candidate)
    assert judged.outcome is Outcome.FAIL
    assert next(each for each in judged.results if each.name == name).comparison.outcome is Outcome.FAIL


@pytest.mark.parametrize("tool", RUNS)
def test_the_same_service_passes(tool: str) -> None:
    """And with as many answers a second its rate does."""
    judged = judge_suite(arm(tool, 0), arm(tool, 1))
    assert judged.outcome is Outcome.PASS


def test_k6_the_length_of_a_run_is_that_of_its_vus() -> None:
    """Nothing was answered after 20 of 60 s, and k6 wrote nothing of it but how many users there were."""
    report = k6_run(1, answers(1, ((20, 60),), cut=19.9))
    assert metric(report, "http_reqs").values == pytest.approx((len(answers(1, ((20, 60),), cut=19.9)) / 60,), rel=0.01)
    assert report.named("http_reqs count") is None


def test_k6_points_without_vus_do_not_tell_how_long_a_run_was() -> None:
    """Then a third of the answers in a third of the time is no good run: their number is judged besides."""
    hung = answers(1, ((20, 60),), cut=19.9)
    base = together([k6.read_lines(k6_lines(seed, answers(seed, ()), vus=False)) for seed in range(0, 16, 2)])
    candidate = together([k6.read_lines(k6_lines(seed, hung, vus=False)) for seed in range(1, 17, 2)])
    assert metric(candidate, "http_reqs count").values[0] == len(hung)
    failed = {each.name for each in judge_suite(base, candidate).results if each.comparison.outcome is Outcome.FAIL}
    assert "http_reqs count" in failed


def test_pgbench_that_was_stopped_early_has_fewer_transactions() -> None:
    """Its log does not tell how long it should have run."""
    base, candidate = arm("pgbench-log", 0), arm("pgbench-log", 1, ((20, 60),), cut=19.9)
    failed = {each.name for each in judge_suite(base, candidate).results if each.comparison.outcome is Outcome.FAIL}
    assert "transactions" in failed


def test_rates_are_those_that_the_tools_computed() -> None:
    """Of the same run, as each tool's own summary says it."""
    own = json.loads((FILES / "k6" / "summary_export.json").read_text())["metrics"]
    points = read_build(FILES / "k6" / "points.json")
    assert metric(points, "http_reqs").values == pytest.approx((own["http_reqs"]["rate"],), rel=0.01)
    attack = json.loads((FILES / "vegeta" / "report.json").read_text())
    found = metric(read_build(FILES / "vegeta" / "encode.json"), "search throughput")
    assert found.values == pytest.approx((attack["throughput"],), rel=1e-5)
    assert metric(read_build(FILES / "pgbench" / "pgbench_log.22622"), "tps").values == pytest.approx(
        metric(read_build(FILES / "pgbench" / "summary.txt"), "tps").values, rel=0.02
    )


def test_k6_the_throughput_of_another_protocol_is_judged_beside_one_login() -> None:
    """A script of gRPC logs in by HTTP once; where each iteration makes a request, iterations say nothing new."""
    login = k6_point("http_reqs", 1, instant_at(1, 0), expected_response="true", status="200")
    calls = [line for line in k6_lines(1, answers(1, ())) if '"metric":"http_' not in line or '"type":"Metric"' in line]
    report = k6.read_lines([*calls, login])
    assert metric(report, "iterations").values == pytest.approx((len(answers(1, ())) / 60,), rel=0.01)
    assert k6_run(1, answers(1, ())).named("iterations") is None


def test_k6_a_request_that_failed_is_no_answer() -> None:
    """Of 96 requests 7 failed; k6's own rate counts them."""
    own = json.loads((FILES / "k6" / "endpoints_summary.json").read_text())["metrics"]["http_reqs"]
    found = metric(read_build(FILES / "k6" / "endpoints.json"), "http_reqs")
    assert found.values == pytest.approx((own["rate"] * 89 / 96,), rel=0.01)


def test_vegeta_without_times_says_that_it_has_no_rate() -> None:
    """Rather than nothing."""
    report = vegeta.read_lines(['{"attack": "", "seq": 0, "code": 200, "latency": 5}\n'])
    assert report.left_out == {"throughput": "the file does not tell how long the run was"}


@pytest.mark.parametrize("name", ["latency.hgrm", "interval.hlog"])
def test_a_histogram_says_that_it_has_no_rate(name: str) -> None:
    """What a service that stands still answers less, it does not hold."""
    assert list(read_build(FILES / "hdr" / name).left_out) == ["throughput"]


def test_locust_counts_what_was_answered() -> None:
    """Its requests a second end with the last answer: a run that hangs to its end has the rate of its begin."""
    assert metric(read_build(FILES / "locust" / "run1_stats.csv"), "requests count").values == (76,)


def test_locust_counts_that_begin_anew_go_on() -> None:
    """``--reset-stats`` sets them to nothing once all users are there."""
    lines = ["Timestamp,User Count,Type,Name,50%,95%,Total Request Count,Total Failure Count\n"]
    lines += [f"{1795828870 + at},1,,Aggregated,5,9,{total},0\n" for at, total in enumerate((0, 50, 10, 60))]
    assert metric(locust_history.read_lines(lines), "requests").values == pytest.approx((110 / 3,))


def k6_calls(kind: str, status: list[str], /, **tags: str) -> list[str]:
    """Return the points of calls that are no requests over HTTP."""
    when = instant_at(0, 0)
    return [k6_metric(kind), *(k6_point(kind, 10 + at, when, status=each, **tags) for at, each in enumerate(status))]


@pytest.mark.parametrize(("kind", "good"), [("grpc_req_duration", "0"), ("ws_session_duration", "101")])
def test_k6_a_call_is_good_by_the_status_of_its_own_protocol(kind: str, good: str) -> None:
    """gRPC says 0 where all is well, and a socket 101."""
    report = k6.read_lines(k6_calls(kind, [good] * 40, name="hello.HelloService/Hello"))
    assert metric(report, f"{kind} p95").aggregated is None
    assert metric(report, f"{kind} failed").values == (0,)
    assert metric(report, f"{kind} p50").values == pytest.approx((29.5,))


@pytest.mark.parametrize(("kind", "bad"), [("grpc_req_duration", "14"), ("ws_session_duration", "503")])
def test_k6_a_call_that_failed_ranks_worst_and_is_counted(kind: str, bad: str) -> None:
    """As a request over HTTP does; also under the name that the script gave it."""
    good = "0" if kind.startswith("grpc") else "101"
    report = k6.read_lines(k6_calls(kind, [good] * 30 + [bad] * 10, name="hello.HelloService/Hello"))
    assert "10 of 40 requests failed" in str(metric(report, f"{kind} p95").aggregated)
    assert metric(report, f"{kind} failed").values == (0.25,)
    named = f"{kind}{{name:hello.HelloService/Hello}} failed"
    assert (report.named(named) is not None) is kind.startswith("grpc")


@pytest.mark.parametrize(("status", "failed"), [("0", False), ("101", False), ("200", False), ("503", True)])
def test_k6_a_time_of_ones_own_has_a_status_only_where_it_is_one_of_http(status: str, failed: bool) -> None:
    """A script may copy it from an answer."""
    report = k6.read_lines(k6_calls("page_wait", [status] * 3))
    assert (metric(report, "page_wait p50").aggregated is not None) is failed
    assert report.named("page_wait failed") is None


def test_locust_summary_has_its_count_beside_its_rate() -> None:
    """Both are of all endpoints together."""
    header = "Type,Name,Request Count,Failure Count,Requests/s,50%,95%\n"
    report = locust.read_lines([header, "GET,/a,10,0,5,1,2\n", ",Aggregated,10,1,5,1,2\n"])
    assert metric(report, "requests").values == (5,)
    assert metric(report, "requests count").values == (9,)
