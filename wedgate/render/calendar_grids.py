"""Days as pictures made of characters: a grid of weeks for a month, and a grid of months for a year.

Every shade has a mark of its own, so that colour says nothing that is not there without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from wedgate.render.calendar_marks import DAY, Day, Shade
from wedgate.render.text import Style

MARKS = {
    Shade.NONE: (" ", " "),
    Shade.OPEN: ("·", "."),
    Shade.CAUTION: ("░", "-"),
    Shade.PARTLY: ("▓", "+"),
    Shade.CLOSED: ("█", "#"),
}
WORDS = {Shade.OPEN: "open", Shade.CAUTION: "caution", Shade.PARTLY: "closed in part", Shade.CLOSED: "closed"}
_COLOURS = {Shade.OPEN: "32", Shade.CAUTION: "33", Shade.PARTLY: "2;31", Shade.CLOSED: "31"}
_BOLD, _FAINT = "1", "2"
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_LABEL = 4
_YEAR_COLUMNS = 37
"""Six weeks less five days: a month of 31 days that begins on a Sunday."""


def parts_for(width: int, note: int) -> int:
    """Return into how many parts a day can be cut so that a week and a note beside it fit."""
    return next((parts for parts in (8, 4, 2) if _MONTH_LABEL + 7 * (parts + 4) + note <= width), 1)


def week_grid(days: Sequence[Day], style: Style, note: Callable[[Sequence[Day]], str]) -> list[str]:
    """Draw a row for each week from Monday on; ``note`` says what stands at its end."""
    parts = len(days[0].parts)
    width = parts + 4
    heads = "".join(f"{name[: max(parts, 2)]:<{width}}" for name in _WEEKDAYS)
    lines = [faint(f"{' ' * (_MONTH_LABEL + (3 if parts > 1 else 2))}{heads.rstrip()}", style)]
    for week in weeks_of(days):
        first = next((each.day for each in week if each.day.day == 1), week[0].day)
        is_labelled = week[0] is days[0] or first.day == 1
        label = f"{first:%b}" if is_labelled else ""
        cells = "".join(f"{each.day.day:>2} {bar(each.parts, style)} " for each in week)
        indent = " " * (width * week[0].day.weekday())
        short = " " * (width * (6 - week[-1].day.weekday()))
        lines.append(f"{label:<{_MONTH_LABEL}}{indent}{cells}{short} {note(week)}".rstrip())
    return lines


def month_grid(days: Sequence[Day], style: Style, *, label: int) -> list[str]:
    """Draw a row for each month, its days under their weekdays; each day has one part."""
    heads = "M    SS" * 6
    lines = [faint(" " * label + heads[:_YEAR_COLUMNS], style)]
    for _, found in groupby(days, key=lambda each: (each.day.year, each.day.month)):
        month = list(found)
        first = month[0].day.replace(day=1)
        name = f"{first:%b}"[: label - 1]
        indent = " " * (first.weekday() + month[0].day.day - 1)
        marks = bar([each.parts[0] for each in month], style)
        lines.append(f"{name:<{label}}{indent}{marks}")
    return lines


def weeks_of(days: Sequence[Day]) -> list[list[Day]]:
    """Return the days by the weeks that they are in, Monday first."""
    return [list(week) for _, week in groupby(days, key=lambda each: each.day - DAY * each.day.weekday())]


def bar(parts: Sequence[Shade], style: Style) -> str:
    """Return a mark for each part."""
    return "".join(
        paint(mark(shade, style) * len(list(run)), _COLOURS.get(shade, ""), style) for shade, run in groupby(parts)
    )


def mark(shade: Shade, style: Style) -> str:
    """Return the mark of a shade."""
    return MARKS[shade][0 if style.unicode else 1]


def legend(style: Style) -> str:
    """Say what the marks mean."""
    return "  ".join(f"{bar([shade], style)} {words}" for shade, words in WORDS.items())


def load_words(days: Sequence[Day]) -> str:
    """Return the loads of some days: ``4x``, ``1-6x``; nothing where there is but the usual traffic."""
    low, high = min(each.loads[0] for each in days), max(each.loads[1] for each in days)
    if low == high == Decimal(1):
        return ""
    return f"{low.normalize():f}x" if low == high else f"{low.normalize():f}-{high.normalize():f}x"


def beside(left: Sequence[str], right: Sequence[str], gap: int) -> list[str]:
    """Put two blocks of lines side by side."""
    width = max(visible(line) for line in left) + gap
    rows = max(len(left), len(right))
    padded = [*left, *[""] * (rows - len(left))]
    return [
        f"{line}{' ' * (width - visible(line))}{other}".rstrip()
        for line, other in zip(padded, [*right, *[""] * (rows - len(right))], strict=True)
    ]


def visible(text: str) -> int:
    """Return how many columns a line takes."""
    return len(_ESCAPE.sub("", text))


def bold(text: str, style: Style) -> str:
    """Return a heading."""
    return paint(text, _BOLD, style)


def faint(text: str, style: Style) -> str:
    """Return what stands back."""
    return paint(text, _FAINT, style)


def paint(text: str, code: str, style: Style) -> str:
    """Return text in a colour, where there is colour."""
    return f"\x1b[{code}m{text}\x1b[0m" if style.colour and code and text else text


def date_words(first: date, last: date) -> str:
    """Return a stretch of dates: ``June 2026``, ``2026``, ``1 Jun 2026 to 3 Jul 2026``."""
    if first.day == 1 and (last + DAY).day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return f"{first:%B %Y}"
        if (first.year, first.month, last.month) == (last.year, 1, 12):
            return f"{first:%Y}"
    said = f"{first:%a} {first.day} {first:%b %Y}"
    return said if first == last else f"{said} to {last:%a} {last.day} {last:%b %Y}"
