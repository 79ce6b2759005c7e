"""How long an override keeps a region open: to its end, or to the first thing that it does not open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wedgate.calendars.values import Cause, Span
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import parse_configuration
from wedgate.engine.horizon import opened_until, timeline_for

FRIDAY = datetime(2026, 6, 5, 12, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 6, 6, 12, 0, tzinfo=UTC)
TEXT = b"""version: 1
service: s
regions:
  uk: {markets: {london: {zone: Europe/London, country: GB}}}
rules:
  saturday: {where: all, weekdays: saturday, effect: block}
  sunday: {where: all, weekdays: sunday, effect: block}
  evening: {where: all, weekdays: saturday, time: 18:00..20:00, effect: block}
"""


def until(at: datetime, ends: datetime, *rules: str) -> datetime:
    """Ask how long a grant for some rules keeps the region open."""
    calendar = parse_configuration(TEXT, name="wedgate.yml").calendar
    timeline = timeline_for(calendar, PinnedAlmanac(), Span(start=at, end=at + timedelta(days=10)))

    def opens(cause: Cause) -> bool:
        return cause.rule in rules

    return opened_until(timeline, "uk", at, ends, opens)


@pytest.mark.parametrize(
    ("at", "hours", "rules", "expected"),
    [
        (SATURDAY, 3, ("saturday",), SATURDAY + timedelta(hours=3)),
        # London is at UTC+1 in June: the evening begins at 17:00 UTC, Sunday at 23:00 UTC.
        (SATURDAY, 12, ("saturday",), datetime(2026, 6, 6, 17, 0, tzinfo=UTC)),
        (SATURDAY, 12, ("saturday", "evening"), datetime(2026, 6, 6, 23, 0, tzinfo=UTC)),
        (SATURDAY, 12, ("saturday", "evening", "sunday"), SATURDAY + timedelta(hours=12)),
        (FRIDAY, 30, ("saturday",), FRIDAY + timedelta(hours=29)),
        (SATURDAY, 12, ("sunday",), SATURDAY),
    ],
)
def test_an_override_lasts_to_its_end_or_to_what_it_does_not_open(
    at: datetime, hours: int, rules: tuple[str, ...], expected: datetime
) -> None:
    """Each boundary by hand."""
    assert until(at, at + timedelta(hours=hours), *rules) == expected


def test_what_lies_beyond_the_timeline_is_not_open() -> None:
    """Nothing is known there."""
    assert until(FRIDAY, FRIDAY + timedelta(days=40), "saturday", "sunday", "evening") == FRIDAY + timedelta(days=10)
