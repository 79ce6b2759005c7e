"""A second, slow evaluator agrees with the timeline on random calendars around clock changes.

It shares no code with the package: it walks over UTC minute by minute, reads the local wall time of each with the
standard library's zoneinfo (from the same files), and finds both candidates of a wall time by looking them up among
those readings. Blocks and loads take the earlier start and the later end, allow windows the other way round.
"""

import os
import random
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytz
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wedgate.calendars.facts import Facts
from wedgate.calendars.kinds import kind_named
from wedgate.calendars.padding import Pad, WallLength
from wedgate.calendars.spellings import (
    DateItems,
    MonthDayItems,
    MonthSet,
    WeekdayItems,
    WeekdaySet,
    WeeklyItems,
    YearlyItems,
)
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import (
    Calendar,
    ClockRange,
    Effect,
    Market,
    Place,
    Region,
    Rule,
    Span,
    Verdict,
)

LEAD, LENGTH = 10 * 1440, 5 * 1440
"""Minutes read before and after the stretch that is compared (a window may be a week long), and its own."""
THOROUGH = os.environ.get("WEDGATE_THOROUGH") == "1"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OF_DAYS = ("weekdays", "nth", "month-day", "yearly", "dates", "every")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# A zone and the UTC date of a change in it: gaps and folds of an hour and of half an hour, at night, at midnight and
# a minute after it, at noon, and the day that Samoa left out.
CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/Santiago", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 24)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Nuuk", date(2026, 3, 29)),
    ("America/Havana", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("America/St_Johns", date(2010, 3, 14)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 6, 6)),
    ("UTC", date(2026, 6, 6)),
]


@cache
def zone(name: str) -> ZoneInfo:
    with Path(pytz.__file__).parent.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@dataclass(frozen=True)
class When:
    """One rule in plain data."""

    weekdays: tuple[int, ...] | None = None
    yearly: tuple[int, int] | None = None
    dates: tuple[date, date] | None = None
    instants: tuple[datetime, datetime] | None = None
    weekly: tuple[int, time, int, time] | None = None
    nth: tuple[int, int] | None = None
    month_day: int | None = None
    pad: tuple[timedelta, timedelta] | None = None
    months: tuple[int, ...] | None = None
    clock: tuple[time, time | None] | None = None
    effect: str | None = None
    load: str | None = None
    zone: str | None = None


class Readings:
    """What the clocks of a zone show at each minute of a stretch."""

    def __init__(self, name: str, start: datetime, minutes: int) -> None:
        self.shown: list[datetime] = []
        self.places: dict[datetime, list[int]] = {}
        here = zone(name)
        for place in range(minutes):
            wall = (start + place * MINUTE).astimezone(here).replace(tzinfo=None)
            self.shown.append(wall)
            self.places.setdefault(wall, []).append(place)
        self.ends = {wall.date(): place + 1 for place, wall in enumerate(self.shown)}
        self.jumps = [place for place in range(1, minutes) if self.shown[place] - self.shown[place - 1] > MINUTE]

    def both(self, wall: datetime) -> tuple[int, int, bool]:
        """Earlier and later place of a wall time, and whether it lies in a gap."""
        found = self.places.get(wall)
        if found:
            return found[0], found[-1], False
        for place in self.jumps:
            before, after = self.shown[place - 1], self.shown[place]
            if before < wall < after:
                gap = after - before - MINUTE
                return place, next(p for p in self.places[wall + gap] if p >= place), True
        return (-1, -1, False) if wall < self.shown[0] else (len(self.shown), len(self.shown), False)

    def midnight(self, day: date) -> tuple[int, int]:
        """The first place of a date, and the one at which the date before is over for good."""
        earlier, _, _ = self.both(datetime.combine(day, time(0)))
        return earlier, max(earlier, self.ends.get(day - DAY, 0))

    def time_of(self, day: date, clock: time) -> tuple[int, int]:
        return self.midnight(day) if clock == time(0) else self.both(datetime.combine(day, clock))[:2]

    def days(self) -> list[date]:
        return sorted({wall.date() for wall in self.shown})


@cache
def readings(name: str, start: datetime) -> Readings:
    return Readings(name, start, LEAD + LENGTH + LEAD)


def last_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def windows(when: When, clocks: Readings, *, widen: bool) -> Iterator[tuple[int, int]]:
    start, end = (0, 1) if widen else (1, 0)
    days = clocks.days()

    before, after = when.pad or (DAY - DAY, DAY - DAY)

    def padded(first: datetime, last: datetime) -> tuple[int, int]:
        first, last = first - before, last + after
        return clocks.time_of(first.date(), first.time())[start], clocks.time_of(last.date(), last.time())[end]

    def months_hold(day: date) -> bool:
        return when.months is None or day.month in when.months

    if when.instants is not None:
        first, last = when.instants
        if months_hold(first.date()):
            yield padded(first, last)
        return
    if when.weekly is not None:
        weekday, begins, until, ends = when.weekly
        for day in (days[0] - 8 * DAY + step * DAY for step in range(len(days) + 16)):
            if day.weekday() != weekday or not months_hold(day):
                continue
            wall = datetime.combine(day, begins) + MINUTE
            while not (wall.weekday() == until and wall.time() == ends):
                wall += MINUTE
            yield padded(datetime.combine(day, begins), wall)
        return

    def holds(day: date) -> bool:
        if not months_hold(day):
            return False
        if when.weekdays is not None:
            return day.weekday() in when.weekdays
        if when.nth is not None:
            nth, weekday = when.nth
            place = (day.day - 1) // 7 + 1 if nth > 0 else -((last_of_month(day) - day.day) // 7 + 1)
            return day.weekday() == weekday and place == nth
        if when.month_day is not None:
            return day.day == when.month_day if when.month_day > 0 else day.day > last_of_month(day) + when.month_day
        if when.yearly is not None:
            return (day.month, day.day) == when.yearly
        if when.dates is not None:
            return when.dates[0] <= day <= when.dates[1]
        return True

    if when.clock is not None:
        begins, ends_at = when.clock
        for day in days:
            if holds(day):
                stop = day if ends_at is not None and ends_at > begins else day + DAY
                yield padded(datetime.combine(day, begins), datetime.combine(stop, ends_at or time(0)))
        return
    all_days = [days[0] + step * DAY for step in range((days[-1] - days[0]).days + 1)]
    for day in all_days:
        if holds(day) and not holds(day - DAY):
            following = day
            while holds(following) and following <= days[-1]:
                following += DAY
            yield padded(datetime.combine(day, time(0)), datetime.combine(following, time(0)))


def inside(when: When, clocks: Readings, *, widen: bool) -> list[bool]:
    hit = [False] * LENGTH
    for first, last in windows(when, clocks, widen=widen):
        for place in range(max(first - LEAD, 0), min(last - LEAD, LENGTH)):
            hit[place] = True
    return hit


def slow_closed(markets: list[str], rules: list[When], start: datetime) -> list[bool]:
    closed = [False] * LENGTH
    for market in markets:
        peaks = [Decimal(1)] * LENGTH
        lulls = [Decimal(1)] * LENGTH
        allowed = [not any(rule.effect == "allow" for rule in rules)] * LENGTH
        for rule in rules:
            clocks = readings(rule.zone or market, start)
            for place, hit in enumerate(inside(rule, clocks, widen=rule.effect != "allow")):
                if not hit:
                    continue
                if rule.effect == "block":
                    closed[place] = True
                elif rule.effect == "allow":
                    allowed[place] = True
                elif rule.load is not None:
                    peaks[place] = max(peaks[place], Decimal(rule.load))
                    lulls[place] = min(lulls[place], Decimal(rule.load))
        for place in range(LENGTH):
            closed[place] = closed[place] or not allowed[place] or peaks[place] * lulls[place] >= 6
    return closed


def real_rule(number: int, when: When) -> Rule:
    if when.weekdays is not None:
        kind = kind_named("weekdays")(weekdays=WeekdayItems(every=WeekdaySet(when.weekdays)))
    elif when.nth is not None:
        nth, weekday = when.nth
        word = ("last", "", "first", "second", "third", "fourth", "fifth")[nth + 1]
        kind = kind_named("weekdays")(weekdays=WeekdayItems.parse(f"{word} {WEEKDAYS[weekday]}"))
    elif when.month_day is not None:
        text = str(when.month_day) if when.month_day > 0 else f"last {-when.month_day}"
        kind = kind_named("month-days")(month_days=MonthDayItems.parse(text))
    elif when.yearly is not None:
        kind = kind_named("yearly")(yearly=YearlyItems.parse("{:02}-{:02}".format(*when.yearly)))
    elif when.dates is not None:
        kind = kind_named("dates")(dates=DateItems.parse("{}..{}".format(*when.dates)))
    elif when.instants is not None:
        first, last = when.instants
        kind = kind_named("dates")(dates=DateItems.parse(f"{first:%Y-%m-%dT%H:%M}..{last:%Y-%m-%dT%H:%M}"))
    elif when.weekly is not None:
        a, begins, b, ends = when.weekly
        text = f"{WEEKDAYS[a]} {begins:%H:%M}..{WEEKDAYS[b]} {ends:%H:%M}"
        kind = kind_named("weekly")(weekly=WeeklyItems.parse(text))
    else:
        kind = kind_named("every-day")()
    return Rule(
        id=f"rule-{number}",
        where=(Place(region="here"),),
        kind=kind,
        months=None if when.months is None else MonthSet(when.months),
        clock=None if when.clock is None else ClockRange(start=when.clock[0], end=when.clock[1]),
        zone=when.zone,
        pad=None if when.pad is None else Pad(before=wall_length(when.pad[0]), after=wall_length(when.pad[1])),
        effect=None if when.effect is None else Effect(when.effect),
        load=None if when.load is None else Decimal(when.load),
    )


def wall_length(length: timedelta) -> WallLength:
    return WallLength(days=length.days, minutes=length.seconds // 60)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[list[str], list[When], date]:
    name, change = draw(st.sampled_from(CHANGES))
    other = draw(st.sampled_from([name, "Asia/Kolkata"]))
    clock = st.builds(time, st.sampled_from([0, 1, 2, 3, 12, 22, 23]), st.sampled_from([0, 1, 15, 30, 59]))
    near = st.integers(-2, 2).map(lambda days: change + days * DAY)
    rules: list[When] = []
    for _ in range(draw(st.integers(1, 3))):
        fields: dict[str, object] = {}
        which = draw(st.sampled_from([*OF_DAYS, "instants", "weekly"]))
        if which == "weekdays":
            fields["weekdays"] = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1, max_size=3))))
        elif which == "nth":
            fields["nth"] = (draw(st.sampled_from([1, 2, 3, 4, 5, -1])), change.weekday())
        elif which == "month-day":
            fields["month_day"] = draw(st.one_of(near.map(lambda day: day.day), st.integers(-4, -1)))
        elif which == "yearly":
            day = draw(near)
            fields["yearly"] = (day.month, day.day)
        elif which == "dates":
            fields["dates"] = tuple(sorted((draw(near), draw(near))))
        elif which == "instants":
            ends = sorted(datetime.combine(draw(near), draw(clock)) for _ in range(2))
            fields["instants"] = (ends[0], ends[1] if ends[0] < ends[1] else ends[1] + DAY)
        elif which == "weekly":
            start, end = draw(clock), draw(clock)
            a, b = draw(st.integers(0, 6)), draw(st.integers(0, 6))
            fields["weekly"] = (a, start, b, end if (a, start) != (b, end) else time(4, 44))
        if which in OF_DAYS and (which == "every" or draw(st.booleans())):
            start, end = draw(clock), draw(st.one_of(st.none(), clock))
            fields["clock"] = (start, None if end in (start, time(0)) else end)
        if draw(st.integers(0, 3)) == 0:
            fields["months"] = tuple({change.month, draw(st.integers(1, 12))})
        if draw(st.integers(0, 3)) == 0:
            lengths = st.sampled_from([MINUTE * minutes for minutes in (0, 30, 90, 360, 1440, 1530, 2880)])
            fields["pad"] = (draw(lengths), draw(lengths))
        if draw(st.integers(0, 4)) == 0:
            fields["zone"] = draw(st.sampled_from([name, "UTC"]))
        effect = draw(st.sampled_from(["block", "block", "allow", "caution", "load"]))
        if effect == "load":
            fields["load"] = draw(st.sampled_from(["8", "6", "4", "0.5"]))
        else:
            fields["effect"] = effect
        rules.append(When(**fields))  # type: ignore[arg-type]
    return [name, other], rules, change


def agree(markets: list[str], rules: list[When], change: date) -> None:
    shown_from = datetime.combine(change - 2 * DAY, time(0), UTC)
    slow = slow_closed(markets, rules, shown_from - LEAD * MINUTE)
    names = list(dict.fromkeys(markets))
    region = Region(
        name="here", markets=tuple(Market(name=f"m{n}", zone=name, country="US") for n, name in enumerate(names))
    )
    calendar = Calendar(regions=(region,), rules=tuple(real_rule(number, when) for number, when in enumerate(rules)))
    zones = {name: zone(name) for name in {*names, *(rule.zone for rule in rules if rule.zone)}}
    span = Span(start=shown_from, end=shown_from + LENGTH * MINUTE)
    timeline = compile_timeline(calendar, Facts(zones=zones), span)
    fast = [False] * LENGTH
    for run in timeline.closed_runs("here"):
        for place in range((run.start - span.start) // MINUTE, (run.end - span.start) // MINUTE):
            fast[place] = True
    wrong = [span.start + place * MINUTE for place in range(LENGTH) if fast[place] != slow[place]]
    assert not wrong, f"{len(wrong)} minutes from {wrong[0]} to {wrong[-1]}: fast says {not slow[0]}"
    dice = random.Random(7)  # noqa: S311
    for place in (0, LENGTH - 1, *(dice.randrange(LENGTH) for _ in range(6))):
        answer = timeline.region_at("here", span.start + place * MINUTE)
        assert (answer.verdict is Verdict.CLOSED) == slow[place]
        opening = next((at for at in range(place, LENGTH) if not slow[at]), None)
        closing = next((at for at in range(place, LENGTH) if slow[at]), None)
        assert answer.next_open == (None if opening is None else span.start + opening * MINUTE)
        assert answer.next_close == (None if closing is None else span.start + closing * MINUTE)


@pytest.mark.timeout(4 * 3600 if THOROUGH else 120)
@settings(max_examples=20_000 if THOROUGH else 60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars())
def test_the_slow_evaluator_agrees(drawn: tuple[list[str], list[When], date]) -> None:
    agree(*drawn)


@pytest.mark.parametrize(("name", "change"), CHANGES)
@pytest.mark.parametrize("effect", ["block", "allow"])
def test_the_slow_evaluator_agrees_on_each_clock_change(name: str, change: date, effect: str) -> None:
    for hour in (1, 23):
        for ends in (time(0, 30), time(2, 30), None):
            agree([name], [When(clock=(time(hour, 15), ends), effect=effect)], change)
    agree([name], [When(weekdays=(change.weekday(),), effect=effect)], change)
    agree([name], [When(dates=(change - DAY, change - DAY), effect=effect)], change)
    agree([name], [When(weekdays=(4, 5, 6, 0), effect=effect)], change)
