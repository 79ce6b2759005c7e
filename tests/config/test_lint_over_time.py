"""What time makes of a file that nobody touched is a warning of `lint`, with the place to mend and how."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wedgate.config.load import parse_configuration
from wedgate.config.warnings import warnings_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REGIONS = """version: 1
service: x
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE, subdivision: BE}}}
  gb: {markets: {london: {zone: Europe/London, country: GB}, leeds: {zone: Europe/London, country: GB}}}
  cn: {markets: {shanghai: {zone: Asia/Shanghai, country: CN}}}
rules:
"""


def warned(*rules: str, now: datetime = NOW) -> list[str]:
    text = REGIONS + "".join(f"  r{number}: {{{rule}}}\n" for number, rule in enumerate(rules))
    return [
        f"{problem.line}: {problem.what}; {problem.remedy}"
        for problem in warnings_of(parse_configuration(text.encode(), name="f"), now=now)
    ]


@pytest.mark.parametrize("day", ["2026-11-23", "2026-11-22", "[2020-01-01, 2027-05-01]"])
def test_dates_that_may_still_be_are_no_warning(day: str) -> None:
    """Midway around the world it is the day before."""
    assert warned(f"where: eu, dates: {day}, effect: block") == []


def test_dates_that_are_over_are_said() -> None:
    (found,) = warned("where: eu, dates: [2020-01-01, 2026-11-20..2026-11-21], effect: block")
    assert found == (
        "8: rules.r0: all of this rule is over (2020-01-01, 2026-11-20..2026-11-21); "
        "write the next dates, or delete the rule"
    )


def test_a_region_that_does_not_open_in_a_year_is_said() -> None:
    """Its only window is over, or its blocks leave nothing."""
    closed = "0: regions.eu: it is closed for all of the next 365 days; check its blocks and allow windows"
    assert closed in warned("where: eu, dates: 2020-01-01, effect: allow")
    assert warned("where: eu, weekdays: monday..sunday, effect: block") == [closed]
    assert warned("where: eu, weekdays: monday..saturday, effect: block") == []


def test_holidays_of_a_country_whose_parts_have_others_are_said() -> None:
    """Germany with Berlin is complete, the United Kingdom alone is not; a rule without holidays does not care."""
    assert warned("where: gb, holidays: public, effect: block") == [
        "8: rules.r0: gb/london, gb/leeds: parts of GB have holidays that GB as a whole has not; "
        "give the market a subdivision, one of ENG, NIR, SCT, WLS"
    ]
    assert warned("where: eu, holidays: public, effect: block") == []
    assert warned("where: gb, weekdays: saturday, effect: block") == []


def test_a_source_that_ends_soon_is_said() -> None:
    rule = "where: cn, holidays: public, effect: caution"
    (found,) = warned(rule)
    assert found.startswith("0: public holidays of CN are verified until 2026-12-31, 38 days from now; ")
    assert warned(rule, now=datetime(2026, 9, 1, tzinfo=UTC)) == []


def test_a_category_that_holds_no_day_is_said() -> None:
    """Berlin has no holiday of Catholic regions only, as Bavaria has (Assumption Day in Catholic communities)."""
    assert warned("where: eu, holidays: catholic, effect: block") == [
        "8: rules.r0: eu/berlin: no catholic holidays of DE-BE are known, so the rule never matches there; "
        "name another category, or delete the rule"
    ]
