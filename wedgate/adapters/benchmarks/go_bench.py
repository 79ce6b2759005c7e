"""Go's benchmark text, as ``go test -bench`` prints it (golang.org/design/14313-benchmark-format).

``-count`` repeats a benchmark in one process: the lines below one header are one value, their median. Run ``go test``
as often as you want values, and append its output to one file; each run writes its header anew.
"""

from __future__ import annotations

import re
from math import isfinite
from statistics import median

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="go", looks_like="text with lines such as BenchmarkName-8  1000  1234 ns/op")
_LINE = re.compile(r"^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+(.+)$")
_HEADER = re.compile(r"^(goos|goarch|pkg|cpu): (.*)$")
_UNITS = {"ns/op": ("ns", False), "B/op": ("B", False), "allocs/op": ("allocs", False), "MB/s": ("MB/s", True)}
"""What Go's own units are, and whether more is better. Of others nobody says which way is good: they are left out."""
_BROKEN = re.compile(r"^(--- FAIL: \S+|FAIL\b|panic: .*)")


def knows(head: str) -> bool:
    """By a line of a benchmark."""
    return any(_LINE.match(line) and "/op" in line for line in head.splitlines())


def read(text: str) -> Measurements:
    """Return a value for each process and metric. ``UnreadableError`` where one failed: the rest is no whole."""
    if not text.endswith("\n"):
        raise UnreadableError("its last line breaks off", "give all that `go test` printed", len(text.splitlines()))
    found: dict[tuple[str, str], list[list[float]]] = {}
    environment: dict[str, str] = {}
    process = -1
    began = False
    left_out: dict[str, str] = {}
    package = ""
    for place, line in enumerate(text.splitlines(), 1):
        header, benchmark, broken = _HEADER.match(line), _LINE.match(line), _BROKEN.match(line)
        if broken is not None:
            raise UnreadableError(f"go test says: {broken[1]}"[:120], "mend it and measure again", place)
        if header is not None:
            process += not began
            began = True
            environment |= {"cpu": header[2]} if header[1] == "cpu" else {}
            package = header[2] if header[1] == "pkg" else package
        elif benchmark is not None:
            process = max(process, 0)
            began = False
            for value, unit in _measured(benchmark[2], place):
                name = f"{package}.{benchmark[1]}" if package else benchmark[1]
                if unit not in _UNITS:
                    left_out[f"{name} {unit}"] = "nobody says which way it is good"
                else:
                    runs = found.setdefault((name, unit), [])
                    runs.extend([] for _ in range(process + 1 - len(runs)))
                    runs[process].append(value)
    if not found:
        raise UnreadableError("it has no benchmark", "give what `go test -bench` printed")
    metrics = tuple(
        Metric(
            name=f"{name} {unit}",
            unit=_UNITS[unit][0],
            direction=Direction.HIGHER_IS_BETTER if _UNITS[unit][1] else Direction.LOWER_IS_BETTER,
            values=tuple(median(run) for run in runs if run),
        )
        for (name, unit), runs in found.items()
    )
    return Measurements(metrics=metrics, tool=TOOL.name, environment=environment, left_out=left_out)


def _measured(rest: str, line: int) -> list[tuple[float, str]]:
    words = rest.split()
    try:
        found = [(float(value), unit) for value, unit in zip(words[::2], words[1::2], strict=True)]
    except ValueError:
        raise UnreadableError("a benchmark's line breaks off", "give all that `go test` printed", line) from None
    for value, unit in found:
        if not isfinite(value):
            raise UnreadableError(f"{unit} is {value}", "measure it again", line)
    return found
