"""A reading as JSON: the form in which others hand evidence over, in a file or as the output of a command."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from wedgate.errors import ExternalSystemError
from wedgate.judge.values import BASELINE, Bucket, ColourSample, Reading, Used
from wedgate.rollout.values import Colour

_USED = ("cpu_seconds", "cpu_off", "memory_bytes")

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the writer's clock may be ahead of the reader's."""


def parse_reading(text: str | bytes, *, at: datetime, what: str, baseline: str | None = None) -> Reading:
    """Return the reading that ``text`` holds; ``ExternalSystemError``, which names ``what`` it is, when it holds none.

    ``at`` is the present instant: a reading from the future is refused. ``baseline`` is how the baseline of the
    candidate's age is called there, where one is asked for.
    """
    try:
        plain = json.loads(text)
        if plain["schema_version"] != 1:
            raise ValueError(f"schema_version is {plain['schema_version']!r}, expected 1")
        names = {colour.value: colour.value for colour in Colour} | ({BASELINE: baseline} if baseline else {})
        colours = {colour: _sample(plain["colours"][name]) for colour, name in names.items()}
        reading = Reading(at=_instant(plain["at"]), since=_instant(plain["since"]), colours=colours)
    except KeyError as error:
        raise ExternalSystemError(f"{what} lacks {error}") from error
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise ExternalSystemError(f"{what} cannot be used: {error}") from error
    if reading.at > at + CLOCKS_DIFFER:
        raise ExternalSystemError(
            f"{what} is from {reading.at.isoformat()}, which is later than now "
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
        used=_used(plain["used"]) if plain.get("used") is not None else None,
        refused=_count(plain.get("refused", 0)),
    )


def _used(plain: Any) -> Used:
    found: dict[str, float] = {}
    for key, value in plain.items():
        if key not in _USED:
            raise ValueError(f"unknown key {key!r} in used; it takes {', '.join(_USED)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise ValueError(f"expected a number from 0 as {key}, got {value!r}")
        found[key] = float(value)
    return Used(
        cpu_seconds=found.get("cpu_seconds"), cpu_off=found.get("cpu_off", 0.0), memory_bytes=found.get("memory_bytes")
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
