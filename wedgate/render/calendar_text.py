"""A calendar for a person in a terminal: to be looked at first, and read where something catches the eye.

Up to two months are grids of weeks, one for each region, and below them what closes in local time. Anything longer is
grids of months. Last come the hours in which all regions are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from wedgate.almanac.zones import zone
from wedgate.calendars.book import Book, RegionPages
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.values import Interval, Rule, Span, Verdict
from wedgate.render.calendar_grids import (
    beside,
    bold,
    date_words,
    faint,
    legend,
    load_words,
    month_grid,
    parts_for,
    week_grid,
)
from wedgate.render.calendar_marks import (
    DAY,
    Day,
    clipped,
    closing_rules,
    common_days,
    region_days,
    shown_dates,
    span_of_dates,
)
from wedgate.render.decision_words import clean, hanging
from wedgate.render.local import city_of, day_words, offset_words, telling_zone
from wedgate.render.text import Style

MOST_DAYS_IN_WEEKS = 62
_LEVELS = ("▁▂▃▄▅▆▇█", "01234567")
_NOTE = 17
"""The columns that the note beside a week needs: ``168 h, run 168 h``."""


def render_calendar_text(book: Book, style: Style) -> str:
    """Return the calendar as text of at most the terminal's width, without a line end after the last line."""
    dates = shown_dates(book)
    lines = [bold(clean(f"{book.title}: {date_words(dates[0], dates[-1])}"), style), ""]
    lines += _weeks(book, dates, style) if len(dates) <= MOST_DAYS_IN_WEEKS else _months(book, dates, style)
    lines += ["", *_rules(book, style), "", *_versions(book, style)]
    return "\n".join(lines)


def _weeks(book: Book, dates: Sequence[date], style: Style) -> list[str]:
    note = style.width >= 4 + 7 * 5 + _NOTE
    parts = parts_for(style.width, _NOTE if note else 0)
    lines: list[str] = []
    for pages in book.regions:
        days = region_days(pages, dates, parts)
        lines += _heading(pages.name, _cities(pages), style)
        lines += [*week_grid(days, style, lambda week: load_words(week) if note else ""), ""]
    if len(book.regions) > 1:
        days = common_days(book, dates, parts)
        lines += _heading("together", "closed while any of them is; days of UTC", style)
        lines += [*week_grid(days, style, lambda week: _week_words(book, week) if note else ""), ""]
    lines += _legend(_mark_words(book, "a local day" if parts == 1 else f"{24 // parts} h of the local day"), style)
    if note:
        lines += hanging("", "At the end of a week: its loads, in times of the usual traffic.", 0, style.width)
    lines += ["", *_together(book, dates, style)]
    lines += ["", bold("What closes, in local time", style)]
    for pages in book.regions:
        lines += _closings(book, pages, span_of_dates(pages, dates), style)
    return lines


def _months(book: Book, dates: Sequence[date], style: Style) -> list[str]:
    label = 4 if style.width >= 2 * (4 + 37) + 2 or style.width < 2 * (2 + 37) + 2 else 2
    label = min(label, style.width - 37)
    lines: list[str] = []
    for year, found in groupby(dates, key=lambda day: day.year):
        of_year = tuple(found)
        blocks = [
            [
                *_heading(pages.name, _cities(pages), style, room=label + 37),
                *month_grid(region_days(pages, of_year, 1), style, label=label),
            ]
            for pages in book.regions
        ]
        if len(book.regions) > 1:
            block = _heading("together", "closed while any is; UTC", style, room=label + 37)
            blocks.append(block + month_grid(common_days(book, of_year, 1), style, label=label))
        if dates[0].year != dates[-1].year:
            lines += [bold(f"{year}", style), ""]
        lines += _side_by_side(blocks, 2 if style.width >= 2 * (label + 37) + 2 else 1)
    lines += _legend(_mark_words(book, "a local day"), style)
    return [*lines, "", *_together(book, dates, style), *_week_strip(book, dates, style)]


def _side_by_side(blocks: Sequence[list[str]], columns: int) -> list[str]:
    lines: list[str] = []
    for number in range(0, len(blocks), columns):
        left, *right = blocks[number : number + columns]
        lines += [*(beside(left, right[0], 2) if right else left), ""]
    return lines


def _heading(name: str, places: str, style: Style, room: int = 0) -> list[str]:
    room = min(room or style.width, style.width)
    if len(name) + 2 + len(places) > room:
        places = f"{places[: max(room - len(name) - 3, 0)].rstrip(', ')}{'…' if style.unicode else ''}"
    return [f"{bold(name, style)}  {faint(places, style)}"]


def _mark_words(book: Book, what: str) -> str:
    several = any(len(_zones(pages)) > 1 for pages in book.regions)
    return f"One mark is {what}{', by the worst of the clocks of a region' if several else ''}."


def _week_words(book: Book, week: Sequence[Day]) -> str:
    open_for = _open_within(book, _window(book, [each.day for each in week]))
    if not open_for:
        return "never"
    return f"{_hours(_sum(open_for))}, run {_hours(max(span.duration for span in open_for))}"


def _window(book: Book, dates: Sequence[date]) -> Span | None:
    """Return the UTC dates as a span, as far as the book has them."""
    start, end = max(_midnight(dates[0]), book.span.start), min(_midnight(dates[-1] + DAY), book.span.end)
    return Span(start=start, end=end) if start < end else None


def _open_within(book: Book, window: Span | None) -> list[Span]:
    """Return the stretches of a window in which all regions are open."""
    return [] if window is None else clipped(book.together, window.start, window.end)


def _sum(spans: Sequence[Span]) -> timedelta:
    return sum((span.duration for span in spans), timedelta(0))


def _together(book: Book, dates: Sequence[date], style: Style) -> list[str]:
    """Say in one sentence how long all are open, and when for the longest time."""
    is_one = len(book.regions) == 1
    whom = f"{book.regions[0].name} is" if is_one else "All regions are"
    window = book.span if is_one else _window(book, dates) or book.span
    open_for = _open_within(book, window)
    if not open_for:
        return hanging("", f"{whom} never open.", 0, style.width)
    longest = max(open_for, key=lambda span: span.duration)
    zones = _zones(book.regions[0]) if is_one else ("UTC",)
    sentence = (
        f"{whom} open for {_hours(_sum(open_for))} of {_hours(window.duration)}. "
        f"The longest stretch: {run_words(longest, zones, window)}."
    )
    return hanging("", sentence, 0, style.width)


def _week_strip(book: Book, dates: Sequence[date], style: Style) -> list[str]:
    """Draw for how long all are open in each week, and name the weeks with the least and the most of it."""
    weeks = [
        week
        for week in _whole_weeks(dates)
        if _window(book, week) == Span(start=_midnight(week[0]), end=_midnight(week[-1] + DAY))
    ]
    if not weeks:
        return []
    found = [_open_within(book, _window(book, week)) for week in weeks]
    totals = [_sum(spans) for spans in found]
    levels = _LEVELS[0 if style.unicode else 1]
    marks = "".join(levels[min(int(total / timedelta(days=7) * 8), 7)] for total in totals)
    months = "".join(f"{week[-1]:%b}"[0] if week[-1].day <= 7 else " " for week in weeks)
    lines = ["", bold("Open hours of each week, UTC", style)]
    for number in range(0, len(marks), style.width - 2):
        piece = slice(number, number + style.width - 2)
        lines += [faint(f"  {months[piece]}".rstrip(), style), f"  {marks[piece]}"]
    for name, place in (("least", totals.index(min(totals))), ("most", totals.index(max(totals)))):
        longest = max((span.duration for span in found[place]), default=timedelta(0))
        monday = weeks[place][0]
        words = (
            f"{_hours(totals[place])} of 168 h, longest run {_hours(longest)}, "
            f"in the week of {day_words(_midnight(monday))} {monday.year}"
        )
        lines += hanging(f"  {name:<5}  ", words, 9, style.width)
    return lines


def _whole_weeks(dates: Sequence[date]) -> list[list[date]]:
    weeks = [list(week) for _, week in groupby(dates, key=lambda day: day - DAY * day.weekday())]
    return [week for week in weeks if len(week) == 7]


def _closings(book: Book, pages: RegionPages, shown: Span, style: Style) -> list[str]:
    """List the closed runs of a region by the rules that made them."""
    runs: dict[str, list[Span]] = {}
    for intervals in closed_runs(pages.intervals):
        run = Span(start=intervals[0].start, end=intervals[-1].end)
        if run.end > shown.start and run.start < shown.end:
            runs.setdefault(", ".join(closing_rules(book, intervals)), []).append(run)
    lines: list[str] = []
    for rules, spans in runs.items():
        lines += hanging("  ", f"{pages.name}: {rules}", 2, style.width)
        for span in spans:
            lines += hanging("    ", run_words(span, _zones(pages), book.span), 6, style.width)
    return lines or [f"  {pages.name}: nothing"]


def closed_runs(intervals: Sequence[Interval]) -> list[list[Interval]]:
    """Return the closed intervals, those that follow one another together."""
    return [list(found) for closed, found in groupby(intervals, key=_is_closed) if closed]


def _is_closed(interval: Interval) -> bool:
    return interval.verdict is Verdict.CLOSED


def run_words(span: Span, zones: tuple[str, ...], known: Span) -> str:
    """Spell a stretch by the clocks of a region: ``Sat 6 Jun 00:00 to Sun 7 Jun 00:00 Berlin +02:00, 24 h``.

    A bound that is only where ``known`` ends is said to be one.
    """
    begins, ends = _moment(span.start, zones), _moment(span.end, zones)
    start = begins[0] if begins[1:] == ends[1:] else _said(begins)
    start += " or before" if span.start == known.start else ""
    end = _said(ends) + (" or later" if span.end == known.end else "")
    return f"{start} to {end}, {_hours(span.duration)}"


def _moment(instant: datetime, zones: tuple[str, ...]) -> tuple[str, str, str]:
    """Return date and time, city and offset of an instant in the zone by which it is best told."""
    name = telling_zone(zones, instant)
    local = instant.astimezone(zone(name))
    words = f"{day_words(local)} {local:%H:%M}"
    if name == "UTC":
        return words, "UTC", ""
    offset = local.utcoffset()
    assert offset is not None
    return words, city_of(name), offset_words(offset)


def _said(moment: tuple[str, str, str]) -> str:
    return " ".join(part for part in moment if part)


def _rules(book: Book, style: Style) -> list[str]:
    """List the rules that decide anything here."""
    if not book.rules:
        return [bold("Rules", style), "  none: every hour is open"]
    deciding = {rule for pages in book.regions for each in pages.intervals for rule in each.rules}
    shown = [rule for rule in book.rules if rule.id in deciding]
    lines = [bold("Rules that decide here", style)]
    widest = max((len(rule.id) for rule in shown), default=0)
    indent = widest + 4 if widest + 4 <= style.width // 2 else 4
    for rule in shown:
        words = clean(_rule_words(rule))
        if indent == 4:
            lines += [f"  {rule.id}", *hanging("    ", words, 4, style.width)]
        else:
            lines += hanging(f"  {rule.id:<{widest}}  ", words, indent, style.width)
    return lines if shown else [*lines, "  none of them"]


def _rule_words(rule: Rule) -> str:
    does = [rule.effect.value] if rule.effect else []
    does += [f"load {rule.load.normalize():f}"] if rule.load is not None else []
    line = f", line {rule.line}" if rule.line else ""
    place = line if rule.origin is None else f", {rule.origin.file}:{rule.origin.line}"
    reason = f" ({rule.reason})" if rule.reason else ""
    return f"{rule_words(rule)}: {' and '.join(does)}{reason}{place}"


def _versions(book: Book, style: Style) -> list[str]:
    versions = book.versions
    text = f"Configuration {versions.config_digest[:19]}, zones {versions.zone_data}, holidays {versions.holidays}."
    return [faint(line, style) for line in hanging("", text, 0, style.width)]


def _legend(words: str, style: Style) -> list[str]:
    line = legend(style)
    marks = [line] if style.width >= 50 else line.replace("  ", "\n").split("\n")
    return [*marks, *hanging("", words, 0, style.width)]


def _cities(pages: RegionPages) -> str:
    return ", ".join(city_of(name) for name in _zones(pages))


def _zones(pages: RegionPages) -> tuple[str, ...]:
    return tuple(dict.fromkeys(market.market.zone for market in pages.markets))


def _hours(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours:.0f} h" if hours == round(hours) else f"{hours:.1f} h"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)
