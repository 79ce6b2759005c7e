"""A calendar as one SVG picture for job summaries, where a picture may hold neither script nor anything from outside.

A block for each month in UTC, a lane for each region in it, and a lane for all of them. One or two months are drawn
large, with their weekdays; more are drawn small, a month under the other. The picture brings its own background, and
follows the reader's light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from wedgate.calendars.book import Book
from wedgate.calendars.values import Span, Verdict
from wedgate.render.calendar_weeks import clipped, lane_path, summary, verdict_runs
from wedgate.render.calendar_words import span_words

WIDTH = 1000
LEFT = 130
"""Where the lanes begin; names stand before."""
RIGHT = 12
NAME_LENGTH = 17
"""More letters of a name do not fit before the lanes."""

_STYLE = """
svg { --paper: #ffffff; --ink: #1d2433; --quiet: #56607a; --line: #d5dae6; --open: #e6f3ec; --caution: #e0a81f;
  --closed: #a82a26; --stripe: #d77a72; --together: #1f7a68; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #141821; --ink: #e7ebf5; --quiet: #a3adc4; --line: #343c50; --open: #1e342b; --caution: #d9ad3f;
    --closed: #c4453f; --stripe: #7d2321; --together: #3fb79e; }
}
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
.q { fill: var(--quiet); } .e { text-anchor: end; } .m { text-anchor: middle; } .b { font-weight: 700; }
.p { fill: var(--paper); } .o { fill: var(--open); } .u { fill: var(--caution); } .k { fill: var(--closed); }
.h { fill: url(#h); } .t { fill: var(--together); } .g { stroke: var(--line); fill: none; }
.s { stroke: var(--stripe); }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a month is drawn: the height of a lane and of the gap under it, and the size of letters."""

    lane: float
    gap: float
    head: float
    font: float
    has_weekdays: bool


LARGE = Scale(lane=22, gap=5, head=34, font=13, has_weekdays=True)
SMALL = Scale(lane=10, gap=2, head=20, font=10, has_weekdays=False)


def render_calendar_svg(book: Book) -> str:
    """Render a book as one SVG document of its own."""
    months = tuple(_months(book.span))
    scale = LARGE if len(months) <= 2 else SMALL
    rows = len(book.regions) + 1
    block = scale.head + rows * (scale.lane + scale.gap) + 8
    top = 84.0
    height = round(top + block * len(months) + 8)
    title = f"{book.title}: when it may be deployed, {span_words(book)}"
    blocks = "".join(_block(book, month, scale, top + block * number) for number, month in enumerate(months))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="title desc"><title id="title">{escape(title)}</title>'
        f'<desc id="desc">{escape(summary(book))} {escape(_closed_words(book))}</desc><style>{_STYLE}</style>'
        '<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<rect width="6" height="6" class="k"/>'
        '<path class="s" d="M-1 1l2-2M0 6l6-6M5 7l2-2"/></pattern></defs>'
        f'<rect class="p" width="{WIDTH}" height="{height}" rx="6"/>'
        f'<text x="12" y="27" font-size="17" class="b">{escape(book.title)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="27" font-size="12" class="q e">{escape(_made(book))}</text>'
        f'<text x="12" y="47" font-size="12">{escape(summary(book))}</text>{_legend()}{blocks}</svg>\n'
    )


def _months(span: Span) -> Iterator[Span]:
    """Yield the whole months, in UTC, that a span touches."""
    start = span.start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start < span.end:
        end = (start + timedelta(days=31)).replace(day=1)
        yield Span(start=start, end=end)
        start = end


def _block(book: Book, month: Span, scale: Scale, top: float) -> str:
    """Draw one month: its days, a lane for each region, and the lane of all."""
    inside = clipped((book.span,), month)
    lanes = []
    for place, region in enumerate(book.regions):
        y = top + scale.head + place * (scale.lane + scale.gap)
        caution = clipped(verdict_runs(region.intervals, Verdict.CAUTION), month)
        closed = clipped(verdict_runs(region.intervals, Verdict.CLOSED), month)
        lanes.append(
            _name(region.name, scale, y)
            + _boxes("o", inside, month, y, scale.lane)
            + _boxes("u", caution, month, y + scale.lane / 2, scale.lane / 2)
            + _boxes("h", closed, month, y, scale.lane)
        )
    y = top + scale.head + len(book.regions) * (scale.lane + scale.gap)
    lanes.append(
        _name("all open", scale, y, kind=" b") + _boxes("t", clipped(book.together, month), month, y, scale.lane)
    )
    return f"<g>{_days(month, scale, top, y + scale.lane)}{''.join(lanes)}</g>"


def _days(month: Span, scale: Scale, top: float, bottom: float) -> str:
    """Draw the days of a month: a line at each midnight in UTC, and its number."""
    parts = [
        f'<text x="12" y="{top + scale.head - 6:g}" font-size="{scale.font + 1:g}" class="b">{month.start:%b %Y}</text>'
    ]
    lines = []
    for number in range(month.duration.days + 1):
        x = _x(month.start + timedelta(days=number), month)
        lines.append(f"M{x:g} {top + scale.head:g}V{bottom:g}")
    for number in range(month.duration.days):
        day = month.start + timedelta(days=number)
        middle = _x(day + timedelta(hours=12), month)
        weight = " b" if day.weekday() == 5 else ""
        parts.append(
            f'<text x="{middle:g}" y="{top + scale.head - 6:g}" font-size="{scale.font - 1:g}" class="q m{weight}">'
            f"{day.day}</text>"
        )
        if scale.has_weekdays:
            parts.append(
                f'<text x="{middle:g}" y="{top + scale.head - 20:g}" font-size="10" class="q m{weight}">{day:%a}</text>'
            )
    return "".join(parts) + f'<path class="g" d="{"".join(lines)}"/>'


def _boxes(kind: str, runs: Sequence[Span], month: Span, top: float, height: float) -> str:
    per_hour = _per_hour()
    data = lane_path(runs, month.start, per_hour=per_hour, left=LEFT, top=top, height=height)
    return f'<path class="{kind}" d="{data}"/>' if data else ""


def _name(name: str, scale: Scale, top: float, kind: str = "") -> str:
    shown = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
    middle = top + scale.lane / 2 + scale.font * 0.36
    return f'<text x="{LEFT - 8}" y="{middle:g}" font-size="{scale.font:g}" class="e{kind}">{escape(shown)}</text>'


def _legend() -> str:
    y = 58
    entries = (
        (f'<rect class="o" x="{{x}}" y="{y}" width="22" height="12"/>', "open", 80),
        (f'<rect class="u" x="{{x}}" y="{y + 6}" width="22" height="6"/>', "caution (half)", 130),
        (f'<rect class="h" x="{{x}}" y="{y}" width="22" height="12"/>', "closed (hatched)", 150),
        (f'<rect class="t" x="{{x}}" y="{y}" width="22" height="12"/>', "all regions open", 150),
    )
    parts, x = [], 12
    for mark, words, width in entries:
        parts.append(f'{mark.format(x=x)}<text x="{x + 28}" y="{y + 10}" font-size="12">{words}</text>')
        x += width
    return "".join(parts) + f'<text x="{x}" y="{y + 10}" font-size="12" class="q">days and hours are UTC</text>'


def _made(book: Book) -> str:
    return f"zones {book.versions.zone_data}, holidays {book.versions.holidays}, wedgate {book.versions.wedgate}"


def _closed_words(book: Book) -> str:
    counts = (f"{region.name} {len(verdict_runs(region.intervals, Verdict.CLOSED))} times" for region in book.regions)
    return f"Closed: {', '.join(counts)}."


def _per_hour() -> float:
    return (WIDTH - LEFT - RIGHT) / (31 * 24)


def _x(at: datetime, month: Span) -> float:
    return round(LEFT + (at - month.start) / timedelta(hours=1) * _per_hour(), 2)
