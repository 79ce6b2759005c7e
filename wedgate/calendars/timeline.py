"""A calendar compiled once for a span of time, and then asked by bisection: state now, next open, next close.

Each market is a sorted list of boundaries with the set of rules in force after each of them. Questions about a
region, or any set of regions, go to the merged runs in which it is closed. Answers are given inside the span only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from wedgate.calendars.facts import Facts, markets_of
from wedgate.calendars.local_time import instant_of, seconds_of
from wedgate.calendars.market_state import Finding, State, Tally, findings_of
from wedgate.calendars.merged import MergedTimeline, in_order, merge
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.tracks import Role, Run, Track, TrackMaker, merged
from wedgate.calendars.values import (
    Calendar,
    Cause,
    CauseKind,
    Interval,
    LoadThresholds,
    Market,
    MarketAnswer,
    RegionAnswer,
    Rule,
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

    def __init__(self, span: Span, facts: Facts, regions: dict[str, _RegionTimeline]) -> None:
        self.span = span
        self.facts = facts
        self._regions = regions
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
        return merge([self._regions[name].states() for name in names], names, self.span)

    def edges(self, region: str) -> tuple[int, ...]:
        """Return, in seconds since 1970 UTC, when any rule of a region comes into force or goes out of it."""
        found = self._regions[region]
        return tuple(sorted({edge for market in found.markets for edge in market.edges()}))

    def _closed_in(self, regions: Sequence[str]) -> tuple[Run, ...]:
        key = tuple(regions)
        if not key:
            raise ValueError("asked about no region at all")
        found = self._closed.get(key)
        if found is None:
            found = self._closed[key] = merged(
                run for name in key for market in self._regions[name].markets for run in market.closed
            )
        return found

    def _inside(self, instant: datetime) -> int:
        seconds = seconds_of(instant)
        if not self.span.start <= instant < self.span.end:
            raise OutsideSpanError(
                f"{instant.isoformat()} is outside of {self.span.start.isoformat()} to {self.span.end.isoformat()}"
            )
        return seconds


class _MarketTimeline:
    """One market: boundaries, and the verdict and load from each of them on."""

    def __init__(
        self, market: Market, maker: TrackMaker, tracks: Sequence[Track], thresholds: LoadThresholds, bounds: Run
    ) -> None:
        self.market = market
        self._local = maker.local(market.zone)
        self._tracks = tracks
        self._thresholds = thresholds
        self._allows = [track for track in tracks if track.role is Role.ALLOW and not track.unverified]
        self._bounds = bounds
        tally = Tally(tracks, has_allows=bool(self._allows), thresholds=thresholds)
        self.starts, self.states = _sweep(tracks, bounds, tally)
        ends = [*self.starts[1:], bounds[1]]
        self.closed = merged(
            (start, end)
            for start, end, (verdict, _) in zip(self.starts, ends, self.states, strict=True)
            if verdict is Verdict.CLOSED
        )

    def edges(self) -> set[int]:
        """Return when any of its tracks comes into force or goes out of it, inside the bounds."""
        low, high = self._bounds
        return {edge for track in self._tracks for run in track.runs for edge in run if low < edge < high}

    def state_at(self, seconds: int) -> State:
        """Return the verdict and the load at an instant."""
        return self.states[bisect_right(self.starts, seconds) - 1]

    def findings_at(self, seconds: int) -> tuple[Finding, ...]:
        """Return the rules behind the state at an instant."""
        active = [track for track in self._tracks if track.run_at(seconds) is not None]
        return findings_of(active, self._allows, self._thresholds)

    def parts(self) -> Iterator[tuple[int, _Part]]:
        """Yield each boundary with the state and the rules from there on; every change of a rule is one."""
        active: dict[int, Track] = {}
        low, events = _events(self._tracks, self._bounds)
        for place in low:
            active[place] = self._tracks[place]
        yield self._bounds[0], self._part(self._bounds[0], active)
        for seconds, changes in groupby(events, key=lambda event: event[0]):
            for _, place, step in changes:
                if step > 0:
                    active[place] = self._tracks[place]
                else:
                    del active[place]
            yield seconds, self._part(seconds, active)

    def _part(self, seconds: int, active: Mapping[int, Track]) -> _Part:
        findings = findings_of(list(active.values()), self._allows, self._thresholds)
        return (*self.state_at(seconds), tuple((finding.track.rule.id, finding.closes) for finding in findings))

    def told_at(self, instant: datetime, seconds: int) -> list[tuple[CauseKind, str, bool]]:
        """Return what the answer's causes are, without their words: kind, rule, and whether it closes."""
        findings = self.findings_at(seconds)
        if not findings:
            return []
        told = _told(findings, instant.astimezone(self._local.zone).date())
        return [(finding.kind, finding.track.rule.id, finding.closes) for finding in told]

    def answer(self, instant: datetime, seconds: int) -> MarketAnswer:
        verdict, load = self.state_at(seconds)
        local = instant.astimezone(self._local.zone)
        offset = local.utcoffset()
        assert offset is not None
        today = local.date()
        return MarketAnswer(
            market=self.market.name,
            zone=self.market.zone,
            local=local.replace(tzinfo=None),
            offset=offset,
            verdict=verdict,
            load=load,
            causes=tuple(
                dict.fromkeys(
                    self._cause(finding, seconds, today) for finding in _told(self.findings_at(seconds), today)
                )
            ),
        )

    def _cause(self, finding: Finding, seconds: int, today: date) -> Cause:
        track = finding.track
        outside = finding.kind is CauseKind.OUTSIDE_ALLOW_WINDOW
        run = None if outside else track.run_at(seconds)
        return Cause(
            kind=finding.kind,
            rule=track.rule.id,
            market=track.market,
            closes=finding.closes,
            span=None if run is None or run[1] > self._bounds[1] else _span(run),
            detail=_window_words(track.rule, today) if outside else _detail(finding.kind, track, seconds),
        )


_Part = tuple[Verdict, Decimal, tuple[tuple[str, bool], ...]]
"""A market's verdict and load, and the rules behind them with whether each closes."""


class _RegionTimeline:
    """One region: its markets, and the rules that apply to it in the order of the file."""

    def __init__(self, markets: tuple[_MarketTimeline, ...], rule_ids: tuple[str, ...]) -> None:
        self.markets = markets
        self.rule_ids = rule_ids
        self.order = {rule: place for place, rule in enumerate(rule_ids)}

    def states(self) -> list[tuple[int, Verdict]]:
        """Return the boundaries at which the region's verdict changes, and the verdict from each of them on."""
        codes: list[int] = []
        for place, market in enumerate(self.markets):
            before = None
            for seconds, (verdict, _) in zip(market.starts, market.states, strict=True):
                if verdict is not before:
                    codes.append(seconds << 32 | place << 2 | _SEVERITY[verdict])
                    before = verdict
        codes.sort()
        found: list[tuple[int, Verdict]] = []
        current = [0] * len(self.markets)
        for code in codes:
            current[code >> 2 & 0x3FFFFFFF] = code & 3
            seconds, worst = code >> 32, _VERDICTS[max(current)]
            if found and found[-1][0] == seconds:
                found[-1] = seconds, worst
            elif not found or found[-1][1] is not worst:
                found.append((seconds, worst))
        return found


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
                _MarketTimeline(market, maker, tracks[market.name], calendar.thresholds, bounds)
                for market in region.markets
            ),
            tuple(rule_ids),
        )
    return Timeline(span, facts, regions)


def _inside(track: Track, bounds: Run) -> tuple[Run, ...]:
    """Return the runs of a track that reach into the bounds."""
    low, high = bounds
    first = bisect_right(track.runs, low, key=lambda run: run[1])
    return track.runs[first : bisect_left(track.runs, high, key=lambda run: run[0])]


def _events(tracks: Sequence[Track], bounds: Run) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Return the tracks in force at the beginning, and each later change: when, which track, 1 on and -1 off."""
    low, high = bounds
    begun: list[int] = []
    events: list[tuple[int, int, int]] = []
    for place, track in enumerate(tracks):
        for start, end in _inside(track, bounds):
            if start <= low:
                begun.append(place)
            else:
                events.append((start, place, 1))
            if end < high:
                events.append((end, place, -1))
    events.sort()
    return begun, events


def _sweep(tracks: Sequence[Track], bounds: Run, tally: Tally) -> tuple[list[int], list[State]]:
    """Return the boundaries inside the bounds at which the state changes, and the state from each of them on.

    Each end of a run is one number, of its seconds, its sort, and whether something begins: numbers sort fastest.
    """
    low, high = bounds
    counts = tally.counts()
    mask = 0
    codes: list[int] = []
    for sort, track in zip(tally.sort_of, tracks, strict=True):
        runs = _inside(track, bounds)
        codes += [start << 32 | sort << 1 | 1 for start, _ in runs if start > low]
        codes += [end << 32 | sort << 1 for _, end in runs if end < high]
        if runs and runs[0][0] <= low:
            counts[sort] += 1
            mask |= 1 << sort
    codes.sort()
    current = tally.state(mask)
    starts, states = [low], [current]
    for code in codes:
        sort = code >> 1 & 0x7FFFFFFF
        if code & 1:
            counts[sort] += 1
            if counts[sort] > 1:
                continue
        else:
            counts[sort] -= 1
            if counts[sort]:
                continue
        mask ^= 1 << sort
        state, seconds = tally.state(mask), code >> 32
        if seconds == starts[-1]:
            states[-1] = current = state
        elif state is not current:
            starts.append(seconds)
            states.append(state)
            current = state
    return starts, states


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=_SEVERITY.__getitem__)


_SEVERITY = {verdict: verdict.severity for verdict in Verdict}
_VERDICTS = tuple(sorted(Verdict, key=lambda verdict: verdict.severity))


def _intervals(stretches: Iterable[tuple[int, int, _Part]], order: Mapping[str, int], end: int) -> Iterator[Interval]:
    """Join the parts of several markets, in the order of time, into intervals in which nothing changes."""
    current: dict[int, _Part] = {}
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


def _rules_of(parts: Iterable[_Part], order: Mapping[str, int]) -> tuple[str, ...]:
    """Return the rules behind some states, each once: what closes before what cautions."""
    places: dict[str, tuple[int, int]] = {}
    for _, _, rules in parts:
        for rule, closes in rules:
            place = (0 if closes else 1, order[rule])
            places[rule] = min(place, places.get(rule, place))
    return tuple(sorted(places, key=lambda rule: places[rule]))


def _told(findings: Iterable[Finding], today: date) -> list[Finding]:
    """Put them in order, closing ones first, and leave out allow windows that are over, unless all of them are."""
    ordered = sorted(findings, key=lambda finding: (not finding.closes, finding.track.order))
    outside = [finding for finding in ordered if finding.kind is CauseKind.OUTSIDE_ALLOW_WINDOW]
    over = [finding for finding in outside if _left_of(finding.track.rule, today) is None]
    return ordered if over == outside else [finding for finding in ordered if finding not in over]


def _left_of(rule: Rule, today: date) -> Rule | None:
    """Return the rule without what is over; a window may end on the date after its own, and in a zone of its own."""
    left = rule.kind.since(today - timedelta(days=1))
    return None if left is None else replace(rule, kind=left)


def _window_words(rule: Rule, today: date) -> str:
    left = _left_of(rule, today)
    return f"{rule_words(rule)}, which is over" if left is None else rule_words(left)


def _run_at(runs: Sequence[Run], seconds: int) -> Run | None:
    place = bisect_right(runs, (seconds, 2**63)) - 1
    return runs[place] if place >= 0 and seconds < runs[place][1] else None


def _detail(kind: CauseKind, track: Track, seconds: int) -> str:
    note = track.note_at(seconds)
    if note and track.rule.clock is not None and not track.unverified:
        note = f"{note} {track.rule.clock}"
    words = note or rule_words(track.rule)
    load = track.load if track.role is Role.LOAD else track.rule.load
    if load is not None and kind in _OF_LOAD:
        # Of what is not known: what the rule could do first, and then why.
        words = f"{rule_words(track.rule)}, load {load}; {note}" if track.unverified else f"{words}, load {load}"
    return f"{words} ({track.rule.reason})" if track.rule.reason else words


_OF_LOAD = (CauseKind.LOAD_BLOCKS, CauseKind.LOAD_CAUTION, CauseKind.LOAD_UNVERIFIED)


def _span(run: Run) -> Span:
    return Span(start=instant_of(run[0]), end=instant_of(run[1]))


def _spans(runs: Iterable[Run]) -> tuple[Span, ...]:
    return tuple(_span(run) for run in runs)
