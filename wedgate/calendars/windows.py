"""What a rule kind matched, narrowed and widened by the rule's modifiers, as windows of local wall time.

The order is the order in which a person would say it: the days, only in these months, with the bridge days between
them and a weekend, at this time of day, and so much before and after. Everything is wall time in seconds
(``local_time``); the zone comes last, in ``tracks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from wedgate.calendars.local_time import DAY_SECONDS, LocalTime, date_of, midnight_of, seconds_of, wall_of
from wedgate.calendars.matches import DayRun, Matches
from wedgate.calendars.values import ClockRange, Rule

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open wall time in seconds, what is said of it, and its own load if it has one.

    ``exact`` are both ends as instants, where they are known better than a wall time can say.
    """

    start: int
    end: int
    note: str = ""
    load: Decimal | None = None
    exact: tuple[int, int] | None = None


def windows_of(
    rule: Rule, found: Matches, local: LocalTime, weekend: frozenset[int], within: tuple[int, int]
) -> list[Window]:
    """Return the windows of a rule; of days in a row without times of their own each run of dates is one window.

    ``within`` bounds, as wall times, the days that are looked at one by one.
    """
    days = [part for run in found.days for part in _in_months(run, rule, within)]
    if rule.bridge:
        days += _bridges(days, weekend, rule.bridge, within)
    if rule.clock is None:
        windows = [Window(midnight_of(run.first), midnight_of(run.last + _DAY), run.note, run.load) for run in days]
    else:
        windows = [each for run in days for each in _clock_windows(run, rule.clock, local, within)]
    for wall in found.walls:
        if rule.months is None or wall.start.month in rule.months:
            windows.append(Window(wall_of(wall.start), wall_of(wall.end), wall.note))
    for run in found.instants:
        ends = seconds_of(run.start), seconds_of(run.end)
        start, end = local.shown_at(ends[0]), local.shown_at(ends[1])
        if rule.months is None or date_of(start).month in rule.months:
            windows.append(Window(start, end, run.note, exact=ends))
    if rule.pad is None:
        return windows
    before, after = rule.pad.before.seconds, rule.pad.after.seconds
    return [_padded(window, before, after, local) for window in windows]


def joined_days(windows: Iterable[Window]) -> list[Window]:
    """Join windows of whole dates that follow or overlap one another: an ambiguous midnight between them is of both.

    Windows with times of their own are left as they are.
    """
    joined: list[Window] = []
    apart: list[Window] = []
    for window in sorted(windows, key=lambda window: window.start):
        if window.exact is not None or window.start % DAY_SECONDS or window.end % DAY_SECONDS:
            apart.append(window)
        elif joined and window.start <= joined[-1].end:
            if window.end > joined[-1].end:
                joined[-1] = Window(joined[-1].start, window.end)
        else:
            joined.append(Window(window.start, window.end))
    return joined + apart


def _in_months(run: DayRun, rule: Rule, within: tuple[int, int]) -> Iterable[DayRun]:
    """Split a run into its stretches inside the months; a run that is not split keeps its true ends."""
    if rule.months is None:
        return (run,)
    stretches: list[DayRun] = []
    day, last = max(run.first, date_of(within[0])), min(run.last, date_of(within[1]))
    while day <= last:
        if day.month in rule.months:
            if stretches and stretches[-1].last + _DAY == day:
                stretches[-1] = DayRun(stretches[-1].first, day, run.note, run.load)
            else:
                stretches.append(DayRun(day, day, run.note, run.load))
        day += _DAY
    return stretches


def _bridges(days: Iterable[DayRun], weekend: frozenset[int], most: int, within: tuple[int, int]) -> Iterator[DayRun]:
    """Yield the working days between a matched day and a weekend or another match, where they are few enough."""
    matched: set[date] = set()
    for run in days:
        day, last = max(run.first, date_of(within[0])), min(run.last, date_of(within[1]))
        while day <= last:
            matched.add(day)
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
                yield from (DayRun(each, each, "bridge day") for each in bridge)


def _clock_windows(run: DayRun, clock: ClockRange, local: LocalTime, within: tuple[int, int]) -> Iterator[Window]:
    start = clock.start.hour * 3600 + clock.start.minute * 60
    end = DAY_SECONDS if clock.end is None else clock.end.hour * 3600 + clock.end.minute * 60
    end += DAY_SECONDS if clock.wraps else 0
    midnight = max(midnight_of(run.first), within[0])
    last = min(midnight_of(run.last), within[1])
    while midnight <= last:
        if local.exists(midnight):
            yield Window(midnight + start, midnight + end, run.note, run.load)
        midnight += DAY_SECONDS


def _padded(window: Window, before: int, after: int, local: LocalTime) -> Window:
    """Return the window with more wall time on both sides; an end that is not moved stays as exact as it was."""
    start, end = window.start - before, window.end + after
    if window.exact is None:
        return Window(start, end, window.note, window.load)
    first = local.edge(start)[0] if before else window.exact[0]
    last = local.edge(end)[1] if after else window.exact[1]
    return Window(start, end, window.note, window.load, exact=(first, last))
