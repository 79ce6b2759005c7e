"""What a rule kind matched, narrowed and widened by the rule's modifiers, as windows of local wall time.

The order is the order in which a person would say it: the days, only in these months, with the bridge days between
them and a weekend, at this time of day, and so much before and after. Everything is wall time in seconds
(``local_time``), the same for every market with the same days; the zone comes last, in ``tracks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from operator import itemgetter, lt
from typing import NamedTuple

from wedgate.calendars.local_time import DAY_SECONDS, LocalTime, date_of, midnight_of, seconds_of, wall_of
from wedgate.calendars.matches import DayRun, InstantRun, Matches
from wedgate.calendars.values import ClockRange, Rule

_DAY = timedelta(days=1)


class Window(NamedTuple):
    """Half-open wall time in seconds, what is said of it, and its own load if it has one.

    ``day`` is the 00:00 of the local date that a time of day belongs to: a date that a zone skips has no such window.
    """

    start: int
    end: int
    note: str = ""
    load: Decimal | None = None
    day: int | None = None


def windows_of(
    rule: Rule, found: Matches, weekend: frozenset[int], within: tuple[int, int], *, beside: Iterable[DayRun] = ()
) -> list[Window]:
    """Return the windows of matching days and wall times, sorted; ``within`` bounds the days looked at one by one.

    ``beside`` are days that match for certain where ``found`` are those that only may: the working days between the two
    may be bridge days.
    """
    days = _narrowed(rule, found.days, within)
    if rule.bridge and days:
        certain = _narrowed(rule, beside, within)
        known = set(_bridges(certain, weekend, rule.bridge, within))
        days += [each for each in _bridges([*days, *certain], weekend, rule.bridge, within) if each not in known]
    if rule.clock is None:
        windows = [_whole_days(*run) for run in days]
    else:
        windows = [each for run in days for each in _clock_windows(run, rule.clock, within)]
    for wall in found.walls:
        if rule.months is None or wall.start.month in rule.months:
            windows.append(Window(wall_of(wall.start), wall_of(wall.end), wall.note))
    if rule.pad is not None:
        before, after = rule.pad.before.seconds, rule.pad.after.seconds
        windows = [each._replace(start=each.start - before, end=each.end + after) for each in windows]
    windows.sort(key=itemgetter(0))
    return windows


def _narrowed(rule: Rule, days: Iterable[DayRun], within: tuple[int, int]) -> list[DayRun]:
    months = rule.months
    return list(days) if months is None else [part for run in days for part in _in_months(run, months, within)]


def _whole_days(first: date, last: date, note: str, load: Decimal | None) -> Window:
    start = midnight_of(first)
    return Window(start, (start if last is first else midnight_of(last)) + DAY_SECONDS, note, load)


def runs_of_instants(
    rule: Rule, found: Iterable[InstantRun], local: LocalTime, *, narrow: bool
) -> Iterator[tuple[int, int, str]]:
    """Yield what matched as instants, narrowed by the months and widened by the pad as clocks show them in a zone.

    An end that nothing moves stays as exact as it was; ``narrow`` picks the candidates that leave less.
    """
    for run in found:
        begin, finish = run.certain if narrow and run.certain is not None else (run.start, run.end)
        start, end = seconds_of(begin), seconds_of(finish)
        if start >= end:
            continue
        shown = local.shown_at(start)
        if rule.months is not None and date_of(shown).month not in rule.months:
            continue
        if rule.pad is not None and rule.pad.before.seconds:
            start = local.edge(shown - rule.pad.before.seconds)[narrow]
        if rule.pad is not None and rule.pad.after.seconds:
            end = local.edge(local.shown_at(end) + rule.pad.after.seconds)[not narrow]
        yield start, end, run.note


def joined_days(windows: list[Window]) -> list[Window]:
    """Join sorted windows of whole dates that follow or overlap one another: a midnight between them is of both.

    Windows with times of their own are left as they are.
    """
    if all(map(lt, [window[1] for window in windows], [window[0] for window in windows[1:]])):
        return windows
    joined: list[Window] = []
    apart: list[Window] = []
    first = last = None
    for window in windows:
        start, end = window[:2]
        if start % DAY_SECONDS or end % DAY_SECONDS or window.day is not None:
            apart.append(window)
        elif last is None or start > last:
            if first is not None and last is not None:
                joined.append(Window(first, last))
            first, last = start, end
        elif end > last:
            last = end
    if first is not None and last is not None:
        joined.append(Window(first, last))
    return sorted(joined + apart, key=itemgetter(0)) if apart and joined else joined or apart


def _in_months(run: DayRun, months: frozenset[int], within: tuple[int, int]) -> Iterable[DayRun]:
    """Split a run into its stretches inside the months; a run that is not split keeps its true ends."""
    if run.first == run.last:
        return (run,) if run.first.month in months else ()
    stretches: list[DayRun] = []
    day, last = max(run.first, date_of(within[0])), min(run.last, date_of(within[1]))
    while day <= last:
        if day.month in months:
            if stretches and stretches[-1].last + _DAY == day:
                stretches[-1] = DayRun(stretches[-1].first, day, run.note, run.load)
            else:
                stretches.append(DayRun(day, day, run.note, run.load))
        day += _DAY
    return stretches


def _bridges(days: Iterable[DayRun], weekend: frozenset[int], most: int, within: tuple[int, int]) -> Iterator[DayRun]:
    """Yield the working days between a matched day and a weekend or another match, where they are few enough.

    They bring the loads of the days that they lead to, where a source states such.
    """
    matched: dict[date, dict[Decimal | None, None]] = {}
    for run in days:
        day, last = max(run.first, date_of(within[0])), min(run.last, date_of(within[1]))
        while day <= last:
            matched.setdefault(day, {})[run.load] = None
            day += _DAY

    def is_free(day: date) -> bool:
        return day in matched or day.weekday() in weekend

    for day in sorted(matched):
        for direction in (_DAY, -_DAY):
            bridge: list[date] = []
            following = day + direction
            while len(bridge) < most and not is_free(following):
                bridge.append(following)
                following += direction
            if is_free(following):
                yield from (DayRun(each, each, "bridge day", load) for each in bridge for load in matched[day])


def _clock_windows(run: DayRun, clock: ClockRange, within: tuple[int, int]) -> Iterator[Window]:
    start = clock.start.hour * 3600 + clock.start.minute * 60
    end = DAY_SECONDS if clock.end is None else clock.end.hour * 3600 + clock.end.minute * 60
    end += DAY_SECONDS if clock.wraps else 0
    first, last = max(midnight_of(run.first), within[0]), min(midnight_of(run.last), within[1])
    for midnight in range(first, last + 1, DAY_SECONDS):
        yield Window(midnight + start, midnight + end, run.note, run.load, midnight)
