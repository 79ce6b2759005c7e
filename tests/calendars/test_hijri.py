"""Hijri dates are those of Umm al-Qura; where a moon is still to be sighted, the edges are unverified."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hijridate import Gregorian

from wedgate.calendars.kinds.hijri import Hijri, SightingDays
from wedgate.calendars.month_date_items import MonthDateItems
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.values import Verdict

DaysOf = Callable[..., set[date]]
FACTS: list[dict[str, str]] = json.loads((Path(__file__).parents[1] / "facts" / "lunar.json").read_text())
ISLAMIC = [fact for fact in FACTS if fact["group"] == "islamic"]
DAYS = {"Eid al-Fitr": "10-01", "Ramadan (weddings avoided)": "09-01..09-last"}


def between(first: str, last: str) -> set[date]:
    """Return the dates from one to another, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=step) for step in range((end - start).days + 1)}


@pytest.mark.parametrize("fact", ISLAMIC, ids=lambda fact: fact["date"])
def test_a_published_day(fact: dict[str, str], days_of: DaysOf) -> None:
    """Announced in Saudi Arabia, by the Saudi Press Agency or the Umm al-Qura calendar."""
    expected = between(fact["date"], fact.get("end", fact["date"]))
    assert days_of({"hijri": DAYS[fact["name"]]}, int(fact["date"][:4])) == expected


def test_there_are_such_facts() -> None:
    assert len(ISLAMIC) == 3


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2027, between("2027-02-08", "2027-03-08")),
        (2028, between("2028-01-28", "2028-02-25")),
        (2029, between("2029-01-16", "2029-02-13")),
        # Two in one year: 1451 from 5 January, 1452 from 26 December.
        (2030, between("2030-01-05", "2030-02-03") | between("2030-12-26", "2030-12-31")),
    ],
)
def test_ramadan_goes_round_the_year(year: int, expected: set[date], days_of: DaysOf) -> None:
    """Published beginnings: 8 February 2027, 28 January 2028, 16 January 2029, 5 January 2030."""
    found = days_of({"hijri": "09-01..09-30"}, year)
    assert found == expected
    assert found == {
        day
        for step in range(366)
        if (day := date(year, 1, 1) + timedelta(days=step)).year == year
        and Gregorian(day.year, day.month, day.day).to_hijri().month == 9
    }


def test_eid_al_adha_and_the_day_of_arafah_are_next_to_one_another(days_of: DaysOf) -> None:
    """10 and 9 Dhu al-Hijjah 1447: 27 and 26 May 2026."""
    assert days_of({"hijri": ["12-10", "12-09"]}, 2026) == {date(2026, 5, 26), date(2026, 5, 27)}


def test_a_sighting_takes_a_single_day_away_and_its_neighbours_with_it(days_of: DaysOf) -> None:
    """Eid al-Fitr 2026 is 20 March by Umm al-Qura; where the moon is sighted it may be the 19th or the 21st."""
    spec = {"hijri": "10-01", "sighting": 1}
    assert days_of(spec, 2026) == set()
    assert days_of(spec, 2026, part="unverified") == between("2026-03-19", "2026-03-21")


def test_a_sighting_leaves_the_middle_of_a_month_certain(days_of: DaysOf) -> None:
    """Ramadan 2026, 18 February to 19 March: both edges may be a day off."""
    spec = {"hijri": "09-01..09-last", "sighting": 1}
    assert days_of(spec, 2026) == between("2026-02-19", "2026-03-18")
    edges = between("2026-02-17", "2026-02-18") | between("2026-03-19", "2026-03-20")
    assert days_of(spec, 2026, part="unverified") == edges


@pytest.mark.parametrize(
    ("at", "verdict"),
    [("2026-03-18T12:00:00Z", Verdict.OPEN), ("2026-03-19T12:00:00Z", Verdict.CLOSED),
     ("2026-03-21T12:00:00Z", Verdict.CLOSED), ("2026-03-22T12:00:00Z", Verdict.OPEN)],
)  # fmt: skip
def test_a_block_covers_every_day_that_a_sighting_may_choose(
    at: str,
    verdict: Verdict,
    calendar_of: Callable[..., Any],
    timeline_of: Callable[..., Any],
    utc: Callable[[str], datetime],
) -> None:
    rule = {"hijri": "10-01", "sighting": 1, "effect": "block"}
    timeline = timeline_of(calendar_of({"uk": ["Europe/London"]}, [rule]), utc(at), days=3)
    assert timeline.region_at("uk", utc(at)).verdict is verdict


def test_a_lull_is_not_granted_on_days_that_may_not_be_of_it(
    calendar_of: Callable[..., Any], timeline_of: Callable[..., Any], utc: Callable[[str], datetime]
) -> None:
    """Ramadan as a lull begins a day late, and ends a day early."""
    rule = {"hijri": "09-01..09-last", "sighting": 1, "load": 0.5}
    calendar = calendar_of({"uk": ["Europe/London"]}, [rule])
    timeline = timeline_of(calendar, utc("2026-02-10T00:00:00Z"), days=60)
    loads = [timeline.region_at("uk", utc(f"2026-02-{day}T12:00:00Z")).load for day in (17, 18, 19)]
    assert [float(load) for load in loads] == [1, 1, 0.5]


def test_past_1500_nothing_is_certain(days_of: DaysOf) -> None:
    """Umm al-Qura is published to the end of 1500 AH, 16 November 2077."""
    spec = {"hijri": "01-01..12-last"}
    assert days_of(spec, 2077) == between("2077-01-01", "2077-11-16")
    assert days_of(spec, 2077, part="unverified") == between("2077-11-17", "2077-12-31")
    loose = days_of({**spec, "sighting": 1}, 2077, part="unverified")
    assert between("2077-11-16", "2077-12-31") < loose


@pytest.mark.parametrize("raw", [3, -1, "1", True, 1.0, None])
def test_what_is_no_number_of_days_is_refused(raw: object) -> None:
    with pytest.raises(SpellingError):
        SightingDays.parse(raw)


def test_words_say_whose_reckoning_it_is() -> None:
    kind = Hijri(hijri=MonthDateItems.parse("10-01"), sighting=SightingDays(1))
    assert kind.words() == "10-01 of the Hijri calendar (Umm al-Qura), a sighting may move it by 1 day"
    assert not kind.never_matches(frozenset({7}))
