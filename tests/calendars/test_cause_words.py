"""A cause names its rule and says in one plain phrase what of it counts now."""

from collections.abc import Callable
from datetime import UTC, datetime

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, CauseKind
from wedgate.gate.decide import decide_region
from wedgate.gate.words import why

CalendarOf = Callable[..., Calendar]
TimelineOf = Callable[..., Timeline]
NOON = datetime(2026, 6, 13, 12, tzinfo=UTC)  # a Saturday
BOTH = {"eu": ["Europe/Berlin", "Europe/London"]}
WORK = {"id": "work", "weekdays": "monday..friday", "time": "09:00..17:00", "effect": "allow"}


def said(timeline: Timeline, at: datetime = NOON) -> str:
    return why(decide_region(timeline.region_at("eu", at), runway_needed=None, next_open=None))


def test_each_allow_rule_that_could_hold_is_named_once(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    """Both markets are outside of both windows: one phrase for each rule, and a cause with its id."""
    rules = [WORK, {"id": "fair", "dates": "2026-07-01", "where": ["eu/london"], "effect": "allow"}]
    timeline = timeline_of(calendar_of(BOTH, rules), NOON)
    assert said(timeline) == "outside work: monday..friday, 09:00..17:00; outside fair: 2026-07-01 in london"
    causes = timeline.region_at("eu", NOON).causes
    assert [(cause.rule, cause.market) for cause in causes] == [
        ("work", "berlin"),
        ("work", "london"),
        ("fair", "london"),
    ]
    assert {cause.kind for cause in causes} == {CauseKind.OUTSIDE_ALLOW_WINDOW}


def test_windows_that_are_over_are_left_out(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    rules = [
        {"id": "old", "dates": "2020-01-01", "effect": "allow"},
        {"id": "days", "dates": ["2020-01-01", "2026-07-01"], "effect": "allow"},
    ]
    assert said(timeline_of(calendar_of(BOTH, rules), NOON)) == "outside days: 2026-07-01"


def test_where_all_windows_are_over_that_is_the_reason(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    rules = [{"id": "old", "dates": "2020-01-01", "effect": "allow"}]
    assert said(timeline_of(calendar_of(BOTH, rules), NOON)) == "outside old: 2020-01-01, which is over"


def test_a_load_that_is_not_known_is_said_before_the_doubt(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    at = datetime(2040, 6, 13, 12, tzinfo=UTC)
    for effect in ({}, {"effect": "caution"}):
        rules = [{"id": "crowds", "holidays": "public", "load": "4", **effect}]
        assert said(timeline_of(calendar_of({"eu": ["Europe/Berlin"]}, rules), at), at) == (
            "crowds may raise the load, and its source does not cover this date: "
            "public holidays, load 4; public holidays of DE-BE are verified until 2035-12-31"
        )
