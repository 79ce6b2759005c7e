"""Holidays are held to a second library where there is one: Japan's to jpholiday, China's to chinesecalendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import jpholiday
import pytest

from wedgate.almanac.holidays import holiday_table
from wedgate.calendars.facts import HolidayKey
from wedgate.calendars.tables import HolidayTable
from wedgate.calendars.values import Span


def table(country: str, first: int, last: int, *categories: str) -> HolidayTable:
    """Return the holidays of a country for some whole years."""
    span = Span(start=datetime(first, 1, 1, tzinfo=UTC), end=datetime(last + 1, 1, 1, tzinfo=UTC))
    return holiday_table(HolidayKey(country=country, categories=categories or ("public",)), span)


@pytest.mark.parametrize("year", range(2023, 2031))
def test_japan_has_the_days_of_a_second_library(year: int) -> None:
    """National holidays, substitutes and the days between two of them."""
    ours = {day for day in table("JP", year, year).dates if day.year == year}
    assert ours == {day for day, _ in jpholiday.year_holidays(year)}


@pytest.mark.parametrize("year", range(2023, 2027))
def test_china_has_no_holiday_on_a_working_day_of_a_second_library(year: int) -> None:
    """Every holiday of ours is a day off there, and every day off there that is no weekend is a holiday of ours."""
    ours = {day for day in table("CN", year, year).dates if day.year == year}
    days = [date(year, 1, 1) + timedelta(days=step) for step in range(365)]
    off = {day for day in days if chinese_calendar.is_holiday(day)}
    assert ours <= off
    assert {day for day in off if day.weekday() < 5} <= ours


def test_chinas_holidays_end_with_the_last_notice() -> None:
    """The State Council has announced 2026; the second library has no 2027 either."""
    assert table("CN", 2026, 2027).verified_until == date(2026, 12, 31)
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_holiday(date(2027, 10, 1))
