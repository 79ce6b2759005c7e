"""Readings one after the other, a line of JSON each: as a source gave them, to be looked at again.

A line has the form of the file source (``plain``), so that whoever writes that file can append it to another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from wedgate.adapters._evidence.plain import parse_reading
from wedgate.judge.values import ColourSample, Reading


def read_recording(lines: Iterable[str], *, at: datetime, what: str, baseline: str | None = None) -> Iterator[Reading]:
    """Return the reading of each line that is not empty; ``ExternalSystemError`` names the line that holds none."""
    for place, line in enumerate(lines, 1):
        if line.strip():
            yield parse_reading(line, at=at, what=f"{what}, line {place}", baseline=baseline)


def recorded(reading: Reading) -> str:
    """Return a reading as one line, without its end."""
    plain = {
        "schema_version": 1,
        "at": reading.at.isoformat(),
        "since": reading.since.isoformat(),
        "colours": {name: _plain_sample(sample) for name, sample in sorted(reading.colours.items())},
    }
    return json.dumps(plain, separators=(",", ":"))


def _plain_sample(sample: ColourSample) -> dict[str, Any]:
    latency = [
        {"lower_ms": bucket.lower_ms, "upper_ms": bucket.upper_ms, "count": bucket.count} for bucket in sample.latency
    ]
    plain: dict[str, Any] = {
        "requests": sample.requests,
        "errors": sample.errors,
        "timeouts": sample.timeouts,
        "latency": latency,
    } | ({"refused": sample.refused} if sample.refused else {})
    used = {"cpu_seconds": sample.used.cpu_seconds, "cpu_off": sample.used.cpu_off} if sample.used else {}
    used |= {"memory_bytes": sample.used.memory_bytes} if sample.used else {}
    return plain | ({"used": {key: value for key, value in used.items() if value is not None}} if used else {})
