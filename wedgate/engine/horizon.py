"""How far a calendar is read: as little as answers the question, and up to twelve years for an answer that is rare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from wedgate.calendars.differences import opened_by
from wedgate.calendars.facts import needs_of
from wedgate.calendars.local_time import instant_of
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, Cause, Span
from wedgate.engine.parts import Almanac
from wedgate.gate.clock import LATEST
from wedgate.gate.decide import reason_of
from wedgate.gate.decision import Reason

HORIZONS = (timedelta(days=60), timedelta(days=400), timedelta(days=1100), timedelta(days=4400))
"""Tried in turn while an answer is missing. Sixty days hold eight Saturdays; three years hold every yearly rule but
29 February, which twelve hold even over 2100, and every freeze that somebody has dated by now."""


CHANGE_STRETCH = timedelta(days=400)
"""Two calendars are compared, and what changes is described, a little more than a year at a time."""


def timeline_for(calendar: Calendar, almanac: Almanac, span: Span) -> Timeline:
    """Gather the facts for a span and compile the calendar over it."""
    return compile_timeline(calendar, almanac.gather(needs_of(calendar), span), span)


def answering_timeline(
    calendar: Calendar,
    almanac: Almanac,
    at: datetime,
    is_answered: Callable[[Timeline], bool],
    *,
    at_least: timedelta = timedelta(0),
) -> Timeline:
    """Return the shortest timeline from ``at`` on that answers, or the longest one there is."""
    spans = list(_spans(at, at_least))
    for span in spans[:-1]:
        timeline = timeline_for(calendar, almanac, span)
        if is_answered(timeline):
            return timeline
    return timeline_for(calendar, almanac, spans[-1])


def opened_from(
    old: Calendar,
    new: Calendar,
    almanac: Almanac,
    at: datetime,
    regions: Collection[str] = (),
    *,
    changed: Almanac | None = None,
) -> tuple[Mapping[str, tuple[Span, ...]], Span]:
    """Return what the first stretch of time from ``at`` on in which ``new`` opens anything opens, and that stretch.

    Where nothing opens the stretch ends with the last instant that wedgate answers for: a freeze dated years from now,
    or a 29 February, cannot be taken away unseen. With ``regions`` only theirs count, and others never end the search.
    ``changed`` is what ``new`` is asked with, where it reads other files.
    """
    sides = ((old, almanac), (new, changed or almanac))
    start = at
    while start < LATEST:
        span = Span(start=start, end=min(start + CHANGE_STRETCH, LATEST))
        found = opened_by(*(timeline_for(each, asked, span) for each, asked in sides))
        opened = {region: spans for region, spans in found.items() if not regions or region in regions}
        if opened:
            return opened, span
        start = span.end
    return {}, Span(start=at, end=LATEST)


def first_opening(timeline: Timeline, regions: Sequence[str], after: datetime, needed: timedelta | None) -> Span | None:
    """Return the first stretch from ``after`` on in which all regions are open for at least ``needed``.

    A stretch that reaches the end of the timeline counts as long as it is known to be.
    """
    if needed is None:
        opens = timeline.next_open(regions, after)
        if opens is None:
            return None
        return Span(start=opens, end=timeline.next_close(regions, opens) or timeline.span.end)
    for run in timeline.open_runs(regions):
        if run.end <= after:
            continue
        start = max(run.start, after)
        if needed is None or run.end - start >= needed:
            return Span(start=start, end=run.end)
    return None


def opened_until(
    timeline: Timeline, region: str, at: datetime, until: datetime, opens: Callable[[Cause], bool]
) -> datetime:
    """Return the first instant from ``at`` on, ``until`` at the latest, closed by a cause that an override leaves.

    ``opens`` says which it does not. Past the end of the timeline nothing is known, so that ends it too.
    """
    edges = (instant_of(edge) for edge in timeline.edges(region))
    until = min(until, timeline.span.end)
    for instant in (at, *(edge for edge in edges if at < edge < until)):
        if instant >= until:
            break
        causes = timeline.region_at(region, instant).causes
        if any(each.closes and not opens(each) for each in causes):
            return instant
    return until


def closing_reasons(timeline: Timeline, regions: Sequence[str], instant: datetime | None) -> tuple[Reason, ...]:
    """Return what closes the regions at an instant, each once; nothing for no instant, or one they are open at."""
    if instant is None:
        return ()
    causes = (cause for name in regions for cause in timeline.region_at(name, instant).causes if cause.closes)
    return tuple(dict.fromkeys(reason_of(cause) for cause in causes))


def reasons_until(
    timeline: Timeline, regions: Sequence[str], at: datetime, opening: datetime | None
) -> tuple[Reason, ...]:
    """Return what closes the regions just before an opening later than ``at``, or at ``at`` where none is known."""
    return closing_reasons(timeline, regions, just_before(at, opening))


def just_before(at: datetime, opening: datetime | None) -> datetime:
    """Return the last second before an opening later than ``at``, or ``at`` where none is known."""
    return at if opening is None or opening <= at else opening - timedelta(seconds=1)


def _spans(at: datetime, at_least: timedelta) -> Iterator[Span]:
    for horizon in HORIZONS:
        yield Span(start=at, end=at + max(horizon, at_least + timedelta(days=1)))
