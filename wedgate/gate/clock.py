"""Whether a clock can be believed: an absurd one, or one that is far from the forge's, never opens the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Instants that wedgate answers for, half-open: zone data says little before, and no law reaches further."""

LARGEST_DIFFERENCE = timedelta(seconds=60)
"""More than this between the runner's clock and the forge's, and neither is believed."""


def clock_trouble(now: datetime, forge_date: datetime | None) -> str | None:
    """Return in words why ``now`` cannot be believed; ``None`` if it can. ``forge_date`` is the forge's clock then."""
    if not EARLIEST <= now < LATEST:
        return f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC, which cannot be; set it right"
    if forge_date is None:
        return None
    difference = now - forge_date
    if abs(difference) <= LARGEST_DIFFERENCE:
        return None
    way = "ahead of" if difference > timedelta(0) else "behind"
    seconds = round(abs(difference).total_seconds())
    return f"this machine's clock is {seconds:,} s {way} the forge's ({forge_date:%Y-%m-%d %H:%M:%S} UTC); set it right"
