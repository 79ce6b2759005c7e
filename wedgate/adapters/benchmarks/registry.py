"""Which reader a file is for, and the files of one build as one report."""

from __future__ import annotations

import gzip
import importlib
import io
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TextIO, cast

from wedgate.adapters.benchmarks.interface import (
    BenchmarkReader,
    DirectoryReader,
    FileReader,
    StreamReader,
    UnreadableError,
)
from wedgate.errors import ConfigurationError, Problem
from wedgate.judge.measurements import Measurements, Metric, together

MODULES = (
    "wedgate_report",
    "pytest_benchmark",
    "hyperfine",
    "go_bench",
    "google_benchmark",
    "jmh",
    "criterion",
    "k6",
    "k6_summary",
    "vegeta",
    "vegeta_report",
    "locust",
    "locust_history",
    "pgbench",
    "pgbench_log",
    "hdr_percentiles",
    "hdr_log",
    "custom_undeclared",
    "custom_smaller",
    "custom_bigger",
    "csv_values",
)
HEAD = 64 * 1024
LARGEST = 64 * 1024 * 1024
"""Letters of the largest file that is read whole."""
LONGEST_LINE = 16 * 1024 * 1024


def readers() -> tuple[BenchmarkReader, ...]:
    """Return every reader."""
    return tuple(importlib.import_module(f"wedgate.adapters.benchmarks.{name}") for name in MODULES)


def reader_named(tool: str) -> BenchmarkReader:
    """Return the reader of a tool; ``UnreadableError`` where there is none."""
    found = next((each for each in readers() if each.TOOL.name == tool), None)
    if found is None:
        raise UnreadableError(f"wedgate reads nothing of {tool!r}", f"name one of {', '.join(tool_names())}")
    return found


def tool_names() -> tuple[str, ...]:
    """Return what ``--from`` takes."""
    return tuple(each.TOOL.name for each in readers())


def reader_of(head: str) -> BenchmarkReader:
    """Return the reader that knows a file by its first letters; ``UnreadableError`` where none does."""
    found = next((each for each in readers() if each.knows(head)), None)
    if found is None:
        what = "it is empty" if not head.strip() else "it is of no tool that wedgate reads"
        raise UnreadableError(what, f"give a file of {', '.join(tool_names())}, or say which it is: --from")
    return found


def read_build(path: Path, tool: str | None = None) -> Measurements:
    """Return what a file says, or all files of a directory together, each of processes of its own.

    ``tool`` is the one that wrote them, found out if it is not given. ``ConfigurationError`` names the file that cannot
    be read, with the line where that is known.
    """
    return read_builds((path,), tool)


def read_builds(paths: Sequence[Path], tool: str | None = None) -> Measurements:
    """Return several files and directories of one build together."""
    reports = [report for path in paths for report in _reports(path, tool)]
    try:
        return together(reports)
    except ValueError as error:
        raise _wrong(paths[0], str(error), "keep the files of one build in a directory of their own") from error


def read_file(path: Path, tool: str | None = None) -> Measurements:
    """Return what one file says."""
    return _read_run((path,), tool)


def _reports(path: Path, tool: str | None) -> list[Measurements]:
    if not path.is_dir():
        return [read_file(path, tool)]
    for reader in readers():
        if isinstance(reader, DirectoryReader) and tool in (None, reader.TOOL.name) and reader.holds(path):
            try:
                return [_checked(reader.read_directory(path))]
            except UnreadableError as error:
                raise _wrong(path, error.what, error.remedy) from error
    files = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
    if not files:
        raise _wrong(path, "the directory has no files", "name one with the files of a build")
    return [_read_run(run, tool) for run in _runs(files)]


def _runs(files: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the files of each run: what a tool writes beside the file that is read belongs to that one's run."""
    known = {each.name for each in files}
    runs: dict[str, list[Path]] = {}
    for file in files:
        main, joined = _main_of(file.name, known)
        run = runs.setdefault(main, [])
        if main == file.name:
            run.insert(0, file)
        elif joined:
            run.append(file)
    return [tuple(run) for run in runs.values()]


def _main_of(name: str, known: set[str]) -> tuple[str, bool]:
    for reader in readers():
        companions = reader.TOOL.companions
        found = re.fullmatch(companions.name, name) if companions is not None else None
        if companions is not None and found is not None and found.expand(companions.main) in known:
            return found.expand(companions.main), companions.joined
    return name, False


def _read_run(files: Sequence[Path], tool: str | None) -> Measurements:
    first = files[0]
    try:
        with _opened(first) as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            reader = reader_of(head) if tool is None else reader_named(tool)
            return read_with(reader, stream, _lines_of(files[1:]))
    except UnreadableError as error:
        raise _wrong(first, error.what, error.remedy, error.line) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _wrong(first, "it is compressed, and breaks off or is damaged", "write it anew") from error
    except OSError as error:
        raise _wrong(first, f"it cannot be read: {error.strerror}", "name a file of a benchmark tool") from error


def read_with(reader: BenchmarkReader, stream: TextIO, more: Iterable[str] = ()) -> Measurements:
    """Return what a reader makes of a text; ``more`` are lines that go on where it ends."""
    if isinstance(reader, StreamReader):
        return _checked(reader.read_lines(_chained(_lines(stream), more)))
    assert isinstance(reader, FileReader)
    text = stream.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise UnreadableError(f"it is larger than {LARGEST >> 20} MiB", "let the tool write a file for each process")
    if not text.strip():
        raise UnreadableError("it is empty", f"write it anew with {reader.TOOL.name}")
    return _checked(reader.read(text))


def _chained(lines: Iterator[str], more: Iterable[str]) -> Iterator[str]:
    yield from lines
    yield from more


def _lines(stream: TextIO) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise UnreadableError(f"a line is longer than {LONGEST_LINE >> 20} MiB", "leave bodies out", number)
        yield line


def _lines_of(files: Sequence[Path]) -> Iterator[str]:
    for file in files:
        with _opened(file) as stream:
            yield from _lines(stream)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Open a file as text: packed by gzip or not, in UTF-8 or in the UTF-16 of PowerShell. A pipe is kept first."""
    with ExitStack() as stack:
        source: IO[bytes] = sys.stdin.buffer if str(path) == "-" else stack.enter_context(path.open("rb"))
        if not source.seekable():
            kept = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(source, kept)
            source = kept
        begin = source.seek(0) or source.read(2)
        source.seek(0)
        if begin == b"\x1f\x8b":
            source = stack.enter_context(cast(IO[bytes], gzip.GzipFile(fileobj=source)))
        encoding = "utf-16" if begin in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = io.TextIOWrapper(source, encoding=encoding, errors="replace")
        stack.callback(text.detach)
        yield text


def _checked(report: Measurements) -> Measurements:
    """Return a report whose metrics each have a name, once, and a unit, with every text on one line."""
    metrics: dict[str, Metric] = {}
    for metric in report.metrics:
        name, unit = _line(metric.name), _line(metric.unit)
        if not name or not unit:
            lacks = "a name" if not name else "a unit"
            raise UnreadableError(f"the metric {name!r} lacks {lacks}", "name each metric, with its unit")
        if name in metrics:
            raise UnreadableError(f"{name!r} stands there twice", "give each benchmark a name of its own")
        metrics[name] = replace(metric, name=name, unit=unit)
    left_out = {_line(name): _line(why) for name, why in report.left_out.items()}
    if not metrics:
        words = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:3])
        what = f"no metric of it can be judged ({words})" if words else "it has no benchmark"
        raise UnreadableError(what, "let the tool measure something of which wedgate knows which way is good")
    environment = {_line(name): _line(value) for name, value in report.environment.items() if _line(value)}
    tool = _line(report.tool or "") or None
    return replace(report, metrics=tuple(metrics.values()), left_out=left_out, environment=environment, tool=tool)


def _line(text: str) -> str:
    """Return a text as one line: blanks, line ends and control characters are single blanks."""
    return " ".join("".join(letter if ord(letter) >= 32 else " " for letter in text).split())


def _wrong(path: Path, what: str, remedy: str, line: int = 0) -> ConfigurationError:
    return ConfigurationError((Problem(file=str(path), line=line, column=min(line, 1), what=what, remedy=remedy),))
