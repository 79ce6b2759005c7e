"""Easter is the published one, in both churches, and days counted from it fall where the feasts do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

from wedgate.calendars.day_offsets import DayOffsets
from wedgate.calendars.kinds.easter import Church, Easter, easter_sunday
from wedgate.calendars.spelling import SpellingError

DaysOf = Callable[..., set[date]]
FACTS: list[dict[str, str]] = json.loads((Path(__file__).parents[1] / "facts" / "lunar.json").read_text())

# How far each named day is from Easter Sunday: the Roman Missal (General Roman Calendar), and the Orthodox Triodion.
OFFSETS = {
    "Easter Sunday (Western)": ("western", 0),
    "Easter Sunday (Orthodox)": ("orthodox", 0),
    "Good Friday - no Catholic weddings": ("western", -2),
    "Holy Saturday - no Catholic weddings": ("western", -1),
    "Ash Wednesday (Lent starts: weddings discouraged, not banned)": ("western", "-46..-1"),
    "Great Lent from Clean Monday: no Orthodox weddings": ("orthodox", "-48..-1"),
    "Ostermontag": ("western", 1),
    "Pfingstmontag": ("western", 50),
    "Ascension": ("western", 39),
    "Good Friday": ("western", -2),
    "Easter Saturday": ("western", -1),
}
KNOWN = [fact for fact in FACTS if fact["name"] in OFFSETS]


@pytest.mark.parametrize("fact", KNOWN, ids=lambda fact: f"{fact['date']}-{fact['name'][:24]}")
def test_a_published_day(fact: dict[str, str], days_of: DaysOf) -> None:
    church, offset = OFFSETS[fact["name"]]
    first, last = date.fromisoformat(fact["date"]), date.fromisoformat(fact.get("end", fact["date"]))
    expected = {first + timedelta(days=step) for step in range((last - first).days + 1)}
    assert days_of({"easter": church, "days": offset}, first.year) == expected


def test_every_fact_about_easter_is_among_them() -> None:
    """None is left out by its spelling."""
    groups = {"easter", "easter-orthodox", "catholic", "lent", "orthodox"}
    assert [fact for fact in FACTS if fact["group"] in groups and fact["name"] not in OFFSETS] == []
    assert len(KNOWN) >= 16


@pytest.mark.parametrize(("church", "method"), [(Church.WESTERN, EASTER_WESTERN), (Church.ORTHODOX, EASTER_ORTHODOX)])
def test_two_centuries_agree_with_a_second_implementation(church: Church, method: int) -> None:
    """dateutil's, for 1900 to 2099; the earliest and the latest date are those of the textbooks."""
    found = {year: easter_sunday(year, church) for year in range(1900, 2100)}
    assert found == {year: easter(year, method) for year in range(1900, 2100)}
    assert all(day.weekday() == 6 for day in found.values())


def test_the_default_is_the_sunday_itself(days_of: DaysOf) -> None:
    assert days_of({"easter": "western"}, 2024, 2026) == {date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5)}


def test_far_days_reach_over_the_end_of_the_year(days_of: DaysOf) -> None:
    """180 days before Easter 2026 (5 April) is 7 October 2025, and 180 after it 2 October 2026."""
    assert date(2025, 10, 7) in days_of({"easter": "western", "days": "-180..180"}, 2025)
    assert date(2025, 10, 7) in days_of({"easter": "western", "days": -180}, 2025)
    assert days_of({"easter": "western", "days": 180}, 2026) == {date(2026, 10, 2)}


def test_nothing_is_ever_unverified(days_of: DaysOf) -> None:
    """It is arithmetic: no source can run out."""
    assert days_of({"easter": "orthodox", "days": [-48, "0..1"]}, 1970, 2099, part="unverified") == set()


@pytest.mark.parametrize(
    ("church", "days", "months", "never"),
    [
        (Church.WESTERN, 0, {3}, False),
        (Church.WESTERN, 0, {5}, True),
        (Church.ORTHODOX, 0, {5}, False),
        (Church.ORTHODOX, 0, {3}, True),
        (Church.WESTERN, 39, {4, 5}, False),
    ],
)
def test_easter_in_another_season_can_never_match(church: Church, days: int, months: set[int], never: bool) -> None:
    kind = Easter(easter=church, days=DayOffsets.parse(days))
    assert kind.never_matches(frozenset(months)) is never


@pytest.mark.parametrize("spelled", [[], "", "soon", 181, "-200..0", "1..-2", True, 1.5, "1..2..3"])
def test_what_is_no_number_of_days_is_refused(spelled: object) -> None:
    with pytest.raises(SpellingError):
        DayOffsets.parse(spelled)


def test_words_count_from_the_feast() -> None:
    kind = Easter(easter=Church.WESTERN, days=DayOffsets.parse([-2, 1, 0, "-46..-1"]))
    assert kind.words() == (
        "2 days before western Easter Sunday, 1 day after western Easter Sunday, western Easter Sunday, "
        "days -46..-1 of western Easter Sunday"
    )
