"""Lunar dates are those that observatories published, in the regular month, and no day is left out or moved unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import Facts, MonthKey, Needs
from wedgate.calendars.kinds import kind_named
from wedgate.calendars.kinds.lunar import LunarCalendar
from wedgate.calendars.matches import Matches
from wedgate.calendars.month_date_items import MonthDateItems
from wedgate.calendars.month_runs import LeapMonths
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.tables import CalendarMonth, MonthTable, UncertainDays
from wedgate.calendars.values import Market, Span, Verdict

HERE = Market(name="here", zone="UTC", country="US")
DAY = timedelta(days=1)
DaysOf = Callable[..., set[date]]
FACTS: list[dict[str, str]] = json.loads((Path(__file__).parents[1] / "facts" / "lunar.json").read_text())
FESTIVALS = [fact for fact in FACTS if fact["group"] in ("cn-lunar", "kr-lunar")]
OBSERVED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "facts" / "observatories.json").read_text())


def between(first: str, last: str) -> set[date]:
    """Return the dates from one to another, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + step * DAY for step in range((end - start).days + 1)}


@pytest.mark.parametrize("fact", FESTIVALS, ids=lambda fact: f"{fact['group']}-{fact['date']}")
def test_a_published_festival(fact: dict[str, str], days_of: DaysOf) -> None:
    """One day a year, the published one; its month and day stand in its name, ``Qixi (7/7)``."""
    month, day = fact["name"].split(":")[0].rstrip(")").rpartition("(" if "(" in fact["name"] else " ")[2].split("/")
    spec = {"lunar": "chinese" if fact["group"] == "cn-lunar" else "korean", "date": f"{month:0>2}-{day:0>2}"}
    assert days_of(spec, int(fact["date"][:4])) == {date.fromisoformat(fact["date"])}


@pytest.mark.parametrize("fact", [fact for fact in FACTS if fact["group"] == "cn-ghost"], ids=lambda fact: fact["date"])
@pytest.mark.parametrize("spelled", ["07-01..07-last", "07-01..07-30"])
def test_ghost_month_is_a_whole_month(fact: dict[str, str], spelled: str, days_of: DaysOf) -> None:
    """From its first day to its last, be they 29 or 30."""
    assert days_of({"lunar": "chinese", "date": spelled}, int(fact["date"][:4])) == between(fact["date"], fact["end"])


@pytest.mark.parametrize("calendar", ["chinese", "korean"])
def test_months_begin_when_the_observatory_says(calendar: str, days_of: DaysOf) -> None:
    """The Hong Kong Observatory's tables, and those of the Korea Astronomy and Space Science Institute."""
    for table in OBSERVED[calendar]:
        for day, month in table["months"].items():
            leap, _, number = month.rpartition(" ")
            spec = {"lunar": calendar, "date": f"{int(number):02}-01", "leap": "only" if leap else "exclude"}
            assert date.fromisoformat(day) in days_of(spec, int(day[:4])), (day, month)
    assert sum(len(table["months"]) for table in OBSERVED["korean"]) == 12


def test_china_and_korea_keep_different_new_years(days_of: DaysOf) -> None:
    """In 2027 and 2028 the new moon of the first month falls on different dates at UTC+8 and UTC+9."""
    for year, chinese, korean in ((2026, 17, 17), (2027, 6, 7)):
        assert days_of({"lunar": "chinese", "date": "01-01"}, year) == {date(year, 2, chinese)}
        assert days_of({"lunar": "korean", "date": "01-01"}, year) == {date(year, 2, korean)}
    assert days_of({"lunar": "chinese", "date": "01-01"}, 2028) == {date(2028, 1, 26)}
    assert days_of({"lunar": "korean", "date": "01-01"}, 2028) == {date(2028, 1, 27)}


@pytest.mark.parametrize("spelled", ["12-last", "12-30"])
def test_new_years_eve_is_the_day_before_new_year(spelled: str, days_of: DaysOf) -> None:
    """Whether the twelfth month has 29 days (2025: the eve is 28 January) or 30 (2024: 9 February)."""
    eves = days_of({"lunar": "chinese", "date": spelled}, 1971, 2099)
    new_years = days_of({"lunar": "chinese", "date": "01-01"}, 1971, 2099)
    assert {date(2024, 2, 9), date(2025, 1, 28)} < eves
    assert eves == {day - DAY for day in new_years}


def test_a_range_may_wrap_the_lunar_year(days_of: DaysOf) -> None:
    """New Year's Eve to the third day of 2027, which begins on 6 February: four days, one run."""
    spec = {"lunar": "chinese", "date": "12-last..01-03"}
    assert days_of(spec, 2027) == between("2027-02-05", "2027-02-08")


# 2025 had a sixth month from 25 June to 24 July, and its leap month from 25 July to 22 August (Hong Kong Observatory).
@pytest.mark.parametrize(
    ("leap", "expected"),
    [
        ("exclude", {date(2025, 6, 30)}),
        ("include", {date(2025, 6, 30), date(2025, 7, 30)}),
        ("only", {date(2025, 7, 30)}),
    ],
)
def test_days_of_a_leap_month_count_only_where_the_rule_says_so(
    leap: str, expected: set[date], days_of: DaysOf
) -> None:
    assert days_of({"lunar": "chinese", "date": "06-06", "leap": leap}, 2025) == expected


def test_a_range_over_a_leap_month_has_no_hole(days_of: DaysOf) -> None:
    """From the sixth month to the seventh, which begins on 23 August: the leap month between them lies inside."""
    for leap in ("exclude", "include"):
        spec = {"lunar": "chinese", "date": "06-20..07-03", "leap": leap}
        expected = between("2025-07-14", "2025-08-25")
        assert days_of(spec, 2025) == expected
    assert days_of({**spec, "leap": "only"}, 2025) == between("2025-08-13", "2025-08-22")


def test_a_year_without_that_leap_month_has_no_such_day(days_of: DaysOf) -> None:
    """``only`` matches in years with the leap month, and nothing in others."""
    assert days_of({"lunar": "chinese", "date": "06-06", "leap": "only"}, 2026, 2035) == set()


def matched(items: str, months: list[CalendarMonth], until: date, *uncertain: UncertainDays) -> Matches:
    """Match by a table made by hand, asked about 2050 to 2060."""
    table = MonthTable(
        months=tuple(months),
        verified_from=months[0].first,
        verified_until=until,
        source="by hand",
        uncertain=uncertain,
    )
    kind = kind_named("lunar")(lunar=LunarCalendar.KOREAN, date_=MonthDateItems.parse(items))  # type: ignore[call-arg]
    facts = Facts(sources={MonthKey(calendar="korean"): table})  # type: ignore[dict-item]
    return kind.matches(facts, HERE, date(2050, 1, 1), date(2060, 12, 31))


MONTHS = [
    CalendarMonth(date(2055, 3, 1), 30, 2055, 1),
    CalendarMonth(date(2055, 3, 31), 29, 2055, 2),
    CalendarMonth(date(2055, 4, 29), 30, 2055, 3),
]


def test_a_run_that_the_table_breaks_off_goes_on_to_the_horizon() -> None:
    """Its end is not known, and its days inside of the horizon are."""
    found = matched("02-20..04-10", MONTHS, date(2055, 5, 28))
    assert [(run.first, run.last) for run in found.days] == [(date(2055, 4, 19), date(2055, 5, 28))]
    assert [(run.first, run.last) for run in found.unverified] == [
        (date(2050, 1, 1), date(2055, 2, 28)),
        (date(2055, 5, 29), date(2060, 12, 31)),
    ]


def test_a_run_that_began_before_the_table_is_known_from_its_horizon_on() -> None:
    """Its first day is not known, and its days inside of the horizon are."""
    found = matched("12-20..02-10", MONTHS, date(2055, 5, 28))
    assert [(run.first, run.last) for run in found.days] == [(date(2055, 3, 1), date(2055, 4, 9))]


def test_nothing_beyond_the_horizon_is_matched_for_certain() -> None:
    """Months that the table has past its horizon are no better known for that."""
    found = matched("03-01..03-10", MONTHS, date(2055, 5, 3))
    assert [(run.first, run.last) for run in found.days] == [(date(2055, 4, 29), date(2055, 5, 3))]


def test_a_day_of_an_uncertain_month_is_unverified_and_so_are_its_neighbours() -> None:
    """The new moon is too close to midnight: the month may begin a day earlier or later."""
    doubt = UncertainDays(first=date(2055, 3, 30), last=date(2055, 4, 28), name="the new moon of 2055-03-31")
    found = matched("02-15", MONTHS, date(2055, 5, 28), doubt)
    assert found.days == ()
    assert (found.unverified[0].first, found.unverified[0].last) == (date(2055, 4, 13), date(2055, 4, 15))
    whole = matched("01-05..02-15", MONTHS, date(2055, 5, 28), doubt)
    assert [(run.first, run.last) for run in whole.days] == [(date(2055, 3, 5), date(2055, 4, 13))]
    assert (whole.unverified[0].first, whole.unverified[0].last) == (date(2055, 4, 14), date(2055, 4, 15))


def test_a_month_that_the_observatory_calls_uncertain_is_not_certain_here(days_of: DaysOf) -> None:
    """The new moon of 28 September 2057: libraries begin the ninth month on that day, or on the next."""
    assert days_of({"lunar": "chinese", "date": "09-09"}, 2057) == set()
    doubtful = days_of({"lunar": "chinese", "date": "09-09"}, 2057, part="unverified")
    assert doubtful == between("2057-10-06", "2057-10-08")
    assert len(days_of({"lunar": "chinese", "date": "08-15"}, 2057)) == 1


def test_japanese_dates_end_before_the_problem_of_2033(days_of: DaysOf) -> None:
    """Nobody has decided how the months from 25 August 2033 on are numbered."""
    spec = {"lunar": "japanese", "date": "08-15"}
    assert days_of(spec, 2032) == {date(2032, 9, 19)}
    assert days_of(spec, 2033) == set()
    assert days_of(spec, 2033, part="unverified") == between("2033-08-25", "2033-12-31")


def test_past_the_horizon_a_block_is_closed(
    calendar_of: Callable[..., Any], timeline_of: Callable[..., Any], utc: Callable[[str], datetime]
) -> None:
    """Not knowing is never permission: Korea's tables end in 2050."""
    calendar = calendar_of({"kr": ["Asia/Seoul"]}, [{"lunar": "korean", "date": "01-01", "effect": "block"}])
    at = utc("2051-06-01T00:00:00Z")
    assert timeline_of(calendar, at, days=2).region_at("kr", at).verdict is Verdict.CLOSED


@pytest.mark.parametrize(
    ("items", "leap", "months", "never"),
    [
        ("07-07", "exclude", {8}, False),
        ("07-07", "exclude", {2}, True),
        ("01-01", "exclude", {1, 2}, False),
        ("01-01", "exclude", {4}, True),
        ("12-last..01-15", "exclude", {3}, False),
        ("05-05", "only", {7}, False),
    ],
)
def test_a_festival_outside_of_its_season_can_never_match(items: str, leap: str, months: set[int], never: bool) -> None:
    kind = kind_named("lunar")(  # type: ignore[call-arg]
        lunar=LunarCalendar.CHINESE, date_=MonthDateItems.parse(items), leap=LeapMonths(leap)
    )
    assert kind.never_matches(frozenset(months)) is never
    assert not kind.never_matches(None)


@pytest.mark.parametrize("calendar", ["chinese", "korean", "japanese"])
@pytest.mark.parametrize("leap", ["exclude", "include"])
def test_no_day_of_any_year_is_called_impossible(calendar: str, leap: str, days_of: DaysOf) -> None:
    """Every month of every table lies where ``never_matches`` expects it."""
    for month in range(1, 13):
        for day in ("01", "15", "last"):
            kind = kind_named("lunar")(  # type: ignore[call-arg]
                lunar=LunarCalendar(calendar),
                date_=MonthDateItems.parse(f"{month:02}-{day}"),
                leap=LeapMonths(leap),
            )
            spec = {"lunar": calendar, "date": f"{month:02}-{day}", "leap": leap}
            for found in days_of(spec, 1972, 2098):
                assert not kind.never_matches(frozenset({found.month})), (spec, found)


@pytest.mark.parametrize("spelled", ["", [], "7-7", "13-01", "00-10", "01-31", "07-20..07-10", "07-07..", 707, None])
def test_what_is_no_lunar_day_is_refused(spelled: object) -> None:
    with pytest.raises(SpellingError):
        MonthDateItems.parse(spelled)


def test_words_say_whose_calendar_and_which_months() -> None:
    kind = kind_named("lunar")(  # type: ignore[call-arg]
        lunar=LunarCalendar.KOREAN, date_=MonthDateItems.parse("08-14..08-16"), leap=LeapMonths.INCLUDE
    )
    assert kind.words() == "08-14..08-16 of the korean calendar, leap months too"


def test_months_of_ten_years_are_read_in_a_moment() -> None:
    """A decision loads them each time: no library is asked, and only the years around it become values."""
    import sys

    needs = Needs.of(MonthKey(calendar="chinese"))
    span = Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2036, 1, 1, tzinfo=UTC))
    known = set(sys.modules)
    assert len(gather_facts(needs, span).of(MonthKey(calendar="chinese")).months) < 200
    assert not {name for name in set(sys.modules) - known if name.partition(".")[0] in ("borax", "hijridate")}
