"""Evidence from Prometheus: counters and histograms of both colours, as they were last scraped.

The samples themselves are read and not values at an instant, because a value at an instant hides what matters: an old
value stands in for one that was not scraped, and a series that has vanished looks like one that never was.

- The instant of a reading is the time of the scrape, by Prometheus' own clock. The clock here has no part in it.
- All series are read as of the same instant: the last at which all of them had been scraped. One that lags behind the
  others holds the reading back, and is named when it does so for more than two scrapes.
- A counter that went down, a gap of more than two scrapes, or a Prometheus that lost its past between two readings
  begins the reading anew (``since``): a restart may hide in what nobody scraped, so nothing is made of that stretch.
- What is missing is an error. Only a colour whose counter of timeouts is there may have no requests yet.

Limitations: a counter that begins anew and passes its old value between two scrapes is not seen. Requests above the
last finite bucket are known to be slow and no more. A native histogram whose resolution changes spoils that slice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from wedgate.adapters._prometheus.client import PrometheusClient, Series
from wedgate.adapters._prometheus.settings import UNITS, WHOLE_MS, SeriesSettings
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import UNBOUNDED_MS, Bucket, ColourSample, Reading, Used

OLDEST = timedelta(minutes=2)
"""How old the last scrape may be."""

MISSED = 2.5
"""Scrape intervals without a sample from which on something is missing: two, and what scrapes wander."""

TICKS_SECONDS = 0.02
"""What CPU seconds of a process are off by: its own and the kernel's for it are each rounded down to ticks of 10 ms."""

UNKNOWN_START = datetime.fromtimestamp(0, UTC)
"""The start of counters of which nothing but growth was seen."""

_NAMED = 4
"""Series that an error names at most."""


class PrometheusMetrics:
    """Evidence for one region."""

    def __init__(self, client: PrometheusClient, settings: SeriesSettings, *, region: str) -> None:
        self._client = client
        self._settings = settings
        self._region = region
        self._since = UNKNOWN_START
        self._last: float | None = None

    def read(self, at: datetime) -> Reading:
        """Read the last scrape; its own instant counts, and ``at`` does not. ``ExternalSystemError`` if anything that
        belongs to it is missing, is there twice, or is no count."""
        now = self._client.now()
        found = self._client.samples(self._settings.selector, window=self._settings.window, at=now)
        # By the name of the histogram itself only a native one is wanted; a summary has its quantiles there.
        found = [series for series in found if series.name != self._settings.latency or series.buckets]
        began = [
            _begun_anew(series, is_count=series.name != self._settings.cpu)
            for series in found
            if series.name != self._settings.memory
        ]
        restarted = max((start for start, was_reset in began if was_reset), default=0.0)
        # What ended before a restart is gone with it: its counts are zero, and are not what vanished.
        alive = [series for series in found if series.samples[-1][0] >= restarted]
        if not alive:
            raise self._wrong(f"nothing is scraped of {self._settings.selector}; are the names and labels right?")
        instant = self._common_instant(alive, now)
        for series in alive:
            self._refuse_nonsense(series, instant)
        since = max((start for start, _ in began if start <= instant), default=0.0)
        # All of it began after the last reading: Prometheus lost its past, and what was between nobody saw.
        first = min(series.samples[0][0] for series in alive)
        if self._last is not None and first > self._last:
            since = max(since, first)
        self._last = instant
        self._since = max(self._since, datetime.fromtimestamp(since, UTC))
        colours = {colour: self._sample(colour, alive, instant) for colour in self._settings.colours}
        return Reading(at=datetime.fromtimestamp(instant, UTC), since=self._since, colours=colours)

    def _common_instant(self, alive: Sequence[Series], now: float) -> float:
        """Return the last instant at which everything had been scraped."""
        newest = max(series.samples[-1][0] for series in alive)
        slowest = max(_interval(series) for series in alive)
        lost = [series for series in alive if newest - series.samples[-1][0] > MISSED * slowest]
        if lost and slowest:
            raise self._wrong(
                f"{_listed(lost)} vanished {newest - lost[0].samples[-1][0]:.0f} s ago, while others were scraped"
            )
        oldest = min(alive, key=lambda series: series.samples[-1][0])
        instant = oldest.samples[-1][0]
        if now - instant > OLDEST.total_seconds():
            raise self._wrong(f"nothing was scraped for {now - instant:.0f} s: {oldest} is that old")
        return instant

    def _sample(self, colour: str, alive: Sequence[Series], instant: float) -> ColourSample:
        names = self._settings
        value, expected = names.colours[colour], names.instances[colour]
        mine = [series for series in alive if series.labels.get(names.colour_label) == value]
        requests = [series for series in mine if series.name == names.requests]
        timeouts = [series for series in mine if series.name == names.timeouts]
        native = [series for series in mine if series.name == names.latency]
        buckets = [series for series in mine if series.name == f"{names.latency}_bucket"]
        present = timeouts if names.timeouts else requests
        if not present:
            wanted = f'{names.timeouts or names.requests}{{{names.colour_label}="{value}"}}'
            raise self._wrong(f"{colour} has no series {wanted}; no series is not zero requests")
        self._expect_instances(colour, requests, (names.code_label,), at_least=0 if names.timeouts else expected)
        self._expect_instances(colour, timeouts, (), at_least=expected if names.timeouts else 0)
        self._expect_instances(colour, buckets, ("le",), at_least=0)
        self._expect_instances(colour, native, (), at_least=0)
        if any(names.code_label not in series.labels for series in requests):
            raise self._wrong(f"{_listed(requests)} has no label {names.code_label}; without it errors are not known")
        for code in dict.fromkeys(series.labels[names.code_label] for series in requests):
            if names.is_error(code) is None:
                raise self._wrong(
                    f'whether {names.code_label}="{code}" is an error is not known; name it under '
                    "judge.evidence.metrics, in `errors` or in `successes`"
                )
        late = _total(timeouts, instant)
        failed = _total([each for each in requests if names.is_error(each.labels[names.code_label])], instant)
        answered = _total(requests, instant)
        # The native one is finer, and has the same requests as the classic one beside it.
        latency = self._native(colour, native, instant) if native else self._buckets(colour, buckets, instant)
        errors = max(failed, late)
        if names.latency and not latency and answered > errors:
            raise self._wrong(f"{colour} has requests and no {names.latency}_bucket; is it a histogram?")
        timed = len(_instances(native, ())) if native else len(_instances(buckets, ("le",)))
        if names.latency and (silent := self._with_good_answers(requests, instant) - timed) > 0:
            what = "has" if silent == 1 else "have"
            raise self._wrong(
                f"{silent} of {colour}'s processes {what} good answers and no {names.latency}_bucket, "
                "and may be the slowest; is each of them scraped whole?"
            )
        used = self._used(colour, mine, {_moment(series, instant) for series in requests}, instant)
        refused = _total([each for each in requests if names.is_refusal(each.labels[names.code_label])], instant)
        return ColourSample(
            requests=max(answered, errors),
            errors=errors,
            timeouts=late,
            latency=latency,
            used=used,
            refused=refused,
        )

    def _with_good_answers(self, requests: Sequence[Series], instant: float) -> int:
        """Return how many processes have answered something that is no error."""
        names = self._settings
        good = [each for each in requests if not names.is_error(each.labels[names.code_label])]
        return sum(_total(group, instant) > 0 for group in _instances(good, (names.code_label,)).values())

    def _used(self, colour: str, mine: Sequence[Series], moments: set[float | None], instant: float) -> Used | None:
        """Return what the processes of a colour used; ``moments`` are when its requests were scraped."""
        names = self._settings
        cpu = [series for series in mine if names.cpu and series.name == names.cpu]
        memory = [series for series in mine if names.memory and series.name == names.memory]
        for name, series in ((names.cpu, cpu), (names.memory, memory)):
            if name and not series:
                raise self._wrong(f'{colour} has no series {name}{{{names.colour_label}="{names.colours[colour]}"}}')
            self._expect_instances(colour, series, (), at_least=names.instances[colour] if name else 0)
        if not cpu and not memory:
            return None
        # Scraped apart from the requests, what it used up to the instant is known from both sides only.
        apart = sum(
            _after(each, instant) - _value(each, instant) for each in cpu if _moment(each, instant) not in moments
        )
        return Used(
            cpu_seconds=math.fsum(_value(each, instant) for each in cpu) if cpu else None,
            cpu_off=len(cpu) * TICKS_SECONDS + apart,
            memory_bytes=math.fsum(_value(each, instant) for each in memory) if memory else None,
        )

    def _native(self, colour: str, series: Sequence[Series], instant: float) -> tuple[Bucket, ...]:
        """Return the buckets of native histograms of all instances together."""
        names = self._settings
        total: dict[tuple[float, float], int] = {}
        for each in series:
            place = sum(at <= instant for at, _ in each.samples) - 1
            for lower, upper, count in each.buckets[place] if place >= 0 else ():
                if not _is_count(count):
                    raise self._wrong(f"{each} has {count} in a bucket, which is no count")
                if upper <= 0 < count:
                    raise self._wrong(f"{each} holds latencies below zero")
                low, up = self._bounds(lower, upper)
                if low >= up:
                    raise self._wrong(
                        f"{each} has latencies between {lower:g} and {upper:g}, which are no {names.unit}"
                    )
                total[low, up] = total.get((low, up), 0) + int(count)
        found = tuple(Bucket(lower_ms=low, upper_ms=up, count=total[low, up]) for low, up in sorted(total))
        if any(first.upper_ms > second.lower_ms for first, second in pairwise(found)):
            raise self._wrong(f"the native histograms of {colour} have different resolutions: {_listed(series)}")
        return found

    def _expect_instances(
        self, colour: str, series: Sequence[Series], apart: tuple[str, ...], *, at_least: int
    ) -> None:
        """Refuse more or fewer series than were expected, by the labels that tell them apart."""
        found = _instances(series, apart)
        expected = self._settings.instances[colour]
        if at_least <= len(found) <= expected:
            return
        examples = _listed([group[0] for group in found.values()])
        raise self._wrong(
            f"{colour} has {len(found)} series of {series[0].name} where {expected} "
            f"{'was' if expected == 1 else 'were'} expected: {examples}; narrow them with match:, or say instances:"
        )

    def _buckets(self, colour: str, series: Sequence[Series], instant: float) -> tuple[Bucket, ...]:
        """Return the buckets of all instances together."""
        total: dict[tuple[float, float], int] = {}
        edges: set[tuple[float, ...]] = set()
        for group in _instances(series, ("le",)).values():
            below = sorted((self._edge(each), int(_value(each, instant))) for each in group)
            edges.add(tuple(edge for edge, _ in below))
            counts = [count for _, count in below]
            if below[-1][0] != math.inf or counts != sorted(counts):
                raise self._wrong(f"the buckets of {group[0]} and its like do not add up to the last, +Inf")
            bounds = 0.0, 0.0
            for (lower, before), (upper, count) in pairwise([(-math.inf, 0), *below]):
                low, up = self._bounds(lower, upper)
                # Edges within one whole millisecond are one edge: what lies between them lies below it.
                bounds = (low, up) if low < up else bounds
                total[bounds] = total.get(bounds, 0) + count - before
        if len(edges) > 1:
            raise self._wrong(f"the instances of {colour} have different latency buckets")
        if total.pop((0.0, 0.0), 0):
            raise self._wrong(f"{_listed(series)} hold latencies below zero")
        return tuple(Bucket(lower_ms=low, upper_ms=up, count=total[low, up]) for low, up in sorted(total))

    def _edge(self, series: Series) -> float:
        try:
            return float(series.labels["le"])
        except (KeyError, ValueError):
            raise self._wrong(f"{series} has no number as its le") from None

    def _bounds(self, lower: float, upper: float) -> tuple[float, float]:
        """Return what a bucket from above ``lower`` up to ``upper`` says of a latency in milliseconds."""
        found = []
        for edge in (lower, upper):
            in_ms = edge * UNITS[self._settings.unit]
            if self._settings.unit == WHOLE_MS and math.isfinite(edge):
                # Rounded down, and at most 5: anything that took less than 6 ms.
                in_ms = math.floor(in_ms) + 1.0
            found.append(min(max(round(in_ms, 6) if math.isfinite(in_ms) else in_ms, 0.0), UNBOUNDED_MS))
        return found[0], found[1]

    def _refuse_nonsense(self, series: Series, instant: float) -> None:
        value = _value(series, instant)
        if series.name in (self._settings.cpu, self._settings.memory):
            if not 0 <= value < math.inf:
                raise self._wrong(f"{series} is {value}, which is no amount")
        elif not _is_count(value):
            raise self._wrong(f"{series} is {value}, which is no count")

    def _wrong(self, what: str) -> ExternalSystemError:
        return ExternalSystemError(f"{self._region}: Prometheus at {self._client.url}: {what}")


def _begun_anew(series: Series, *, is_count: bool) -> tuple[float, bool]:
    """Return since when a series only grew without a gap, 0 if it always did, and whether it went down before."""
    longest = MISSED * _interval(series)
    start, was_reset = 0.0, False
    for (before, old), (after, new) in pairwise(series.samples):
        if new < old:
            start, was_reset = after, True
        elif after - before > longest or not 0 <= old < math.inf or (is_count and not float(old).is_integer()):
            start, was_reset = after, False
    return start, was_reset


def _is_count(value: float) -> bool:
    return value >= 0 and float(value).is_integer()


def _interval(series: Series) -> float:
    """Return how often a series is scraped, in seconds; 0 where one sample does not tell."""
    between = [after - before for (before, _), (after, _) in pairwise(series.samples)]
    return median(between) if between else 0.0


def _value(series: Series, instant: float) -> float:
    """Return the value as of an instant; what came later had nothing then."""
    return next((value for at, value in reversed(series.samples) if at <= instant), 0.0)


def _moment(series: Series, instant: float) -> float | None:
    """Return when the value as of an instant was scraped."""
    return next((at for at, _ in reversed(series.samples) if at <= instant), None)


def _after(series: Series, instant: float) -> float:
    """Return the first value that is not from before an instant, or the last there is."""
    return next((value for at, value in series.samples if at >= instant), series.samples[-1][1])


def _total(series: Iterable[Series], instant: float) -> int:
    return sum(int(_value(each, instant)) for each in series)


def _instances(series: Sequence[Series], apart: tuple[str, ...]) -> dict[tuple[tuple[str, str], ...], list[Series]]:
    """Return the series by their labels, those of ``apart`` aside."""
    found: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for each in series:
        key = tuple(sorted((name, value) for name, value in each.labels.items() if name not in apart))
        found.setdefault(key, []).append(each)
    return found


def _listed(series: Sequence[Series]) -> str:
    more = f" and {len(series) - _NAMED} more" if len(series) > _NAMED else ""
    return f"{', '.join(map(str, series[:_NAMED]))}{more}"
