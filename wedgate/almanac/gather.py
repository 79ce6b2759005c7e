"""Answer everything that a calendar needs at once, as frozen facts."""

from __future__ import annotations

from wedgate.almanac.holidays import holiday_table
from wedgate.almanac.zones import zone
from wedgate.calendars.facts import Facts, Needs
from wedgate.calendars.values import Span


def gather_facts(needs: Needs, span: Span) -> Facts:
    """Return zones and holiday tables for a span; ``UsageError`` for a zone or a table that does not exist."""
    return Facts(
        zones={name: zone(name) for name in sorted(needs.zones)},
        holidays={key: holiday_table(key, span) for key in sorted(needs.holidays, key=str)},
    )
