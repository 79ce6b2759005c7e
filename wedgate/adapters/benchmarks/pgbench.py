"""pgbench: what it prints at its end (PostgreSQL's documentation, "pgbench"). Append run to run for more values.

Transactions a second and failures are one number for a run. The latency is an average over all transactions, and left
out beside the former, which it follows. With ``--rate`` the transactions a second are what was asked for, and only the
latency could tell: it is ``aggregated`` and never judged. Let pgbench log each transaction, ``-l``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.requests import RATIO
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="pgbench", looks_like="text with transaction type, latency average and tps")
LOST = "pgbench's summary is an average over all transactions; let it log each of them: -l"
_BEGIN = re.compile(r"^transaction type: ")
_TPS = re.compile(
    r"^tps = (\d{1,15}(?:\.\d+)?) \((?:without initial connection time|including reconnection times|"
    r"(?:in|ex)cluding connections establishing)\)$"
)
"""Older versions print two: the last is without connecting."""
_LATENCY = re.compile(r"^latency average = (\d{1,15}(?:\.\d+)?) ms(?: \(including failures\))?$")
_DONE = re.compile(r"^number of transactions actually processed: (\d{1,18})(?:/(\d{1,18}))?$")
_FAILED = re.compile(r"^number of (?:failed transactions|transactions skipped): (\d{1,18}) \(")


@dataclass(slots=True)
class _Run:
    line: int
    tps: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    done: int = 0
    planned: int = 0
    failed: int = 0
    limited: bool = False


def knows(head: str) -> bool:
    """By its own words."""
    return re.search(r"^transaction type: ", head, re.MULTILINE) is not None and "scaling factor: " in head


def read(text: str) -> Measurements:
    """Return a value for each run."""
    runs: list[_Run] = []
    for place, line in enumerate(text.splitlines(), 1):
        if _BEGIN.match(line):
            runs.append(_Run(place))
        elif runs:
            _take(runs[-1], line)
    if not runs:
        raise UnreadableError("it has no run", "give what pgbench printed")
    for run in runs:
        if not (run.tps and run.latency):
            raise UnreadableError("a run breaks off before its tps", "let pgbench come to its end", run.line)
        if (missing := run.planned - run.done - run.failed) > 0:
            what = f"{missing} of {run.planned} transactions were never tried: clients were aborted"
            raise UnreadableError(what, "see what pgbench says on its standard error, and measure again", run.line)
    shares = tuple(run.failed / max(1, run.failed + run.done) for run in runs)
    failed = Metric(name="latency failed", unit=RATIO, direction=Direction.LOWER_IS_BETTER, values=shares)
    limited = any(run.limited for run in runs)
    return Measurements(
        metrics=(_latency(runs) if limited else _rate(runs), failed),
        tool=TOOL.name,
        left_out={"tps": "it is the rate that was asked for"} if limited else {"latency average": LOST},
    )


def _rate(runs: Sequence[_Run]) -> Metric:
    values = tuple(run.tps[-1] for run in runs)
    return Metric(name="tps", unit="1/s", direction=Direction.HIGHER_IS_BETTER, values=values)


def _latency(runs: Sequence[_Run]) -> Metric:
    values, lower = tuple(run.latency[0] for run in runs), Direction.LOWER_IS_BETTER
    return Metric(name="latency average", unit="ms", direction=lower, values=values, aggregated=LOST)


def _take(run: _Run, line: str) -> None:
    if line.startswith("pgbench: error: Run was aborted"):
        raise UnreadableError("pgbench says that the run was aborted", "measure again", run.line)
    if found := _TPS.match(line):
        run.tps.append(float(found[1]))
    elif found := _LATENCY.match(line):
        run.latency.append(float(found[1]))
    elif found := _DONE.match(line):
        run.done, run.planned = int(found[1]), int(found[2] or 0)
    elif found := _FAILED.match(line):
        run.failed += int(found[1])
    run.limited |= line.startswith("rate limit schedule lag")
