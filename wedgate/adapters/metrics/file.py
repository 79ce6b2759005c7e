"""Evidence from a JSON file that something else keeps up to date: for load balancers that wedgate does not know.

The file holds the counters of both colours since their source started, as documented in docs/reference/judge.md:

    {"schema_version": 1, "at": "2027-06-07T10:00:00Z", "since": "2027-06-01T00:00:00Z",
     "colours": {"blue": {"requests": 9, "errors": 0, "timeouts": 0,
                          "latency": [{"lower_ms": 7, "upper_ms": 8, "count": 9}]},
                 "green": {...}}}

``baseline`` is the name of a third one there, of the candidate's age, where it is asked for.

Its own ``at`` is used, not the moment of reading: a file that nobody writes any more yields slices without length,
which count as missing data. Replace the file by a rename, so that it is never read half written.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from wedgate.adapters._evidence.plain import parse_reading
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Reading


class FileMetrics:
    """Evidence for one region from one file."""

    def __init__(self, path: Path, *, baseline: str | None = None) -> None:
        self._path = path
        self._baseline = baseline

    def read(self, at: datetime) -> Reading:
        """Read the file; ``ExternalSystemError`` when it cannot be read whole or says something else."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ExternalSystemError(f"cannot read the evidence file {self._path}: {error}") from error
        return parse_reading(text, at=at, what=f"the evidence file {self._path}", baseline=self._baseline)
