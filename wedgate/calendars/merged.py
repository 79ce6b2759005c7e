"""The verdicts of several regions in one sorted list: one binary search answers for all of them.

For very many questions, such as a simulation's or another program's tests. It knows verdicts only; why and until when
is the timeline's to say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge as merge_sorted
from itertools import pairwise
from typing import TypeVar

from wedgate.calendars.local_time import instant_of
from wedgate.calendars.values import Span, Verdict

Change = TypeVar("Change")
Turns = Sequence[tuple[int, Verdict]]
"""Where the verdict of a market turns, in seconds since 1970 UTC, and what it is from there on."""

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


def merge(each: Sequence[Sequence[Turns]], regions: tuple[str, ...], span: Span) -> MergedTimeline:
    """Merge where the verdict turns in each market of each region; the first turn is at the beginning of the span.

    All markets together are one number, two bits for each: that is looked up, and the regions' verdicts are worked out
    once for each such number.
    """
    markets = [turns for region in each for turns in region]
    codes = sorted(
        seconds << 32 | slot << 2 | SEVERITY[verdict]
        for slot, turns in enumerate(markets)
        for seconds, verdict in turns
    )
    sizes = [len(region) for region in each]
    known: dict[int, Verdicts] = {}
    same: dict[Verdicts, Verdicts] = {}
    starts: list[int] = []
    verdicts: list[Verdicts] = []
    packed, now = 0, None
    for code, following in pairwise((*codes, 0)):
        place = code >> 1 & 0x7FFFFFFE
        packed = packed & ~(3 << place) | (code & 3) << place
        if following >> 32 == code >> 32:
            continue
        found = known.get(packed)
        if found is None:
            found = _regions_of(packed, sizes)
            found = known[packed] = same.setdefault(found, found)
        if found is not now:
            starts.append(code >> 32)
            verdicts.append(found)
            now = found
    return MergedTimeline(span, regions, [instant_of(seconds) for seconds in starts], verdicts)


def _regions_of(packed: int, sizes: Sequence[int]) -> Verdicts:
    """Return the worst verdict of each region's markets."""
    found: list[Verdict] = []
    for size in sizes:
        severities = []
        for _ in range(size):
            severities.append(packed & 3)
            packed >>= 2
        found.append(VERDICTS[max(severities)])
    return tuple(found)


def in_order(each: Sequence[Iterable[tuple[int, Change]]]) -> Iterator[tuple[int, int, Change]]:
    """Merge sorted streams of changes into one: seconds, the place of the stream, and the change."""
    return merge_sorted(*(_marked(place, own) for place, own in enumerate(each)), key=lambda change: change[0])


def _marked(place: int, own: Iterable[tuple[int, Change]]) -> Iterator[tuple[int, int, Change]]:
    return ((seconds, place, change) for seconds, change in own)
