"""One market of a timeline: where its state changes, and the rules behind each state in the words of an answer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from wedgate.calendars.local_time import instant_of
from wedgate.calendars.market_state import Finding, State, Tally, findings_of
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.tracks import Role, Run, Track, TrackMaker, merged
from wedgate.calendars.values import Cause, CauseKind, LoadThresholds, Market, MarketAnswer, Rule, Span, Verdict

Part = tuple[Verdict, Decimal, tuple[tuple[str, bool], ...]]
"""A market's verdict and load, and the rules behind them with whether each closes."""


class MarketTimeline:
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
        swept = _sweep(tracks, bounds, tally)
        self.starts, self.states, self.turns = swept.starts, swept.states, swept.turns

    @cached_property
    def closed(self) -> tuple[Run, ...]:
        """The merged stretches in which the market is closed."""
        runs: list[Run] = []
        since: int | None = None
        for start, verdict in self.turns:
            if verdict is Verdict.CLOSED:
                since = start if since is None else since
            elif since is not None:
                runs.append((since, start))
                since = None
        if since is not None:
            runs.append((since, self._bounds[1]))
        return tuple(runs)

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

    def parts(self) -> Iterator[tuple[int, Part]]:
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

    def _part(self, seconds: int, active: Mapping[int, Track]) -> Part:
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
            span=None if run is None or run[1] > self._bounds[1] else span_of(run),
            detail=_window_words(track.rule, today) if outside else _detail(finding.kind, track, seconds),
        )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swept:
    """The boundaries at which the state changes and the state from each of them on, and where the verdict turns."""

    starts: list[int]
    states: list[State]
    turns: list[tuple[int, Verdict]]


def _sweep(tracks: Sequence[Track], bounds: Run, tally: Tally) -> _Swept:
    """Walk over every end of a run inside the bounds; each is one number, of its seconds and its sort, to sort fast."""
    low, high = bounds
    mask = 0
    codes: list[int] = []
    for sort, runs in enumerate(_by_sort(tracks, bounds, tally)):
        codes += [start << 32 | sort for start, _ in runs if start > low]
        codes += [end << 32 | sort for _, end in runs if end < high]
        if runs and runs[0][0] <= low:
            mask |= 1 << sort
    codes.sort()
    known = tally.known
    seconds, current = low, tally.state(mask)
    starts, states, turns = [low], [current], [(low, current[0])]
    for code in (*codes, high << 32):
        at = code >> 32
        if at != seconds:
            state = known.get(mask) or tally.state(mask)
            if state is not current:
                starts.append(seconds)
                states.append(state)
                if state[0] is not current[0]:
                    turns.append((seconds, state[0]))
                current = state
            seconds = at
        mask ^= 1 << (code & 0xFFFFFFFF)
    return _Swept(starts=starts, states=states, turns=turns)


def _by_sort(tracks: Sequence[Track], bounds: Run, tally: Tally) -> list[tuple[Run, ...]]:
    """Return, for each sort, when any track of it is in force."""
    each: list[list[tuple[Run, ...]]] = [[] for _ in range(tally.sorts)]
    for sort, track in zip(tally.sort_of, tracks, strict=True):
        runs = _inside(track, bounds)
        if runs:
            each[sort].append(runs)
    return [found[0] if len(found) == 1 else merged(run for runs in found for run in runs) for found in each]


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


def span_of(run: Run) -> Span:
    return Span(start=instant_of(run[0]), end=instant_of(run[1]))
