"""Which reader a file is for, and the files of one build as one report."""

from __future__ import annotations

import importlib
from pathlib import Path

from wedgate.adapters.benchmarks.interface import BenchmarkReader, UnreadableError
from wedgate.errors import ConfigurationError, Problem
from wedgate.judge.measurements import Measurements, together

MODULES = ("wedgate_report", "pytest_benchmark", "hyperfine", "go_bench", "csv_values")
HEAD = 64 * 1024
LARGEST = 64 * 1024 * 1024
"""Bytes of the largest file that is read whole."""


def readers() -> tuple[BenchmarkReader, ...]:
    """Return every reader."""
    return tuple(importlib.import_module(f"wedgate.adapters.benchmarks.{name}") for name in MODULES)


def read_build(path: Path, tool: str | None = None) -> Measurements:
    """Return what a file says, or all files of a directory together, each of processes of its own.

    ``tool`` is the one that wrote them, found out if it is not given. ``ConfigurationError`` names the file that cannot
    be read, with the line where that is known.
    """
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
        if not files:
            raise _wrong(path, "the directory is empty", "name one with the files of a build")
        reports = [(each, read_file(each, tool)) for each in files]
        try:
            return together([report for _, report in reports])
        except ValueError as error:
            raise _wrong(path, str(error), "keep the files of one build in a directory of their own") from error
    return read_file(path, tool)


def read_file(path: Path, tool: str | None = None) -> Measurements:
    """Return what one file says."""
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except OSError as error:
        raise _wrong(path, f"it cannot be read: {error.strerror}", "name a file of a benchmark tool") from error
    if content is None:
        raise _wrong(path, f"it is larger than {LARGEST >> 20} MiB", "let the tool write a summary of each process")
    text = content.decode("utf-8-sig", "replace")
    known = readers()
    found = next(
        (each for each in known if (each.TOOL.name == tool if tool is not None else each.knows(text[:HEAD]))), None
    )
    if found is None:
        names = ", ".join(each.TOOL.name for each in known)
        raise _wrong(path, "it is of no tool that wedgate reads", f"give a file of {names}, or say which it is: --from")
    try:
        return found.read(text)
    except UnreadableError as error:
        raise _wrong(path, error.what, error.remedy, error.line) from error


def _wrong(path: Path, what: str, remedy: str, line: int = 0) -> ConfigurationError:
    return ConfigurationError((Problem(file=str(path), line=line, column=0, what=what, remedy=remedy),))
