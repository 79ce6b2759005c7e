"""Go's benchmark text, as ``go test -bench`` prints it (golang.org/design/14313-benchmark-format).

``-count`` repeats a benchmark in one process: the lines below one header are one value, their median. Run ``go test``
as often as you want values, and append its output to one file; each run writes its header anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import median

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="go", looks_like="text with lines such as BenchmarkName-8  1000  1234 ns/op")
_LINE = re.compile(r"^(Benchmark\S+)\s+\d+\s+(.+)$")
_END = re.compile(r"-\d+$")
_HEADER = re.compile(r"^(goos|goarch|pkg|cpu): (.*)$")
_UNITS = {"ns/op": ("ns", False), "B/op": ("B", False), "allocs/op": ("allocs", False), "MB/s": ("MB/s", True)}
"""What Go's own units are, and whether more is better. Of others nobody says which way is good: they are left out."""
_BROKEN = re.compile(r"^(--- FAIL: \S+|FAIL\b|panic: .*|fatal error: .*|signal: .*|exit status \d+)")


def knows(head: str) -> bool:
    """By a line of a benchmark."""
    return any(_LINE.match(line) and "/op" in line for line in head.splitlines())


def read(text: str) -> Measurements:
    """Return a value for each process and metric. ``UnreadableError`` where one failed: the rest is no whole."""
    if not text.endswith("\n"):
        raise UnreadableError("its last line breaks off", "give all that `go test` printed", len(text.splitlines()))
    output = _Output()
    for place, line in enumerate(text.splitlines(), 1):
        output.take(line, place)
    return output.measurements()


class _Output:
    """What was printed up to now: each number with its process and package."""

    def __init__(self) -> None:
        self._numbers: list[tuple[int, str, str, float]] = []
        self._names: set[str] = set()
        self._process = -1
        self._in_header = False
        self._package = ""
        self._environment: dict[str, str] = {}

    def take(self, line: str, place: int) -> None:
        """Take one line."""
        header, benchmark, broken = _HEADER.match(line), _LINE.match(line), _BROKEN.match(line)
        if broken is not None:
            raise UnreadableError(f"go test says: {broken[1]}"[:120], "mend it and measure again", place)
        if header is not None:
            self._process += not self._in_header
            self._in_header = True
            self._environment |= {"cpu": header[2]} if header[1] == "cpu" else {}
            self._package = header[2] if header[1] == "pkg" else self._package
        elif benchmark is not None:
            self._process = max(self._process, 0)
            self._in_header = False
            self._names.add(benchmark[1])
            name = f"{self._package}.{benchmark[1]}" if self._package else benchmark[1]
            self._numbers.extend((self._process, name, unit, value) for value, unit in _measured(benchmark[2], place))

    def measurements(self) -> Measurements:
        """Return the median of each process."""
        if not self._numbers:
            raise UnreadableError("it has no benchmark", "give what `go test -bench` printed")
        end = self._common_end()
        if end is not None:
            self._environment["cpus"] = end.removeprefix("-") or "1"
        found: dict[tuple[str, str], dict[int, list[float]]] = {}
        left_out: dict[str, str] = {}
        for process, full, unit, value in self._numbers:
            name = full.removesuffix(end or "")
            if unit in _UNITS:
                found.setdefault((name, unit), {}).setdefault(process, []).append(value)
            else:
                left_out[f"{name} {unit}"] = "nobody says which way it is good"
        metrics = tuple(_metric(name, unit, runs) for (name, unit), runs in found.items())
        return Measurements(metrics=metrics, tool=TOOL.name, environment=self._environment, left_out=left_out)

    def _common_end(self) -> str | None:
        """Return the ``-8`` that Go puts behind every name, empty where no name has one, ``None`` where they differ.

        With one processor Go puts nothing there, and with ``-cpu 1,2`` different numbers: then what ends in one is the
        name itself, and two sizes or counts of processors do not become one benchmark.
        """
        ends = {found[0] if (found := _END.search(name)) else "" for name in self._names}
        return ends.pop() if len(ends) == 1 else None


def _metric(name: str, unit: str, runs: Mapping[int, Sequence[float]]) -> Metric:
    known, more_is_better = _UNITS[unit]
    return Metric(
        name=f"{name} {unit}",
        unit=known,
        direction=Direction.HIGHER_IS_BETTER if more_is_better else Direction.LOWER_IS_BETTER,
        values=tuple(median(run) for run in runs.values()),
    )


def _measured(rest: str, line: int) -> list[tuple[float, str]]:
    words = rest.split()
    try:
        found = [(float(value), unit) for value, unit in zip(words[::2], words[1::2], strict=True)]
    except ValueError:
        raise UnreadableError("a benchmark's line breaks off", "give all that `go test` printed", line) from None
    for value, unit in found:
        if not isfinite(value) or (unit in _UNITS and value < 0):
            raise UnreadableError(f"{unit} is {value}", "measure it again", line)
    return found
