"""How long an override keeps a region open: to its end, or to the first thing that it does not open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wedgate.calendars.values import Cause, Span
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import parse_configuration
from wedgate.engine.horizon import opened_until, timeline_for
from wedgate.engine.lasting import granted_until

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


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        # London's Sunday ends on Sunday 7 June at 23:00 UTC, and its next Saturday begins on Friday 12 June at 23:00.
        (datetime(2026, 6, 7, 22, 59, 59, tzinfo=UTC), datetime(2026, 6, 7, 22, 59, 59, tzinfo=UTC)),
        (datetime(2026, 6, 7, 23, 0, tzinfo=UTC), datetime(2026, 6, 12, 23, 0, tzinfo=UTC)),
        (datetime(2026, 6, 7, 23, 30, tzinfo=UTC), datetime(2026, 6, 12, 23, 0, tzinfo=UTC)),
        # A grant does not open the day after its end, whatever it names.
        (datetime(2026, 6, 12, 22, 0, tzinfo=UTC), datetime(2026, 6, 12, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_grant_that_ends_in_open_time_keeps_its_region_open_until_the_calendar_closes_it(
    ends: datetime, expected: datetime
) -> None:
    """The grant names every rule; asked at 22:00 UTC on the Sunday."""
    calendar = parse_configuration(TEXT, name="wedgate.yml").calendar
    at = datetime(2026, 6, 7, 22, 0, tzinfo=UTC)
    rules = ("saturday", "sunday", "evening")
    assert granted_until(calendar, PinnedAlmanac(), "uk", at, ends, rules=rules) == expected


@pytest.mark.parametrize(
    ("at", "ends", "rules", "untouchable", "expected"),
    [
        # London's Saturday is from Friday 23:00 UTC to Saturday 23:00 UTC, its evening from 17:00 to 19:00 UTC.
        ("06-06T12:00:00", "06-06T16:59:59", "saturday", "", "06-06T16:59:59"),
        ("06-06T12:00:00", "06-06T17:00:00", "saturday", "", "06-06T17:00:00"),
        ("06-06T12:00:00", "06-06T17:00:01", "saturday", "", "06-06T17:00:00"),
        ("06-06T16:59:59", "06-06T17:00:00", "saturday", "", "06-06T17:00:00"),
        ("06-06T17:00:00", "06-06T17:00:01", "saturday", "", "06-06T17:00:00"),
        ("06-06T19:00:00", "06-06T23:00:00", "saturday", "", "06-06T23:00:00"),
        ("06-06T19:00:00", "06-06T23:00:01", "saturday", "", "06-06T23:00:00"),
        ("06-05T22:59:59", "06-05T23:00:00", "saturday", "", "06-05T23:00:00"),
        ("06-05T22:59:59", "06-05T23:00:01", "saturday", "", "06-05T23:00:01"),
        ("06-05T22:59:59", "06-06T12:00:00", "saturday", "saturday", "06-05T23:00:00"),
        ("06-07T22:59:59", "06-07T23:00:00", "sunday", "", "06-12T23:00:00"),
    ],
)
def test_a_second_beside_each_boundary_is_on_its_side_of_it(
    at: str, ends: str, rules: str, untouchable: str, expected: str
) -> None:
    """Half-open, of a grant and of a rule; each by hand."""
    calendar = parse_configuration(TEXT, name="wedgate.yml").calendar
    began, over, wanted = (datetime.fromisoformat(f"2026-{text}+00:00") for text in (at, ends, expected))
    found = granted_until(
        calendar, PinnedAlmanac(), "uk", began, over, rules=(rules,), untouchable=(untouchable,) if untouchable else ()
    )
    assert found == wanted


def test_a_long_runway_is_looked_at_to_its_end() -> None:
    """A region that no rule ever closes again is open for as long as was asked for."""
    text = TEXT.replace(b"weekdays: saturday", b"dates: 2026-06-06").replace(b"weekdays: sunday", b"dates: 2026-06-07")
    calendar = parse_configuration(text, name="wedgate.yml").calendar
    at, ends = SATURDAY, datetime(2026, 6, 8, 0, 0, tzinfo=UTC)
    rules, needed = ("saturday", "sunday", "evening"), timedelta(days=90)
    assert granted_until(calendar, PinnedAlmanac(), "uk", at, ends, rules=rules, needed=needed) >= at + needed
