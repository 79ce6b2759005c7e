"""What the judge is given and what it answers, as values.

The unit of live evidence is the slice: both colours over the same stretch of time. Latencies are whole
milliseconds in histogram buckets, because that is what proxies publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from wedgate.making import quick


class Outcome(StrEnum):
    """A judgement. Only ``pass`` advances a rollout; only ``fail`` rolls it back by itself."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    MARGINAL = "marginal"
    FAIL = "fail"
    NOT_ENOUGH_DATA = "not_enough_data"
    ERROR = "error"


BASELINE = "baseline"
"""What instances of stable's version that are as old as the candidate are called, beside the colours."""

UNBOUNDED_MS = 1e12
"""The upper bound of a bucket that has none: requests that took longer than the last bound of a histogram."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """``count`` requests that took at least ``lower_ms`` and less than ``upper_ms`` milliseconds."""

    lower_ms: float
    upper_ms: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What all processes of one colour used together: CPU seconds, which are off by ``cpu_off`` at most, and resident
    bytes. ``None`` where the source does not say."""

    cpu_seconds: float | None = None
    cpu_off: float = 0.0
    memory_bytes: float | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ColourSample:
    """What one colour did during one slice. ``timeouts`` are requests without an answer; they are part of
    ``requests`` and of ``errors`` but not of ``latency``. ``used`` is ``None`` where the source does not say.
    ``refused`` are answers of 4xx that count as no errors, as far as the source says."""

    requests: int
    errors: int
    timeouts: int
    latency: tuple[Bucket, ...]
    used: Used | None = None
    refused: int = 0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Both colours over the same stretch ``[start, end)``: one paired observation.

    ``trouble`` is set when the stretch cannot be used (counter reset, proxy restart, unit change, parse failure,
    nothing read for long): the text says what happened. Where it has samples all the same, their failures count, and
    nothing else of them.
    """

    start: datetime
    end: datetime
    stable: ColourSample
    candidate: ColourSample
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLimits:
    """Errors: the candidate's ratio may exceed stable's by ``worse_by`` (a fraction), and may never exceed
    ``never_above`` (a fraction); below ``requests`` candidate requests there is no answer."""

    worse_by: Decimal = Decimal("0.005")
    never_above: Decimal = Decimal("0.02")
    requests: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyLimits:
    """Latency: ``quantile`` (0.95) of the candidate may exceed stable's by ``worse_by`` (a fraction) over paired
    slices; below ``slices`` usable slices there is no pass. Where ``never_above_ms`` is set it may never exceed it."""

    quantile: Decimal = Decimal("0.95")
    worse_by: Decimal = Decimal("0.10")
    slices: int = 20
    never_above_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLimits:
    """CPU or memory: what the candidate uses may exceed what stable would use for the same requests by ``worse_by``.

    ``fixed`` is the share of what a process of stable uses that it would use without requests; ``None`` where nobody
    knows, and then everything from nothing to all of it is reckoned with.
    """

    worse_by: Decimal = Decimal("0.20")
    fixed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings:
    """How to judge. ``false_alarms`` is the level per rollout: all metrics, regions and looks together.

    ``noise_lasts`` is how long noise lasts that the colours do not share: slices are joined to that length, and twice
    as much is left out between two of them. Nothing where it is shorter than a slice. ``cpu`` and ``memory`` are judged
    where they are set.
    """

    slice_length: timedelta = timedelta(seconds=30)
    noise_lasts: timedelta = timedelta(0)
    errors: ErrorLimits = ErrorLimits()
    latency: LatencyLimits = LatencyLimits()
    cpu: UsageLimits | None = None
    memory: UsageLimits | None = None
    false_alarms: Decimal = Decimal("0.01")

    def level_of_step(self, *, regions: int, steps: int) -> Decimal:
        """Return the false-alarm budget of one step: the rollout's, shared out over its regions and their steps."""
        return self.false_alarms / (max(1, regions) * max(1, steps))


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class MetricJudgement:
    """One metric: outcome, the rule that decided in words, and the numbers it used (name, text) in order."""

    metric: str
    outcome: Outcome
    rule: str
    numbers: tuple[tuple[str, str], ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on a step: the worst of its metrics, with the slices counted and used."""

    outcome: Outcome
    metrics: tuple[MetricJudgement, ...]
    slices: int
    usable: int
    text: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Cumulative counters of both colours (``"blue"``, ``"green"``) since their source started, as of ``at``; beside
    them those of ``BASELINE``, where the candidate is compared with instances of stable's version of its own age."""

    at: datetime
    since: datetime
    colours: Mapping[str, ColourSample]
