"""The verdicts of several regions in one sorted list: one binary search answers for all of them.

For very many questions, such as a simulation's or another program's tests. It knows verdicts only; why and until when
is the timeline's to say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge as merge_sorted
from typing import TypeVar

from wedgate.calendars.local_time import instant_of
from wedgate.calendars.values import Span, Verdict

Change = TypeVar("Change")
Verdicts = tuple[Verdict, ...]
"""One verdict for each region, in the order of ``MergedTimeline.regions``."""


class MergedTimeline:
    """Verdicts of ``regions`` by instant; made by ``wedgate.calendars.timeline.Timeline.merged``."""

    def __init__(self, span: Span, regions: tuple[str, ...], starts: list[datetime], verdicts: list[Verdicts]) -> None:
        self.span = span
        self.regions = regions
        # An instant before the span finds nothing at place 0, and one after it nothing at the end.
        self._starts = [*starts, span.end]
        self._verdicts: list[Verdicts | None] = [None, *verdicts, None]

    def at(self, instant: datetime) -> Verdicts:
        """Return the verdict of each region at an aware instant; ``ValueError`` outside of the span."""
        found = self._verdicts[bisect_right(self._starts, instant)]
        if found is None:
            raise ValueError(f"{instant.isoformat()} is outside of {self.span.start} to {self.span.end}")
        return found

    def __len__(self) -> int:
        """How many stretches it holds in which no verdict changes."""
        return len(self._starts) - 1


VERDICTS = tuple(sorted(Verdict, key=lambda verdict: verdict.severity))
SEVERITY = {verdict: verdict.severity for verdict in Verdict}


def merge(each: Sequence[Sequence[tuple[int, Verdict]]], regions: tuple[str, ...], span: Span) -> MergedTimeline:
    """Merge the changes of each region, in seconds since 1970 UTC, the first of them at the beginning of the span."""
    codes = sorted(
        seconds << 32 | place << 2 | SEVERITY[verdict] for place, own in enumerate(each) for seconds, verdict in own
    )
    current = [Verdict.OPEN] * len(regions)
    starts: list[int] = []
    verdicts: list[Verdicts] = []
    same: dict[Verdicts, Verdicts] = {}
    for code in codes:
        current[code >> 2 & 0x3FFFFFFF] = VERDICTS[code & 3]
        found = tuple(current)
        found = same.setdefault(found, found)
        if starts and starts[-1] == code >> 32:
            verdicts[-1] = found
        else:
            starts.append(code >> 32)
            verdicts.append(found)
    return MergedTimeline(span, regions, [instant_of(seconds) for seconds in starts], verdicts)


def in_order(each: Sequence[Iterable[tuple[int, Change]]]) -> Iterator[tuple[int, int, Change]]:
    """Merge sorted streams of changes into one: seconds, the place of the stream, and the change."""
    return merge_sorted(*(_marked(place, own) for place, own in enumerate(each)), key=lambda change: change[0])


def _marked(place: int, own: Iterable[tuple[int, Change]]) -> Iterator[tuple[int, int, Change]]:
    return ((seconds, place, change) for seconds, change in own)
