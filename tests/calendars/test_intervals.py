"""A timeline as intervals: they follow one another without a hole, and say which rules made each of them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from wedgate.calendars.values import Verdict

ZONES = {"eu": ["Europe/Berlin", "Europe/London"]}
RULES = [
    {"id": "season", "months": "june", "load": 4},
    {"id": "saturday", "weekdays": "saturday", "effect": "block"},
    {"id": "surge", "weekdays": "saturday", "time": "08:00..12:00", "load": 6},
]


@pytest.fixture
def timeline(calendar_of: Any, timeline_of: Any, utc: Callable[[str], Any]) -> Any:
    return timeline_of(calendar_of(ZONES, RULES), utc("2026-06-05T00:00:00Z"), days=2)


def test_a_regions_intervals_cover_the_span_and_merge_its_markets(timeline: Any, utc: Callable[[str], Any]) -> None:
    found = timeline.intervals("eu")
    assert (found[0].start, found[-1].end) == (timeline.span.start, timeline.span.end)
    assert all(before.end == after.start for before, after in pairwise(found))
    # Berlin (+2) begins Saturday at 22:00Z on Friday, London (+1) ends it at 23:00Z; the surge is 06-10Z and 07-11Z.
    assert [(each.start, each.verdict, each.load, each.rules) for each in found] == [
        (utc("2026-06-05T00:00:00Z"), Verdict.CAUTION, Decimal(4), ("season",)),
        (utc("2026-06-05T22:00:00Z"), Verdict.CLOSED, Decimal(4), ("saturday", "season")),
        (utc("2026-06-06T06:00:00Z"), Verdict.CLOSED, Decimal(6), ("saturday", "surge", "season")),
        (utc("2026-06-06T07:00:00Z"), Verdict.CLOSED, Decimal(6), ("saturday", "surge")),
        (utc("2026-06-06T10:00:00Z"), Verdict.CLOSED, Decimal(6), ("saturday", "surge", "season")),
        (utc("2026-06-06T11:00:00Z"), Verdict.CLOSED, Decimal(4), ("saturday", "season")),
        (utc("2026-06-06T23:00:00Z"), Verdict.CAUTION, Decimal(4), ("season",)),
    ]


def test_one_market_has_intervals_of_its_own(timeline: Any, utc: Callable[[str], Any]) -> None:
    closed = [each for each in timeline.intervals("eu", "london") if each.verdict is Verdict.CLOSED]
    assert (closed[0].start, closed[-1].end) == (utc("2026-06-05T23:00:00Z"), utc("2026-06-06T23:00:00Z"))
    with pytest.raises(KeyError):
        timeline.intervals("eu", "paris")


def test_every_instant_agrees_with_the_answer_given_for_it(timeline: Any) -> None:
    for each in timeline.intervals("eu"):
        for instant in (each.start, each.start + (each.end - each.start) / 2, each.end - timedelta(seconds=1)):
            answer = timeline.region_at("eu", instant)
            assert (answer.verdict, answer.load) == (each.verdict, each.load)


def test_the_merged_timeline_agrees_with_the_answers_of_each_region(
    calendar_of: Any, timeline_of: Any, utc: Callable[[str], Any]
) -> None:
    zones = {**ZONES, "asia": ["Asia/Kolkata", "Australia/Sydney", "Asia/Tokyo"], "us": ["America/New_York"]}
    timeline = timeline_of(calendar_of(zones, RULES), utc("2026-05-30T00:00:00Z"), days=40)
    for names in (("eu", "asia", "us"), ("us", "eu")):
        merged = timeline.merged(names)
        edges = sorted({each.start for name in names for each in timeline.intervals(name)})
        for edge in edges[1:]:
            for instant in (edge - timedelta(seconds=1), edge, edge + timedelta(microseconds=1)):
                assert merged.at(instant) == tuple(timeline.region_at(name, instant).verdict for name in names)
    assert len(merged) <= len(edges)
    for outside in (timeline.span.start - timedelta(seconds=1), timeline.span.end):
        with pytest.raises(ValueError, match="outside"):
            merged.at(outside)


def test_a_stretch_that_began_before_a_clock_change_is_told_from_its_true_beginning(
    calendar_of: Any, timeline_of: Any, utc: Callable[[str], Any]
) -> None:
    """17:00 in New York in December is 22:00 UTC, also for whoever asks in April; the end is in daylight time."""
    freeze = {"dates": "2026-12-18T17:00..2027-05-01T09:00", "effect": "block"}
    timeline = timeline_of(calendar_of({"us": ["America/New_York"]}, [freeze]), utc("2027-04-20T12:00:00Z"), days=60)
    (cause,) = timeline.region_at("us", utc("2027-04-20T12:00:00Z")).causes
    assert (cause.span.start, cause.span.end) == (utc("2026-12-18T22:00:00Z"), utc("2027-05-01T13:00:00Z"))
