"""Evidence without traffic: counters that grow as a script says, in proportion to the weights of a simulated target.

The script says what a digest does: ``{"rate": 50, "digests": {"sha256:bad": {"errors": 0.2, "latency-ms": 80}}}``.
``rate`` is in requests per second for the whole region; a digest that is not listed has no errors and takes 20 ms.
Counters are whole numbers without noise: the same script gives the same judgement each time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from wedgate.adapters._simulated.files import replace_file
from wedgate.adapters.targets.interface import Target
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Bucket, ColourSample, Reading
from wedgate.rollout.values import Colour


class SimulatedMetrics:
    """Evidence for one region. Set ``broken`` to a text to make every reading fail with it.

    With ``path`` the counters live in that file, as a proxy's outlive the process that reads them.
    """

    def __init__(self, target: Target, script: Mapping[str, Any], *, path: Path | None = None) -> None:
        self._target = target
        self._script = script
        self._path = path
        self._since: datetime | None = None
        self._last: datetime | None = None
        self._counts = {colour: _Counts() for colour in Colour}
        self.broken: str | None = None

    def read(self, at: datetime) -> Reading:
        """Let traffic flow at the present weights since the last reading, and return the counters."""
        if self.broken is not None:
            raise ExternalSystemError(f"{self._target.region}: evidence: {self.broken}")
        everything = self._load()
        elapsed = timedelta(0) if self._last is None else at - self._last
        weights = self._target.weights().weights
        for colour in Colour:
            share = float(self._script.get("rate", 50)) * weights.of(colour) / 100
            behaviour = self._script.get("digests", {}).get(self._target.digest(colour), {})
            self._counts[colour].add(share * elapsed.total_seconds(), behaviour)
        self._since, self._last = self._since or at, at
        self._save(everything)
        return Reading(
            at=at,
            since=self._since,
            colours={colour.value: counts.sample() for colour, counts in self._counts.items()},
        )

    def _load(self) -> dict[str, Any]:
        """Take the counters out of the file, and return all that it holds."""
        if self._path is None or not self._path.exists():
            return {}
        try:
            everything: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            mine = everything.get(self._target.region)
            if mine is not None:
                self._since, self._last = (datetime.fromisoformat(mine[name]) for name in ("since", "last"))
                self._counts = {colour: _Counts(mine["counts"][colour.value]) for colour in Colour}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ExternalSystemError(f"{self._path}: the simulated counters cannot be read: {error}") from error
        return everything

    def _save(self, everything: dict[str, Any]) -> None:
        """Put the counters back beside those of other regions."""
        if self._path is None or self._since is None or self._last is None:
            return
        counts = {colour.value: counts.plain() for colour, counts in self._counts.items()}
        mine = {"since": self._since.isoformat(), "last": self._last.isoformat(), "counts": counts}
        try:
            replace_file(self._path, json.dumps({**everything, self._target.region: mine}))
        except OSError as error:
            raise ExternalSystemError(f"{self._path}: {error.strerror or error}") from error


class _Counts:
    """The counters of one colour."""

    def __init__(self, plain: Mapping[str, Any] | None = None) -> None:
        known = plain or {"requests": 0, "errors": 0, "latency": {}}
        self._requests = float(known["requests"])
        self._errors = float(known["errors"])
        self._latency = {float(lower): float(count) for lower, count in known["latency"].items()}

    def plain(self) -> dict[str, Any]:
        """Return the counters as data."""
        return {"requests": self._requests, "errors": self._errors, "latency": self._latency}

    def add(self, requests: float, behaviour: Mapping[str, Any]) -> None:
        """Let ``requests`` pass."""
        self._requests += requests
        self._errors += requests * float(behaviour.get("errors", 0))
        latency = float(behaviour.get("latency-ms", 20))
        # A spread of one fifth either way, so that a quantile has something to rank.
        for factor, part in ((0.8, 0.25), (1.0, 0.5), (1.2, 0.25)):
            lower = round(latency * factor)
            self._latency[lower] = self._latency.get(lower, 0.0) + requests * part

    def sample(self) -> ColourSample:
        """Return the counters as whole numbers."""
        # Rounded up: rounded down bucket by bucket, a few good answers would seem to have no latency.
        buckets = tuple(
            Bucket(lower_ms=lower, upper_ms=lower + 1, count=math.ceil(count))
            for lower, count in sorted(self._latency.items())
        )
        return ColourSample(requests=int(self._requests), errors=int(self._errors), timeouts=0, latency=buckets)
