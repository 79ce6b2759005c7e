"""`--explain` says nothing that the calendar contradicts: no false end, the true cause, and the zone it looked in."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.explain import look_at
from wedgate.calendars.facts import needs_of
from wedgate.calendars.values import Calendar, Origin, RuleLook, Span

CalendarOf = Callable[..., Calendar]


def look(calendar: Calendar, at: datetime, days: int = 60) -> RuleLook:
    horizon = at + timedelta(days=days)
    facts = gather_facts(needs_of(calendar), Span(start=at, end=horizon))
    (found,) = look_at(calendar, facts, "eu", at, horizon)
    return found


@pytest.mark.parametrize(
    ("rule", "year", "days", "words"),
    [
        ({"months": "june..august"}, 2026, 60, "matches: every day, in june..august"),
        ({"months": "june..august"}, 2026, 100, "matches: every day, in june..august, until Tue 2026-09-01 00:00"),
        ({"weekdays": "monday..sunday"}, 2026, 1100, "matches: monday..sunday (Monday)"),
        (
            {"holidays": "public"},
            2040,
            60,
            "cannot be known: public holidays (public holidays of DE-BE are verified until 2035-12-31)",
        ),
        ({"dates": "2026-06-01..2026-06-20"}, 2026, 60, "matches: 2026-06-01..2026-06-20, until Sun 2026-06-21 00:00"),
    ],
)
def test_an_end_is_named_only_where_it_was_read_to(
    rule: dict[str, str], year: int, days: int, words: str, calendar_of: CalendarOf
) -> None:
    at = datetime(year, 6, 15, 1, 30, tzinfo=UTC)
    found = look(calendar_of({"eu": ["Europe/Berlin"]}, [{**rule, "effect": "block"}]), at, days)
    said = found.text.replace(" (Monday)", "").replace(" (Friday)", "")
    assert said == words.replace(" (Monday)", "")


@pytest.mark.parametrize(
    ("rule", "at", "why"),
    [
        # A Saturday inside of the stretch, in a month that the rule leaves out.
        ({"weekly": "friday 17:00..monday 09:00", "months": "june"}, "2026-07-11T10:00", "the rule is for june"),
        # The first hours of July belong to the stretch that began in June.
        (
            {"weekly": "tuesday 17:00..thursday 09:00", "months": "july"},
            "2026-07-01T10:00",
            "and tuesday 17:00..thursday 09:00 began on Tue 2026-06-30, the rule is for july",
        ),
        ({"weekly": "friday 17:00..monday 09:00"}, "2026-07-08T10:00", "the rule is for friday 17:00..monday 09:00"),
        ({"yearly": "07-10T12:00..07-12T12:00", "months": "june"}, "2026-07-11T10:00", "the rule is for june"),
        ({"weekdays": "saturday", "months": "june"}, "2026-07-11T10:00", "the rule is for june"),
        ({"weekdays": "saturday", "time": "08:00..09:00"}, "2026-07-11T10:00", "outside of 08:00..09:00"),
    ],
)
def test_the_reason_for_no_match_is_the_true_one(
    rule: dict[str, str], at: str, why: str, calendar_of: CalendarOf
) -> None:
    found = look(calendar_of({"eu": ["UTC"]}, [{**rule, "effect": "block"}]), datetime.fromisoformat(at + "Z"))
    assert not found.matched
    assert found.text.endswith(why)


def test_a_look_names_the_zone_it_was_taken_in(calendar_of: CalendarOf) -> None:
    """O08: the rule's own zone where it has one, else the market's."""
    at = datetime(2026, 6, 10, 12, tzinfo=UTC)
    for zone, hours in (("Asia/Tokyo", 9), (None, 2)):
        rule = {"weekdays": "saturday", "effect": "block"} | ({"zone": zone} if zone else {})
        found = look(calendar_of({"eu": ["Europe/Berlin"]}, [rule]), at)
        assert (found.zone, found.offset) == (zone or "Europe/Berlin", timedelta(hours=hours))


def test_a_look_says_which_row_of_a_preset_and_which_data(calendar_of: CalendarOf) -> None:
    """The row, its citation and how sure it is; of a rule in a zone of its own, the sources of all of its markets."""
    origin = Origin(file="wedding/eu-central", line=31, source="IBGE, Registro Civil 2023", confidence="high")
    rule = {"holidays": "public", "effect": "block", "zone": "Europe/Berlin", "origin": origin}
    found = look(calendar_of({"eu": ["Europe/Berlin", "Europe/London"]}, [rule]), datetime(2026, 6, 10, tzinfo=UTC))
    assert found.origin == origin
    assert [source.name for source in found.sources] == ["public holidays of DE-BE", "public holidays of GB-ENG"]
    assert {source.verified_until for source in found.sources} == {date(2035, 12, 31)}
