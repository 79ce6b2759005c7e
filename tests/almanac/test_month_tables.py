"""Shipped months are those of their libraries, and of other libraries, as far as anybody knows them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import cnlunar
import pytest

from wedgate.almanac import generate
from wedgate.almanac.gather import gather_facts
from wedgate.almanac.month_libraries import library_months
from wedgate.almanac.months import CALENDARS, FOLDER, month_table
from wedgate.calendars.facts import MonthKey, Needs
from wedgate.calendars.tables import CalendarMonth, MonthTable
from wedgate.calendars.values import Span

DAY = timedelta(days=1)


def table(calendar: str, first: int, last: int) -> MonthTable:
    """Return the months around some whole years."""
    span = Span(start=datetime(first, 1, 1, tzinfo=UTC), end=datetime(last + 1, 1, 1, tzinfo=UTC))
    return month_table(MonthKey(calendar=calendar), span)


def by_date(calendar: str, first: int, last: int) -> dict[date, tuple[int, bool, int]]:
    """Return (month, leap, day) of every date of some whole years."""
    found = {}
    for month in table(calendar, first, last).months:
        for day in range(month.length):
            found[month.first + day * DAY] = (month.month, month.leap, day + 1)
    return {day: found[day] for day in sorted(found) if first <= day.year <= last}


@pytest.mark.parametrize("calendar", CALENDARS)
def test_the_shipped_months_are_what_the_library_says(calendar: str) -> None:
    """The files are not older than the libraries that they come from."""
    assert generate.generated_months(calendar) == FOLDER.joinpath(f"{calendar}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("calendar", "first", "last"),
    [("chinese", 1903, 2097), ("korean", 1972, 2047), ("japanese", 1972, 2031), ("umm-al-qura", 1927, 2074)],
)
def test_what_is_written_reads_back_whole(calendar: str, first: int, last: int) -> None:
    """Every month of the library is one of the table, in its place, one after another without a gap."""
    found = table(calendar, first, last).months
    written = [month for month in library_months(calendar)[1] if found[0].first <= month.first <= found[-1].first]
    assert list(found) == written
    assert all(month.last + DAY == following.first for month, following in pairwise(found))


@pytest.mark.parametrize("calendar", CALENDARS)
def test_no_year_ends_with_a_leap_month(calendar: str) -> None:
    """The last day of month 12 is the last of the year, whether leap months count or not."""
    assert not any(month.leap and month.month == 12 for month in library_months(calendar)[1])


def test_months_have_29_or_30_days_wherever_answers_are_given() -> None:
    """Umm al-Qura was irregular only before 1946."""
    for calendar in CALENDARS:
        assert {month.length for month in library_months(calendar)[1] if month.first.year >= 1970} == {29, 30}


def test_only_the_years_around_the_span_become_values() -> None:
    """Ten years, and two on either side."""
    assert 14 * 12 <= len(table("chinese", 2026, 2035).months) <= 15 * 13


def test_the_horizons() -> None:
    """A calendar ends where its rules or its tables do."""
    assert table("chinese", 2026, 2026).verified_until == date(2101, 1, 28)
    assert date(2050, 12, 1) <= table("korean", 2026, 2026).verified_until <= date(2050, 12, 31)
    assert table("japanese", 2026, 2026).verified_until == date(2033, 8, 24)
    assert table("umm-al-qura", 2026, 2026).verified_until == date(2077, 11, 16)


def test_a_source_names_its_library_and_version() -> None:
    """So that a decision can be replayed."""
    assert table("chinese", 2026, 2026).source.startswith("generated from borax 4.")
    needs = Needs.of(MonthKey(calendar="korean"))
    span = Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
    gathered = gather_facts(needs, span).of(MonthKey(calendar="korean"))
    assert gathered.source.startswith("generated from korean_lunar_calendar 0.")


def test_chinese_months_are_those_of_a_second_library() -> None:
    """cnlunar agrees on every day of 1970 to 2099 but those of the new moons that the Observatory calls uncertain."""
    uncertain = table("chinese", 2050, 2099).uncertain
    assert [days.first + DAY for days in uncertain] == [date(2057, 9, 28), date(2089, 9, 4), date(2097, 8, 7)]
    different = []
    for month in table("chinese", 1970, 2098).months:
        for day in (month.first, month.last):
            if not 1970 <= day.year <= 2098:
                continue
            other = cnlunar.Lunar(datetime.combine(day, time()), godType="8char")
            ours = (month.month, month.leap, (day - month.first).days + 1)
            if (other.lunarMonth, other.isLunarLeapMonth, other.lunarDay) != ours:
                different.append(day)
    assert all(any(days.first <= day <= days.last for days in uncertain) for day in different), different


# Where China (UTC+8) and Korea and Japan (UTC+9) see the new moon on different dates: a whole lunar month each.
WINDOWS = (
    ("2023-05-19", "2023-06-17"),
    ("2026-10-10", "2026-11-08"),
    ("2027-02-06", "2027-03-07"),
    ("2028-01-26", "2028-02-24"),
    ("2029-07-11", "2029-08-09"),
)


@pytest.mark.parametrize("calendar", ["korean", "japanese"])
def test_korea_and_japan_differ_from_china_in_five_months(calendar: str) -> None:
    """From 2023 to 2030 in these months, day by day, and in no other."""
    chinese, other = by_date("chinese", 2023, 2030), by_date(calendar, 2023, 2030)
    expected = set()
    for start, end in WINDOWS:
        day = date.fromisoformat(start)
        while day <= date.fromisoformat(end):
            expected.add(day)
            day += DAY
    assert {day for day in chinese if chinese[day] != other[day]} == expected


def test_umm_al_qura_is_what_hijridate_says_day_by_day() -> None:
    """The library's own answer for a date, not for a month."""
    from hijridate import Gregorian

    for day, (month, leap, number) in by_date("umm-al-qura", 2023, 2030).items():
        hijri = Gregorian(day.year, day.month, day.day).to_hijri()
        assert (hijri.month, False, hijri.day) == (month, leap, number)


def test_the_leap_months_of_2020_to_2033() -> None:
    """Published by the Hong Kong Observatory: 2020/4, 2023/2, 2025/6, 2028/5, 2031/3, 2033/11."""
    leaps = [(month.year, month.month) for month in table("chinese", 2020, 2033).months if month.leap]
    assert [leap for leap in leaps if 2020 <= leap[0] <= 2033] == [
        (2020, 4), (2023, 2), (2025, 6), (2028, 5), (2031, 3), (2033, 11),
    ]  # fmt: skip


def test_months_before_a_leap_month_are_in_their_places() -> None:
    """2025: month 6 from 25 June, its leap month from 25 July, month 7 from 23 August."""
    found = [month for month in table("chinese", 2025, 2025).months if month.year == 2025]
    assert found[5:8] == [
        CalendarMonth(first=date(2025, 6, 25), length=30, year=2025, month=6),
        CalendarMonth(first=date(2025, 7, 25), length=29, year=2025, month=6, leap=True),
        CalendarMonth(first=date(2025, 8, 23), length=30, year=2025, month=7),
    ]
