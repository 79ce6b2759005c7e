"""Units of measurements: which are turned into one another, and which way their metrics are good."""

from __future__ import annotations

from collections.abc import Mapping

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


def factor_between(unit: str, other: str) -> float | None:
    """Return how much of ``other`` one ``unit`` is; ``None`` where the two are not comparable."""
    if unit == other:
        return 1.0
    into, size = UNITS.get(unit, (unit, 1.0))
    same, other_size = UNITS.get(other, (other, 1.0))
    return size / other_size if into == same else None
