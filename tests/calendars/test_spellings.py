"""Every spelling is read, written back in one normal form, and held to its JSON Schema; everything else is refused."""

import holidays.constants
import jsonschema
import pytest

from wedgate.calendars.spelling import Spelled, SpellingError
from wedgate.calendars.spellings import (
    CATEGORIES,
    Categories,
    DateItems,
    Days,
    MonthSet,
    Names,
    WeekdaySet,
    WeeklyItems,
    YearlyItems,
)
from wedgate.calendars.values import ClockRange

READ = [
    (WeekdaySet, "saturday", "saturday"),
    (WeekdaySet, " Sat ", "saturday"),
    (WeekdaySet, "friday..sunday", "friday..sunday"),
    (WeekdaySet, "sat..mon", "saturday..monday"),
    (WeekdaySet, "monday..sunday", "monday..sunday"),
    (WeekdaySet, ["sunday", "saturday"], ["saturday", "sunday"]),
    (WeekdaySet, ["mon..wed", "thu"], "monday..thursday"),
    (MonthSet, "november..february", "november..february"),
    (MonthSet, ["may", "april"], ["april", "may"]),
    (YearlyItems, "02-14", "02-14"),
    (YearlyItems, "04-01..10-31", "04-01..10-31"),
    (YearlyItems, ["12-23..01-03", "02-29"], ["12-23..01-03", "02-29"]),
    (YearlyItems, "12-31T12:00..01-01T24:00", "12-31T12:00..01-01T24:00"),
    (DateItems, "2026-05-24", "2026-05-24"),
    (DateItems, "2026-05-24..2026-05-24", "2026-05-24"),
    (DateItems, "2026-12-18..2027-01-04", "2026-12-18..2027-01-04"),
    (DateItems, "2026-12-18T17:00..2027-01-04T09:00", "2026-12-18T17:00..2027-01-04T09:00"),
    (Days, ["2026-05-24", "2026-06-01..2026-06-03"], ["2026-05-24", "2026-06-01..2026-06-03"]),
    (ClockRange, "08:00..12:00", "08:00..12:00"),
    (ClockRange, " 22:00 .. 06:00 ", "22:00..06:00"),
    (ClockRange, "18:00..24:00", "18:00..24:00"),
    (ClockRange, "18:00..00:00", "18:00..24:00"),
    (WeeklyItems, "friday 17:00..monday 09:00", "friday 17:00..monday 09:00"),
    (WeeklyItems, "fri 17:00..sun 24:00", "friday 17:00..sunday 24:00"),
    (Names, ["Reformation Day"], "Reformation Day"),
    (Names, ["Good Friday", "Boxing Day"], ["Good Friday", "Boxing Day"]),
    (Categories, "public", "public"),
    (Categories, ["public", "bank", "bank"], ["bank", "public"]),
]


@pytest.mark.parametrize(("kind", "raw", "normal"), READ)
def test_reads_and_writes_back_in_normal_form(kind: type[Spelled], raw: object, normal: object) -> None:
    value = kind.parse(raw)
    assert value.spell() == normal
    assert kind.parse(value.spell()) == value
    jsonschema.validate(value.spell(), dict(kind.json_schema()))


REFUSED = [
    (WeekdaySet, "blurgsday", '"blurgsday" is not a weekday'),  # V10
    (WeekdaySet, 1, "expected a weekday, got 1"),  # V10
    (WeekdaySet, [], "an empty list"),
    (WeekdaySet, "satd", "did you mean"),
    (WeekdaySet, "saturday..saturday", "starts where it ends"),
    (WeekdaySet, True, "got true"),
    (MonthSet, "martius", "did you mean"),  # V10
    (MonthSet, 2, "expected a month"),
    (ClockRange, "17:31..17:31", "starts where it ends"),  # V07
    (ClockRange, "18:00..24:01", "24:01 is not a time of day"),  # V08
    (ClockRange, "24:00..06:00", "24:00 cannot start"),  # V08
    (ClockRange, "08:00", "with a start and an end"),  # V08
    (ClockRange, "08:00..", "with a start and an end"),  # V08
    (ClockRange, "01:99..02:00", "01:99 is not a time of day"),  # V09
    (ClockRange, "99:99..10:00", "99:99 is not a time of day"),  # V09
    (ClockRange, "8:00..12:00", "HH:MM"),
    (ClockRange, 480, "got 480"),
    (WeeklyItems, "friday..monday", "needs a weekday and a time"),
    (WeeklyItems, "friday 17:00..friday 17:00", "starts where it ends"),
    (YearlyItems, "13-01", "there is no day 13-01"),
    (YearlyItems, "02-00", "there is no day 02-00"),
    (YearlyItems, "2-14", "month and day"),
    (YearlyItems, "12-31T12:00..01-01", "a time at one end only"),
    (YearlyItems, "02-14T12:00..02-14T12:00", "starts where it ends"),
    (DateItems, "2022-01-01..2020-01-01", "ends before it starts"),  # V12
    (DateItems, "2026-02-30", "there is no day 2026-02-30"),
    (DateItems, "2026-02-03T10:00", "has a time but no end"),
    (DateItems, "2026-02-03T10:00..2026-02-03T10:00", "or where it starts"),
    (DateItems, "tomorrow", "is not a date"),
    (Days, "2026-02-03T10:00..2026-02-03T12:00", "has times"),
    (Categories, "publik", 'did you mean "public"?'),
    (Names, "  ", "expected a name"),
]


@pytest.mark.parametrize(("kind", "raw", "message"), REFUSED)
def test_refuses_and_says_what_to_do(kind: type[Spelled], raw: object, message: str) -> None:
    with pytest.raises(SpellingError) as caught:
        kind.parse(raw)
    assert message in str(caught.value)
    assert caught.value.what
    assert caught.value.remedy


def test_a_month_set_is_the_plain_set_that_rules_hold() -> None:
    assert MonthSet.parse("november..february") == frozenset({11, 12, 1, 2})


def test_the_categories_are_those_of_the_holidays_package() -> None:
    constants = {value for name, value in vars(holidays.constants).items() if name.isupper() and isinstance(value, str)}
    assert set(CATEGORIES) == constants - {holidays.constants.HOLIDAY_NAME_DELIMITER}
