"""HdrHistogram's percentile distribution as text (``outputPercentileDistribution``, wrk2 ``--latency``, ``.hgrm``).

A row says how many values are not above it, and the next row may be far away: where a quantile lies between two rows it
is known to be above the one and not above the other. So each value has ``bounds``. The file says no unit; a histogram
of another thing than a cost is not what this reader is for.
"""

from __future__ import annotations

import math
import re

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="hdr-percentiles", looks_like="text with Value, Percentile, TotalCount and 1/(1-Percentile)")
QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
UNTOLD = {"throughput": "a histogram does not tell how long the run was, nor what of it failed"}
_HEADING = re.compile(r"^ *Value +Percentile +TotalCount +1/\(1-Percentile\)\r?$", re.MULTILINE)
_ROW = re.compile(r"\s*(\d+(?:\.\d+)?)\s+([01](?:\.\d+)?)\s+(\d+)(?:\s+(?:\d+(?:\.\d+)?|inf|Infinity))?\s*")
_FOOT = re.compile(r"#\[Max\s*=\s*(\d+(?:\.\d+)?),\s*Total ?[cC]ount\s*=\s*(\d+)(?:\.0+)?\]")
_MENDED = "write it anew; a distribution ends with its maximum and its total count"


def knows(head: str) -> bool:
    """By its heading."""
    return _HEADING.search(head) is not None


def read(text: str) -> Measurements:
    """Return the quantiles of one process."""
    headings = list(_HEADING.finditer(text))
    if len(headings) != 1:
        raise UnreadableError(f"it holds {len(headings)} distributions", "give a file of one process")
    first = text.count("\n", 0, headings[0].end()) + 2
    rows: list[tuple[float, int]] = []
    for place, line in enumerate(text[headings[0].end() :].splitlines()[1:], first):
        if not line.strip():
            continue
        if line.startswith("#["):
            break
        found = _ROW.fullmatch(line)
        if found is None:
            raise UnreadableError("a line is no row of a distribution", _MENDED, place)
        value, count = float(found[1]), int(found[3])
        if rows and (value < rows[-1][0] or count < rows[-1][1]):
            raise UnreadableError("a row is below the one before it", _MENDED, place)
        rows.append((value, count))
    foot = _FOOT.search(text, headings[0].end())
    if foot is None or not rows or int(foot[2]) != rows[-1][1] or not rows[-1][1]:
        raise UnreadableError("its rows do not come to its total count", _MENDED)
    return Measurements(
        metrics=tuple(_metric(rows, share, label) for share, label in QUANTILES), tool=TOOL.name, left_out=UNTOLD
    )


def _metric(rows: list[tuple[float, int]], share: float, label: str) -> Metric:
    rank = max(1, math.ceil(share * rows[-1][1]))
    place = next(place for place, (_, count) in enumerate(rows) if count >= rank)
    upper = rows[place][0]
    lower = next((value for value, count in reversed(rows[:place]) if count < rank), 0.0)
    return Metric(
        name=f"latency {label}",
        unit="1",
        direction=Direction.LOWER_IS_BETTER,
        values=(upper,),
        bounds=((lower, upper),),
    )
