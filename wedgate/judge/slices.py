"""Slices from readings: what both colours did between two looks at counters that only grow.

A slice that cannot be trusted is still a value: it carries its trouble in words, and the judge counts and drops it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean

from wedgate.judge.values import BASELINE, Bucket, ColourSample, Reading, Slice, Used

SINCE_TOLERANCE = timedelta(seconds=5)
"""How far the start of one and the same source may seem to move: sources answer late."""

SINCE_RESOLUTION = timedelta(seconds=1)
"""How much later than it was a start may seem to be: sources give whole seconds of uptime, rounded down."""

NOTHING = ColourSample(requests=0, errors=0, timeouts=0, latency=())


class TroubleError(ValueError):
    """Two readings from which no slice can be made; the text is the slice's ``trouble``."""


def slice_between(before: Reading, after: Reading, *, stable: str) -> Slice:
    """Return what both colours did from ``before`` to ``after``; ``stable`` is the colour that serves users. A baseline
    of the candidate's age stands in its place, where there is one.

    ``trouble`` is set, and the samples are empty, when the source restarted, a counter went down, buckets changed, a
    colour is missing, or no time passed.
    """
    start, end = min(before.at, after.at), max(before.at, after.at)
    try:
        _same_source(before, after)
        others = [colour for colour in after.colours if colour not in (stable, BASELINE)]
        if len(others) != 1 or before.colours.keys() != after.colours.keys() or stable not in after.colours:
            raise TroubleError(f"the readings are of {sorted(before.colours)} and {sorted(after.colours)}")
        samples = {colour: _difference(before, after, colour) for colour in after.colours}
    except TroubleError as trouble:
        return Slice(start=start, end=end, stable=NOTHING, candidate=NOTHING, trouble=str(trouble))
    return Slice(start=start, end=end, stable=samples.get(BASELINE, samples[stable]), candidate=samples[others[0]])


def merge_samples(samples: Sequence[ColourSample]) -> ColourSample:
    """Return the sum of several stretches of one colour."""
    counts: dict[tuple[float, float], int] = {}
    for sample in samples:
        for bucket in sample.latency:
            key = bucket.lower_ms, bucket.upper_ms
            counts[key] = counts.get(key, 0) + bucket.count
    return ColourSample(
        requests=sum(sample.requests for sample in samples),
        errors=sum(sample.errors for sample in samples),
        timeouts=sum(sample.timeouts for sample in samples),
        latency=tuple(Bucket(lower_ms=low, upper_ms=up, count=counts[low, up]) for low, up in sorted(counts)),
        used=_used_together([sample.used for sample in samples]),
        refused=sum(sample.refused for sample in samples),
    )


def _used_together(used: Sequence[Used | None]) -> Used | None:
    """Add up CPU seconds; memory is no sum over time, but its mean."""
    known = [each for each in used if each is not None]
    if not known or len(known) < len(used):
        return None
    cpu = [each.cpu_seconds for each in known if each.cpu_seconds is not None]
    memory = [each.memory_bytes for each in known if each.memory_bytes is not None]
    return Used(
        cpu_seconds=math.fsum(cpu) if len(cpu) == len(known) else None,
        # Neighbours share a reading: what is off at their common end is counted by neither.
        cpu_off=max(each.cpu_off for each in known),
        memory_bytes=fmean(memory) if len(memory) == len(known) else None,
    )


def _same_source(before: Reading, after: Reading) -> None:
    if after.at <= before.at:
        raise TroubleError(
            f"no time passed between the readings ({before.at.isoformat()} and {after.at.isoformat()}): "
            "the clock went back, or the source stands still"
        )
    moved = after.since - before.since
    if after.since > before.at + SINCE_RESOLUTION or moved > SINCE_TOLERANCE:
        raise TroubleError(f"the source restarted at about {after.since.isoformat()}")
    if moved < -SINCE_TOLERANCE:
        raise TroubleError("the source seems to have started earlier than before: the clock or the source changed")


def _difference(before: Reading, after: Reading, colour: str) -> ColourSample:
    old, new = before.colours[colour], after.colours[colour]
    requests, errors, timeouts = new.requests - old.requests, new.errors - old.errors, new.timeouts - old.timeouts
    if requests < 0 or errors < 0 or timeouts < 0:
        name = "requests" if requests < 0 else "errors" if errors < 0 else "timeouts"
        raise TroubleError(f"{colour}: {name} went down from {getattr(old, name)} to {getattr(new, name)}")
    return ColourSample(
        # A counter is read a moment after its neighbour: a failure may show before its request does.
        requests=max(requests, errors, timeouts),
        errors=max(errors, timeouts),
        timeouts=timeouts,
        latency=_bucket_difference(colour, old.latency, new.latency),
        used=_used_between(colour, old.used, new.used),
        # A source that is read by another wedgate from now on, or no longer, does not make a stretch unusable.
        refused=max(0, new.refused - old.refused),
    )


def _used_between(colour: str, old: Used | None, new: Used | None) -> Used | None:
    """Return what was used between two readings: the growth of CPU seconds, and the mean of two looks at memory."""
    if old is None or new is None:
        return None
    cpu = memory = None
    if old.cpu_seconds is not None and new.cpu_seconds is not None:
        cpu = new.cpu_seconds - old.cpu_seconds
        if cpu < 0:
            raise TroubleError(f"{colour}: its CPU seconds went down from {old.cpu_seconds:g} to {new.cpu_seconds:g}")
    if old.memory_bytes is not None and new.memory_bytes is not None:
        memory = (old.memory_bytes + new.memory_bytes) / 2
    return Used(cpu_seconds=cpu, cpu_off=max(old.cpu_off, new.cpu_off), memory_bytes=memory)


def _bucket_difference(colour: str, old: Sequence[Bucket], new: Sequence[Bucket]) -> tuple[Bucket, ...]:
    earlier = {bucket.lower_ms: bucket for bucket in old}
    found = []
    for bucket in sorted(new, key=lambda bucket: bucket.lower_ms) if len(new) > 1 else new:
        past = earlier.pop(bucket.lower_ms, None)
        if past is not None and past.upper_ms != bucket.upper_ms:
            raise TroubleError(f"{colour}: the latency buckets changed at {bucket.lower_ms:g} ms")
        count = bucket.count - (past.count if past else 0)
        if count < 0:
            raise TroubleError(f"{colour}: the latency bucket at {bucket.lower_ms:g} ms went down by {-count}")
        if count:
            found.append(Bucket(lower_ms=bucket.lower_ms, upper_ms=bucket.upper_ms, count=count))
    lost = [bucket for bucket in earlier.values() if bucket.count]
    if lost:
        raise TroubleError(f"{colour}: the latency bucket at {lost[0].lower_ms:g} ms is gone")
    return tuple(found)
