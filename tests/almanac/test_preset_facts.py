"""Every dated fact of tests/facts/calendar_facts.json, each with its published source, against the shipped presets.

A peak or a holiday is at least a caution in the preset of its region, in a market of its country. On an avoided day a
lull is in force, on an auspicious day its load, whatever the season makes of it. A day that is nothing special in that
book matches no row of special days, and a working day no holiday. Each by the row that is meant to say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wedgate.almanac.gather import gather_facts
from wedgate.almanac.zones import zone
from wedgate.calendars.explain import look_at
from wedgate.calendars.facts import Facts, needs_of
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, Rule, RuleLook, Span, Verdict
from wedgate.config.load import parse_configuration

FILE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "facts" / "calendar_facts.json").read_text())
ZONES = {
    "US": "America/New_York", "MX": "America/Mexico_City", "DE": "Europe/Berlin", "FR": "Europe/Paris",
    "IT": "Europe/Rome", "ES": "Europe/Madrid", "GB": "Europe/London", "GB-ENG": "Europe/London",
    "GR": "Europe/Athens", "CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "TW": "Asia/Taipei", "SG": "Asia/Singapore",
    "MY": "Asia/Kuala_Lumpur", "JP": "Asia/Tokyo", "KR": "Asia/Seoul", "IN": "Asia/Kolkata", "SA": "Asia/Riyadh",
    "AU": "Australia/Sydney", "AU-NSW": "Australia/Sydney",
}  # fmt: skip
EVERYWHERE = {"us-west": ("US", "MX"), "eu-central": ("DE", "GB", "FR", "IT", "ES")}
"""The countries that stand for ``*``."""
SPAN = Span(start=datetime(2022, 12, 25, tzinfo=UTC), end=datetime(2031, 1, 8, tzinfo=UTC))

ROWS = {
    ("us-federal", "holiday"): {"public-holidays"},
    ("valentine", "peak"): {"valentine"},
    ("latino", "peak"): {"valentine"},
    ("nye", "peak"): {"new-year"},
    ("us-engagement", "peak"): {"new-year"},
    ("us-peak", "peak"): {"wedding-days"},
    ("latino", "avoid"): {"dia-de-muertos"},
    ("martes13", "avoid"): {"martes-trece"},
    ("catholic", "avoid"): {"lent"},
    ("lent", "avoid"): {"lent"},
    ("de", "holiday"): {"public-holidays"},
    ("fr", "holiday"): {"public-holidays"},
    ("it", "holiday"): {"public-holidays"},
    ("es", "holiday"): {"assumption"},
    ("gb", "holiday"): {"public-holidays"},
    ("easter", "holiday"): {"easter"},
    ("easter-orthodox", "holiday"): {"orthodox-easter"},
    ("eu-peak-measured", "peak"): {"september-saturdays"},
    ("eu-peak-measured", "avoid"): {"christmas"},
    ("orthodox", "avoid"): {"great-lent", "dormition-fast", "exaltation-of-the-cross"},
    ("de-schnapszahl", "peak"): {"valentine"},
    ("cn-520", "peak"): {"day-520"},
    ("cn-lunar", "peak"): {"qixi"},
    ("cn-lunar", "holiday"): {"lunar-new-year", "mid-autumn"},
    ("cn-golden", "holiday"): {"golden-week-may", "golden-week-october", "wedding-days", "sundays"},
    ("cn-ghost", "avoid"): {"ghost-month"},
    ("cn-widow", "avoid"): {"widow-years"},
    ("cn-workday", "workday"): {"make-up-workdays"},
    ("in-holiday", "holiday"): {"public-holidays"},
    ("in-season", "peak"): {"hindu-openings", "indian-season"},
    ("islamic", "holiday"): {"public-holidays"},
    ("islamic", "avoid"): {"ramadan"},
    ("jp-holiday", "holiday"): {"public-holidays"},
    ("jp-peak", "peak"): {"good-couples-day"},
    ("jp-rokuyo", "auspicious"): {"tai-an", "tomobiki"},
    ("jp-rokuyo", "avoid"): {"butsumetsu"},
    ("kr-lunar", "holiday"): {"chuseok", "seollal"},
    ("kr-son", "auspicious"): {"son-eomneun-nal"},
    ("sg", "holiday"): {"public-holidays"},
    ("sg-forecast", "holiday"): {"public-holidays", "diwali"},
    ("au-nsw", "holiday"): {"public-holidays"},
    ("au-peak-measured", "peak"): {"wedding-days"},
}
"""The rows of the preset, one of which must be what says it."""

NOT_SAID: dict[tuple[str, str], str] = {
    (
        "cn-jieqi",
        "2023-02-04",
    ): "lichun is a solar term, which no rule kind reckons; that year it was a Saturday anyway",
}
"""(group, date) -> why the presets do not say it. As few as can be."""


def countries_of(fact: dict[str, Any]) -> tuple[str, ...]:
    """Return the markets in which a fact must show."""
    if fact["country"] == "*":
        return EVERYWHERE[fact["region"]]
    return tuple(country for country in fact["country"].split("/") if country != "LatAm" and shows(country, fact))


def shows(country: str, fact: dict[str, Any]) -> bool:
    """Whether the preset of the fact's region is made for the country: ES is Europe's, whatever else is named."""
    return not (fact["region"] == "us-west" and country == "ES")


def days_of(fact: dict[str, Any]) -> Iterator[date]:
    """Yield the dates of a fact, its end included; of one that is months long every seventh."""
    day, end = date.fromisoformat(fact["date"]), date.fromisoformat(fact.get("end", fact["date"]))
    step = timedelta(days=7 if (end - day).days > 60 else 1)
    while day < end:
        yield day
        day += step
    yield end


@cache
def market(region: str, country: str) -> tuple[Calendar, Facts, Timeline]:
    """Return the calendar of one market that extends the preset of a region, laid out over all years of the facts."""
    code, _, part = country.partition("-")
    options = f"zone: {ZONES[country]}, country: {code}" + (f", subdivision: {part}" if part else "")
    text = f"version: 1\nservice: x\nregions: {{r: {{extends: wedding/{region}, markets: {{m: {{{options}}}}}}}}}\n"
    calendar = parse_configuration(text.encode(), name="f").calendar
    facts = gather_facts(needs_of(calendar), SPAN)
    return calendar, facts, compile_timeline(calendar, facts, SPAN)


def noon(country: str, day: date) -> datetime:
    """Return noon of a local date."""
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(ZONES[country])).astimezone(UTC)


def matched(region: str, country: str, day: date) -> list[tuple[Rule, RuleLook]]:
    """Return the rows that are in force at noon of a local date."""
    calendar, facts, _ = market(region, country)
    rules = {rule.id: rule for rule in calendar.rules}
    looks = look_at(calendar, facts, "r", noon(country, day), noon(country, day) + timedelta(days=2))
    return [(rules[look.rule], look) for look in looks if look.matched]


def verdict(region: str, country: str, day: date) -> Verdict:
    """Return the verdict at noon of a local date."""
    return market(region, country)[2].region_at("r", noon(country, day)).verdict


def holds(fact: dict[str, Any], country: str, day: date) -> bool:
    """Whether the preset says what the fact says."""
    found = matched(fact["region"], country, day)
    said = any(rule.id.rpartition("/")[2] in ROWS.get((fact["group"], fact["kind"]), ()) for rule, _ in found)
    match fact["kind"]:
        case "auspicious":
            return said and any(rule.load is not None and rule.load > 1 for rule, _ in found)
        case "peak" | "holiday":
            return said and verdict(fact["region"], country, day) is not Verdict.OPEN
        case "avoid":
            return said and any(rule.load is not None and rule.load < 1 for rule, _ in found)
        case "neutral":
            return not any(rule.kind.KEY == "auspicious" for rule, _ in found)
        case "workday":
            return said and not any(rule.kind.KEY == "holidays" for rule, _ in found)
    raise AssertionError(fact["kind"])


@pytest.mark.parametrize("fact", FILE["facts"], ids=lambda fact: f"{fact['group']}-{fact['date']}")
def test_the_preset_says_what_is_published(fact: dict[str, Any]) -> None:
    """Each fact, on each of its days, in each of its countries; an exception that is none any more fails too."""
    wrong = [
        (country, str(day), verdict(fact["region"], country, day).value)
        for country in countries_of(fact)
        for day in days_of(fact)
        if not holds(fact, country, day)
    ]
    assert countries_of(fact)
    assert bool(wrong) == ((fact["group"], fact["date"]) in NOT_SAID), wrong


def test_there_are_facts() -> None:
    """An empty file would prove nothing."""
    assert len(FILE["facts"]) == 143
    assert len(NOT_SAID) <= 3


@pytest.mark.parametrize("window", FILE["saturday_windows"], ids=lambda each: f"{each['zone']}-{each['date']}")
def test_saturdays_close_from_local_midnight_to_local_midnight(window: dict[str, str]) -> None:
    """And the surge of their morning is a load of six, in UTC of that date: daylight saving is in the vectors."""
    region, country = {
        "America/Los_Angeles": ("us-west", "US"), "America/New_York": ("us-east", "US"),
        "Europe/Berlin": ("eu-central", "DE"), "Asia/Singapore": ("asia-pacific", "SG"),
        "Asia/Kolkata": ("asia-pacific", "IN"), "Australia/Sydney": ("asia-pacific", "AU-NSW"),
    }[window["zone"]]  # fmt: skip
    options = f"zone: {window['zone']}, country: {country[:2]}"
    text = f"version: 1\nservice: x\nregions: {{r: {{extends: wedding/{region}, markets: {{m: {{{options}}}}}}}}}\n"
    calendar = parse_configuration(text.encode(), name="f").calendar
    start, end, surge, over = (
        datetime.fromisoformat(window[key])
        for key in ("day_start_utc", "day_end_utc", "surge_start_utc", "surge_end_utc")
    )
    second = timedelta(seconds=1)
    facts = gather_facts(needs_of(calendar), Span(start=start - timedelta(days=2), end=end + timedelta(days=2)))

    def rows(at: datetime) -> set[str]:
        looks = look_at(calendar, facts, "r", at, at + timedelta(hours=1))
        return {look.rule.rpartition("/")[2] for look in looks if look.matched}

    assert ["wedding-days" in rows(at) for at in (start - second, start, end - second, end)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert ["booking-surge" in rows(at) for at in (surge - second, surge, over - second, over)] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("change", FILE["dst_transitions"], ids=lambda each: f"{each['zone']}-{each['utc']}")
def test_clocks_change_when_the_law_says(change: dict[str, Any]) -> None:
    """The pinned database has each transition to the second, with the offsets before and after."""
    at, found = datetime.fromisoformat(change["utc"]), zone(change["zone"])
    before, after = ((at + step).astimezone(found).utcoffset() for step in (timedelta(seconds=-1), timedelta(0)))
    assert before == timedelta(minutes=change["before_min"])
    assert after == timedelta(minutes=change["after_min"])


@pytest.mark.parametrize(
    ("preset", "market", "at"),
    [
        # A year without lichun, and Lent: lulls that leave less than six of the surge's six.
        ("asia-pacific", "{zone: Asia/Hong_Kong, country: HK, wedding-days: sunday}", "2027-06-05T02:00:00Z"),
        ("us-west", "{zone: America/Denver, country: US, wedding-days: friday}", "2027-02-20T16:00:00Z"),
    ],
)
def test_no_lull_opens_the_booking_surge(preset: str, market: str, at: str) -> None:
    """Saturday is not the wedding day everywhere, and the surge is on it all the same."""
    text = f"version: 1\nservice: x\nregions: {{r: {{extends: wedding/{preset}, markets: {{m: {market}}}}}}}\n"
    calendar = parse_configuration(text.encode(), name="f").calendar
    instant = datetime.fromisoformat(at)
    span = Span(start=instant, end=instant + timedelta(days=9))
    answer = compile_timeline(calendar, gather_facts(needs_of(calendar), span), span).region_at("r", instant)
    assert f"wedding/{preset}/booking-surge" in {cause.rule for cause in answer.causes if cause.closes}
