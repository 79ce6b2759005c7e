"""Hours of a calendar over a span: how long it is open, which rule closes how much of it, and what is not known.

Every hour comes from a compiled timeline; what a rule costs is found by compiling the calendar without it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise

from wedgate.calendars.differences import opened_by
from wedgate.calendars.facts import Facts, SourceKey
from wedgate.calendars.local_time import instant_of
from wedgate.calendars.sources import uses_of
from wedgate.calendars.tables import DatedSource, WeekendTable
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, CauseKind, Rule, Span, Verdict

NONE = timedelta(0)
CLOSING = frozenset(
    (
        CauseKind.RULE_BLOCKS,
        CauseKind.LOAD_BLOCKS,
        CauseKind.OUTSIDE_ALLOW_WINDOW,
        CauseKind.CALENDAR_UNVERIFIED,
    )
)
"""Causes that close; the others ask for care."""
UNKNOWN = frozenset((CauseKind.CALENDAR_UNVERIFIED, CauseKind.LOAD_UNVERIFIED))
"""Causes that are there because a source cannot answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How long a stretch of time is open, open with care, and closed."""

    span: Span
    open: timedelta
    caution: timedelta
    closed: timedelta

    @property
    def usable(self) -> timedelta:
        """How long a release may go on: open, with care or without."""
        return self.open + self.caution


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours:
    """A region (``None``: all of them together) over a year: in all, and by months and weeks (Monday) of UTC.

    Together is open while every region is, and closed while any of them is. ``longest`` is the longest stretch that
    is not closed, ``None`` where there is none; ``weeks`` at both ends may be cut by the year.
    """

    region: str | None
    whole: Shares
    months: tuple[Shares, ...]
    weeks: tuple[Shares, ...]
    longest: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCost:
    """What one rule costs, in hours of each region it closes, added up.

    ``closed``: it is a reason to be closed; ``alone``: the only reason; ``opens``: would be open if it were dropped;
    ``opens_together``: hours in which every region would be open that are not now (not added up over regions).
    """

    rule: Rule
    regions: tuple[str, ...]
    closed: timedelta
    alone: timedelta
    opens: timedelta
    opens_together: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A rule whose sources do not reach: hours (of regions, added up) it closes or cautions for want of knowledge.

    ``sources`` names each source that leaves something out, with until when it is verified or what its trouble is.
    """

    rule: Rule
    sources: tuple[str, ...]
    closed: timedelta
    caution: timedelta


def open_hours(timeline: Timeline, names: Sequence[str], span: Span) -> tuple[OpenHours, ...]:
    """Return the hours of each region over a span in UTC, and of all of them together where there are several."""
    found = [_open_hours(timeline, name, (name,), span) for name in names]
    return (*found, _open_hours(timeline, None, names, span)) if len(names) > 1 else tuple(found)


def _open_hours(timeline: Timeline, region: str | None, names: Sequence[str], span: Span) -> OpenHours:
    runs = list(_verdicts(timeline, names, span))
    usable = (clip for run in timeline.open_runs(names) if (clip := overlap(run, span)) is not None)
    return OpenHours(
        region=region,
        whole=_shares(runs, [span.start, span.end])[0],
        months=_shares(runs, month_edges(span)),
        weeks=_shares(runs, week_edges(span)),
        longest=max(usable, key=lambda run: run.duration, default=None),
    )


def _verdicts(timeline: Timeline, names: Sequence[str], span: Span) -> Iterator[tuple[Span, Verdict]]:
    """Yield the worst verdict of several regions, as stretches that cover the span."""
    turns = sorted(
        (each.start, place, each.verdict.severity, each.verdict)
        for place, name in enumerate(names)
        for each in timeline.intervals(name)
    )
    current: dict[int, Verdict] = {}
    since: datetime | None = None
    for at, group in groupby(turns, key=lambda turn: turn[0]):
        if since is not None and (run := overlap(Span(start=since, end=at), span)) is not None:
            yield run, _worst(current)
        current |= {place: verdict for _, place, _, verdict in group}
        since = at
    if since is not None and (run := overlap(Span(start=since, end=timeline.span.end), span)) is not None:
        yield run, _worst(current)


def _worst(current: Mapping[int, Verdict]) -> Verdict:
    return max(current.values(), key=lambda verdict: verdict.severity)


def _shares(runs: Sequence[tuple[Span, Verdict]], edges: Sequence[datetime]) -> tuple[Shares, ...]:
    """Cut stretches at edges, and add up each piece by verdict."""
    totals = [dict.fromkeys(Verdict, NONE) for _ in edges[1:]]
    for run, verdict in runs:
        place = max(bisect_right(edges, run.start) - 1, 0)
        while place < len(totals) and edges[place] < run.end:
            totals[place][verdict] += min(run.end, edges[place + 1]) - max(run.start, edges[place])
            place += 1
    return tuple(
        Shares(
            span=Span(start=start, end=end),
            open=total[Verdict.OPEN],
            caution=total[Verdict.CAUTION],
            closed=total[Verdict.CLOSED],
        )
        for (start, end), total in zip(pairwise(edges), totals, strict=True)
    )


def rule_costs(timeline: Timeline, calendar: Calendar, names: Sequence[str], span: Span) -> tuple[RuleCost, ...]:
    """Return what each rule that closes any of the regions costs, the one whose end would open most first.

    A rule opens nothing by being dropped where another one closes as well, so only those are compiled away that close
    something alone.
    """
    tally = _Tally(timeline, names, span)
    asked = replace(calendar, regions=tuple(calendar.region(name) for name in names))
    base = compile_timeline(asked, timeline.facts, span)
    costs = []
    for rule in calendar.rules:
        if rule.id not in tally.closed:
            continue
        alone = tally.alone.get(rule.id, NONE)
        opens, together = _dropped(base, asked, rule, names) if alone else (NONE, NONE)
        costs.append(
            RuleCost(
                rule=rule,
                regions=tuple(name for name in names if name in tally.regions[rule.id]),
                closed=tally.closed[rule.id],
                alone=alone,
                opens=opens,
                opens_together=together,
            )
        )
    return tuple(sorted(costs, key=lambda cost: (cost.opens, cost.alone, cost.closed), reverse=True))


def _dropped(base: Timeline, calendar: Calendar, rule: Rule, names: Sequence[str]) -> tuple[timedelta, timedelta]:
    """Return the hours that open without a rule, of regions added up and of all of them at once."""
    left = replace(calendar, rules=tuple(each for each in calendar.rules if each.id != rule.id))
    without = compile_timeline(left, base.facts, base.span)
    opened = sum((run.duration for runs in opened_by(base, without).values() for run in runs), NONE)
    before, after = (sum((run.duration for run in each.open_runs(names)), NONE) for each in (base, without))
    return opened, after - before


def gaps(timeline: Timeline, calendar: Calendar, names: Sequence[str], span: Span) -> tuple[Gap, ...]:
    """Return the rules that are not known for all of a span: not knowing is never permission, and it has to be said."""
    tally = _Tally(timeline, names, span)
    unknown = tally.unknown_closed.keys() | tally.unknown_caution.keys()
    sources = _short_sources(calendar, timeline.facts, names, span, unknown)
    return tuple(
        Gap(
            rule=rule,
            sources=sources.get(rule.id, ()),
            closed=tally.unknown_closed.get(rule.id, NONE),
            caution=tally.unknown_caution.get(rule.id, NONE),
        )
        for rule in calendar.rules
        if rule.id in unknown
    )


def _short_sources(
    calendar: Calendar, facts: Facts, names: Sequence[str], span: Span, rules: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Say of each source of some rules what it leaves out of a span; local dates reach a day beyond those of UTC."""
    first, last = span.start.date() - timedelta(days=1), span.end.date() + timedelta(days=1)
    found: dict[str, dict[str, None]] = {}
    for use in uses_of(calendar, facts, names):
        if use.rule.id in rules and (words := _short_words(use.key, use.table, first, last)) is not None:
            found.setdefault(use.rule.id, {})[words] = None
    return {rule: tuple(words) for rule, words in found.items()}


def _short_words(
    key: SourceKey[DatedSource] | SourceKey[WeekendTable], table: DatedSource, first: date, last: date
) -> str | None:
    if table.trouble is not None:
        return f"{key} cannot be known: {table.trouble}"
    if table.verified_until < last:
        return f"{key} are verified until {table.verified_until}"
    if table.verified_from > first:
        return f"{key} are verified from {table.verified_from} on"
    return None


class _Tally:
    """For how long each rule is a reason, in the regions and the span asked about, added up over the regions."""

    def __init__(self, timeline: Timeline, names: Sequence[str], span: Span) -> None:
        self.closed: dict[str, timedelta] = {}
        self.alone: dict[str, timedelta] = {}
        self.unknown_closed: dict[str, timedelta] = {}
        self.unknown_caution: dict[str, timedelta] = {}
        self.regions: dict[str, set[str]] = {}
        for name in names:
            edges = [instant_of(edge) for edge in timeline.edges(name)]
            inside = [span.start, *(edge for edge in edges if span.start < edge < span.end), span.end]
            for start, end in pairwise(inside):
                self._add(timeline, name, start, end - start)

    def _add(self, timeline: Timeline, name: str, at: datetime, length: timedelta) -> None:
        causes = timeline.bare_at(name, at).causes
        closing = dict.fromkeys(rule for kind, rule in causes if kind in CLOSING)
        for rule in closing:
            self.closed[rule] = self.closed.get(rule, NONE) + length
            self.regions.setdefault(rule, set()).add(name)
        if len(closing) == 1:
            (rule,) = closing
            self.alone[rule] = self.alone.get(rule, NONE) + length
        unknown = {rule: kind in CLOSING for kind, rule in reversed(causes) if kind in UNKNOWN}
        for rule, closes in unknown.items():
            total = self.unknown_closed if closes else self.unknown_caution
            total[rule] = total.get(rule, NONE) + length


def overlap(one: Span, other: Span) -> Span | None:
    """Return what two stretches have in common, ``None`` for nothing."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Span(start=start, end=end) if start < end else None


def month_edges(span: Span) -> list[datetime]:
    """Return the ends of a span in UTC, and the first instant of each month between them."""
    first = datetime(span.start.year, span.start.month, 1, tzinfo=UTC)
    edges = [span.start]
    while (first := (first + timedelta(days=31)).replace(day=1)) < span.end:
        edges.append(first)
    return [*edges, span.end]


def week_edges(span: Span) -> list[datetime]:
    """Return the ends of a span in UTC, and each Monday 00:00 between them."""
    midnight = datetime(span.start.year, span.start.month, span.start.day, tzinfo=UTC)
    monday = midnight + timedelta(days=7 - midnight.weekday())
    edges = [span.start]
    while monday < span.end:
        edges.append(monday)
        monday += timedelta(days=7)
    return [*edges, span.end]
