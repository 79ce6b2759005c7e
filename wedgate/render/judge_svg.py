"""The pictures of a judgement: a dot for each value, and an interval against its margins.

They are stretched to the width of the page, so a dot is a line of no length with a round end: its stroke is not
stretched with it. No chance is in it: the same values give the same picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from statistics import median

WIDTH = 1000
HEIGHT = 100
MOST_DOTS = 300
"""Dots of one arm; of more values as many are drawn, evenly chosen by rank."""
_APART = 20
_LEVELS = 6
_EDGE = 25


def finite(values: Sequence[float]) -> list[float]:
    """Return the values that have a place on a scale."""
    return [value for value in values if math.isfinite(value)]


def bounds_of(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a scale that holds all values; one that has a width."""
    low, high = min(values), max(values)
    if high > low:
        return low, high
    room = abs(low) * 0.01 or 1.0
    return low - room, high + room


def dots_strip(arm: str, values: Sequence[float], bounds: tuple[float, float], words: str) -> str:
    """Draw the values of one arm where they lie, those that would cover one another above one another."""
    shown = _chosen(sorted(values))
    free = [-math.inf] * _LEVELS  # of each level, how far it is taken
    dots = []
    for value in shown:
        x = _x(value, bounds)
        level = next((place for place, end in enumerate(free) if end <= x), free.index(min(free)))
        free[level] = x + _APART
        dots.append(f"M{x:.1f} {86 - 14 * level}h0")
    path = "".join(dots)
    middle = _x(min(bounds[1], median(values)), bounds)  # the sum of two huge values is infinite
    ring = f'<path class="hole" d="{path}"/>' if arm == "base" else ""
    line = f'<line class="median" x1="{middle:.1f}" x2="{middle:.1f}" y1="0" y2="{HEIGHT}"/>'
    return _picture(f'{line}<path class="dot {arm}" d="{path}"/>{ring}', words)


def interval_strip(
    estimate: float, limits: tuple[float, float], margins: tuple[float, float], words: str
) -> tuple[str, tuple[float, float]]:
    """Draw an interval of ratios against what is tolerated and what must not be missed, and return the scale's ends.

    What lies beyond the scale, or is not finite, stands at its edge; the scale ends at half and at the double.
    """
    known = finite([1.0, estimate, *limits])
    low = max(0.5, min(0.95, *known) - 0.01)
    high = min(max(2.0, margins[1] * 1.5), max(margins[1] * 1.03, *known) + 0.01)
    bounds = (low, high)
    left, middle, right = (_x(min(high, max(low, value)), bounds) for value in (limits[0], estimate, limits[1]))
    tolerated, missed = (_x(value, bounds) for value in margins)
    shapes = [
        f'<line class="even" x1="{_x(1.0, bounds):.1f}" x2="{_x(1.0, bounds):.1f}" y1="0" y2="{HEIGHT}"/>',
        f'<line class="tolerated" x1="{tolerated:.1f}" x2="{tolerated:.1f}" y1="0" y2="{HEIGHT}"/>',
        f'<line class="missed" x1="{missed:.1f}" x2="{missed:.1f}" y1="0" y2="{HEIGHT}"/>',
        f'<line class="interval" x1="{left:.1f}" x2="{right:.1f}" y1="50" y2="50"/>',
        f'<path class="dot candidate" d="M{middle:.1f} 50h0"/>',
    ]
    return _picture("".join(shapes), words), bounds


def key(kind: str) -> str:
    """Return the mark of an arm, or of its median, for a legend."""
    if kind == "median":
        return _key('<line class="median" x1="8" x2="8" y1="0" y2="16"/>')
    hole = '<path class="hole" d="M8 8h0"/>' if kind == "base" else ""
    return _key(f'<path class="dot {kind}" d="M8 8h0"/>{hole}')


def interval_swatch(kind: str) -> str:
    """Return a mark of the interval's picture for a legend."""
    if kind == "interval":
        return _key('<line class="interval" x1="0" x2="16" y1="8" y2="8"/><path class="dot candidate" d="M8 8h0"/>')
    return _key(f'<line class="{kind}" x1="8" x2="8" y1="0" y2="16"/>')


def _chosen(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= MOST_DOTS:
        return values
    return [values[round(place * (len(values) - 1) / (MOST_DOTS - 1))] for place in range(MOST_DOTS)]


def _x(value: float, bounds: tuple[float, float]) -> float:
    # Halved, because the distance of two large numbers may be no number.
    share = (value / 2 - bounds[0] / 2) / (bounds[1] / 2 - bounds[0] / 2)
    return _EDGE + share * (WIDTH - 2 * _EDGE)


def _picture(body: str, words: str) -> str:
    return (
        f'<svg class="dots" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}">{body}</svg>'
    )


def _key(body: str) -> str:
    return f'<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{body}</svg>'
