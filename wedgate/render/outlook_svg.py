"""Pictures of an outlook as SVG strips: every week of the year as a column, and bars. Labels are HTML beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from wedgate.calendars.hours import OpenHours
from wedgate.render.local import day_words
from wedgate.render.outlook_words import hours_number, how_long, name_of
from wedgate.render.svg import HEIGHT, WIDTH, strip
from wedgate.rollout.outlook import Reach, Releases
from wedgate.rollout.planner import Dated, PlannedRegion

_GAP = 0.12
"""The share of a column that is left free beside it."""


def weeks_strip(hours: OpenHours) -> str:
    """Draw for how much of each week a region is open (from the bottom), open with care, and closed."""
    shapes = []
    for place, week in enumerate(hours.weeks):
        top = float(HEIGHT)
        for kind, length in (("open", week.open), ("caution", week.caution), ("closed", week.closed)):
            height = HEIGHT * (length / week.span.duration)
            top -= height
            if length:
                shapes.append(_column(kind, place, len(hours.weeks), top, height))
    words = (
        f"{name_of(hours)}: open {hours_number(hours.whole.open)} h, with care {hours_number(hours.whole.caution)} h"
    )
    return strip("".join(shapes), title=f"{words}, closed {hours_number(hours.whole.closed)} h")


def releases_strip(releases: Releases) -> str:
    """Draw how many releases came to be everywhere in each week, with a line at how many were asked for."""
    weeks = releases.weeks
    most = most_releases(releases)
    shapes = []
    for place, week in enumerate(weeks):
        height = HEIGHT * week.done / most
        if week.done:
            shapes.append(_column("good", place, len(weeks), HEIGHT - height, height))
        level = _round(HEIGHT - HEIGHT * week.asked / most)
        left, right = (_round(WIDTH * edge / len(weeks)) for edge in (place, place + 1))
        shapes.append(f'<line class="asked" x1="{left}" x2="{right}" y1="{level}" y2="{level}"/>')
    title = f"{releases.done} releases are everywhere within the year, of {releases.asked} asked for, by week"
    return strip("".join(shapes), title=title)


def most_releases(releases: Releases) -> int:
    """Return the top of the scale of ``releases_strip``."""
    return max([1, *(max(week.asked, week.done) for week in releases.weeks)])


def reach_strip(reach: Reach) -> str:
    """Draw how long a fix takes that is asked for in each week: the worst behind, the middle in front."""
    most = most_reach(reach)
    shapes = []
    for place, week in enumerate(reach.weeks):
        for kind, length in (("worst", week.worst), ("middle", week.median)):
            height = HEIGHT if length is None else HEIGHT * (length / most)
            shape = "closed" if length is None else kind
            shapes.append(_column(shape, place, len(reach.weeks), HEIGHT - height, height))
    slowest = max(reach.weeks, key=lambda week: timedelta.max if week.worst is None else week.worst)
    title = f"the week of {day_words(slowest.span.start)} is the worst: {how_long(slowest.worst)}"
    return strip("".join(shapes), title=title)


def most_reach(reach: Reach) -> timedelta:
    """Return the top of the scale of ``reach_strip``."""
    return max((week.worst for week in reach.weeks if week.worst), default=timedelta(hours=1))


def bar_strip(parts: Iterable[tuple[str, float]], *, title: str) -> str:
    """Draw one bar of several parts, each a class and its share of the whole width."""
    shapes, left = [], 0.0
    for kind, share in parts:
        width = WIDTH * share
        if share > 0:
            box = f'x="{_round(left)}" y="0" width="{_round(max(width, 2))}" height="{HEIGHT}"'
            shapes.append(f'<rect class="{kind}" {box}/>')
        left += width
    return strip("".join(shapes), title=title)


def way_strip(dated: Dated, region: PlannedRegion) -> str:
    """Draw one region of a plan: waiting for its calendar, and moving."""
    whole = max(dated.end - dated.start, timedelta(minutes=1))
    turn = region.start - region.waited
    parts = (
        ("nothing", (turn - dated.start) / whole),
        ("waits", region.waited / whole),
        ("good", (region.end - region.start) / whole),
    )
    waited = f"waits {how_long(region.waited)}, then " if region.waited else ""
    return bar_strip(parts, title=f"{region.region}: {waited}takes {how_long(region.end - region.start)}")


def shade(length: timedelta | None, longest: timedelta, shades: int) -> int:
    """Return which of so many shades a length has, the longest the last; one that never ends has one of its own."""
    if length is None:
        return shades
    return min(int(length / longest * shades), shades - 1) if longest else 0


def shade_bounds(longest: timedelta, shades: int) -> Sequence[str]:
    """Spell from when on each shade is used."""
    hours = longest / timedelta(hours=1) / shades
    return [f"from {hours * place:.0f} h" for place in range(shades)]


def _column(kind: str, place: int, columns: int, top: float, height: float) -> str:
    left = WIDTH * (place + _GAP / 2) / columns
    box = f'x="{_round(left)}" y="{_round(top)}" width="{_round(WIDTH * (1 - _GAP) / columns)}"'
    return f'<rect class="{kind}" {box} height="{_round(height)}"/>'


def _round(value: float) -> float:
    return round(value, 2) + 0.0  # never the zero that is less than nothing
