"""The policy over rules: any block beats any allow, loads have two thresholds, not knowing is never permission."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wedgate.almanac.zones import zone
from wedgate.calendars.differences import opened_by
from wedgate.calendars.explain import look_at
from wedgate.calendars.facts import Facts, HolidayKey, needs_of
from wedgate.calendars.kinds import kind_keys, kind_named
from wedgate.calendars.spellings import DateItems, YearlyItems
from wedgate.calendars.tables import HolidayTable, UncertainDays
from wedgate.calendars.timeline import OutsideSpanError, Timeline, compile_timeline
from wedgate.calendars.values import Calendar, CauseKind, Span, Verdict
from wedgate.gate.clock import EARLIEST as FIRST
from wedgate.gate.clock import LATEST as LAST

CalendarOf = Callable[..., Calendar]
TimelineOf = Callable[..., Timeline]
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)  # a Wednesday
BERLIN = {"eu": ["Europe/Berlin"]}


def kinds_of(timeline: Timeline, at: datetime, region: str = "eu") -> list[str]:
    return [cause.kind.value for cause in timeline.region_at(region, at).causes]


def test_no_rule_at_all_is_open_and_says_so(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    timeline = timeline_of(calendar_of({"eu": ["Europe/Berlin"], "us": ["America/New_York"]}, []), NOON)
    answer = timeline.region_at("eu", NOON)
    assert (answer.verdict, answer.has_rules, answer.load) == (Verdict.OPEN, False, Decimal(1))
    assert (answer.next_open, answer.next_close, answer.runway) == (NOON, None, None)
    assert timeline.open_runs(["eu", "us"]) == (timeline.span,)


@pytest.mark.parametrize(
    ("loads", "verdict", "load", "kind"),
    [
        (["4"], Verdict.CAUTION, "4", CauseKind.LOAD_CAUTION),
        (["6"], Verdict.CLOSED, "6", CauseKind.LOAD_BLOCKS),
        (["1.9"], Verdict.OPEN, "1.9", None),
        (["2"], Verdict.CAUTION, "2", CauseKind.LOAD_CAUTION),
        (["4", "4"], Verdict.CAUTION, "4", CauseKind.LOAD_CAUTION),  # peaks take the maximum, not the product
        (["6", "0.5"], Verdict.CAUTION, "3.0", CauseKind.LOAD_CAUTION),
        (["8", "0.5", "0.7"], Verdict.CAUTION, "4.0", CauseKind.LOAD_CAUTION),  # lulls take the minimum
        (["0.5"], Verdict.OPEN, "0.5", None),
    ],
)
def test_the_load_in_force_is_the_highest_peak_times_the_lowest_lull(
    loads: list[str],
    verdict: Verdict,
    load: str,
    kind: CauseKind | None,
    calendar_of: CalendarOf,
    timeline_of: TimelineOf,
) -> None:
    rules = [{"weekdays": "wednesday", "load": value} for value in loads]
    answer = timeline_of(calendar_of(BERLIN, rules), NOON).region_at("eu", NOON)
    assert (answer.verdict, answer.load) == (verdict, Decimal(load))
    assert {cause.kind for cause in answer.causes} == ({kind} if kind else set())


def test_a_region_is_closed_while_any_of_its_markets_is(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    calendar = calendar_of(
        {"us": ["America/New_York", "America/Chicago"]}, [{"weekdays": "saturday", "effect": "block"}]
    )
    at = datetime(2026, 6, 6, 4, 30, tzinfo=UTC)
    answer = timeline_of(calendar, at).region_at("us", at)
    assert [market.verdict for market in answer.markets] == [Verdict.CLOSED, Verdict.OPEN]
    assert [(cause.rule, cause.market) for cause in answer.causes] == [("rule-1", "new_york")]
    assert answer.next_open == datetime(2026, 6, 7, 5, tzinfo=UTC)
    assert answer.causes[0].span == Span(
        start=datetime(2026, 6, 6, 4, tzinfo=UTC), end=datetime(2026, 6, 7, 4, tzinfo=UTC)
    )


def test_a_rule_in_a_zone_of_its_own_holds_for_the_region_as_a_whole(
    calendar_of: CalendarOf, timeline_of: TimelineOf
) -> None:
    rules = [{"time": "12:00..13:00", "zone": "UTC", "effect": "block"}]
    answer = timeline_of(calendar_of({"us": ["America/New_York", "America/Chicago"]}, rules), NOON).region_at(
        "us", NOON
    )
    assert [(cause.rule, cause.market) for cause in answer.causes] == [("rule-1", None)]
    assert answer.next_open == NOON + timedelta(hours=1)


def test_causes_stand_in_a_stable_order_closing_ones_first(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    rules = [
        {"id": "caution-b", "weekdays": "wednesday", "effect": "caution"},
        {"id": "block-z", "time": "08:00..20:00", "effect": "block"},
        {"id": "block-a", "weekdays": "wednesday", "effect": "block"},
    ]
    timeline = timeline_of(calendar_of(BERLIN, rules), NOON)
    assert [cause.rule for cause in timeline.region_at("eu", NOON).causes] == ["block-z", "block-a", "caution-b"]


def test_months_count_by_the_date_on_which_a_window_starts(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    timeline = timeline_of(
        calendar_of({"eu": ["UTC"]}, [{"time": "22:00..06:00", "months": "june", "effect": "block"}]), NOON
    )
    assert timeline.region_at("eu", datetime(2026, 7, 1, 3, tzinfo=UTC)).verdict is Verdict.CLOSED
    assert timeline.region_at("eu", datetime(2026, 7, 1, 23, tzinfo=UTC)).verdict is Verdict.OPEN


@pytest.mark.parametrize("days", [21, 300])
def test_a_window_that_began_long_before_the_span_is_seen(
    days: int, calendar_of: CalendarOf, timeline_of: TimelineOf
) -> None:
    first, last = (NOON - timedelta(days=days)).date(), (NOON + timedelta(days=1)).date()
    timeline = timeline_of(
        calendar_of({"eu": ["UTC"]}, [{"dates": f"{first}..{last}", "effect": "block"}]), NOON, days=5
    )
    answer = timeline.region_at("eu", NOON)
    assert answer.next_open == datetime(2026, 6, 12, tzinfo=UTC)
    assert answer.causes[0].span == Span(
        start=datetime(first.year, first.month, first.day, tzinfo=UTC), end=datetime(2026, 6, 12, tzinfo=UTC)
    )


def test_a_past_allow_window_leaves_no_known_opening(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    rules = [{"dates": "2026-06-01T10:00..2026-06-01T12:00", "effect": "allow"}]  # O02
    answer = timeline_of(calendar_of(BERLIN, rules), NOON).region_at("eu", NOON)
    assert (answer.verdict, answer.next_open) == (Verdict.CLOSED, None)
    assert [(cause.kind, cause.span) for cause in answer.causes] == [(CauseKind.OUTSIDE_ALLOW_WINDOW, None)]


def test_answers_are_given_inside_the_span_only(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    timeline = timeline_of(calendar_of(BERLIN, []), NOON, days=5)
    for instant in (NOON - timedelta(seconds=1), NOON + timedelta(days=5)):
        with pytest.raises(OutsideSpanError, match="outside of"):
            timeline.region_at("eu", instant)
    with pytest.raises(KeyError):
        timeline.region_at("mars", NOON)
    with pytest.raises(OutsideSpanError, match="from 1970 to 2399"):
        compile_timeline(
            calendar_of(BERLIN, []),
            Facts(),
            Span(start=datetime(9999, 1, 1, tzinfo=UTC), end=datetime.max.replace(tzinfo=UTC)),
        )


def test_the_page_names_the_years_that_are_answered_for() -> None:
    """The page, and the bounds that the gate refuses an instant by."""
    page = Path(__file__).parents[2].joinpath("docs", "reference", "calendars.md").read_text(encoding="utf-8")
    assert f"Answers are given for instants from {FIRST.year} to {LAST.year - 1}." in page


def table(**changes: Any) -> HolidayTable:
    return replace(
        HolidayTable(
            dates={date(2026, 6, 11): "Midsummer; Fair"},
            verified_from=date(2026, 1, 1),
            verified_until=date(2026, 6, 30),
            source="a test",
        ),
        **changes,
    )


def with_table(calendar: Calendar, found: HolidayTable, at: datetime, days: int = 60) -> Timeline:
    facts = Facts(
        zones={"Europe/Berlin": zone("Europe/Berlin")}, sources={HolidayKey(country="DE", subdivision="BE"): found}
    )
    assert needs_of(calendar).sources == set(facts.sources)
    return compile_timeline(calendar, facts, Span(start=at, end=at + timedelta(days=days)))


@pytest.mark.parametrize(
    ("rule", "verdict", "kind", "load"),
    [
        ({"effect": "block"}, Verdict.CLOSED, CauseKind.CALENDAR_UNVERIFIED, 1),
        ({"effect": "allow"}, Verdict.CLOSED, CauseKind.CALENDAR_UNVERIFIED, 1),
        ({"effect": "caution"}, Verdict.CAUTION, CauseKind.LOAD_UNVERIFIED, 1),
        ({"load": "4"}, Verdict.CAUTION, CauseKind.LOAD_UNVERIFIED, 4),
        ({"load": "1.5"}, Verdict.CAUTION, CauseKind.LOAD_UNVERIFIED, "1.5"),
        ({"load": "6"}, Verdict.CLOSED, CauseKind.CALENDAR_UNVERIFIED, 6),  # it could have blocked
        ({"load": "0.5"}, Verdict.OPEN, None, 1),  # a lull that is not known is not granted
    ],
)
def test_an_unverified_date_counts_as_what_the_rule_could_do(
    rule: dict[str, str], verdict: Verdict, kind: CauseKind | None, load: object, calendar_of: CalendarOf
) -> None:
    calendar = calendar_of(BERLIN, [{"holidays": "public", **rule}])
    at = datetime(2026, 7, 2, 12, tzinfo=UTC)
    answer = with_table(calendar, table(), at).region_at("eu", at)
    assert (answer.verdict, answer.load) == (verdict, Decimal(str(load)))
    assert {cause.kind for cause in answer.causes} == ({kind} if kind else set())
    if kind:
        assert "verified until 2026-06-30" in answer.causes[0].detail


def test_the_doubt_is_bounded_by_the_modifiers_of_the_rule(calendar_of: CalendarOf) -> None:
    rule = {"holidays": "public", "effect": "block", "time": "08:00..12:00", "months": "july"}
    timeline = with_table(calendar_of(BERLIN, [rule]), table(), NOON)
    assert timeline.closed_runs("eu")[0] == Span(
        start=datetime(2026, 7, 1, 6, tzinfo=UTC), end=datetime(2026, 7, 1, 10, tzinfo=UTC)
    )
    assert max(run.end for run in timeline.closed_runs("eu")) == datetime(2026, 7, 31, 10, tzinfo=UTC)


def test_days_around_an_estimate_are_unverified_unless_its_name_is_excepted(calendar_of: CalendarOf) -> None:
    eid = UncertainDays(first=date(2026, 6, 9), last=date(2026, 6, 11), name="Eid (estimated)")
    found = table(uncertain=(eid,))
    block = {"holidays": "public", "effect": "block"}
    assert kinds_of(with_table(calendar_of(BERLIN, [block]), found, NOON), NOON) == ["calendar_unverified"]
    without = calendar_of(BERLIN, [{**block, "except": "eid"}])
    assert kinds_of(with_table(without, found, NOON), NOON) == []


def test_a_holiday_falls_away_only_with_all_of_its_names(calendar_of: CalendarOf) -> None:
    at = datetime(2026, 6, 11, 12, tzinfo=UTC)
    block = {"holidays": "public", "effect": "block"}
    for names, closed in (("Fair", True), (["fair", "Midsummer"], False)):
        timeline = with_table(calendar_of(BERLIN, [{**block, "except": names}]), table(), at, days=3)
        assert bool(timeline.closed_runs("eu")) == closed
    also = calendar_of(BERLIN, [{**block, "except": ["fair", "Midsummer"], "also": "2026-06-12"}])
    assert with_table(also, table(), at, days=3).closed_runs("eu")[0].start == datetime(2026, 6, 11, 22, tzinfo=UTC)


def test_explain_lists_every_rule_matched_or_not_with_local_date_and_line(calendar_of: CalendarOf) -> None:
    rules = [
        {"weekdays": "saturday", "effect": "block"},
        {"weekdays": "wednesday", "time": "08:00..20:00", "load": "4"},
        {"time": "01:00..02:00", "zone": "UTC", "effect": "caution"},
    ]
    calendar = calendar_of({"us": ["America/New_York", "Asia/Kolkata"]}, rules)
    facts = Facts(zones={name: zone(name) for name in ("America/New_York", "Asia/Kolkata", "UTC")})
    at = datetime(2026, 6, 10, 20, tzinfo=UTC)
    looks = look_at(calendar, facts, "us", at, at + timedelta(days=1))
    assert [(look.rule, look.market, look.matched, look.line) for look in looks] == [
        ("rule-1", "new_york", False, 1),
        ("rule-1", "kolkata", False, 1),
        ("rule-2", "new_york", True, 2),
        ("rule-2", "kolkata", False, 2),
        ("rule-3", None, False, 3),
    ]
    assert [look.local_date.day for look in looks] == [10, 11, 10, 11, 10]
    assert looks[1].offset == timedelta(hours=5, minutes=30)
    assert looks[1].text == "does not match: it is Thu 2026-06-11 01:30 there, the rule is for saturday"
    assert looks[2].text == "matches: wednesday, 08:00..20:00, until Wed 2026-06-10 20:00"


def test_opened_by_names_what_was_closed_and_no_longer_is(calendar_of: CalendarOf, timeline_of: TimelineOf) -> None:
    zones = {"eu": ["UTC"], "us": ["America/New_York"]}
    old = timeline_of(calendar_of(zones, [{"weekdays": "saturday", "effect": "block"}]), NOON, days=7)
    new = timeline_of(
        calendar_of({"eu": ["UTC"]}, [{"weekdays": "saturday", "time": "08:00..12:00", "effect": "block"}]),
        NOON,
        days=7,
    )
    hours = {name: [(run.start.hour, run.end.hour) for run in runs] for name, runs in opened_by(old, new).items()}
    assert hours == {"eu": [(0, 8), (12, 0)], "us": [(4, 4)]}
    assert opened_by(new, old) == {}


def test_a_kind_is_found_by_its_module_and_says_what_never_matches() -> None:
    assert {"dates", "holidays", "weekdays", "weekly", "yearly"} <= set(kind_keys())
    for key in (*kind_keys(), "every-day"):
        assert key == kind_named(key).KEY
    with pytest.raises(KeyError):
        kind_named("weekday")
    yearly = kind_named("yearly")
    assert yearly(yearly=YearlyItems.parse("02-30")).never_matches(None)  # V16
    assert yearly(yearly=YearlyItems.parse("02-14")).never_matches(frozenset({6}))
    assert not yearly(yearly=YearlyItems.parse("02-29")).never_matches(None)
    assert kind_named("dates")(dates=DateItems.parse("2026-05-24")).never_matches(frozenset({6}))
