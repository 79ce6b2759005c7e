"""The story of a rollout as values, and as pictures made of characters.

A story is what a person wants to see afterwards: which release served how much of each region at what time, how slow
it was, what was decided, and when the calendars were closed. ``svg`` and ``html`` draw the same values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wedgate.calendars.values import Span, Verdict


class Role(StrEnum):
    """What a release is in the story; decides how it is drawn."""

    BEFORE = "before"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseName:
    """One release: how it is called, and what it turned out to be."""

    name: str
    role: Role
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """From ``at`` on, each release (by name) has so many percent of a region's traffic."""

    at: datetime
    region: str
    percent: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPoint:
    """The 95th percentile of one release in one region over the stretch that begins at ``at``."""

    at: datetime
    region: str
    release: str
    p95_ms: float
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened; ``region`` is ``None`` for the rollout as a whole."""

    at: datetime
    region: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A region's verdict over ``span``; ``text`` says why and until when, in words."""

    span: Span
    verdict: Verdict
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarMap:
    """Verdicts of several regions over the same span; what no stretch covers is open."""

    span: Span
    rows: Mapping[str, Sequence[Stretch]]

    def verdict(self, region: str, at: datetime) -> Verdict:
        """Return the verdict of a region at an instant: the gravest of the stretches there."""
        found = [each.verdict for each in self.rows[region] if each.span.start <= at < each.span.end]
        return max(found, key=lambda verdict: verdict.severity, default=Verdict.OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything there is to show. Releases are in the order in which they came."""

    title: str
    note: str
    span: Span
    regions: tuple[str, ...]
    releases: tuple[ReleaseName, ...]
    shares: tuple[Shares, ...]
    latencies: tuple[LatencyPoint, ...]
    moments: tuple[Moment, ...]
    calendar: CalendarMap
    bill: tuple[tuple[str, str], ...]

    def shares_of(self, region: str) -> tuple[Shares, ...]:
        """Return the changes of one region in order."""
        return tuple(sorted((each for each in self.shares if each.region == region), key=lambda each: each.at))


VERDICT_MARKS = {Verdict.OPEN: "·", Verdict.CAUTION: "░", Verdict.CLOSED: "█"}
LEVELS = "▁▂▃▄▅▆▇█"
BAD_MARK = "!"
BEFORE_MARK = "·"


def render_map(calendar: CalendarMap, *, step: timedelta = timedelta(hours=1)) -> str:
    """Draw one row for each region and one column for each ``step``, with the UTC hours above."""
    label = max((len(region) for region in calendar.rows), default=0) + 2
    count = math.ceil(calendar.span.duration / step)
    instants = [calendar.span.start + step * column for column in range(count)]
    lines = [" " * label + line for line in _hour_lines(instants)]
    for region in calendar.rows:
        marks = "".join(VERDICT_MARKS[calendar.verdict(region, at)] for at in instants)
        lines.append(f"{region:<{label}}{marks}")
    legend = "  ".join(f"{VERDICT_MARKS[verdict]} {verdict}" for verdict in Verdict)
    minutes = step // timedelta(minutes=1)
    each = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
    return "\n".join([*lines, " " * label + f"{legend}   one column is {each}, hours in UTC"])


def _hour_lines(instants: Sequence[datetime]) -> list[str]:
    """Return a line of weekdays and one of hours, as far as they find room."""
    days, hours = [" "] * len(instants), [" "] * len(instants)
    for column, at in enumerate(instants):
        if at.hour % 6 == 0 and at.minute == 0:
            _write(hours, column, f"{at:%H}")
        if column == 0 or (at.hour == 0 and at.minute == 0):
            _write(days, column, f"{at:%a}")
    return ["".join(days).rstrip(), "".join(hours).rstrip()]


def _write(cells: list[str], column: int, text: str) -> None:
    """Write a label into a line unless it would run over the end or into its neighbour."""
    if column + len(text) > len(cells) or (column and cells[column - 1] != " "):
        return
    cells[column : column + len(text)] = list(text)


def render_timeline(story: Story, *, width: int = 78) -> str:
    """Draw one row for each region: the share of the newest release over time.

    The height of a mark is the share of a good release, ``!`` is any share of a bad one, a dot is the release from
    before. The last mark of a row is what serves at the end.
    """
    label = max((len(region) for region in story.regions), default=0) + 2
    columns = max(10, width - label)
    lines = []
    for region in story.regions:
        changes = story.shares_of(region)
        marks = "".join(_mark(story, _in_column(story, changes, column, columns)) for column in range(columns))
        lines.append(f"{region:<{label}}{marks}")
    return "\n".join([*lines, " " * label + _seconds_axis(story.span.duration, columns), *_legend(story, label)])


def _in_column(story: Story, changes: Sequence[Shares], column: int, columns: int) -> Sequence[Shares]:
    """Return every state that a column's stretch of time contains: a short one must not vanish."""
    start = story.span.start + story.span.duration * column / columns
    end = story.span.start + story.span.duration * (column + 1) / columns
    before = [each for each in changes if each.at <= start]
    return [*before[-1:], *(each for each in changes if start < each.at < end)]


def _mark(story: Story, states: Sequence[Shares]) -> str:
    """Return the mark of one column."""
    roles = {release.name: release.role for release in story.releases}
    shown = [
        (roles[name], percent)
        for state in states
        for name, percent in state.percent.items()
        if percent and name in roles
    ]
    if any(role is Role.BAD for role, _ in shown):
        return BAD_MARK
    good = max((percent for role, percent in shown if role is Role.GOOD), default=0)
    if good == 0:
        return BEFORE_MARK if shown else " "
    return LEVELS[min(len(LEVELS) - 1, math.ceil(good * len(LEVELS) / 100) - 1)]


def _seconds_axis(duration: timedelta, columns: int) -> str:
    """Return a line with seconds since the start at every tenth column or so."""
    cells = [" "] * columns
    total = duration.total_seconds()
    step = next((each for each in (5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600) if total / each <= columns / 8), 7200)
    second = 0
    while second <= total and total:
        column = min(columns - 1, round(second / total * columns))
        _write(cells, column, f"{second}s")
        second += step
    return "".join(cells).rstrip()


def _legend(story: Story, label: int) -> list[str]:
    """Say what each mark means."""
    marks = {Role.BEFORE: BEFORE_MARK, Role.GOOD: f"{LEVELS[0]}{LEVELS[3]}{LEVELS[-1]}", Role.BAD: BAD_MARK}
    return [
        " " * label + f"{marks[release.role]:<4}{release.name}{f': {release.text}' if release.text else ''}"
        for release in story.releases
    ]
