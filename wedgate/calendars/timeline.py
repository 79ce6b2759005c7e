"""A calendar compiled once for a span of time, and then asked by bisection: state now, next open, next close.

Each market is a sorted list of boundaries with the set of rules in force after each of them. Questions about a
region, or any set of regions, go to the merged runs in which it is closed. Answers are given inside the span only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

from wedgate.calendars.facts import Facts, markets_of
from wedgate.calendars.local_time import instant_of, seconds_of
from wedgate.calendars.market_timeline import MarketTimeline, Part, span_of
from wedgate.calendars.merged import SEVERITY, MergedTimeline, in_order, merge
from wedgate.calendars.tracks import Run, Track, TrackMaker, merged
from wedgate.calendars.values import (
    Calendar,
    CauseKind,
    Interval,
    RegionAnswer,
    Span,
    Verdict,
)

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2400, 1, 1, tzinfo=UTC)
"""Timelines are compiled between these two: wider than the instants that ``wedgate.gate.clock`` lets be asked about,
because an opening is looked for years after the last of them."""


class OutsideSpanError(ValueError):
    """An instant that a timeline was not compiled for, or a span beyond ``EARLIEST`` and ``LATEST``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BareAnswer:
    """One region at one instant in codes alone; the causes are in the order of ``RegionAnswer.causes``, each once."""

    verdict: Verdict
    load: Decimal
    causes: tuple[tuple[CauseKind, str], ...]
    has_rules: bool


class Timeline:
    """The answers of one calendar for one span; made by ``compile_timeline``."""

    def __init__(
        self,
        span: Span,
        facts: Facts,
        regions: dict[str, _RegionTimeline],
        also: Mapping[str, Sequence[Run]] | None = None,
    ) -> None:
        self.span = span
        self.facts = facts
        self._regions = regions
        self._also = also or {}
        self._closed: dict[tuple[str, ...], tuple[Run, ...]] = {}

    @property
    def region_names(self) -> tuple[str, ...]:
        """The regions it can be asked about, in the order of the file."""
        return tuple(self._regions)

    def has_rules(self, region: str) -> bool:
        """Whether any rule applies to a region."""
        return bool(self._regions[region].rule_ids)

    def region_at(self, region: str, instant: datetime) -> RegionAnswer:
        """Answer for one region; ``KeyError`` for an unknown one, ``OutsideSpanError`` outside the span."""
        seconds = self._inside(instant)
        found = self._regions[region]
        markets = tuple(market.answer(instant, seconds) for market in found.markets)
        causes = {cause: None for answer in markets for cause in answer.causes}
        next_close = self.next_close((region,), instant)
        return RegionAnswer(
            region=region,
            verdict=max((answer.verdict for answer in markets), key=lambda verdict: verdict.severity),
            load=max(answer.load for answer in markets),
            markets=markets,
            causes=tuple(sorted(causes, key=lambda cause: (not cause.closes, found.order.get(cause.rule or "", 0)))),
            next_open=self.next_open((region,), instant),
            next_close=next_close,
            runway=None if next_close is None else next_close - instant,
            horizon=self.span.end,
            has_rules=bool(found.rule_ids),
        )

    def bare_at(self, region: str, instant: datetime) -> BareAnswer:
        """Answer as ``region_at`` does, in codes alone: a tenth of its work, for very many questions."""
        seconds = self._inside(instant)
        found = self._regions[region]
        states = [market.state_at(seconds) for market in found.markets]
        told = {each: None for market in found.markets for each in market.told_at(instant, seconds)}
        ordered = sorted(told, key=lambda each: (not each[2], found.order[each[1]]))
        return BareAnswer(
            verdict=_worst(verdict for verdict, _ in states),
            load=max(load for _, load in states),
            causes=tuple((kind, rule) for kind, rule, _ in ordered),
            has_rules=bool(found.rule_ids),
        )

    def next_open(self, regions: Sequence[str], after: datetime) -> datetime | None:
        """Return the first instant, not before ``after``, at which none of the regions is closed."""
        seconds = self._inside(after)
        run = _run_at(self._closed_in(regions), seconds)
        if run is None:
            return after
        return instant_of(run[1]) if run[1] < seconds_of(self.span.end) else None

    def next_close(self, regions: Sequence[str], after: datetime) -> datetime | None:
        """Return the first instant, not before ``after``, at which one of the regions is closed."""
        seconds = self._inside(after)
        runs = self._closed_in(regions)
        if _run_at(runs, seconds) is not None:
            return after
        following = bisect_right(runs, (seconds, seconds))
        return instant_of(runs[following][0]) if following < len(runs) else None

    def closed_runs(self, region: str) -> tuple[Span, ...]:
        """Return the merged stretches in which the region is closed."""
        return _spans(self._closed_in((region,)))

    def open_runs(self, regions: Sequence[str]) -> tuple[Span, ...]:
        """Return the stretches in which none of the regions is closed."""
        edges = [seconds_of(self.span.start)]
        for start, end in self._closed_in(regions):
            edges += (start, end)
        edges.append(seconds_of(self.span.end))
        return _spans((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end)

    def intervals(self, region: str, market: str | None = None) -> tuple[Interval, ...]:
        """Return the whole span of a region, or of one market of it, as intervals that follow one another.

        A region's verdict is the most severe of its markets, its load the highest. ``KeyError`` for an unknown name.
        """
        found = self._regions[region]
        markets = [each for each in found.markets if market in (None, each.market.name)]
        if not markets:
            raise KeyError(market)
        stretches = in_order([each.parts() for each in markets])
        return tuple(_intervals(stretches, found.order, seconds_of(self.span.end)))

    def merged(self, regions: Sequence[str] | None = None) -> MergedTimeline:
        """Return the verdicts of several regions (``None``: all) in one list, for very many questions."""
        names = self.region_names if regions is None else tuple(regions)
        return merge([[market.turns for market in self._regions[name].markets] for name in names], names, self.span)

    def edges(self, region: str) -> tuple[int, ...]:
        """Return, in seconds since 1970 UTC, when any rule of a region comes into force or goes out of it."""
        found = self._regions[region]
        return tuple(sorted({edge for market in found.markets for edge in market.edges()}))

    def closed_also(self, spans: Mapping[str, Sequence[Span]]) -> Timeline:
        """Return the same timeline with regions closed for more stretches, by nothing that a rule says.

        Openings, closings and runs take them into account; answers for an instant, and intervals, are the rules'.
        """
        start, end = seconds_of(self.span.start), seconds_of(self.span.end)
        also: dict[str, tuple[Run, ...]] = {}
        for name, more in spans.items():
            cut = ((max(seconds_of(span.start), start), min(seconds_of(span.end), end)) for span in more)
            also[name] = tuple((low, high) for low, high in cut if low < high)
        return Timeline(self.span, self.facts, self._regions, also)

    def _closed_in(self, regions: Sequence[str]) -> tuple[Run, ...]:
        key = tuple(regions)
        if not key:
            raise ValueError("asked about no region at all")
        found = self._closed.get(key)
        if found is None:
            runs = [run for name in key for market in self._regions[name].markets for run in market.closed]
            found = self._closed[key] = merged([*runs, *(run for name in key for run in self._also.get(name, ()))])
        return found

    def _inside(self, instant: datetime) -> int:
        seconds = seconds_of(instant)
        if not self.span.start <= instant < self.span.end:
            raise OutsideSpanError(
                f"{instant.isoformat()} is outside of {self.span.start.isoformat()} to {self.span.end.isoformat()}"
            )
        return seconds


class _RegionTimeline:
    """One region: its markets, and the rules that apply to it in the order of the file."""

    def __init__(self, markets: tuple[MarketTimeline, ...], rule_ids: tuple[str, ...]) -> None:
        self.markets = markets
        self.rule_ids = rule_ids
        self.order = {rule: place for place, rule in enumerate(rule_ids)}


def compile_timeline(calendar: Calendar, facts: Facts, span: Span) -> Timeline:
    """Compile every region of a calendar for a span; ``OutsideSpanError`` if the span is beyond what can be known."""
    if not EARLIEST <= span.start < span.end <= LATEST:
        raise OutsideSpanError(
            f"timelines are compiled from {EARLIEST.year} to {LATEST.year - 1}, "
            f"not for {span.start.isoformat()} to {span.end.isoformat()}"
        )
    bounds = (seconds_of(span.start), seconds_of(span.end))
    maker = TrackMaker(facts, *bounds)
    regions: dict[str, _RegionTimeline] = {}
    for region in calendar.regions:
        tracks: dict[str, list[Track]] = {market.name: [] for market in region.markets}
        rule_ids: list[str] = []
        for order, rule in enumerate(calendar.rules):
            markets = markets_of(calendar, rule, region.name)
            if not markets:
                continue
            rule_ids.append(rule.id)
            for market, track in maker.tracks(order, rule, markets, region=region.name):
                tracks[market.name].append(track)
        regions[region.name] = _RegionTimeline(
            tuple(
                MarketTimeline(market, maker, tracks[market.name], calendar.thresholds, bounds)
                for market in region.markets
            ),
            tuple(rule_ids),
        )
    return Timeline(span, facts, regions)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=SEVERITY.__getitem__)


def _intervals(stretches: Iterable[tuple[int, int, Part]], order: Mapping[str, int], end: int) -> Iterator[Interval]:
    """Join the parts of several markets, in the order of time, into intervals in which nothing changes."""
    current: dict[int, Part] = {}
    since, told = 0, None
    for seconds, grouped in groupby(stretches, key=lambda stretch: stretch[0]):
        current |= {place: part for _, place, part in grouped}
        now = (
            _worst(part[0] for part in current.values()),
            max(part[1] for part in current.values()),
            _rules_of(current.values(), order),
        )
        if told is None:
            since, told = seconds, now
        elif now != told:
            yield _interval(since, seconds, told)
            since, told = seconds, now
    if told is not None:
        yield _interval(since, end, told)


def _interval(start: int, end: int, told: tuple[Verdict, Decimal, tuple[str, ...]]) -> Interval:
    verdict, load, rules = told
    return Interval(start=instant_of(start), end=instant_of(end), verdict=verdict, load=load, rules=rules)


def _rules_of(parts: Iterable[Part], order: Mapping[str, int]) -> tuple[str, ...]:
    """Return the rules behind some states, each once: what closes before what cautions."""
    places: dict[str, tuple[int, int]] = {}
    for _, _, rules in parts:
        for rule, closes in rules:
            place = (0 if closes else 1, order[rule])
            places[rule] = min(place, places.get(rule, place))
    return tuple(sorted(places, key=lambda rule: places[rule]))


def _run_at(runs: Sequence[Run], seconds: int) -> Run | None:
    place = bisect_right(runs, (seconds, 2**63)) - 1
    return runs[place] if place >= 0 and seconds < runs[place][1] else None


def _spans(runs: Iterable[Run]) -> tuple[Span, ...]:
    return tuple(span_of(run) for run in runs)
