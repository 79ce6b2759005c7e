"""k6: the lines of ``--out json=FILE`` (its documentation, "JSON" under "Results output"), gzip-packed or not.

All requests of a run rise and fall together, so a run is one value for each metric: quantiles of what its trends
measured, and how many requests were answered a second. The file is read as a stream; a gigabyte of it is some three
million lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.k6_metrics import (
    CLOCK,
    LONGEST_WITHOUT_CLOCK,
    MOST_ENDPOINTS,
    RATES,
    REQUESTS,
    THROUGHPUTS,
    TOO_MANY,
    WITH_FAILED,
    endpoints_of,
    has_failed,
    is_left_out,
    took,
    untold,
)
from wedgate.adapters.benchmarks.plain_json import from_zero, instant, part
from wedgate.adapters.benchmarks.requests import NO_LENGTH, RATIO, Requests, Span, count_of, rate_of
from wedgate.judge.measurements import Measurements, Metric

TOOL = Tool(name="k6", looks_like='lines of JSON with "type": "Metric" or "Point"')
_POINT = re.compile(r'\{"metric":"([^"\\]+)","type":"Point",')
"""How k6 begins a point. Most are of metrics that are not judged, and reading them would take most of the time."""
_MENDED = "let k6 write it to the end: --out json=FILE"


def knows(head: str) -> bool:
    """By its first line."""
    first = head.lstrip().partition("\n")[0]
    return first.startswith("{") and '"metric":' in first and ('"type":"Metric"' in first or '"type":"Point"' in first)


def read_lines(lines: Iterable[str]) -> Measurements:
    """Return the metrics of one run."""
    run = _Run()
    for place, line in enumerate(lines, 1):
        if not run.passes_over(line) and line.strip():
            run.take(_object(line, place), place)
    return run.measurements()


def _object(line: str, place: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableError("a line is no JSON, or breaks off", _MENDED, place) from None
    if not isinstance(found, dict) or not isinstance(found.get("metric"), str):
        raise UnreadableError("a line is of no metric", _MENDED, place)
    return found


class _Run:
    """What was measured up to now."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[str, str]] = {}
        self._unjudged: set[str] = set()
        self._trends: dict[str, Requests] = {}
        self._rates: dict[str, list[float]] = {}
        self._endpoints: dict[str, set[str]] = {"name": set(), "group": set()}
        self._began: datetime | None = None
        self._answered: dict[str, float] = {}
        self._span = Span()
        self._has_clock = False
        self._last: tuple[object, datetime | None] = (None, None)

    def passes_over(self, line: str) -> bool:
        """Whether a line is a whole point of a metric that is not judged."""
        found = _POINT.match(line)
        return found is not None and found[1] in self._unjudged and line.endswith("}}\n")

    def take(self, line: dict[str, Any], place: int) -> None:
        """Count one line."""
        name, data = line["metric"], part(line, "data")
        if line.get("type") == "Metric":
            kind = self._kinds[name] = (str(data.get("type")), str(data.get("contains")))
            if is_left_out(name, *kind) and name != CLOCK:
                self._unjudged.add(name)
            return
        if line.get("type") != "Point":
            raise UnreadableError("a line is neither Metric nor Point", _MENDED, place)
        if name not in self._kinds:
            raise UnreadableError(f"{name!r} has a point, and was not declared before", _MENDED, place)
        if self._began is None:
            self._began = instant(data.get("time"))
        self._point(name, data, place)

    def _point(self, name: str, data: dict[str, Any], place: int) -> None:
        if name in self._unjudged:
            return
        at, tags = self._instant(data.get("time")), part(data, "tags")
        if name == CLOCK:
            self._has_clock = True
            # They begin before setup(), which is none of what is measured.
            self._span.until(at)
            return
        try:
            value = from_zero(data.get("value"), name)
        except UnreadableError as error:
            raise UnreadableError(error.what, error.remedy, place) from None
        self._span.add(at, before=took(name, value))
        if name in THROUGHPUTS:
            self._answered[name] = self._answered.get(name, 0.0) + (0.0 if has_failed(name, tags) else value)
            return
        self._count(name, value, tags, is_rate=name in RATES)
        for tag, text in endpoints_of(name, tags):
            known = self._endpoints[tag]
            if len(known) <= MOST_ENDPOINTS:
                known.add(text)
                self._count(f"{name}{{{tag}:{text}}}", value, tags, is_rate=name in RATES)

    def _instant(self, text: object) -> datetime | None:
        """Return the instant of a point; those of one request have the same."""
        if text != self._last[0]:
            self._last = text, instant(text)
        return self._last[1]

    def _count(self, name: str, value: float, tags: dict[str, Any], *, is_rate: bool) -> None:
        if is_rate:
            rate = self._rates.setdefault(name, [0.0, 0.0])
            rate[0] += value
            rate[1] += 1
        else:
            self._trends.setdefault(name, Requests()).add(value, failed=has_failed(name, tags))

    def measurements(self) -> Measurements:
        """Return what they come to."""
        times = () if self._began is None else (self._began,)
        left_out = {name: untold(name) for name, kind in self._kinds.items() if is_left_out(name, *kind)}
        left_out |= self._dropped()
        metrics: list[Metric] = []
        for name, requests in self._trends.items():
            with_failed = name.partition("{")[0] in WITH_FAILED
            metrics.extend(requests.metrics(name, "ms", self._began, with_failed=with_failed))
        metrics.extend(
            Metric(
                name=name, unit=RATIO, direction=RATES[name.partition("{")[0]], values=(part_of / whole,), times=times
            )
            for name, (part_of, whole) in self._rates.items()
        )
        metrics.extend(self._throughput())
        if self._span.seconds <= 0.0:
            left_out |= dict.fromkeys(self._answered, NO_LENGTH)
        return Measurements(metrics=tuple(metrics), tool=TOOL.name, left_out=left_out)

    def _throughput(self) -> Iterator[Metric]:
        seconds = self._span.seconds
        # Where each iteration makes a request, iterations say the same, and a metric more makes the others less sure.
        most = self._answered.get(REQUESTS, 0.0)
        named = {name: each for name, each in self._answered.items() if name == REQUESTS or each > most}
        for name, answered in named.items():
            yield from rate_of(name, answered, seconds, self._began)
            if not self._has_clock and seconds > LONGEST_WITHOUT_CLOCK:
                yield count_of(f"{name} count", answered, self._began)

    def _dropped(self) -> dict[str, str]:
        """Drop what is told apart by too many names or groups; return what is left out by it, and why."""
        found = {}
        for tag, known in self._endpoints.items():
            if len(known) > MOST_ENDPOINTS:
                for counted in (self._trends, self._rates):
                    for name in [each for each in counted if f"{{{tag}:" in each]:
                        del counted[name]
                found[f"{{{tag}:...}}"] = TOO_MANY
        return found
