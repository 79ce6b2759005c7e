"""All regions against UTC, week by week: when every one of them is open, for how long, and how long in one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wedgate.calendars.book import Book
from wedgate.calendars.values import Interval, Span, Verdict
from wedgate.render.calendar_words import hours_words, utc_range

WEEK = timedelta(days=7)
LANE = 6
"""Height of a region's lane; the lane of all together is twice as high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week from Monday 00:00 UTC on, as far as the book covers it, and when all regions are open in it."""

    monday: datetime
    span: Span
    together: tuple[Span, ...]

    @property
    def hours(self) -> timedelta:
        """How long all regions are open, in all."""
        return sum((run.duration for run in self.together), timedelta(0))

    @property
    def longest(self) -> timedelta:
        """The longest of the stretches, as far as it lies in the week."""
        return max((run.duration for run in self.together), default=timedelta(0))


def weeks_of(book: Book) -> tuple[Week, ...]:
    """Cut the book into weeks."""
    first = book.span.start.astimezone(UTC)
    monday = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=first.weekday())
    weeks = []
    while monday < book.span.end:
        span = Span(start=max(monday, book.span.start), end=min(monday + WEEK, book.span.end))
        weeks.append(Week(monday=monday, span=span, together=clipped(book.together, span)))
        monday += WEEK
    return tuple(weeks)


def clipped(runs: Iterable[Span], to: Span) -> tuple[Span, ...]:
    """Return what of some stretches lies in another one."""
    cut = (Span(start=max(run.start, to.start), end=min(run.end, to.end)) for run in runs)
    return tuple(run for run in cut if run.start < run.end)


def verdict_runs(intervals: Sequence[Interval], verdict: Verdict) -> tuple[Span, ...]:
    """Return the merged stretches of one verdict."""
    runs: list[Span] = []
    for interval in intervals:
        if interval.verdict is not verdict:
            continue
        if runs and runs[-1].end == interval.start:
            runs[-1] = Span(start=runs[-1].start, end=interval.end)
        else:
            runs.append(Span(start=interval.start, end=interval.end))
    return tuple(runs)


def lane_path(runs: Iterable[Span], zero: datetime, *, per_hour: float, left: float, top: float, height: float) -> str:
    """Return the boxes of some stretches as the data of one SVG path; ``""`` for none."""
    hour = timedelta(hours=1)
    parts = []
    for run in runs:
        start = round(left + (run.start - zero) / hour * per_hour, 2)
        width = round(run.duration / hour * per_hour, 2)
        parts.append(f"M{start:g} {top:g}h{width:g}v{height:g}h-{width:g}z")
    return "".join(parts)


def render_weeks(book: Book) -> str:
    """Return the table of weeks, with a picture of each and its numbers."""
    names = [region.name for region in book.regions]
    runs = {
        (region.name, verdict): verdict_runs(region.intervals, verdict)
        for region in book.regions
        for verdict in (Verdict.CAUTION, Verdict.CLOSED)
    }
    lines = []
    for week in weeks_of(book):
        number = week.monday.isocalendar()
        label = f'<th scope="row"><time datetime="{week.monday:%Y-%m-%d}">{week.monday:%d %b %Y}</time></th>'
        title = f"week {number.week}: {_words(week)}"
        picture = (
            f'<svg viewBox="0 0 168 {LANE * (len(names) + 2)}" preserveAspectRatio="none" role="img" '
            f'aria-label="{title}"><title>{title}</title>{_drawn(week, names, runs)}</svg>'
        )
        lines.append(
            f"<tr>{label}<td>{picture}</td><td>{hours_words(week.hours)}</td><td>{hours_words(week.longest)}</td></tr>"
        )
    days = "".join(f"<span>{name}</span>" for name in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    return (
        '<div class="scroll" role="region" aria-label="Weeks in UTC, table" tabindex="0"><table class="weeks">'
        "<caption>Weeks from Monday 00:00 UTC on</caption><thead><tr>"
        f'<th scope="col">Week of</th><th scope="col"><span class="days">{days}</span></th>'
        '<th scope="col">All open</th><th scope="col">Longest run</th></tr></thead>\n<tbody>'
        + "\n".join(lines)
        + "</tbody></table></div>\n"
    )


def summary(book: Book) -> str:
    """Say how long all regions are open in the book, and the longest stretch of it."""
    who = "All regions are" if len(book.regions) != 1 else f"{book.regions[0].name} is"
    if not book.together:
        return f"{who} never open at the same time." if len(book.regions) != 1 else f"{who} never open."
    total = sum((run.duration for run in book.together), timedelta(0))
    longest = max(book.together, key=lambda run: run.duration)
    share = round(100 * (total / book.span.duration))
    none = sum(1 for week in weeks_of(book) if not week.together)
    weeks = f" In {none} week{'' if none == 1 else 's'} there is no such hour." if none else ""
    return (
        f"{who} open for {hours_words(total)}, {share} % of the time; the longest run is "
        f"{hours_words(longest.duration)}, {utc_range(longest)} {longest.end.year}.{weeks}"
    )


def _words(week: Week) -> str:
    if not week.together:
        return "never all open"
    return f"all open {'; '.join(map(utc_range, week.together))}"


def _drawn(week: Week, names: Sequence[str], runs: dict[tuple[str, Verdict], tuple[Span, ...]]) -> str:
    """Draw a week: closed fills the lane of a region, caution its lower half, and below is the lane of all."""
    paths = []
    for place, name in enumerate(names):
        for verdict, top, height in ((Verdict.CAUTION, LANE / 2, LANE / 2 - 1), (Verdict.CLOSED, 0, LANE - 1)):
            found = clipped(runs[name, verdict], week.span)
            paths.append(_path(f"k{verdict}", found, week.monday, top=place * LANE + top, height=height))
    paths.append(_path("ktogether", week.together, week.monday, top=len(names) * LANE + 1, height=2 * LANE - 1))
    return "".join(paths)


def _path(kind: str, runs: Iterable[Span], zero: datetime, *, top: float, height: float) -> str:
    data = lane_path(runs, zero, per_hour=1, left=0, top=top, height=height)
    return f'<path class="{kind}" d="{data}"/>' if data else ""
