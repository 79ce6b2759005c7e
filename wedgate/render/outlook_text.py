"""An outlook for a person in a terminal: bars first, and sentences under them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from wedgate.calendars.hours import OpenHours, Shares
from wedgate.render.calendar_grids import bold, faint
from wedgate.render.decision_words import clean, hanging
from wedgate.render.outlook_words import (
    Local,
    assumption_sentences,
    cost_sentences,
    headline,
    hours_number,
    how_long,
    name_of,
    number,
    percent,
    reach_sentences,
    release_sentences,
    replica_sentences,
    together_sentence,
    unknown_sentences,
    way_words,
)
from wedgate.render.text import Style
from wedgate.rollout.outlook import Outlook
from wedgate.rollout.replicas import ReplicaHours

LEVELS = ("▁▂▃▄▅▆▇█", "01234567")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAME = 14
"""Columns of a name; longer ones are cut."""
_LEAST_BAR = 4
_COST_CELLS = 41
"""Columns of the numbers of a rule."""
MOST_RULES = 12
"""Rules that are listed; the record has all of them."""


def render_outlook_text(outlook: Outlook, local: Local, style: Style) -> str:
    """Return the outlook as text of at most the terminal's width, without a line end after the last line."""
    sections = (
        [bold(clean(headline(outlook)), style)],
        _hours(outlook, style),
        _releases(outlook, style),
        _reach(outlook, local, style),
        _costs(outlook, style),
        _replicas(outlook, style),
        _said("Not known", unknown_sentences(outlook), style),
        _said("Counted so", assumption_sentences(outlook), style),
        [faint(line, style) for line in _versions(outlook, style)],
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _hours(outlook: Outlook, style: Style) -> list[str]:
    room = max(style.width - _NAME - 38, _LEAST_BAR)
    lines = [
        bold(f"{'Open hours, UTC':<{_NAME + room + 3}}{'open':>7} {'caution':>8} {'closed':>7} {'usable':>9}", style)
    ]
    for each in outlook.hours:
        whole = each.whole
        cells = (hours_number(whole.open), hours_number(whole.caution), hours_number(whole.closed))
        usable = percent(whole.usable, whole.span.duration)
        lines.append(
            f"{_name(name_of(each), style)} {_split_bar(whole, room, style)} "
            f"{cells[0]:>7} {cells[1]:>8} {cells[2]:>7} {usable:>9}"
        )
    marks = _marks(style)
    lines += hanging("", f"{marks[0]} open  {marks[1]} open with care  {marks[2]} closed", 0, style.width)
    lines += ["", *hanging("", clean(together_sentence(outlook)), 0, style.width)]
    return [*lines, *_weeks_strip(outlook.hours[-1], style)]


def _split_bar(shares: Shares, room: int, style: Style) -> str:
    """Draw open, caution and closed as one bar; what there is of any is at least one mark."""
    marks = _marks(style)
    whole = shares.span.duration
    closed = _columns(shares.closed / whole, room)
    caution = min(_columns(shares.caution / whole, room), room - closed)
    return marks[0] * (room - closed - caution) + marks[1] * caution + marks[2] * closed


def _columns(share: float, room: int) -> int:
    return max(round(share * room), 1) if share else 0


def _weeks_strip(hours: OpenHours, style: Style) -> list[str]:
    """Draw for how long all are open in each week."""
    levels = LEVELS[0 if style.unicode else 1]
    marks = "".join(levels[min(int(week.usable / timedelta(days=7) * 8), 7)] for week in hours.weeks)
    months = "".join(f"{week.span.end:%b}"[0] if week.span.end.day <= 7 else " " for week in hours.weeks)
    title = "Hours of each week in which it is open" if hours.region else "Hours of each week in which all are open"
    lines = ["", f"{title} (the highest mark is more than 147 of 168)"]
    for number_ in range(0, len(marks), style.width - 2):
        piece = slice(number_, number_ + style.width - 2)
        lines += [faint(f"  {months[piece]}".rstrip(), style), f"  {marks[piece]}"]
    return [lines[0], *hanging("", lines[1], 0, style.width), *lines[2:]]


def _releases(outlook: Outlook, style: Style) -> list[str]:
    lines = [bold("Releases", style)]
    found = outlook.releases
    room = max(style.width - _NAME - 10, _LEAST_BAR)
    most = max(found.asked, found.at_most, 1)
    for name, count in (("asked for", found.asked), ("everywhere", found.done), ("at most", found.at_most)):
        lines.append(f"{name:<{_NAME}} {_bar(count / most, room, style)} {count:>7,}")
    return [*lines, *_sentences(release_sentences(outlook), style)]


def _reach(outlook: Outlook, local: Local, style: Style) -> list[str]:
    found = outlook.reach
    lines = [bold("An urgent fix", style), *_sentences(reach_sentences(outlook), style)]
    for region in found.worst_plan.regions:
        lines += hanging(f"  {_name(region.region, style)} ", clean(way_words(region, local)), _NAME + 3, style.width)
    lines += ["", "Everywhere within"]
    room = max(style.width - _NAME - 10, _LEAST_BAR)
    kept = next((place for place, (_, share) in enumerate(found.within) if share == 1), len(found.within))
    for limit, share in found.within[: kept + 1]:
        cell = percent(timedelta(seconds=share), timedelta(seconds=1))
        lines.append(f"{how_long(limit):>{_NAME}} {_bar(share, room, style)} {cell:>7}")
    return [*lines, *_by_hour(outlook, style)]


def _by_hour(outlook: Outlook, style: Style) -> list[str]:
    """Draw the median of each weekday and hour: the higher the mark, the longer it takes."""
    table = outlook.reach.by_hour
    known = [each for row in table for each in row if each is not None]
    if not known or all(each is None for row in table for each in row[1:]):
        return []
    longest = max(known)
    levels = LEVELS[0 if style.unicode else 1]

    def mark(length: timedelta | None) -> str:
        if length is None:
            return " " if not outlook.reach.never else "!"
        return levels[min(int(length / longest * 8), 7)] if longest else levels[0]

    lines = ["", f"By the hour (UTC) at which it is asked for, median; the highest mark is {how_long(longest)}"]
    lines = [lines[0], *hanging("", lines[1], 0, style.width), faint(f"     {_hour_heads()}", style)]
    for day, row in zip(DAYS, table, strict=True):
        lines.append(f"{day}  {''.join(mark(each) * 2 for each in row)}")
    return lines


def _hour_heads() -> str:
    return "".join(f"{hour:<6}" for hour in range(0, 24, 3)).rstrip()


def _costs(outlook: Outlook, style: Style) -> list[str]:
    sentences = _sentences(cost_sentences(outlook), style)
    costs = outlook.costs[:MOST_RULES]
    if not costs:
        return [bold("Rules", style), *sentences]
    wide = max(_NAME, min(max(len(cost.rule.id) for cost in costs), style.width - _COST_CELLS - 8))
    room = max(style.width - wide - _COST_CELLS, _LEAST_BAR)
    heads = f"{'closes':>8} {'alone':>8} {'would open':>11} {'together':>9}"
    lines = [bold(f"{'Rules, hours':<{wide + room + 1}} {heads}", style)]
    most = max(cost.closed for cost in outlook.costs)
    for cost in costs:
        bar = _bar(cost.opens / most, room, style, of=cost.closed / most)
        shown = [hours_number(each) for each in (cost.closed, cost.alone, cost.opens, cost.opens_together)]
        name = clean(cost.rule.id)
        if len(name) > wide:  # the end of a preset's row tells it from the others
            name = f"…{name[1 - wide :]}" if style.unicode else name[-wide:]
        lines.append(f"{name:<{wide}} {bar} {shown[0]:>8} {shown[1]:>8} {shown[2]:>11} {shown[3]:>9}")
    marks = _marks(style)
    lines += hanging(
        "", f"{marks[0]} would open if it were dropped  {marks[3]} closed by others as well", 0, style.width
    )
    if left := outlook.costs[MOST_RULES:]:
        opens = sum((cost.opens for cost in left), timedelta(0))
        words = f"{len(left)} more close something; dropped one by one they would open {hours_number(opens)} h in all."
        lines += hanging("", words, 0, style.width)
    return [*lines, *sentences]


def _replicas(outlook: Outlook, style: Style) -> list[str]:
    unit = "Replica-hours" if outlook.fleet.base is not None else "Replicas, as multiples of the usual, times hours"
    lines = [bold(unit, style)]
    most = max(
        (max(each.static + each.static_rollouts, _calendar(each)) for each in outlook.replicas), default=Decimal(1)
    )
    room = max(style.width - _NAME - 26, _LEAST_BAR)
    for each in outlook.replicas:
        for name, what, total in (
            (each.region, "calendar", _calendar(each)),
            ("", "static", _static(each)),
        ):
            share = float(total / most) if most else 0.0
            lines.append(f"{_name(name, style)} {what:<8} {_bar(share, room, style)} {number(total):>12}")
    return [*lines, *_sentences(replica_sentences(outlook), style)]


def _calendar(each: ReplicaHours) -> Decimal:
    return each.by_calendar + each.by_calendar_rollouts


def _static(each: ReplicaHours) -> Decimal:
    return each.static + each.static_rollouts


def _said(title: str, sentences: Sequence[str], style: Style) -> list[str]:
    return [bold(title, style), *_sentences(sentences, style)] if sentences else []


def _sentences(sentences: Sequence[str], style: Style) -> list[str]:
    return [line for words in sentences for line in hanging("", clean(words), 0, style.width)]


def _versions(outlook: Outlook, style: Style) -> list[str]:
    versions = outlook.versions
    text = f"Configuration {versions.config_digest[:19]}, zones {versions.zone_data}, holidays {versions.holidays}."
    return hanging("", text, 0, style.width)


def _name(name: str, style: Style) -> str:
    shown = clean(name)
    if len(shown) > _NAME:
        shown = f"{shown[: _NAME - 1]}…" if style.unicode else shown[:_NAME]
    return f"{shown:<{_NAME}}"


def _bar(share: float, room: int, style: Style, *, of: float = 0.0) -> str:
    """Draw a share of the room, and after it, lighter, up to ``of``."""
    marks = _marks(style)
    first = _columns(share, room)
    more = max(_columns(of, room) - first, 0)
    return f"{marks[0] * first}{marks[3] * more}".ljust(room)


def _marks(style: Style) -> tuple[str, str, str, str]:
    """Return the marks for open or counted, care, closed, and what others close as well."""
    return ("█", "▓", "·", "░") if style.unicode else ("#", "=", ".", "-")
