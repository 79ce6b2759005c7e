"""Days by custom are those that were published; they are a load, and where their lists end only a caution."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wedgate.calendars.auspicious_days import NAMES, ROKUYO, AuspiciousDays
from wedgate.calendars.facts import Facts, TableKey
from wedgate.calendars.kinds.auspicious import Auspicious
from wedgate.calendars.matches import DayRun, Modifier
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.tables import DateTable, TableRow
from wedgate.calendars.values import CauseKind, Market, Verdict

DaysOf = Callable[..., set[date]]
FACTS: list[dict[str, str]] = json.loads((Path(__file__).parents[1] / "facts" / "lunar.json").read_text())
NAMES_OF_ROKUYO = {
    "大安": "tai-an", "赤口": "shakku", "先勝": "sensho", "友引": "tomobiki", "先負": "senbu", "仏滅": "butsumetsu",
}  # fmt: skip
HERE = Market(name="here", zone="UTC", country="IN")


def of_group(group: str) -> list[dict[str, str]]:
    """Return the facts of one group."""
    return [fact for fact in FACTS if fact["group"] == group]


@pytest.mark.parametrize("fact", of_group("jp-rokuyo"), ids=lambda fact: f"{fact['date']}")
def test_a_published_rokuyo(fact: dict[str, str], days_of: DaysOf) -> None:
    """The day is in the list of its name, and in none of the other five."""
    day = date.fromisoformat(fact["date"])
    name = NAMES_OF_ROKUYO[fact["name"].removeprefix("rokuyo:")]
    assert [other for other in ROKUYO if day in days_of({"auspicious": other}, day.year)] == [name]


def test_every_day_has_one_rokuyo(days_of: DaysOf) -> None:
    each = [days_of({"auspicious": name}, 2026) for name in ROKUYO]
    assert sum(map(len, each)) == 365
    assert set().union(*each) == {date(2026, 1, 1) + timedelta(days=step) for step in range(365)}


@pytest.mark.parametrize("fact", of_group("kr-son"), ids=lambda fact: f"{fact['date']}")
def test_a_published_day_without_spirits(fact: dict[str, str], days_of: DaysOf) -> None:
    assert date.fromisoformat(fact["date"]) in days_of({"auspicious": "son-eomneun-nal"}, 2025)


def test_2025_had_68_days_without_spirits(days_of: DaysOf) -> None:
    """As counted by irondle.com."""
    assert len(days_of({"auspicious": "son-eomneun-nal"}, 2025)) == 68


@pytest.mark.parametrize("fact", of_group("in-season"), ids=lambda fact: f"{fact['date']}")
def test_a_published_season_of_india(fact: dict[str, str], days_of: DaysOf) -> None:
    """A day or a season with its end."""
    first, last = date.fromisoformat(fact["date"]), date.fromisoformat(fact.get("end", fact["date"]))
    name = "muhurta-season" if first != last else "muhurta"
    found = days_of({"auspicious": name}, first.year)
    assert {first + timedelta(days=step) for step in range((last - first).days + 1)} <= found


@pytest.mark.parametrize("name", ["muhurta", "muhurta-season"])
def test_a_shipped_table_says_from_when_to_when(name: str, days_of: DaysOf) -> None:
    """Before and after it nothing matches, and nothing is known."""
    assert days_of({"auspicious": name}, 2028) == set()
    assert len(days_of({"auspicious": name}, 2028, part="unverified")) == 366
    assert date(2024, 10, 31) in days_of({"auspicious": name}, 2024, part="unverified")
    assert days_of({"auspicious": name}, 2025, 2027, part="unverified") == set()


RULE = {"auspicious": "tai-an", "load": 9}


@pytest.mark.parametrize("load", [3, 9])
def test_where_a_list_ends_there_is_only_a_caution(
    load: int, calendar_of: Callable[..., Any], timeline_of: Callable[..., Any], utc: Callable[[str], datetime]
) -> None:
    """In 2034 the rokuyo are not known; a load that would close, were it known, does not close for that."""
    at = utc("2034-06-01T03:00:00Z")
    calendar = calendar_of({"jp": ["Asia/Tokyo"]}, [{**RULE, "load": load}])
    answer = timeline_of(calendar, at, days=3).region_at("jp", at)
    assert (answer.verdict, answer.load) == (Verdict.CAUTION, Decimal(load))
    assert {cause.kind for market in answer.markets for cause in market.causes} == {CauseKind.LOAD_UNVERIFIED}


def test_a_known_load_decides_as_any_other(
    calendar_of: Callable[..., Any], timeline_of: Callable[..., Any], utc: Callable[[str], datetime]
) -> None:
    """5 January 2025 was tai-an (zexy.net)."""
    at = utc("2025-01-05T03:00:00Z")
    answer = timeline_of(calendar_of({"jp": ["Asia/Tokyo"]}, [RULE]), at, days=3).region_at("jp", at)
    assert answer.verdict is Verdict.CLOSED
    (cause,) = answer.markets[0].causes
    # The sixth day of the twelfth month: (12 + 6) mod 6 = 0.
    assert "tai-an, 12-06 of the japanese calendar" in cause.detail


def own_table(*loads: str | None) -> tuple[Auspicious, Facts]:
    """Return a rule with a table of its own, whose rows on 1, 2, 3 ... May 2026 bring these loads."""
    rows = tuple(
        TableRow(date(2026, 5, day), date(2026, 5, day), f"day {day}", None if load is None else Decimal(load))
        for day, load in enumerate(loads, start=1)
    )
    table = DateTable(
        verified_from=date(2026, 1, 1), verified_until=date(2026, 5, 2), source="the printed almanac", rows=rows
    )
    kind = Auspicious(auspicious=AuspiciousDays.parse("calendars/tongshu.yml"))
    return kind, Facts(sources={TableKey(path="calendars/tongshu.yml"): table})  # type: ignore[dict-item]


def test_a_row_brings_its_own_load() -> None:
    kind, facts = own_table("4", None, "7")
    found = kind.matches(facts, HERE, date(2026, 5, 1), date(2026, 5, 31))
    assert found.days == (
        DayRun(date(2026, 5, 1), date(2026, 5, 1), "day 1", Decimal(4)),
        DayRun(date(2026, 5, 2), date(2026, 5, 2), "day 2", None),
    )


def test_past_its_expiry_a_table_is_taken_at_its_highest_load() -> None:
    """7, though the row that brings it lies past the expiry too."""
    kind, facts = own_table("4", None, "7")
    (run,) = kind.matches(facts, HERE, date(2026, 5, 1), date(2026, 5, 31)).unverified
    assert (run.first, run.last, run.load) == (date(2026, 5, 3), date(2026, 5, 31), Decimal(7))


def test_a_table_without_loads_leaves_it_to_the_rule() -> None:
    kind, facts = own_table(None)
    (run,) = kind.matches(facts, HERE, date(2026, 5, 1), date(2026, 5, 31)).unverified
    assert run.load is None


def test_custom_has_no_effect() -> None:
    """Neither block, nor caution, nor allow: it is for the load to say what a busy day means."""
    kind = Auspicious(auspicious=AuspiciousDays.parse("tai-an"))
    refusal = kind.refuses(Modifier.EFFECT)
    assert refusal is not None
    assert refusal.what == '"auspicious" days are a load, not an effect'
    assert kind.refuses(Modifier.TIME) is None


@pytest.mark.parametrize("spelled", ["taian", "tongshu", "", [], 5, "almanac.csv", "https://a.example/x.yml"])
def test_what_is_no_list_of_days_is_refused(spelled: object) -> None:
    with pytest.raises(SpellingError):
        AuspiciousDays.parse(spelled)


def test_words_name_the_lists() -> None:
    kind = Auspicious(auspicious=AuspiciousDays.parse(["Tai-an", "calendars/tongshu.yml"]))
    assert kind.words() == "tai-an days or the days of calendars/tongshu.yml"
    assert set(NAMES) >= {"muhurta", "son-eomneun-nal", *ROKUYO}
