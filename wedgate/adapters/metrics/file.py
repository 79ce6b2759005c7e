"""Evidence from a JSON file that something else keeps up to date: for load balancers that wedgate does not know.

The file holds the counters of both colours since their source started, as documented in docs/reference/judge.md:

    {"schema_version": 1, "at": "2027-06-07T10:00:00Z", "since": "2027-06-01T00:00:00Z",
     "colours": {"blue": {"requests": 9, "errors": 0, "timeouts": 0,
                          "latency": [{"lower_ms": 7, "upper_ms": 8, "count": 9}]},
                 "green": {...}}}

Its own ``at`` is used, not the moment of reading: a file that nobody writes any more yields slices without length,
which count as missing data. Replace the file by a rename, so that it is never read half written.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Bucket, ColourSample, Reading
from wedgate.rollout.values import Colour

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the writer's clock may be ahead of the reader's."""


class FileMetrics:
    """Evidence for one region from one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, at: datetime) -> Reading:
        """Read the file; ``ExternalSystemError`` when it cannot be read whole or says something else."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ExternalSystemError(f"cannot read the evidence file {self._path}: {error}") from error
        try:
            plain = json.loads(text)
            if plain["schema_version"] != 1:
                raise ValueError(f"schema_version is {plain['schema_version']!r}, expected 1")
            colours = {colour.value: _sample(plain["colours"][colour.value]) for colour in Colour}
            reading = Reading(at=_instant(plain["at"]), since=_instant(plain["since"]), colours=colours)
        except KeyError as error:
            raise ExternalSystemError(f"the evidence file {self._path} lacks {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise ExternalSystemError(f"the evidence file {self._path} cannot be used: {error}") from error
        if reading.at > at + CLOCKS_DIFFER:
            raise ExternalSystemError(
                f"the evidence file {self._path} is from {reading.at.isoformat()}, which is later than now "
                f"({at.isoformat()}); one of the two clocks is wrong"
            )
        return reading


def _sample(plain: Any) -> ColourSample:
    buckets = [
        Bucket(lower_ms=float(entry["lower_ms"]), upper_ms=float(entry["upper_ms"]), count=_count(entry["count"]))
        for entry in plain["latency"]
    ]
    edges = [edge for bucket in buckets for edge in (bucket.lower_ms, bucket.upper_ms)]
    if edges != sorted(edges) or any(bucket.lower_ms >= bucket.upper_ms for bucket in buckets):
        raise ValueError("latency buckets must ascend without overlap")
    return ColourSample(
        requests=_count(plain["requests"]),
        errors=_count(plain["errors"]),
        timeouts=_count(plain["timeouts"]),
        latency=tuple(buckets),
    )


def _count(plain: Any) -> int:
    if isinstance(plain, bool) or not isinstance(plain, int) or plain < 0:
        raise ValueError(f"expected a count, got {plain!r}")
    return plain


def _instant(plain: Any) -> datetime:
    found = datetime.fromisoformat(plain)
    if found.tzinfo is None:
        raise ValueError(f"{plain!r} has no offset; write 2027-06-07T10:00:00Z")
    return found.astimezone(UTC)
