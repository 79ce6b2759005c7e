"""A year of one region as a table: a row per market and month, a cell per local date, under its weekday.

Every Saturday stands in the same columns. What a date looks like is drawn by a class that all dates of the same shape
share, so that a year of nine markets is some thousand cells and nothing inside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from itertools import groupby

from wedgate.calendars.book import RegionPages
from wedgate.calendars.values import Verdict
from wedgate.render.calendar_days import LocalDay, local_days
from wedgate.render.calendar_words import day_text

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
COLUMNS = 37
"""A month of 31 days that begins on a Sunday ends in the thirty-seventh column."""

LEVELS = ((Decimal(1), "below 1×"), (Decimal(2), "1× to 2×"), (Decimal(4), "2× to 4×"), (Decimal(6), "4× to 6×"))
"""The steps of the heat scale, each with the load that it ends before; above them all is ``6× and more``."""


class Shapes:
    """The looks of dates, each once: a class name for each, and the style sheet for all of them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name_of(self, day: LocalDay) -> str:
        """Return the classes of a date: its shape, and how its number is to be read on it."""
        kinds = {piece.verdict for piece in day.pieces}
        is_closed = kinds == {Verdict.CLOSED} and day.is_whole
        is_mixed = Verdict.CLOSED in kinds and not is_closed
        # On a look of several colours the number stands on a plain one of its own.
        look = ",".join([*(["var(--plate)"] if is_mixed else []), *_layers(day)]) or "none"
        name = self._names.setdefault(look, f"s{len(self._names)}")
        return f"{name} c" if is_closed else f"{name} m" if is_mixed else name

    def style(self) -> str:
        """Return the rules of all shapes named so far."""
        return "\n".join(f".{name}{{background:{look}}}" for look, name in self._names.items())


def level_of(load: Decimal) -> int | None:
    """Return the step of the heat scale for a load, 0 for a lull; ``None`` for the usual load, which is not drawn."""
    if load == 1:
        return None
    return next((number for number, (end, _) in enumerate(LEVELS) if load < end), len(LEVELS))


def _layers(day: LocalDay) -> Iterable[str]:
    """Yield the backgrounds of a date: bars for loads at its foot, higher for a higher one, over its verdicts."""
    length = day.end - day.start
    pieces = [((each.start - day.start) / length, (each.end - day.start) / length, each) for each in day.pieces]
    for left, right, piece in pieces:
        level = level_of(piece.interval.load)
        if level is not None:
            for colour, height in ((f"load{level}", 2 + level), ("paper", 3 + level)):  # a hairline sets it off
                size = f"{_percent(right - left)} {height}px"
                yield f"linear-gradient(var(--{colour}) 0 0) {_across(left, right)} 100%/{size} no-repeat"
    for verdict, run in groupby(pieces, key=lambda each: each[2].verdict):
        parts = list(run)
        left, right = parts[0][0], parts[-1][1]
        yield f"var(--day-{verdict}) {_across(left, right)} 0/{_percent(right - left)} 100% no-repeat"


def _across(left: float, right: float) -> str:
    """Return the ``background-position`` of a stretch: percentages are of what it leaves free."""
    free = 1 - (right - left)
    return "0" if free < 1e-9 else _percent(left / free)


def _percent(part: float) -> str:
    return f"{part * 100:.2f}".rstrip("0").rstrip(".") + "%"


def year_table(region: RegionPages, dates: Sequence[date], shapes: Shapes) -> str:
    """Return the table of one region for dates of one year."""
    label = f"{region.name}, {dates[0].year}"
    zones = ", ".join(f"{pages.market.name} in {pages.market.zone}" for pages in region.markets)
    heads = "".join(
        f'<th scope="col"{" class=w" if column % 7 > 4 else ""}>{WEEKDAYS[column % 7]}</th>'
        for column in range(COLUMNS)
    )
    months = [list(month) for _, month in groupby(dates, key=lambda day: day.month)]
    bodies = "\n".join(_month(region, month, shapes) for month in months)
    return (
        f'<div class="scroll" role="region" aria-label="{escape(label)}, table" tabindex="0">'
        '<table class="year" role="grid" aria-readonly="true">'
        f"<caption><span>{escape(label)}: {escape(zones)}</span></caption>"
        f'<thead><tr><th scope="col">Month</th><th scope="col">Market</th>{heads}</tr></thead>\n{bodies}\n'
        "</table></div>\n"
    )


def _month(region: RegionPages, dates: Sequence[date], shapes: Shapes) -> str:
    month = f"{dates[0]:%b}"
    rows = []
    for number, pages in enumerate(region.markets):
        head = f'<th scope="rowgroup" rowspan="{len(region.markets)}">{month}</th>' if number == 0 else ""
        cells = [_cell(day, pages.market.zone, shapes) for day in local_days(pages, dates)]
        before = (dates[0].replace(day=1).weekday() + dates[0].day - 1) % COLUMNS
        after = COLUMNS - before - len(cells)
        row = f'{head}<th scope="row">{escape(pages.market.name)}</th>{_gap(before)}{"".join(cells)}{_gap(after)}'
        rows.append(f"<tr>{row}</tr>")
    return f"<tbody>{''.join(rows)}</tbody>"


def _cell(day: LocalDay, zone_name: str, shapes: Shapes) -> str:
    look = shapes.name_of(day) if day.exists else "x"
    # A line break in an attribute is kept as it is.
    return f'<td class="{look}" title="{escape(day_text(day, zone_name))}">{day.day.day}</td>\n'


def _gap(columns: int) -> str:
    return f'<td colspan="{columns}"></td>' if columns else ""
