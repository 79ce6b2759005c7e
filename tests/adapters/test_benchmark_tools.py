"""What each tool's file comes to, held to what the tool itself computed or to a second calculation; and its traps."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wedgate.adapters.benchmarks import k6, pgbench_log, vegeta
from wedgate.adapters.benchmarks.registry import read_build, read_builds
from wedgate.errors import ConfigurationError
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.judge.suite import judge_suite
from wedgate.judge.values import Outcome

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
LOWER, HIGHER = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


def plain(name: str) -> Any:
    """Return the JSON of a file."""
    return json.loads((FILES / name).read_text())


def metric(report: Measurements, name: str) -> Metric:
    """Return a metric that must be there."""
    found = report.named(name)
    assert found is not None, [each.name for each in report.metrics]
    return found


def refusal(path: Path, tool: str | None = None) -> str:
    """Return the one problem of a file."""
    with pytest.raises(ConfigurationError) as caught:
        read_build(path, tool)
    (problem,) = caught.value.problems
    return str(problem)


def test_go_repetitions_in_a_process_are_one_value() -> None:
    """Three processes with `-count 2` are three values: the medians of two, taken by hand from the file."""
    report = read_build(FILES / "go" / "three_processes.txt")
    find = metric(report, "venue.BenchmarkFind ns/op")
    assert find.values == pytest.approx((2403.0, 454.9, 451.75))
    assert (find.unit, find.direction) == ("ns", LOWER)
    speed = metric(report, "venue.BenchmarkCopy MB/s")
    assert (speed.unit, speed.direction) == ("MB/s", HIGHER)
    assert metric(report, "venue.BenchmarkCopy allocs/op").values == (1, 1, 1)


def test_go_leaves_out_what_nobody_gave_a_direction() -> None:
    """A unit of the user's own is not guessed."""
    report = read_build(FILES / "go" / "three_processes.txt")
    assert report.named("venue.BenchmarkFind venues/op") is None
    assert report.left_out["venue.BenchmarkFind venues/op"] == "nobody says which way it is good"


def test_go_a_benchmark_that_failed_is_no_good_run() -> None:
    """The numbers of the others do not hide it."""
    assert "failed.txt:7:1: go test says: --- FAIL: BenchmarkBroken" in refusal(FILES / "go" / "failed.txt")


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (
            ("BenchmarkFind/size-100-8", "BenchmarkFind/size-200-8"),
            {"BenchmarkFind/size-100", "BenchmarkFind/size-200"},
        ),
        (("BenchmarkFind/size-100", "BenchmarkFind/size-200"), {"BenchmarkFind/size-100", "BenchmarkFind/size-200"}),
        (
            ("BenchmarkFind", "BenchmarkFind-2", "BenchmarkFind-4"),
            {"BenchmarkFind", "BenchmarkFind-2", "BenchmarkFind-4"},
        ),
    ],
)
def test_go_only_the_count_of_processors_is_taken_off_a_name(
    tmp_path: Path, lines: tuple[str, ...], names: set[str]
) -> None:
    """Two sizes on one processor, or one benchmark with `-cpu 1,2,4`, do not become one sample."""
    path = tmp_path / "go.txt"
    path.write_text("".join(f"{line} \t 1000 \t {at + 1} ns/op\n" for at, line in enumerate(lines)))
    report = read_build(path)
    assert {each.name.removesuffix(" ns/op") for each in report.metrics} == names
    assert all(len(each.values) == 1 for each in report.metrics)


def test_pytest_benchmark_a_dirty_tree_is_no_commit(tmp_path: Path) -> None:
    """What was measured is not what the commit is, and is not said to be."""
    whole = plain("pytest-benchmark/run1.json")
    path = tmp_path / "run.json"
    for dirty, commit in ((False, "c" * 40), (True, None)):
        whole["commit_info"] |= {"id": "c" * 40, "dirty": dirty}
        path.write_text(json.dumps(whole))
        assert read_build(path).commit == commit


def test_pytest_benchmark_gives_the_median_of_each_process() -> None:
    """Five rounds in a process are one value; two files are two, with the times of their runs."""
    report = read_build(FILES / "pytest-benchmark")
    find = metric(report, "test_search.py::test_find")
    own = [plain(f"pytest-benchmark/run{run}.json") for run in (1, 2)]
    assert find.values == tuple(each["benchmarks"][0]["stats"]["median"] for each in own)
    assert find.times == tuple(datetime.fromisoformat(each["datetime"]) for each in own)
    assert report.environment["machine"] == own[0]["machine_info"]["node"]
    assert report.environment["cpus"] == "2"


def test_hyperfine_every_run_is_a_process() -> None:
    """All twelve times, in seconds; their median is the one that hyperfine computed."""
    (first, second) = plain("hyperfine/hyperfine.json")["results"]
    report = read_build(FILES / "hyperfine" / "hyperfine.json")
    values = metric(report, "sleep short").values
    assert len(values) == 12
    assert np.median(values) == pytest.approx(first["median"])
    assert metric(report, second["command"]).unit == "s"


def test_hyperfine_a_command_that_fails_is_not_fast(tmp_path: Path) -> None:
    """With `--ignore-failure` a build that crashes at once is the fastest of all."""
    whole = plain("hyperfine/hyperfine.json")
    whole["results"][1]["exit_codes"][3] = 139
    path = tmp_path / "runs.json"
    path.write_text(json.dumps(whole))
    assert "sleep 0.012 exited with 139, and what fails is done early" in refusal(path)


@pytest.mark.parametrize("name", ["google_benchmark.json", "aggregates_only.json"])
def test_google_benchmark_repetitions_are_one_value(name: str) -> None:
    """The median over repetitions, which the tool writes beside them, is the value of the process."""
    own = {each["name"]: each for each in plain(f"google-benchmark/{name}")["benchmarks"]}
    report = read_build(FILES / "google-benchmark" / name)
    for benchmark in ("BM_Find/100", "BM_Find/1000"):
        found = metric(report, benchmark)
        assert found.values == pytest.approx((own[f"{benchmark}_median"]["real_time"],))
        assert (found.unit, found.direction) == ("ns", LOWER)
        rate = metric(report, f"{benchmark} items_per_second")
        assert (rate.unit, rate.direction) == ("1/s", HIGHER)
        assert report.left_out[f"{benchmark} venues"] == "it is a counter, and nobody says which way it is good"


def test_google_benchmark_keeps_the_unit_of_each_benchmark() -> None:
    """One file may hold nanoseconds and microseconds."""
    report = read_build(FILES / "google-benchmark" / "google_benchmark.json")
    assert metric(report, "BM_Copy").unit == "us"
    assert metric(report, "BM_Copy").times[0].tzinfo is not None


def test_google_benchmark_an_error_is_no_time_of_nothing() -> None:
    """A benchmark that failed has a real_time of 0, which would be the fastest of all."""
    assert "BM_Broken failed: the venue is gone" in refusal(FILES / "google-benchmark" / "error.json")


def test_jmh_forks_are_values_and_iterations_are_not() -> None:
    """Three forks of three iterations are three values, each the middle one of its fork."""
    report = read_build(FILES / "jmh" / "jmh.json")
    own = {each["mode"]: each["primaryMetric"] for each in plain("jmh/jmh.json")}
    for mode in ("thrpt", "avgt"):
        found = metric(report, f"w.Search.find(size=1000) {mode}")
        assert found.values == tuple(sorted(fork)[1] for fork in own[mode]["rawData"])


def test_jmh_threads_are_a_part_of_the_name(tmp_path: Path) -> None:
    """Four threads answer about four times as much as one: that is no better build."""
    whole = plain("jmh/jmh.json")
    path = tmp_path / "jmh.json"
    path.write_text(json.dumps([{**each, "threads": 4} for each in whole]))
    alone = {each.name for each in read_build(FILES / "jmh" / "jmh.json").metrics}
    assert {each.name for each in read_build(path).metrics} == {
        name.replace(" gc.alloc.rate.norm", "") + ", 4 threads" + (" gc.alloc.rate.norm" * ("gc.alloc" in name))
        for name in alone
    }


def test_jmh_throughput_is_better_when_it_is_higher() -> None:
    """The same benchmark in two modes has two directions and two units."""
    report = read_build(FILES / "jmh" / "jmh.json")
    throughput = metric(report, "w.Search.find(size=1000) thrpt")
    average = metric(report, "w.Search.find(size=1000) avgt")
    assert (throughput.direction, throughput.unit) == (HIGHER, "1/us")
    assert (average.direction, average.unit) == (LOWER, "us")


def test_jmh_samples_are_read_from_the_histogram_of_each_fork() -> None:
    """Three forks are three medians, between which lies the one that JMH computed over all."""
    found = metric(read_build(FILES / "jmh" / "jmh.json"), "w.Search.find(size=1000) sample")
    own = next(each["primaryMetric"] for each in plain("jmh/jmh.json") if each["mode"] == "sample")
    forks = [np.repeat(*np.array([pair for it in fork for pair in it]).T.tolist()) for fork in map_counts(own)]
    assert found.values == pytest.approx([np.quantile(fork, 0.5, method="inverted_cdf") for fork in forks])
    assert min(found.values) <= own["scorePercentiles"]["50.0"] <= max(found.values)


def map_counts(own: dict[str, Any]) -> Iterator[list[list[list[float]]]]:
    """Yield the histograms of each fork with whole counts."""
    for fork in own["rawDataHistogram"]:
        yield [[[value, int(count)] for value, count in iteration] for iteration in fork]


def test_jmh_throughput_that_fell_fails(tmp_path: Path) -> None:
    """Read as smaller-is-better, a build at a third of the throughput would pass."""
    whole = [each for each in plain("jmh/jmh.json") if each["mode"] == "thrpt"]
    for name, score in (("base", 0.9), ("candidate", 0.3)):
        whole[0]["primaryMetric"]["rawData"] = [[score + fork / 1000] * 3 for fork in range(10)]
        whole[0]["secondaryMetrics"] = {}
        (tmp_path / name).write_text(json.dumps(whole))
    judged = judge_suite(read_build(tmp_path / "base"), read_build(tmp_path / "candidate"))
    assert judged.outcome is Outcome.FAIL
    assert judge_suite(read_build(tmp_path / "candidate"), read_build(tmp_path / "base")).outcome is Outcome.PASS


def test_jmh_one_fork_is_one_value_however_many_iterations(tmp_path: Path) -> None:
    """A thousand iterations of one process are not enough to judge."""
    whole = [each for each in plain("jmh/jmh.json") if each["mode"] == "avgt"]
    whole[0] |= {"forks": 1, "secondaryMetrics": {}}
    whole[0]["primaryMetric"]["rawData"] = [[1.0] * 1000]
    path = tmp_path / "one.json"
    path.write_text(json.dumps(whole))
    report = read_build(path)
    assert judge_suite(report, report).outcome is Outcome.NOT_ENOUGH_DATA


def test_criterion_reads_the_median_that_criterion_estimated() -> None:
    """Two copies of target/criterion are two values; the `base` beside the second is what was measured before."""
    report = read_build(FILES / "criterion")
    for name in ("find venue", "by size/100"):
        runs = [plain(f"criterion/run{run}/{name}/new/estimates.json") for run in (1, 2)]
        own = [each["median"]["point_estimate"] for each in runs]
        assert metric(report, name).values == pytest.approx(own)
        assert metric(report, name).unit == "ns"
    assert len(read_build(FILES / "criterion" / "run2").metrics[0].values) == 1


def test_criterion_names_the_sample_that_is_broken(tmp_path: Path) -> None:
    """One cut file among many is found."""
    shutil.copytree(FILES / "criterion", tmp_path / "criterion")
    broken = tmp_path / "criterion" / "run1" / "find venue" / "new" / "sample.json"
    broken.write_text(broken.read_text()[:100])
    assert "run1/find venue/new/sample.json: it is no JSON" in refusal(tmp_path / "criterion")
    broken.write_text('{"iters": [1.0, 2.0], "times": [3.0]}')
    assert "has no iterations and times" in refusal(tmp_path / "criterion")


def latencies(name: str) -> list[float]:
    """Return the latencies of vegeta's lines."""
    return [json.loads(line)["latency"] for line in (FILES / name).read_text().splitlines()]


def test_vegeta_a_run_is_one_value() -> None:
    """Forty requests are one median and one 95th percentile."""
    report = read_build(FILES / "vegeta" / "encode.json")
    assert metric(report, "search latency p50").values == pytest.approx(
        [np.percentile(latencies("vegeta/encode.json"), 50)], rel=1e-4
    )
    found = metric(report, "search latency p95")
    assert found.values == pytest.approx([np.percentile(latencies("vegeta/encode.json"), 95)], rel=1e-4)
    assert (found.unit, found.direction, len(found.times)) == ("ns", LOWER, 1)
    assert metric(report, "search latency failed").values == (0,)


def test_vegeta_counts_failures_as_vegeta_does() -> None:
    """The share is one less vegeta's own success."""
    found = metric(read_build(FILES / "vegeta" / "encode_failed.json"), "latency failed")
    assert found.values == pytest.approx((1 - plain("vegeta/report_failed.json")["success"],))
    assert found.values[0] > 0


def test_vegeta_requests_that_were_refused_do_not_look_fast() -> None:
    """Nothing listened: each request was over at once, and what it would have taken nobody knows."""
    report = read_build(FILES / "vegeta" / "encode_refused.json")
    assert metric(report, "latency failed").values == (1,)
    for name in ("latency p50", "latency p95"):
        assert "how long they would have taken is not known" in str(metric(report, name).aggregated)


def test_failed_requests_rank_behind_all_others() -> None:
    """Of twenty requests two failed at once: the 95th percentile is one of theirs, the median is not."""
    lines = [
        json.dumps({"attack": "", "seq": at, "code": 200 if at < 18 else 503, "latency": at + 1 if at < 18 else 0})
        + "\n"
        for at in range(20)
    ]
    report = vegeta.read_lines(lines)
    assert (
        metric(report, "latency p95").aggregated
        == "2 of 20 requests failed, and how long they would have taken is not known"
    )
    assert metric(report, "latency p50").aggregated is None
    assert metric(report, "latency p50").values == (10.5,)
    assert metric(report, "latency failed").values == (0.1,)


AGGREGATED = [
    ("k6/summary_export.json", "http_req_duration p95"),
    ("k6/handle_summary.json", "http_req_duration p95"),
    ("k6/machine_readable.json", "http_req_duration p95"),
    ("vegeta/report.json", "latency p95"),
    ("locust/run1_stats.csv", "GET /mixed p95"),
    ("pgbench/summary_skipped.txt", "latency average"),
]


@pytest.mark.parametrize(("name", "which"), AGGREGATED)
def test_what_lost_its_distribution_is_not_enough_data(name: str, which: str) -> None:
    """Thirty summaries on both sides, and still no pass."""
    report = read_builds([FILES / name] * 30)
    one = Measurements(metrics=(metric(report, which),))
    assert one.metrics[0].aggregated
    judged = judge_suite(one, one)
    assert judged.outcome is Outcome.NOT_ENOUGH_DATA
    assert one.metrics[0].aggregated in judged.results[0].comparison.why


@pytest.mark.parametrize("name", ["summary_export.json", "handle_summary.json", "machine_readable.json"])
def test_k6_summaries_keep_what_is_one_number_for_a_run(name: str) -> None:
    """Shares and throughputs lose nothing, in all three forms that k6 writes."""
    report = read_build(FILES / "k6" / name)
    assert [metric(report, share).values for share in ("http_req_failed", "checks")] == [(0,), (1,)]
    rate = metric(report, "http_reqs")
    assert (rate.unit, rate.direction, rate.aggregated) == ("1/s", HIGHER, None)
    assert 40 < rate.values[0] < 50
    assert {"venues_found", "has_venues", "venue_size", "data_sent"} <= set(report.left_out)


def test_k6_points_give_the_quantiles_that_k6_computed() -> None:
    """One run, written by k6 both as points and as a summary."""
    report = read_build(FILES / "k6" / "points.json")
    own = plain("k6/summary_export.json")["metrics"]["http_req_duration"]
    assert metric(report, "http_req_duration p50").values == pytest.approx((own["med"],), rel=1e-4)
    assert metric(report, "http_req_duration p95").values == pytest.approx((own["p(95)"],), rel=1e-4)
    assert metric(report, "http_req_duration p95").aggregated is None
    assert metric(report, "http_req_failed").values == (0,)


def test_k6_knows_its_own_metrics_and_guesses_no_others() -> None:
    """Checks are better when they are more, failures when they are less; a counter of the user is left out."""
    report = read_build(FILES / "k6" / "points.json")
    assert metric(report, "checks").direction is HIGHER
    assert metric(report, "http_req_failed").direction is LOWER
    assert metric(report, "page_wait p95").unit == "ms"
    for name in ("venues_found", "venue_size", "has_venues"):
        assert report.left_out[name] == "neither k6 nor its unit says which way it is good"
    assert report.left_out["http_req_waiting"] == "it is a part of another metric"


def test_k6_requests_that_failed_rank_worst() -> None:
    """Where more than one in twenty failed, the 95th percentile is one of theirs."""
    report = read_build(FILES / "k6" / "points_failed.json")
    assert metric(report, "http_req_failed").values[0] > 0.05
    assert "requests failed" in str(metric(report, "http_req_duration p95").aggregated)


def test_k6_tells_endpoints_apart_by_the_names_that_the_script_gives() -> None:
    """Each as k6 computed it for the same run, and as its slowest request where more than a twentieth failed; the whole
    is judged besides, and an address is no name."""
    report = read_build(FILES / "k6" / "endpoints.json")
    own = plain("k6/endpoints_summary.json")["metrics"]
    for which, key in (("name:search", "p(95)"), ("name:book", "max"), ("group:::checkout", "max")):
        expected = own[f"http_req_duration{{{which}}}"]
        found = metric(report, f"http_req_duration{{{which}}} p95")
        assert found.values == pytest.approx((expected[key],), rel=1e-4)
        assert (found.unit, found.direction) == ("ms", LOWER)
        assert (found.aggregated is None) is (key == "p(95)")
        share = metric(report, f"http_req_failed{{{which}}}")
        assert share.values == pytest.approx((own[f"http_req_failed{{{which}}}"]["value"],))
        assert (share.unit, share.direction) == ("ratio", LOWER)
    assert metric(report, "http_req_failed{name:book}").values[0] > 0.1
    assert metric(report, "http_req_failed{name:search}").values == (0,)
    names = {each.name.partition("}")[0] for each in report.metrics if each.name.startswith("http_req_duration{")}
    endpoints = ("name:search", "name:book", "group:::checkout")
    assert names == {f"http_req_duration{{{each}" for each in endpoints}
    assert metric(report, "http_req_duration p95").values[0] > 0


@pytest.mark.parametrize(("count", "told_apart"), [(50, True), (51, False)])
def test_k6_names_that_are_never_the_same_are_none(count: int, told_apart: bool) -> None:
    """More than fifty: said, and the whole run is judged all the same."""
    lines = ['{"metric":"http_req_duration","type":"Metric","data":{"type":"trend","contains":"time"}}\n']
    lines += [
        '{"metric":"http_req_duration","type":"Point","data":{"time":"2027-06-07T10:00:00Z",'
        f'"value":5,"tags":{{"status":"200","url":"http://a.example/{at}","name":"item {at % count}"}}}}}}\n'
        for at in range(2 * count)
    ]
    report = k6.read_lines(lines)
    assert metric(report, "http_req_duration p95").values == (5,)
    assert any("{name:" in each.name for each in report.metrics) is told_apart
    assert ("{name:...}" in report.left_out) is not told_apart


def test_k6_an_address_with_a_hole_is_a_name() -> None:
    """As ``http.url`` writes it."""
    names = ("http://a.example/items/${}", "http://a.example/items/7")
    lines = ['{"metric":"http_req_duration","type":"Metric","data":{"type":"trend","contains":"time"}}\n']
    lines += [
        '{"metric":"http_req_duration","type":"Point","data":{"time":"2027-06-07T10:00:00Z",'
        f'"value":5,"tags":{{"status":"200","url":"{name}","name":"{name}"}}}}}}\n'
        for name in names
    ]
    told = {each.name.partition(" p")[0] for each in k6.read_lines(lines).metrics}
    assert told == {"http_req_duration", "http_req_duration{name:http://a.example/items/${}}"}


def test_k6_reads_what_gzip_packed(tmp_path: Path) -> None:
    """`--out json=FILE.gz` is the same run; one that breaks off is refused."""
    path = tmp_path / "points.json.gz"
    path.write_bytes(gzip.compress((FILES / "k6" / "points.json").read_bytes()))
    assert read_build(path) == read_build(FILES / "k6" / "points.json")
    path.write_bytes(path.read_bytes()[:-200])
    assert "breaks off" in refusal(path)


def k6_points(count: int) -> Iterator[str]:
    """Yield the lines of a run."""
    yield '{"metric":"http_req_duration","type":"Metric","data":{"type":"trend","contains":"time"}}\n'
    tags = '"expected_response":"true","status":"200","url":"' + "x" * 300 + '"'
    for at in range(count):
        yield (
            '{"metric":"http_req_duration","type":"Point","data":{"time":"2027-06-07T10:00:00Z",'
            f'"value":{10 + at % 5000 / 1000},"tags":{{{tags}}}}}}}\n'
        )


def test_memory_does_not_grow_with_the_file() -> None:
    """Twenty megabytes of lines are read in less than two; their median is that of the numbers that went in."""
    tracemalloc.start()
    report = k6.read_lines(k6_points(50_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024
    expected = np.median([10 + at % 5000 / 1000 for at in range(50_000)])
    assert metric(report, "http_req_duration p50").values == pytest.approx((expected,), rel=1e-4)


def test_a_line_without_an_end_is_not_read_whole(tmp_path: Path) -> None:
    """A gigabyte without a newline stops at the longest line."""
    path = tmp_path / "points.json"
    with path.open("w") as file:
        file.write('{"metric":"a","type":"Metric","data":{}}\n{"metric":"')
        for _ in range(17):
            file.write("x" * 1024 * 1024)
    assert "points.json:2:1: a line is longer than 16 MiB" in refusal(path)


def test_k6_a_point_of_nothing_declared_is_refused(tmp_path: Path) -> None:
    """The first lines are gone, and with them what the numbers are."""
    path = tmp_path / "points.json"
    path.write_text(next(iter(list(k6_points(1))[1:])))
    assert "has a point, and was not declared before" in refusal(path)


def test_locust_a_run_is_one_value_and_its_other_files_are_no_runs() -> None:
    """A directory with all files of two runs, eight files, has two values."""
    report = read_build(FILES / "locust")
    search = metric(report, "GET /search p95")
    assert search.values == (37, 31)
    assert (search.unit, search.direction, search.aggregated) == ("ms", LOWER, None)
    assert metric(report, "requests").direction is HIGHER
    assert metric(report, "Aggregated failed").values == pytest.approx((10 / 86, 0))


def test_locust_a_number_that_was_cut_is_seen(tmp_path: Path) -> None:
    """A row can break off in its last number and still be as long as the others; its line then has no end."""
    path = tmp_path / "run_stats.csv"
    path.write_bytes((FILES / "locust" / "run2_stats.csv").read_bytes().rstrip()[:-1])
    assert f"{path}:3:1: its last line breaks off" in refusal(path)


def test_locust_failures_spoil_percentiles() -> None:
    """Locust counts them among the rest: those of an endpoint that failed are not judged, its share of failures is."""
    report = read_build(FILES / "locust" / "run1_stats.csv")
    assert metric(report, "GET /mixed p95").aggregated
    assert metric(report, "GET /mixed failed").values == pytest.approx((10 / 48,))
    assert metric(report, "GET /mixed failed").aggregated is None


def test_locust_rows_of_a_history_are_one_value() -> None:
    """The seconds of a run are not independent: their median, at the time of the first."""
    report = read_build(FILES / "locust" / "run2_stats_history.csv")
    found = metric(report, "Aggregated p95 of windows")
    assert found.values == (35,)
    assert found.times == (datetime.fromtimestamp(1795828875, UTC),)


def test_pgbench_log_gives_a_value_for_each_run() -> None:
    """Thirty transactions are one median and one 95th percentile, in microseconds."""
    rows = [line.split() for line in (FILES / "pgbench" / "pgbench_log.22622").read_text().splitlines()]
    report = read_build(FILES / "pgbench" / "pgbench_log.22622")
    assert len(rows) == 30
    for share in (50, 95):
        expected = np.percentile([int(row[2]) for row in rows], share)
        assert metric(report, f"latency p{share}").values == pytest.approx((expected,), rel=1e-4)
    assert metric(report, "latency p50").unit == "us"


def test_pgbench_threads_are_one_run() -> None:
    """`-j 2` writes two files, which are one value over the transactions of both."""
    files = sorted((FILES / "pgbench" / "threads").iterdir())
    times = [int(line.split()[2]) for file in files for line in file.read_text().splitlines()]
    report = read_build(FILES / "pgbench" / "threads")
    assert len(times) == 40
    assert metric(report, "latency p50").values == pytest.approx((np.percentile(times, 50),), rel=1e-4)


def test_pgbench_skipped_transactions_have_failed() -> None:
    """The log and the summary of one run agree: one of 27 came too late."""
    for name in ("pgbench_log_skipped.22668", "summary_skipped.txt"):
        report = read_build(FILES / "pgbench" / name)
        assert metric(report, "latency failed").values == pytest.approx((1 / 27,))


def test_pgbench_summaries_are_appended_and_more_tps_is_better(tmp_path: Path) -> None:
    """Two runs in a file are two values; older versions print two rates, and the one without connecting counts."""
    path = tmp_path / "runs.txt"
    summary = (FILES / "pgbench" / "summary.txt").read_text()
    older = summary.replace(
        "tps = 178.465199 (without initial connection time)",
        "tps = 90.5 (including connections establishing)\ntps = 100.5 (excluding connections establishing)",
    )
    path.write_text(summary + older)
    found = metric(read_build(path), "tps")
    assert found.values == (178.465199, 100.5)
    assert found.direction is HIGHER


ABORTED = """transaction type: bad.sql
scaling factor: 1
number of clients: 4
number of transactions per client: 200
number of transactions actually processed: 314/800
number of failed transactions: 0 (0.000%)
latency average = 1.103 ms
tps = 3627.332063 (without initial connection time)
"""
"""As pgbench 15.18 prints it where a script of every client divides by zero at some time."""
RECONNECTING = """transaction type: <builtin: TPC-B (sort of)>
scaling factor: 1
number of transactions actually processed: 40/40
number of failed transactions: 0 (0.000%)
latency average = 25.135 ms
average connection time = 5.316 ms
tps = 79.570479 (including reconnection times)
"""
"""As pgbench 15.18 prints it with -C."""


def test_pgbench_clients_that_were_aborted_are_no_good_run(tmp_path: Path) -> None:
    """More than half of the transactions were never tried, and none of them is counted as failed."""
    path = tmp_path / "run.txt"
    path.write_text(ABORTED)
    assert "486 of 800 transactions were never tried: clients were aborted" in refusal(path)
    path.write_text(RECONNECTING + "pgbench: error: Run was aborted; the above results are incomplete.\n")
    assert "the run was aborted" in refusal(path)


def test_pgbench_with_a_connection_for_each_transaction_is_read(tmp_path: Path) -> None:
    """Of one rate alone it is clear which is meant."""
    path = tmp_path / "run.txt"
    path.write_text(RECONNECTING)
    assert metric(read_build(path), "tps").values == (79.570479,)


def test_what_gzip_packed_and_somebody_damaged_is_named(tmp_path: Path) -> None:
    """In its middle, where neither its head nor its end tells."""
    path = tmp_path / "points.json.gz"
    packed = bytearray(gzip.compress((FILES / "k6" / "points.json").read_bytes()))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
    path.write_bytes(packed)
    assert "it is compressed, and breaks off or is damaged" in refusal(path)


@pytest.mark.parametrize(
    "said", ["signal: killed", "exit status 2", "fatal error: all goroutines are asleep - deadlock!"]
)
def test_go_a_binary_that_was_killed_is_no_good_run(tmp_path: Path, said: str) -> None:
    """What it had measured until then is not the whole."""
    path = tmp_path / "bench.txt"
    path.write_text(f"pkg: p\nBenchmarkA-2  100  10 ns/op\n{said}\n")
    assert f"go test says: {said}" in refusal(path)


def test_jmh_forks_that_are_missing_are_named(tmp_path: Path) -> None:
    """A fork that crashed has no raw data."""
    found = plain("jmh/jmh.json")
    found[0]["forks"] += 1
    path = tmp_path / "jmh.json"
    path.write_text(json.dumps(found))
    assert re.search(r"has the raw data of \d of \d forks", refusal(path))


def test_pgbench_at_a_rate_that_was_asked_for_tells_nothing_by_its_tps() -> None:
    """With `-R` a build that is ten times slower has the same transactions a second."""
    report = read_build(FILES / "pgbench" / "summary_skipped.txt")
    assert report.named("tps") is None
    assert report.left_out == {"tps": "it is the rate that was asked for"}
    assert read_build(FILES / "pgbench" / "summary.txt").named("latency average") is None


def test_pgbench_failures_by_their_names_rank_worst() -> None:
    """`--failures-detailed` names them instead of a time."""
    lines = ["0 1 100 0 1795828899 1\n", "0 2 deadlock 0 1795828899 2\n", "0 3 serialization 0 1795828899 3 0 1\n"]
    report = pgbench_log.read_lines(lines)
    assert metric(report, "latency failed").values == pytest.approx((2 / 3,))


def test_custom_json_needs_its_direction_said() -> None:
    """The file of both tools is the same: without `--from` it is refused, with it the direction is the tool's."""
    path = FILES / "custom" / "smaller.json"
    assert "say --from customSmallerIsBetter or --from customBiggerIsBetter" in refusal(path)
    name = "My Custom Smaller Is Better Benchmark - CPU Load"
    for tool, direction in (("customSmallerIsBetter", LOWER), ("customBiggerIsBetter", HIGHER)):
        found = metric(read_build(path, tool), name)
        assert (found.values, found.unit, found.direction) == ((50,), "Percent", direction)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"name": "a", "unit": "", "value": 1}]', "lacks a unit"),
        ('[{"name": " ", "unit": "s", "value": 1}]', "lacks a name"),
        ('[{"name": "a", "unit": "s", "value": 1}, {"name": "a", "unit": "s", "value": 2}]', "stands there twice"),
        ('[{"name": "a", "unit": "s"}]', "a has the value None"),
    ],
)
def test_metrics_have_one_name_and_a_unit(tmp_path: Path, content: str, says: str) -> None:
    """What could be mistaken for something else is refused."""
    path = tmp_path / "custom.json"
    path.write_text(content)
    assert says in refusal(path, "customSmallerIsBetter")


def test_csv_keeps_values_times_and_directions() -> None:
    """A row for each process, in the order of the rows."""
    report = read_build(FILES / "csv" / "values.csv")
    assert metric(report, "search p95").values == (41.5, 40.9, 43)
    assert metric(report, "search p95").times[1] == datetime(2027, 6, 7, 10, 2, tzinfo=UTC)
    assert metric(report, "bookings").direction is HIGHER


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("metric,value,unit\na,1,s\n", "values.csv:1:1: its first line has no column direction"),
        ("metric,value,unit,direction\na,1,s,down\n", "values.csv:2:1: 'down' is no direction"),
        ("metric,value,unit,direction\na,1 s,s,lower-is-better\n", "values.csv:2:1: '1 s' is no number"),
        ("metric,value,unit,direction\na,1,s,lower-is-better\na,1,ms,lower-is-better\n", "values.csv:3:1: the metric"),
        ("metric,value,unit,direction,time\na,1,s,lower-is-better,2027-06-07T10:00:00\n", "values.csv:2:1: "),
        (
            "metric,value,unit,direction,Value\na,1,s,lower-is-better,2\n",
            "values.csv:1:1: its first line has the column 'value' twice",
        ),
        ("metric,unit,direction,value\na,s,lower-is-better,1,5\n", "values.csv:2:1: a row is longer than the first"),
        ("metric,unit,direction,value\na,s,lower-is-better,103.43\na,s,lower-is-better,1", "values.csv:3:1: its last"),
    ],
)
def test_csv_mistakes_come_with_their_line(tmp_path: Path, content: str, says: str) -> None:
    """Where and what to do."""
    path = tmp_path / "values.csv"
    path.write_text(content)
    assert says in refusal(path, "csv")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two counts nobody said, and a validator refuses it too."""
    path = tmp_path / "twice.json"
    text = json.dumps(plain("wedgate/measurements.json"))
    path.write_text(text.replace('"metrics":', '"metrics": [], "metrics":', 1))
    assert "the key 'metrics' stands in one object twice" in refusal(path)


def test_files_of_two_machines_are_not_put_together(tmp_path: Path) -> None:
    """One machine's runs say nothing about another's."""
    for name, machine in (("a.json", "one"), ("b.json", "two")):
        whole = plain("wedgate/measurements.json")
        whole["environment"]["machine"] = machine
        (tmp_path / name).write_text(json.dumps(whole))
    assert "the files differ in machine: one and two" in refusal(tmp_path)


def test_a_pipe_and_the_text_of_powershell_are_read(tmp_path: Path) -> None:
    """`convert <(go test -bench .)` gives a pipe, which can be read once only; PowerShell's `>` writes UTF-16."""
    content = (FILES / "go" / "three_processes.txt").read_bytes()
    expected = read_build(FILES / "go" / "three_processes.txt")
    (tmp_path / "utf-16.txt").write_bytes(content.decode().encode("utf-16"))
    assert read_build(tmp_path / "utf-16.txt") == expected
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert read_build(pipe) == expected
    writer.join()


def test_a_directory_without_files_is_refused(tmp_path: Path) -> None:
    """Nothing is not a build."""
    assert "the directory has no files" in refusal(tmp_path)


def test_an_unknown_tool_is_said(tmp_path: Path) -> None:
    """`--from` something else lists what there is."""
    assert "wedgate reads nothing of 'gatling'; name one of wedgate, " in refusal(
        FILES / "csv" / "values.csv", "gatling"
    )


def spoil(name: str, *replaced: tuple[str, str]) -> str:
    """Return a file's text with something in it replaced once."""
    text = (FILES / name).read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    return text


BELOW_ZERO = {
    "go": ("go/three_processes.txt", "4213 ns/op", "-5 ns/op", ":5:1: ns/op is -5"),
    "k6": ("k6/points.json", '"value":5.785446', '"value":-5.7', ":4:1: http_req_duration is -5.7, below 0"),
    "vegeta": ("vegeta/encode.json", '"latency":10232486', '"latency":-1', ":2:1: latency is -1, below 0"),
    "pgbench-log": ("pgbench/pgbench_log.22622", "0 2 32753", "0 2 -1", ":2:1: a line breaks off, or is no"),
    "locust": ("locust/run2_stats.csv", ",31,37,", ",-31,37,", ":2:1: 95% is '-31'"),
    "locust-history": ("locust/run2_stats_history.csv", ",35,37,", ",35,-37,", ":3:1: 95% is '-37'"),
}


@pytest.mark.parametrize(("name", "old", "new", "says"), BELOW_ZERO.values(), ids=BELOW_ZERO)
def test_a_single_latency_below_zero_is_refused_with_its_line(
    tmp_path: Path, name: str, old: str, new: str, says: str
) -> None:
    """A median over the others hides it."""
    path = tmp_path / "results"
    path.write_text(spoil(name, (old, new)))
    assert f"results{says}" in refusal(path)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("hyperfine/hyperfine.json", ("results", 0, "times", 3)),
        ("google-benchmark/google_benchmark.json", ("benchmarks", 0, "real_time")),
        ("jmh/jmh.json", (0, "primaryMetric", "rawData", 0, 1)),
        ("jmh/jmh.json", (2, "primaryMetric", "rawDataHistogram", 0, 1, 0, 0)),
        ("pytest-benchmark/run1.json", ("benchmarks", 0, "stats", "min")),
    ],
)
def test_a_single_time_below_zero_is_refused(tmp_path: Path, name: str, way: tuple[str | int, ...]) -> None:
    """Of a repetition, an iteration or a round."""
    whole = plain(name)
    place = whole
    for step in way[:-1]:
        place = place[step]
    assert place[way[-1]] > 0
    place[way[-1]] = -0.5
    path = tmp_path / "results.json"
    path.write_text(json.dumps(whole))
    assert "is -0.5, below 0" in refusal(path)


def test_criterion_a_sample_below_zero_is_refused(tmp_path: Path) -> None:
    """One of its times."""
    shutil.copytree(FILES / "criterion", tmp_path / "criterion")
    broken = tmp_path / "criterion" / "run1" / "find venue" / "new" / "sample.json"
    whole = json.loads(broken.read_text())
    whole["times"][1] = -0.5
    broken.write_text(json.dumps(whole))
    assert "is -0.5, below 0" in refusal(tmp_path / "criterion")


def test_go_a_number_of_ones_own_may_be_below_zero(tmp_path: Path) -> None:
    """Nobody says what it counts, and it is left out."""
    path = tmp_path / "go.txt"
    path.write_text("BenchmarkFind-8  100  10 ns/op  -3 balance\n")
    assert metric(read_build(path), "BenchmarkFind ns/op").values == (10,)


@pytest.mark.parametrize(("end", "cpus"), [("-8", "8"), ("-2", "2"), ("", "1")])
def test_go_the_count_of_processors_is_of_the_machine(tmp_path: Path, end: str, cpus: str) -> None:
    """Another count behind the names of the other build is another machine; with one processor Go writes none."""
    for name, its_end, shift in (("base.txt", "-8", 1000), ("candidate.txt", end, 1000.5)):
        lines = (f"pkg: p\nBenchmarkA{its_end}  100  {shift + at} ns/op\n" for at in range(10))
        (tmp_path / name).write_text("".join(lines))
    base, candidate = (read_build(tmp_path / name) for name in ("base.txt", "candidate.txt"))
    assert candidate.environment["cpus"] == cpus
    judged = judge_suite(base, candidate)
    (result,) = judged.results
    assert judged.outcome is (Outcome.PASS if end == "-8" else Outcome.ERROR)
    assert (f"(cpus: 8, and here {cpus})" in result.comparison.why) is (end != "-8")


def test_go_counts_of_processors_that_differ_within_a_file_are_not_guessed(tmp_path: Path) -> None:
    """With `-cpu 1,2` each has a name of its own."""
    path = tmp_path / "go.txt"
    path.write_text("BenchmarkA  100  10 ns/op\nBenchmarkA-2  100  10 ns/op\n")
    assert "cpus" not in read_build(path).environment
