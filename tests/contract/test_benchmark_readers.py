"""What every reader of benchmark files holds to (wedgate/adapters/benchmarks/interface.py), on real files."""

from __future__ import annotations

import io
import json
import math
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from wedgate.adapters.benchmarks.interface import (
    BenchmarkReader,
    DirectoryReader,
    FileReader,
    StreamReader,
    UnreadableError,
)
from wedgate.adapters.benchmarks.registry import (
    HEAD,
    read_build,
    read_with,
    reader_named,
    reader_of,
    readers,
    tool_names,
)
from wedgate.errors import ConfigurationError
from wedgate.judge.measurements import Measurements, parse_measurements, plain_measurements

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
REAL = {
    "wedgate/measurements.json": "wedgate",
    "pytest-benchmark/run1.json": "pytest-benchmark",
    "hyperfine/hyperfine.json": "hyperfine",
    "go/three_processes.txt": "go",
    "google-benchmark/google_benchmark.json": "google-benchmark",
    "google-benchmark/aggregates_only.json": "google-benchmark",
    "jmh/jmh.json": "jmh",
    "k6/points.json": "k6",
    "k6/points_failed.json": "k6",
    "k6/endpoints.json": "k6",
    "k6/endpoints_summary.json": "k6-summary",
    "k6/summary_export.json": "k6-summary",
    "k6/handle_summary.json": "k6-summary",
    "k6/machine_readable.json": "k6-summary",
    "vegeta/encode.json": "vegeta",
    "vegeta/encode_failed.json": "vegeta",
    "vegeta/encode_refused.json": "vegeta",
    "vegeta/report.json": "vegeta-report",
    "locust/run1_stats.csv": "locust",
    "locust/run2_stats.csv": "locust",
    "locust/run1_stats_history.csv": "locust-history",
    "pgbench/summary.txt": "pgbench",
    "pgbench/summary_skipped.txt": "pgbench",
    "pgbench/pgbench_log.22622": "pgbench-log",
    "pgbench/pgbench_log_skipped.22668": "pgbench-log",
    "hdr/latency.hgrm": "hdr-percentiles",
    "hdr/interval.hlog": "hdr-log",
    "hdr/java.hgrm": "hdr-percentiles",
    "hdr/java.hlog": "hdr-log",
    "hdr/javascript.hlog": "hdr-log",
    "hdr/shifted.hlog": "hdr-log",
    "csv/values.csv": "csv",
}
"""Files that are good, and whose they are."""
REFUSED = {
    "hdr/doubles.hlog": "hdr-log",
    "google-benchmark/error.json": "google-benchmark",
    "go/failed.txt": "go",
    "pgbench/aggregated.22739": "pgbench-log",
    "custom/smaller.json": "github-action-benchmark",
    "criterion/run1/find venue/new/sample.json": "criterion",
    "criterion/run1/find venue/new/estimates.json": "criterion",
}
"""Files that are known and refused, with what to do."""
ALL = {**REAL, **REFUSED}
SPOILED = 2_000 if os.environ.get("WEDGATE_THOROUGH") else 60
"""So many times each file is spoiled."""
FILE_READERS = [each for each in readers() if isinstance(each, FileReader | StreamReader)]


def text_of(name: str) -> str:
    """Return a file's text."""
    return (FILES / name).read_text("utf-8")


def read(reader: BenchmarkReader, text: str) -> Measurements:
    """Read a text as the registry does."""
    return read_with(reader, io.StringIO(text, newline=""))


def refused(reader: BenchmarkReader, text: str) -> UnreadableError:
    """Return the one error that a reader ends with; any other exception fails the test."""
    with pytest.raises(UnreadableError) as caught:
        read(reader, text)
    error = caught.value
    assert error.what.strip()
    assert error.remedy.strip()
    assert "\n" not in f"{error.what}{error.remedy}"
    assert 0 <= error.line <= len(text.splitlines()) + 1
    return error


def named(reader: BenchmarkReader) -> str:
    """Name a test by its reader."""
    return reader.TOOL.name


@pytest.mark.parametrize("reader", readers(), ids=named)
def test_a_reader_is_of_one_kind_and_says_what_it_reads(reader: BenchmarkReader) -> None:
    """A file is read whole, or as a stream: one of the two."""
    assert isinstance(reader, FileReader) != isinstance(reader, StreamReader)
    assert reader.TOOL.name.strip()
    assert reader.TOOL.looks_like.strip()


def test_no_two_readers_share_a_name() -> None:
    """`--from` names one."""
    assert len(set(tool_names())) == len(readers())


def test_the_page_has_a_row_for_every_tool() -> None:
    """docs/reference/measurements.md names what `--from` takes."""
    page = FILES.parents[1] / "docs" / "reference" / "measurements.md"
    rows = re.findall(
        r"^\| `([\w-]+)` \| (?:the report|JSON|CSV|NDJSON|text|log|directory)", page.read_text("utf-8"), re.M
    )
    assert sorted(rows) == sorted(name for name in tool_names() if name != "github-action-benchmark")


@pytest.mark.parametrize("name", ALL)
def test_exactly_one_reader_knows_a_file(name: str) -> None:
    """By its content alone, and it is the right one."""
    head = text_of(name)[:HEAD]
    assert [each.TOOL.name for each in readers() if each.knows(head)] == [ALL[name]]


@pytest.mark.parametrize("name", REAL)
def test_a_good_file_becomes_a_report_that_wedgate_reads(name: str) -> None:
    """Finite values, names and units, and plain data that the parser of wedgate's own report takes back unchanged."""
    report = read(reader_named(REAL[name]), text_of(name))
    assert all(math.isfinite(value) for metric in report.metrics for value in metric.values)
    assert all(metric.values for metric in report.metrics)
    assert all(len(metric.times) in (0, len(metric.values)) for metric in report.metrics)
    assert parse_measurements(json.loads(json.dumps(plain_measurements(report)))) == report


@pytest.mark.parametrize("name", REFUSED)
def test_a_known_file_that_cannot_be_judged_is_refused(name: str) -> None:
    """It is known, and what to do is said."""
    refused(reader_of(text_of(name)[:HEAD]), text_of(name))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("reader", FILE_READERS, ids=named)
def test_the_file_of_another_tool_is_refused(reader: BenchmarkReader, name: str) -> None:
    """`--from` the wrong tool ends with what is wrong, and never with numbers of something else."""
    shares_a_form = reader.TOOL.name.startswith("custom") and name.startswith("custom/")
    if reader.TOOL.name != ALL[name] and not shares_a_form:
        refused(reader, text_of(name))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n",
        "garbage",
        "\x00\x01\x02",
        "[",
        "{}",
        "[]",
        "[1, 2]",
        "null",
        "3",
        '"text"',
        "{}\n{}\n",
        "a,b\n1,2\n",
        "[" * 100_000,
        '{"a":' * 100_000,
        "�" * 1000,
        '[{"a": {}}]',
        '{"benchmarks": 3, "results": 3, "metrics": 3}',
    ],
    ids=lambda text: repr(text[:20]),
)
@pytest.mark.parametrize("reader", FILE_READERS, ids=named)
def test_garbage_is_refused(reader: BenchmarkReader, text: str) -> None:
    """Empty, broken, odd and hostile texts are one error."""
    refused(reader, text)


def cuts(text: str) -> Iterator[str]:
    """Yield a text that breaks off in the middle of a line, at many places."""
    for share in range(2, 100, 7):
        place = len(text) * share // 100
        if text[place - 1] not in "\r\n" and text[place] not in "\r\n":
            yield text[:place]


@pytest.mark.parametrize("name", REAL)
def test_a_file_that_breaks_off_is_refused(name: str) -> None:
    """A measurement that was cut short is none, wherever the cut is."""
    pieces = list(cuts(text_of(name)))
    assert pieces
    for piece in pieces:
        refused(reader_named(REAL[name]), piece)


NOT_FINITE = [
    ("pytest-benchmark/run1.json", '"median": ', ","),
    ("hyperfine/hyperfine.json", '"times": [\n        ', ","),
    ("go/three_processes.txt", "4213", ""),
    ("google-benchmark/google_benchmark.json", '"real_time": ', ","),
    ("jmh/jmh.json", '"rawData" : [\n                [\n                    ', ","),
    ("k6/points.json", "5.785446", ""),
    ("k6/summary_export.json", '"p(95)": ', ","),
    ("vegeta/encode.json", '"latency":', ","),
    ("vegeta/report.json", '"95th":', ","),
    ("pgbench/summary.txt", "tps = ", " "),
    ("csv/values.csv", "search p95,", ","),
    ("wedgate/measurements.json", '"values": [', ","),
]


@pytest.mark.parametrize(
    "odd", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "null", '"fast"', "true"], ids=lambda odd: odd[:9]
)
@pytest.mark.parametrize(("name", "before", "after"), NOT_FINITE, ids=lambda value: str(value)[:30])
def test_a_value_that_is_no_number_is_refused(name: str, before: str, after: str, odd: str) -> None:
    """Not a number is no measurement, and never left out of the sample."""
    text = text_of(name)
    begin = text.index(before) + (len(before) if after else 0)
    end = text.index(after, begin) if after else begin + len(before)
    refused(reader_named(REAL[name]), text[:begin] + odd + text[end:])


@pytest.mark.parametrize("reader", FILE_READERS, ids=named)
def test_an_unreadable_file_is_named_with_its_path(reader: BenchmarkReader, tmp_path: Path) -> None:
    """The registry adds the path: `file:line: what; what to do`."""
    path = tmp_path / "results"
    path.write_text("garbage\n")
    with pytest.raises(ConfigurationError) as caught:
        read_build(path, reader.TOOL.name)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    assert problem.remedy


@pytest.mark.parametrize("reader", [each for each in readers() if isinstance(each, DirectoryReader)], ids=named)
def test_a_directory_is_known_by_what_is_in_it(reader: DirectoryReader, tmp_path: Path) -> None:
    """Its own, and no other."""
    assert reader.holds(FILES / reader.TOOL.name)
    assert not reader.holds(FILES / "locust")
    assert not reader.holds(tmp_path)


ODD = ("null", "true", "[]", "{}", '""', '"\\u0000"', "-1", "1e999", "NaN", "[[]]", '{"a": 1}', '"text"', "0")


def spoiled(text: str, chance: random.Random) -> str:
    """Return a text with something at one place taken out, doubled, or made into something else."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    kind = chance.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[chance.randrange(len(lines))])
    elif kind == 2:
        numbers = list(re.finditer(r"-?\d+(?:\.\d+)?", lines[at]))
        if numbers:
            found = chance.choice(numbers)
            lines[at] = lines[at][: found.start()] + chance.choice(ODD) + lines[at][found.end() :]
    elif kind == 3:
        values = list(re.finditer(r'(?<=: )("[^"]*"|[\[{])', lines[at])) or list(re.finditer(r'"[^"]*"', lines[at]))
        if values:
            found = chance.choice(values)
            lines[at] = lines[at][: found.start()] + chance.choice(ODD) + lines[at][found.end() :]
    else:
        place = chance.randrange(len(lines[at]))
        lines[at] = lines[at][:place] + chr(chance.randrange(1, 0x250)) + lines[at][place + 1 :]
    return "".join(lines)


@pytest.mark.parametrize("name", ALL)
def test_a_spoiled_file_is_read_or_refused_and_nothing_else(name: str) -> None:
    """Whatever happens to a file: finite values that wedgate's own report can say, or the one error."""
    chance = random.Random(name)  # noqa: S311
    texts = [spoiled(text_of(name), chance) for _ in range(SPOILED)]
    reports = [read_or_refuse(reader_named(ALL[name]), text) for text in texts]
    for report in filter(None, reports):
        assert parse_measurements(json.loads(json.dumps(plain_measurements(report)))) == report


def read_or_refuse(reader: BenchmarkReader, text: str) -> Measurements | None:
    """Return a report, or ``None`` where the reader refuses; any other exception fails the test."""
    try:
        return read(reader, text)
    except UnreadableError:
        return None
