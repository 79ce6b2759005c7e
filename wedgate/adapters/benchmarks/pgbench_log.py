"""pgbench: the log of each transaction, ``-l`` (PostgreSQL's documentation, "Per-Transaction Logging").

All transactions of a run rise and fall together, so a run is one value for each metric. With ``-j`` each thread writes
a file of its own (``pgbench_log.PID``, ``pgbench_log.PID.1``): in a directory they are one run, as they should be.

The log does not tell how long a run should have been. So the transactions a second, from the first to the last of them,
have their number beside them: with ``-T`` a run that hangs at its end has fewer, with ``-t`` it takes longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from wedgate.adapters.benchmarks.interface import Companions, Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import instant_of
from wedgate.adapters.benchmarks.requests import NO_LENGTH, Requests, Span, count_of, rate_of
from wedgate.judge.measurements import Measurements, Metric

TOOL = Tool(
    name="pgbench-log",
    looks_like="lines of client, transaction, microseconds, script, second, microsecond",
    companions=Companions(name=r"(.+\.\d+)\.\d+", main=r"\1", joined=True),
)
_FAILURES = ("failed", "skipped", "serialization", "deadlock")
_LINE = re.compile(rf"^\d+ \d+ (\d{{1,18}}|{'|'.join(_FAILURES)}) (\d+) (\d{{9,11}}) (\d{{1,6}})(?: -?\d+)*$")
_AGGREGATED = re.compile(r"^\d{9,11} \d+ \d+ \d+ \d+ \d+(?: \d+)*$")


def knows(head: str) -> bool:
    """By its first line."""
    first = head.partition("\n")[0].rstrip()
    return _LINE.match(first) is not None or _AGGREGATED.match(first) is not None


def read_lines(lines: Iterable[str]) -> Measurements:
    """Return the metrics of one run, for each of its scripts."""
    scripts: dict[str, Requests] = {}
    began: dict[str, datetime | None] = {}
    span = Span()
    for place, line in enumerate(lines, 1):
        found = _LINE.match(line.rstrip("\r\n"))
        if found is None and _AGGREGATED.match(line.rstrip("\r\n")):
            raise UnreadableError("it is of intervals", "log each transaction, without --aggregate-interval", place)
        if found is None or not line.endswith("\n"):
            raise UnreadableError("a line breaks off, or is no transaction", "let pgbench come to its end", place)
        name = "latency" if found[2] == "0" else f"script {found[2]} latency"
        failed = found[1] in _FAILURES
        scripts.setdefault(name, Requests()).add(0.0 if failed else float(found[1]), failed=failed)
        ended = instant_of(int(found[3]) + int(found[4]) / 1e6)
        began.setdefault(name, ended)
        span.add(ended, before=0.0 if failed else float(found[1]) / 1e6)
    metrics: list[Metric] = []
    for name, requests in scripts.items():
        metrics.extend(requests.metrics(name, "us", began[name]))
    done, first = sum(each.good for each in scripts.values()), next(iter(began.values()), None)
    rate = rate_of("tps", done, span.seconds, first)
    metrics.extend((*rate, count_of("transactions", done, first)) if scripts else ())
    return Measurements(metrics=tuple(metrics), tool=TOOL.name, left_out={} if rate else {"tps": NO_LENGTH})
