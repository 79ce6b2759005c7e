"""What a change of calendar opens: the instants that were closed and no longer are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Span


def opened_by(old: Timeline, new: Timeline) -> Mapping[str, tuple[Span, ...]]:
    """Return, for each region that loses some, the stretches closed in ``old`` and not in ``new``.

    Regions that nothing opens are left out; one that ``new`` no longer has loses all it had. Both timelines must be
    compiled for the same span (``ValueError``).
    """
    if old.span != new.span:
        raise ValueError("two timelines can be compared over the same span only")
    opened: dict[str, tuple[Span, ...]] = {}
    for region in old.region_names:
        remaining = new.closed_runs(region) if region in new.region_names else ()
        found = tuple(_without(old.closed_runs(region), remaining))
        if found:
            opened[region] = found
    return opened


def _without(spans: Iterable[Span], cuts: tuple[Span, ...]) -> Iterator[Span]:
    """Yield what is left of sorted spans after sorted cuts."""
    for span in spans:
        start = span.start
        for cut in cuts:
            if cut.end <= start or cut.start >= span.end:
                continue
            if cut.start > start:
                yield Span(start=start, end=cut.start)
            start = max(start, cut.end)
        if start < span.end:
            yield Span(start=start, end=span.end)
