"""The virtual world: a clock, regions with their balancers, calendars, versions, and what is true of them.

It knows nothing of the engine but how a ledger is folded. What the engine may see of it goes through
``wedgate.simulation.process``.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from wedgate.adapters.stores.memory import MemorySpool, MemoryStore
from wedgate.adapters.targets.interface import Capacity
from wedgate.engine.known import Known
from wedgate.judge.values import Bucket, ColourSample, Reading
from wedgate.rollout.values import Colour, Fence, Release, Weights
from wedgate.simulation.faults import Fault
from wedgate.simulation.judging import Judging

MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
OLD = Release(commit="0" * 40, digest="sha256:old")
NEW = Release(commit="1" * 40, digest="sha256:new")
STRANGE = "sha256:strange"
COLOURS = tuple(Colour)


@dataclass(slots=True)
class Region:
    """One region: its two colours, the weights in force, and the counters of its proxy.

    ``since`` and ``counted_at`` say from when its counters count.
    """

    name: str
    since: datetime
    counted_at: datetime
    digests: dict[Colour, str | None] = field(default_factory=lambda: {Colour.BLUE: OLD.digest, Colour.GREEN: None})
    weights: Weights = field(default_factory=lambda: Weights.giving(Colour.BLUE, 100))
    fence: Fence | None = None
    coming: tuple[datetime, Weights, Fence] | None = None
    """Weights that a late balancer will take: from when on."""
    closed: list[tuple[datetime, datetime]] = field(default_factory=list)
    frozen_until: datetime | None = None
    """When the last freeze of it ends; ``None`` once it was thawed."""
    silent_until: datetime | None = None
    """No reading of evidence before then."""
    stuck_until: datetime | None = None
    """No switch of traffic before then."""
    capacity: dict[Colour, Capacity] = field(default_factory=dict)
    """Instances of the colours that say how many they have."""
    scales_at: datetime | None = None
    """When all of them are ready, where somebody asked for that."""
    requests: dict[Colour, float] = field(default_factory=lambda: dict.fromkeys(COLOURS, 0.0))
    errors: dict[Colour, float] = field(default_factory=lambda: dict.fromkeys(COLOURS, 0.0))

    @property
    def candidate(self) -> int:
        """Percent of traffic that is not on blue, where the old version runs."""
        return self.weights.green

    def shut(self, at: datetime) -> datetime | None:
        """Return when a closed region opens; ``None`` for one that is open."""
        until: datetime | None = None
        if not self.closed:
            return None
        for start, end in sorted(self.closed):
            if start <= (until or at) < end:
                until = end
        return until

    def closes(self, at: datetime) -> datetime | None:
        """Return when the region next closes, ``at`` itself if it is closed."""
        if not self.closed:
            return None
        if self.shut(at) is not None:
            return at
        return min((start for start, _ in self.closed if start > at), default=None)


class World:
    """Everything there is. ``point`` counts what the engine has done to it; ``watch`` is told of each switch."""

    def __init__(
        self,
        rng: random.Random,
        names: tuple[str, ...],
        *,
        rate: float = 200,
        start: datetime = MONDAY,
        judging: Judging | None = None,
    ) -> None:
        self.rng = rng
        self.judging = judging or Judging()
        self.rate = rate
        """Requests per second in a region."""
        self.now = start
        self.regions = {name: Region(name=name, since=start, counted_at=start) for name in names}
        self.store = MemoryStore()
        self.spool = MemorySpool()
        self.known = Known()
        """What was made of the ledger so far: every process of this world reads it through the same memory."""
        self.point = 0
        self.due = 0
        """The first point at which anything is to happen; before it nobody needs to look."""
        self.waiting: list[Fault] = []
        self._said: list[tuple[int, datetime, str]] = []
        self.bad_from: datetime | None = None
        self.bad_digest = NEW.digest
        self.bad_share = 0.3
        self.granted_until: datetime | None = None
        self.next_switch: str | None = None
        self.next_write: str | None = None
        self.next_deploy_fails = False
        self.returns_late = 0
        """The epoch of a process that is overtaken, and is about to return the traffic that it gave a candidate."""
        self.switched: list[Callable[[Region, Weights], None]] = []

    def say(self, what: str) -> None:
        """Add a line to the trace."""
        self._said.append((self.point, self.now, what))

    def forget(self) -> None:
        """Begin the trace anew."""
        self._said.clear()

    @property
    def trace(self) -> list[str]:
        """What happened, line by line."""
        return [f"{point:4d} {at:%d %H:%M:%S} {what}" for point, at, what in self._said]

    def advance(self, duration: timedelta) -> None:
        """Let time pass: late balancers catch up on the way. Traffic is counted when somebody looks."""
        end = self.now + duration
        for region in self.regions.values():
            if region.coming is not None and region.coming[0] <= end:
                self._flow(region, max(region.coming[0], region.counted_at))
                self.apply(region, *region.coming[1:])
            if region.scales_at is not None and region.scales_at <= end:
                region.scales_at = None
                region.capacity = {colour: replace(each, ready=each.wanted) for colour, each in region.capacity.items()}
                self.say(f"{region.name}: every instance is ready")
        self.now = end

    def settle(self) -> None:
        """Count the traffic until now: what follows changes what becomes of requests."""
        for region in self.regions.values():
            self._flow(region, self.now)

    def apply(self, region: Region, weights: Weights, fence: Fence) -> None:
        """Put weights in force."""
        before = region.weights
        self._flow(region, self.now)
        region.weights, region.fence, region.coming = weights, fence, None
        self.say(f"{region.name}: blue {weights.blue} / green {weights.green} by {fence}")
        for each in self.switched:
            each(region, before)

    def read(self, region: Region) -> Reading:
        """Return the counters of a region's proxy."""
        self._flow(region, self.now)
        return Reading(
            at=self.now,
            since=region.since,
            colours={str(colour): _sample(region.requests[colour], region.errors[colour]) for colour in COLOURS},
        )

    def reset(self, region: Region) -> None:
        """Let the source of evidence restart: its counters begin anew."""
        region.since = region.counted_at = self.now
        region.requests, region.errors = dict.fromkeys(COLOURS, 0.0), dict.fromkeys(COLOURS, 0.0)

    def _flow(self, region: Region, until: datetime) -> None:
        elapsed = (until - region.counted_at).total_seconds()
        if elapsed <= 0:
            return
        is_bad = self.bad_from is not None and until > self.bad_from
        for colour in COLOURS:
            requests = self.rate * elapsed * region.weights.of(colour) / 100
            region.requests[colour] += requests
            if is_bad and region.digests[colour] == self.bad_digest:
                region.errors[colour] += requests * self.bad_share
        region.counted_at = until


@functools.lru_cache(maxsize=10_000)
def _sample(requests: float, errors: float) -> ColourSample:
    """Return what a proxy has counted of one colour; one without traffic has counted what it had."""
    bucket = Bucket(lower_ms=20, upper_ms=21, count=int(requests))
    return ColourSample(requests=int(requests), errors=int(errors), timeouts=0, latency=(bucket,))
