"""Many questions about one calendar in one go: compiled once for all of them, and answered in their order.

An answer is the one that a single ``check`` gives. What makes it fast is that nothing changes between two edges of a
region's rules: the verdict and its reasons are found once for each such stretch, and openings by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from wedgate.calendars.facts import markets_of
from wedgate.calendars.local_time import seconds_of
from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, Effect, Span, Verdict
from wedgate.engine.horizon import HORIZONS, timeline_for
from wedgate.engine.parts import Almanac
from wedgate.gate.brief import BriefAnswer, BriefQuestion, BriefRegion, bare_reasons

LARGEST_GAP = timedelta(days=400)
LONGEST_GROUP = timedelta(days=4400)
"""Questions further apart than the one, or more than the other in all, are compiled for by themselves, so that two
questions a century apart do not cost a century."""


def answer_all(
    calendar: Calendar, questions: Sequence[BriefQuestion], almanac: Almanac, *, binding: bool
) -> Iterator[BriefAnswer]:
    """Yield an answer for each question in order; ``binding`` as a machine may act on it: always closed."""
    groups = _groups(questions)
    starts = [group.start for group in groups]
    places = [bisect_right(starts, question.at) - 1 for question in questions]
    asked: list[set[tuple[str, ...]]] = [set() for _ in groups]
    for place, question in zip(places, questions, strict=True):
        asked[place].add(question.regions)
    made: dict[int, _Answers] = {}
    for place, question in zip(places, questions, strict=True):
        answers = made.get(place)
        if answers is None:
            timeline = _compiled(calendar, almanac, groups[place], asked[place])
            answers = made[place] = _Answers(calendar, timeline, binding=binding)
        yield answers.at(question)


class _Answers:
    """The answers of one compiled timeline, each stretch of time in which nothing changes looked at once."""

    def __init__(self, calendar: Calendar, timeline: Timeline, *, binding: bool) -> None:
        self._timeline = timeline
        self._binding = binding
        self._edges = {name: timeline.edges(name) for name in timeline.region_names}
        self._known: dict[Hashable, BriefRegion] = {}
        # Of allow windows only those to come are named, and that changes with the local date.
        windows = {place.region for rule in calendar.rules if rule.effect is Effect.ALLOW for place in rule.where}
        self._zones = {
            region.name: tuple(timeline.facts.zones[zone] for zone in sorted({each.zone for each in region.markets}))
            for region in calendar.regions
            if region.name in windows
        }

    def at(self, question: BriefQuestion) -> BriefAnswer:
        """Answer one question."""
        at = question.at
        seconds = seconds_of(at)
        regions = tuple(self._region(name, at, seconds) for name in question.regions)
        together = regions[0] if len(regions) == 1 else None
        return BriefAnswer(
            at=at,
            verdict=max((region.verdict for region in regions), key=_SEVERITY.__getitem__),
            regions=regions,
            next_open=together.next_open(at) if together else self._timeline.next_open(question.regions, at),
            next_close=together.next_close(at) if together else self._timeline.next_close(question.regions, at),
            horizon=self._timeline.span.end,
        )

    def _region(self, name: str, at: datetime, seconds: int) -> BriefRegion:
        key: Hashable = name, bisect_right(self._edges[name], seconds)
        if name in self._zones:
            key = key, *(at.astimezone(zone).date() for zone in self._zones[name])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._look(name, at)
        return known

    def _look(self, name: str, at: datetime) -> BriefRegion:
        found = self._timeline.bare_at(name, at)
        is_closed = found.verdict is Verdict.CLOSED
        change = self._timeline.next_open if is_closed else self._timeline.next_close
        return BriefRegion(
            region=name,
            verdict=Verdict.CLOSED if self._binding else found.verdict,
            load=float(found.load),
            reasons=bare_reasons(found, bound=self._binding),
            is_closed=is_closed,
            changes=change((name,), at),
        )


_SEVERITY = {verdict: verdict.severity for verdict in Verdict}


def _groups(questions: Iterable[BriefQuestion]) -> list[Span]:
    """Return the stretches, both ends included, that hold all the instants asked about."""
    groups: list[Span] = []
    for at in sorted({question.at for question in questions}):
        last = groups[-1] if groups else None
        if last is None or at - last.end > LARGEST_GAP or at - last.start > LONGEST_GROUP:
            groups.append(Span(start=at, end=at))
        else:
            groups[-1] = Span(start=last.start, end=at)
    return groups


def _compiled(calendar: Calendar, almanac: Almanac, group: Span, asked: Iterable[tuple[str, ...]]) -> Timeline:
    """Compile as far as the last of the instants needs for its next opening and closing."""
    names = [region.name for region in calendar.regions]
    ruled = {name for name in names if any(markets_of(calendar, rule, name) for rule in calendar.rules)}
    sets: set[tuple[str, ...]] = {names for names in asked if len(ruled.intersection(names)) > 1}
    sets |= {(name,) for names in asked for name in names if name in ruled}
    *shorter, longest = (Span(start=group.start, end=group.end + horizon) for horizon in HORIZONS)
    for span in shorter:
        timeline = timeline_for(calendar, almanac, span)
        if all(
            timeline.next_open(each, group.end) is not None and timeline.next_close(each, group.end) is not None
            for each in sets
        ):
            return timeline
    return timeline_for(calendar, almanac, longest)
