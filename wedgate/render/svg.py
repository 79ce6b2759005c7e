"""Pictures of a story as SVG strips without any text in them.

Every strip is stretched to the width of the page, so its labels are HTML beside it: letters that are stretched, or
shrunk to a phone's width, cannot be read. Colours are CSS variables of the page (``--before`` and so on), and what
differs in colour differs in a pattern too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import datetime
from html import escape

from wedgate.calendars.values import Span, Verdict
from wedgate.render.timeline import CalendarMap, Role, Story

WIDTH = 1000
HEIGHT = 100


def pattern_definitions() -> str:
    """Return a hidden SVG with the patterns that the strips refer to."""
    stripes = '<path d="M-2 2l4-4M0 8l8-8M6 10l4-4" stroke="var(--paper)" stroke-width="1.6" opacity=".75"/>'
    dots = '<circle cx="3" cy="3" r="1.5" fill="var(--paper)" opacity=".8"/>'
    return (
        '<svg width="0" height="0" aria-hidden="true" focusable="false" class="defs"><defs>'
        f'<pattern id="hatched" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="var(--bad)"/>{stripes}</pattern>'
        f'<pattern id="dotted" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="var(--caution)"/>{dots}</pattern>'
        "</defs></svg>"
    )


def strip(body: str, *, title: str) -> str:
    """Wrap shapes into one stretched strip that a screen reader announces as ``title``."""
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{body}</svg>'
    )


def shares_strip(story: Story, region: str) -> str:
    """Draw which release had which share of a region over time, stacked from the bottom in the order they came."""
    changes = story.shares_of(region)
    bad = {release.name for release in story.releases if release.role is Role.BAD}
    shapes, marks = [], []
    for place, change in enumerate(changes):
        until = changes[place + 1].at if place + 1 < len(changes) else story.span.end
        left, right = _x(story.span, change.at), _x(story.span, until)
        floor = 0
        if right > left and any(change.percent.get(name) for name in bad):
            # Its share is a sliver at the edge of the strip: the time it had is marked over the whole height.
            marks.append(f'<rect class="exposed" x="{left}" y="0" width="{_round(right - left)}" height="{HEIGHT}"/>')
            marks.append(f'<line class="verdict" x1="{right}" y1="0" x2="{right}" y2="{HEIGHT}"/>')
        for release in story.releases:
            percent = change.percent.get(release.name, 0)
            if percent and right > left:
                box = f'x="{left}" y="{HEIGHT - floor - percent}" width="{_round(right - left)}" height="{percent}"'
                shapes.append(f'<rect class="{release.role.value}" {box}/>')
            floor += percent
    return strip("".join([*shapes, *marks]), title=f"{region}: {_shares_in_words(story, region)}")


def _shares_in_words(story: Story, region: str) -> str:
    words = []
    for change in story.shares_of(region):
        seconds = max(0, round((change.at - story.span.start).total_seconds()))
        parts = " and ".join(f"{name} {percent} %" for name, percent in change.percent.items() if percent)
        words.append(f"from second {seconds} {parts}")
    return "; ".join(words) or "nothing was served"


def latency_ceiling(story: Story) -> float:
    """Return the top of the latency scale in milliseconds, the same for every region: a power of ten."""
    highest = max((point.p95_ms for point in story.latencies), default=1.0)
    return float(10 ** max(1, math.ceil(math.log10(max(highest, 1.0)))))


def latency_strip(story: Story, region: str) -> str:
    """Draw the 95th percentile of each release in a region over time; the scale is logarithmic from 1 ms."""
    ceiling = latency_ceiling(story)
    lines = [_grid_line(_y(float(10**power), ceiling)) for power in range(1, round(math.log10(ceiling)))]
    worst = []
    for release in story.releases:
        points = [each for each in story.latencies if each.region == region and each.release == release.name]
        points.sort(key=lambda each: each.at)
        for run in _without_gaps([point.at for point in points]):
            spots = " ".join(f"{_x(story.span, points[i].at)},{_y(points[i].p95_ms, ceiling)}" for i in run)
            lines.append(f'<polyline class="line {release.role.value}" points="{spots}"/>')
        if points:
            worst.append(f"{release.name} at most {max(point.p95_ms for point in points):.0f} ms")
    return strip("".join(lines), title=f"{region}, 95th percentile: {'; '.join(worst) or 'no requests'}")


def map_strip(calendar: CalendarMap, region: str) -> str:
    """Draw when a region is open, caution or closed."""
    shapes = []
    order = sorted(calendar.rows[region], key=lambda each: each.verdict.severity)
    for each in order:
        left, right = _x(calendar.span, each.span.start), _x(calendar.span, each.span.end)
        if each.verdict is not Verdict.OPEN and right > left:
            box = f'x="{left}" y="0" width="{_round(right - left)}" height="{HEIGHT}"'
            shapes.append(f'<rect class="{each.verdict.value}" {box}/>')
    return strip("".join(shapes), title=f"{region}: {_stretches_in_words(calendar, region)}")


def _stretches_in_words(calendar: CalendarMap, region: str) -> str:
    closed = [each for each in calendar.rows[region] if each.verdict is Verdict.CLOSED]
    return "; ".join(f"closed {each.span.start:%a %H:%M}Z to {each.span.end:%a %H:%M}Z" for each in closed) or "open"


def swatch(role: Role | Verdict) -> str:
    """Return a small square of the legend."""
    return (
        '<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        f'<rect class="{role.value}" width="16" height="16"/></svg>'
    )


def _without_gaps(instants: Sequence[datetime]) -> list[list[int]]:
    """Split the points of a line where there is a hole: more than three times the usual distance."""
    if not instants:
        return []
    steps = sorted(b - a for a, b in itertools.pairwise(instants))
    usual = steps[len(steps) // 4] if steps else None
    runs = [[0]]
    for place in range(1, len(instants)):
        if usual is not None and instants[place] - instants[place - 1] > 3 * usual:
            runs.append([])
        runs[-1].append(place)
    return runs


def _grid_line(y: float) -> str:
    return f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>'


def _x(span: Span, at: datetime) -> float:
    part = (at - span.start) / span.duration if span.duration else 0.0
    return _round(min(1.0, max(0.0, part)) * WIDTH)


def _y(milliseconds: float, ceiling: float) -> float:
    part = math.log10(max(1.0, milliseconds)) / math.log10(ceiling)
    return _round(HEIGHT - min(1.0, part) * HEIGHT)


def _round(value: float) -> float:
    return round(value, 2)
