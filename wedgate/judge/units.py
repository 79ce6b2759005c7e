"""Units of measurements: which are turned into one another, and which way their metrics are good."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wedgate.judge.reading import Direction

UNITS: Mapping[str, tuple[str, float]] = {
    "s": ("s", 1.0),
    "ms": ("s", 1e-3),
    "us": ("s", 1e-6),
    "ns": ("s", 1e-9),
    "B": ("B", 1.0),
    "KiB": ("B", 1024.0),
    "MiB": ("B", 1024.0**2),
    "1/s": ("1/s", 1.0),
    "1/ms": ("1/s", 1e3),
    "1/us": ("1/s", 1e6),
}
"""Units that are turned into one another: into which one, and how much of it each is. Others are only equal or not."""

_TIMES = frozenset(["s", "sec", "second", "seconds", "ms", "us", "µs", "μs", "ns", "min", "h"])
_SIZE = re.compile(r"[kKMGT]i?B|B|bytes?|[kKMGT]?bits?")
_WORK = re.compile(
    "1|ops?|operations|reqs?|requests?|queries|query|transactions?|txs?|iterations?|calls?|jobs?|tasks?|items?|rows?"
    "|records?|messages?|msgs?",
    re.IGNORECASE,
)
_RATES = frozenset(["rps", "qps", "tps", "iops", "kbps", "mbps", "gbps"])
"""Rates of a second by a name of their own, in small letters."""


def direction_of(unit: str) -> Direction | None:
    """Return which way a metric of a unit is good; ``None`` where the unit does not say it.

    Less of a time or a size is better, also for each operation (``ns/op``); more work or data in a time is
    (``1/s``, ``MB/s``). Of what is neither nobody says it: ``errors/s`` is a rate, too.
    """
    counted, parted, each = unit.strip().partition("/")
    is_work = _WORK.fullmatch(counted) or (parted and not counted)
    if unit.strip().casefold() in _RATES or (each in _TIMES and (is_work or _SIZE.fullmatch(counted))):
        return Direction.HIGHER_IS_BETTER
    is_cost = counted in _TIMES or _SIZE.fullmatch(counted)
    if is_cost and (not parted or _WORK.fullmatch(each)):
        return Direction.LOWER_IS_BETTER
    return None


def factor_between(unit: str, other: str) -> float | None:
    """Return how much of ``other`` one ``unit`` is; ``None`` where the two are not comparable."""
    if unit == other:
        return 1.0
    into, size = UNITS.get(unit, (unit, 1.0))
    same, other_size = UNITS.get(other, (other, 1.0))
    return size / other_size if into == same else None
