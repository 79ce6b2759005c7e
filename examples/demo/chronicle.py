"""What happened during the demo, gathered while it happens: said in the terminal, and kept for the report."""

from __future__ import annotations

import sys
import textwrap
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from load import Request
from parts import ShiftedClock

from wedgate.engine.progress import Progress
from wedgate.render.timeline import LatencyPoint, Moment, Shares
from wedgate.rollout.values import Weights

BIN = timedelta(seconds=1)
WIDTH = 110
PLACE = 14
LONG = 60
QUIET = frozenset({"draining"})
"""What only the report tells."""

FEWEST = 3
"""Requests that a second must have before its 95th percentile is drawn."""


class Teller:
    """Writes to the terminal and into the transcript."""

    def __init__(self, transcript: Path) -> None:
        transcript.parent.mkdir(parents=True, exist_ok=True)
        self._transcript: TextIO = transcript.open("w", encoding="utf-8")
        self._start = time.monotonic()

    def say(self, text: str = "") -> None:
        """Write lines."""
        for out in (sys.stdout, self._transcript):
            out.write(f"{text}\n")
            out.flush()

    def head(self, text: str) -> None:
        """Write a heading."""
        self.say(f"\n== {text} ==\n")

    def working(self, text: str, *, place: str = "") -> None:
        """Say what is being done (and where), with the seconds since the start."""
        start = f"{self.seconds:6.1f}s  " + (f"{place:<{PLACE}}" if place else "")
        later = " " * len(start)
        self.say(
            "\n".join(textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=later, break_on_hyphens=False))
        )

    def quote(self, text: str) -> None:
        """Write what somebody else said, indented."""
        for line in text.rstrip("\n").split("\n"):
            self.say(f"    {line}".rstrip())

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def close(self) -> None:
        """End the transcript."""
        self._transcript.close()


class Chronicle:
    """Listens to the engine and keeps who served what. All instants are kept as real ones."""

    def __init__(self, teller: Teller, clock: ShiftedClock, names: Mapping[str, str], regions: Iterable[str]) -> None:
        self._teller = teller
        self._clock = clock
        self._names = names
        self.moments: list[Moment] = []
        self.shares: list[Shares] = []
        self.peak: dict[tuple[str, str], int] = defaultdict(int)
        self._seats: dict[str, dict[str, str]] = {region: {} for region in regions}
        self._weights: dict[str, Weights] = {}
        self._said: list[str] = []

    def begin(self, running: str, at: datetime) -> None:
        """Take note of what runs before the first rollout: ``running`` on both colours, all traffic on blue."""
        for region, seats in self._seats.items():
            seats.update(blue=running, green=running)
            self._weights[region] = Weights(blue=100, green=0)
            self.shares.append(Shares(at=at, region=region, percent={running: 100}))

    def release(self, version: str) -> None:
        """Take note of what is rolled out from now on."""
        self._version = version

    def observe(self, progress: Progress) -> None:
        """Keep one thing that happened, and say it."""
        at = self._clock.real(progress.at)
        why = self.named(progress.why)
        if progress.region is not None and progress.what == "deploying":
            idle = "blue" if self._weights[progress.region].blue == 0 else "green"
            self._seats[progress.region][idle] = self._version
        if progress.region is not None and progress.weights is not None:
            self._weighed(at, progress.region, progress.weights)
            why = f"blue {progress.weights.blue} / green {progress.weights.green}: {why}"
        until = "" if progress.until is None else f" (until {progress.until:%a %H:%MZ})"
        text = f"{progress.what}{f': {why}' if why else ''}{until}"
        self.moments.append(Moment(at=at, region=progress.region, text=text))
        if progress.what not in QUIET:
            self._teller.working(self._shortened(text, why), place=progress.region or "all")

    def _shortened(self, text: str, why: str) -> str:
        """Leave out a long reason that was given already: it is the same for the region, the poison and the halt."""
        for reason in self._said:
            if text != reason:
                text = text.replace(reason, "as above")
        if len(why) >= LONG:
            self._said.append(why.partition("back to stable: ")[2] or why)
        return text

    def shortened(self, text: str) -> str:
        """Put versions in the place of digests, and leave out reasons that were given already."""
        return self._shortened(self.named(text), "")

    def named(self, text: str) -> str:
        """Put versions in the place of digests."""
        for digest, version in self._names.items():
            text = text.replace(digest, version)
        return text

    def _weighed(self, at: datetime, region: str, weights: Weights) -> None:
        self._weights[region] = weights
        percent: dict[str, int] = defaultdict(int)
        for colour, share in (("blue", weights.blue), ("green", weights.green)):
            percent[self._seats[region][colour]] += share
        for version, share in percent.items():
            self.peak[region, version] = max(self.peak[region, version], share)
        self.shares.append(Shares(at=at, region=region, percent=dict(percent)))


def latency_points(requests: Iterable[Request], names: Mapping[str, str], start: datetime) -> tuple[LatencyPoint, ...]:
    """Return the 95th percentile of each release in each region, second by second."""
    bins: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for request in requests:
        second = int((request.due - start.timestamp()) / BIN.total_seconds())
        bins[request.region, names.get(request.release, "unknown"), second].append(request.milliseconds)
    return tuple(
        LatencyPoint(at=start + BIN * second, region=region, release=release, p95_ms=p95(values), requests=len(values))
        for (region, release, second), values in sorted(bins.items())
        if len(values) >= FEWEST
    )


def p95(values: Iterable[float]) -> float:
    """Return the 95th percentile by the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def instant(unix: float) -> datetime:
    """Return an aware instant."""
    return datetime.fromtimestamp(unix, UTC)
