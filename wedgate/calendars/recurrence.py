"""The spelling of an RFC 5545 recurrence: ``FREQ=MONTHLY;BYDAY=3SA``, its first date and how long each one lasts.

Read strictly here, expanded elsewhere. The parts and where they may stand are those of RFC 5545, section 3.3.10. What
is left out on purpose: frequencies below a day and parts for the time of day, because a rule of a calendar has one
time, that of its ``from``; and an ``UNTIL`` in UTC, because the recurrence runs in each market's own local time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Self

from wedgate.calendars.padding import WallLength
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import CLOCK, nearest, shown, text_of

_EXAMPLE = '"FREQ=MONTHLY;BYDAY=3SA"'
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = (
    *("FREQ", "UNTIL", "COUNT", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYYEARDAY"),
    *("BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"),
)
_NUMBERED = {"BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST = {"COUNT": 100_000, "INTERVAL": 1_000}
_PERIODS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_MOST_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRule:
    """One RRULE in its normal form: upper case, ``FREQ`` first, the parts as they were given."""

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read the text of one RRULE, with or without ``RRULE:`` before it."""
        text = text_of(raw, "recurrence", example=_EXAMPLE)
        if "\n" in text or "DTSTART" in text.upper():
            raise SpellingError(
                "a recurrence is one RRULE, without DTSTART, EXDATE or a second line",
                "write its first date in from: and its exceptions in except:",
            )
        text = re.sub(r"^RRULE:", "", text.upper().replace(" ", ""))
        found: dict[str, str] = {}
        for part in text.rstrip(";").split(";"):
            key, equals, value = part.partition("=")
            if not equals or not value:
                raise SpellingError(f"{shown(part)} is not a part of a recurrence", f"write {_EXAMPLE}")
            if key in found:
                raise SpellingError(f"{key} is given twice", "delete one of them")
            found[key] = _checked(key, value)
        if "FREQ" not in found:
            raise SpellingError("the recurrence has no FREQ", f"write {_EXAMPLE}")
        _check_together(found)
        return cls(parts=tuple(sorted(found.items(), key=lambda item: _PARTS.index(item[0]))))

    def spell(self) -> object:
        """Write it in its normal form."""
        return str(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a text that names a frequency of a day or longer."""
        return {
            "type": "string",
            "pattern": r"^[^\n]*[Ff][Rr][Ee][Qq] ?=[^\n]*$",
            "examples": ["FREQ=MONTHLY;BYDAY=3SA"],
            "description": "An RFC 5545 recurrence in local time, from the date in `from` on.",
        }

    def __str__(self) -> str:
        """The text of the RRULE."""
        return ";".join(f"{key}={value}" for key, value in self.parts)

    def part(self, key: str) -> str | None:
        """Return the value of one part."""
        return dict(self.parts).get(key)

    @property
    def until(self) -> datetime | None:
        """The last wall time that may match; the whole of a day that is named without a time."""
        text = self.part("UNTIL")
        if text is None:
            return None
        day = date.fromisoformat(text[:8])
        return datetime.combine(day, time.fromisoformat(text[9:]) if "T" in text else time(23, 59, 59))

    def never_occurs(self, start: date, months: frozenset[int] | None) -> bool:
        """Whether no date can match, by its months and days alone; what only a search shows is not looked for."""
        named = _numbers(self.part("BYMONTH")) or list(range(1, 13))
        asked = [month for month in named if months is None or month in months]
        month_days = _numbers(self.part("BYMONTHDAY"))
        if month_days:
            return not any(abs(day) <= _LONGEST_MONTH[month - 1] for month in asked for day in month_days)
        if self.part("FREQ") == "DAILY" and self.part("BYDAY"):
            steps_over_weeks = int(self.part("INTERVAL") or 1) % 7 == 0
            if steps_over_weeks and _DAYS[start.weekday()] not in (self.part("BYDAY") or "").split(","):
                return True
        return not asked


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStart:
    """A local date, perhaps with a time of day: ``2026-01-01``, ``2026-01-01T22:00``."""

    day: date
    clock: time | None = None

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a date, with ``T`` and a time or without."""
        text = text_of(raw, "first date", example="2026-01-01 or 2026-01-01T22:00")
        found = re.fullmatch(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:T({CLOCK}))?", text)
        try:
            if found is not None and 1970 <= (day := date.fromisoformat(found[1])).year <= 2399:
                return cls(day=day, clock=None if found[2] is None else time.fromisoformat(found[2]))
        except ValueError:
            raise SpellingError(f"there is no day {text[:10]}", "check the month and the day") from None
        raise SpellingError(f"{shown(raw)} is not a first date", "write 2026-01-01 or 2026-01-01T22:00, in local time")

    def spell(self) -> object:
        """Write it as it stands in the file."""
        return str(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema of the text."""
        return {
            "type": "string",
            "pattern": rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(T{CLOCK})?$",
            "description": "With `rrule`: the local date, perhaps with a time, from which the recurrence counts.",
        }

    def __str__(self) -> str:
        """The spelling."""
        return f"{self.day}" if self.clock is None else f"{self.day}T{self.clock:%H:%M}"

    @property
    def wall(self) -> datetime:
        """The wall time, midnight for a date alone."""
        return datetime.combine(self.day, self.clock or time(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """How long something lasts in wall time: ``4h``, ``2d``."""

    length: WallLength

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a number with ``d``, ``h`` or ``m``, or several of them; at most sixty days."""
        text = raw.strip().replace(" ", "") if isinstance(raw, str) else ""
        found = re.fullmatch(r"(?=[0-9])(?:([0-9]{1,2})d)?(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m)?", text)
        if found is None:
            raise SpellingError(f"{shown(raw)} is not a length", "write a number with d, h or m, such as 4h or 2d")
        days, hours, minutes = (int(part or 0) for part in found.groups())
        length = WallLength(days=days, minutes=hours * 60 + minutes)
        if not 0 < length.seconds <= _MOST_DAYS * 86400:
            raise SpellingError(f"{text} is not more than nothing and at most {_MOST_DAYS} days", "write such as 4h")
        return cls(length=length)

    def spell(self) -> object:
        """Write it as it stands in the file."""
        return str(self.length)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema of the text."""
        return {
            "type": "string",
            "pattern": r"^(?=[0-9])([0-9]{1,2}d)?([0-9]{1,3}h)?([0-9]{1,4}m)?$",
            "examples": ["4h", "2d"],
            "description": "With `rrule`: how long each occurrence lasts; one whole local date unless given.",
        }


def _checked(key: str, value: str) -> str:
    """Return the value of one part, or say what is wrong with it."""
    if key in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        raise SpellingError(f"{key} has no place here", "the time of day is that of from:; write a rule for each time")
    if key not in _PARTS:
        raise SpellingError(f"a recurrence has no {shown(key)}", nearest(key, _PARTS))
    if key in _NUMBERED or key == "BYMONTH":
        _check_numbers(key, value)
    else:
        _CHECKS[key](key, value)
    return value


def _check_frequency(key: str, value: str) -> None:
    if value in ("SECONDLY", "MINUTELY", "HOURLY"):
        raise SpellingError(
            f"FREQ={value} is finer than a calendar of days", "use FREQ=DAILY with time:, or from: with lasts:"
        )
    if value not in _FREQUENCIES:
        raise SpellingError(f"there is no {key}={value}", nearest(value, _FREQUENCIES))


def _check_positive(key: str, value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,7}", value) or not 1 <= int(value) <= _MOST[key]:
        what = f"{key}={value} is not a whole number from 1 to {_MOST[key]:,}"
        raise SpellingError(what, f"write a positive number, or delete {key}")


def _check_until(key: str, value: str) -> None:
    if value.endswith("Z"):
        raise SpellingError(
            f"{key}={value} is in UTC, and the recurrence runs in local time",
            f"write it without the Z: {key}={value[:-1]}",
        )
    try:
        if not re.fullmatch(r"[0-9]{8}(T[0-9]{6})?", value):
            raise ValueError
        datetime.fromisoformat(value)
    except ValueError:
        raise SpellingError(f"{key}={value} is not a day", f"write {key}=20271231 or {key}=20271231T180000") from None


def _check_days(key: str, value: str) -> None:
    for day in value.split(","):
        found = re.fullmatch(r"([-+]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", day)
        if found is None:
            raise SpellingError(f"{key}: {shown(day)} is not a weekday", "write MO to SU, 3SA or -1FR, with commas")
        if found[1] is not None and not 1 <= abs(int(found[1])) <= 53:
            raise SpellingError(f"{key}: there is no {day}", "count from 1, or from -1 for the last")


def _check_week_start(key: str, value: str) -> None:
    if value not in _DAYS:
        raise SpellingError(f"{key}={value} is not a weekday", "write MO to SU")


def _check_numbers(key: str, value: str) -> None:
    most, sign = (12, "") if key == "BYMONTH" else (_NUMBERED[key], "[-+]?")
    for number in value.split(","):
        if not re.fullmatch(rf"{sign}[0-9]{{1,3}}", number) or not 1 <= abs(int(number)) <= most:
            below = "" if key == "BYMONTH" else f", or -1 to -{most} from the end"
            raise SpellingError(f"{key}: {shown(number)} does not exist", f"write 1 to {most}{below}")


_CHECKS: Mapping[str, Callable[[str, str], None]] = {
    "FREQ": _check_frequency,
    "COUNT": _check_positive,
    "INTERVAL": _check_positive,
    "UNTIL": _check_until,
    "BYDAY": _check_days,
    "WKST": _check_week_start,
}


def _check_together(found: Mapping[str, str]) -> None:
    """Refuse parts that RFC 5545 does not let stand together."""
    frequency = found["FREQ"]
    if "COUNT" in found and "UNTIL" in found:
        raise SpellingError("COUNT and UNTIL both end the recurrence", "keep one of them")
    if any(character.isdigit() for character in found.get("BYDAY", "")):
        _check_ordinals(found)
    if frequency == "WEEKLY" and "BYMONTHDAY" in found:
        raise SpellingError("BYMONTHDAY does not go with FREQ=WEEKLY", "use FREQ=MONTHLY")
    if frequency != "YEARLY" and "BYYEARDAY" in found:
        raise SpellingError(f"BYYEARDAY does not go with FREQ={frequency}", "use FREQ=YEARLY")
    if frequency != "YEARLY" and "BYWEEKNO" in found:
        raise SpellingError(f"BYWEEKNO does not go with FREQ={frequency}", "use FREQ=YEARLY")
    if "BYSETPOS" in found and not any(key.startswith("BY") and key != "BYSETPOS" for key in found):
        raise SpellingError("BYSETPOS picks from other BY parts, and there are none", "add BYDAY or another")
    if "BYSETPOS" in found:
        _check_positions(found)


def _check_positions(found: Mapping[str, str]) -> None:
    """Refuse a position that no day, week or month has so many days for: it would be looked for until the year 9999."""
    weekdays = len(found.get("BYDAY", "MO").split(","))
    most = {"DAILY": 1, "WEEKLY": weekdays, "MONTHLY": min(5 * weekdays, 31)}.get(found["FREQ"], 366)
    if "BYDAY" not in found and found["FREQ"] == "MONTHLY":
        most = 31
    for position in _numbers(found["BYSETPOS"]):
        if abs(position) > most:
            raise SpellingError(
                f"BYSETPOS={position} picks from at most {most} of each {_PERIODS[found['FREQ']]}", "write a lower one"
            )


def _check_ordinals(found: Mapping[str, str]) -> None:
    frequency = found["FREQ"]
    if frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in found:
        beside = "BYWEEKNO" if "BYWEEKNO" in found else f"FREQ={frequency}"
        raise SpellingError(
            f"BYDAY={found['BYDAY']} counts weekdays, which {beside} has not", "use FREQ=MONTHLY, or drop the number"
        )
    in_month = frequency == "MONTHLY" or "BYMONTH" in found
    for number in re.findall(r"[0-9]+", found["BYDAY"]):
        if in_month and int(number) > 5:
            raise SpellingError(f"no month has {number} of one weekday", "write 1 to 5, or -1 for the last")


def _numbers(value: str | None) -> list[int]:
    return [int(number) for number in value.split(",")] if value else []
