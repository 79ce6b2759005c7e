"""What one calendar says otherwise than another: stretches that open, close, begin to ask for care or stop asking.

Both are given as intervals that cover the same span, so that it does not matter what they were computed from: two
configurations, one configuration with two versions of its data, or a record that was written long ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from wedgate.calendars.record import CalendarRecord, RuleRecord
from wedgate.calendars.values import Interval, Span, Verdict


class ChangeKind(StrEnum):
    """What happens to a stretch of time; what opens is listed first, because it is what must be seen."""

    OPENS = "opens"
    CLOSES = "closes"
    CAUTIONS = "cautions"
    """Was open, and asks for care."""
    CLEARS = "clears"
    """Asked for care, and is open."""
    LOAD = "load"
    """The verdict stays, the load in force does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One stretch ``[start, end)``. ``before`` and ``after`` are the rules that decided, and the loads in force then.

    Stretches of one kind that follow one another are one change, with the rules of all of them.
    """

    kind: ChangeKind
    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]
    old_load: Decimal
    new_load: Decimal

    @property
    def duration(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChanges:
    """What changes in one region that both calendars have; ``zones`` are those of its markets, for local times."""

    region: str
    zones: tuple[str, ...]
    changes: tuple[Change, ...]

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """Return the changes of one kind, in the order of time."""
        return tuple(change for change in self.changes if change.kind is kind)


class Direction(StrEnum):
    """What a change of calendar comes to."""

    LOOSENS = "loosens"
    """Some closed instant becomes open: it needs the override quorum."""
    TIGHTENS = "tightens"
    """Nothing that is closed becomes open, and something becomes closed or careful."""
    REPAIRS = "repairs"
    """There was no valid configuration, and now there is one."""
    CHANGES = "changes"
    """No instant opens or closes; care or loads differ."""
    NOTHING = "changes nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """What a new calendar does otherwise over ``span``; ``old`` is ``None`` where there was no valid one.

    ``gone`` and ``added`` are regions that only one of them has: what is gone has no gate any more. ``observes`` says
    that the new one only observes, and the old one did not. ``because`` names what is different in words. ``later``
    are the first stretches that open after the span, where nothing does inside it, and ``looked_until`` is how far
    they were looked for.
    """

    span: Span
    regions: tuple[RegionChanges, ...]
    gone: tuple[str, ...]
    added: tuple[str, ...]
    observes: bool
    is_repair: bool
    because: tuple[str, ...]
    later: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    looked_until: datetime | None = None

    @property
    def opens_anything(self) -> bool:
        """Whether some instant that was closed is not any more, inside the span or after it."""
        return bool(self.later) or any(region.of(ChangeKind.OPENS) for region in self.regions)

    @property
    def direction(self) -> Direction:
        """What it comes to; one instant that opens outweighs everything that closes."""
        kinds = {change.kind for region in self.regions for change in region.changes}
        if self.is_repair:
            return Direction.REPAIRS
        if self.opens_anything or self.gone or self.observes:
            return Direction.LOOSENS
        if ChangeKind.CLOSES in kinds or ChangeKind.CAUTIONS in kinds or self.added:
            return Direction.TIGHTENS
        return Direction.CHANGES if kinds else Direction.NOTHING


def compare(old: CalendarRecord, new: CalendarRecord, *, observes: bool = False) -> CalendarChange:
    """Compare two calendars over the span that both cover; ``ValueError`` if there is none."""
    span = Span(start=max(old.span.start, new.span.start), end=min(old.span.end, new.span.end))
    if span.end <= span.start:
        raise ValueError("the two calendars have no time in common")
    before, after = ({pages.name: pages for pages in record.regions} for record in (old, new))
    return CalendarChange(
        span=span,
        regions=tuple(
            RegionChanges(
                region=name,
                zones=tuple(dict.fromkeys(each.market.zone for each in after[name].markets)),
                changes=tuple(changes_between(before[name].intervals, after[name].intervals, span)),
            )
            for name in before
            if name in after
        ),
        gone=tuple(name for name in before if name not in after),
        added=tuple(name for name in after if name not in before),
        observes=observes,
        is_repair=False,
        because=tuple(_reasons(old, new)),
    )


def changes_between(old: Sequence[Interval], new: Sequence[Interval], span: Span) -> Iterator[Change]:
    """Yield what differs inside the span, in the order of time: one walk over both, however many there are."""
    last: Change | None = None
    for start, end, before, after in _together(old, new, span):
        kind = _kind_of(before, after)
        if last is not None and not _goes_on(last, kind, start, before, after):
            yield last
            last = None
        if kind is None:
            continue
        if last is None:
            last = Change(
                kind=kind,
                start=start,
                end=end,
                before=before.rules,
                after=after.rules,
                old_load=before.load,
                new_load=after.load,
            )
        else:
            last = replace(
                last, end=end, before=_union(last.before, before.rules), after=_union(last.after, after.rules)
            )
    if last is not None:
        yield last


def _goes_on(last: Change, kind: ChangeKind | None, start: datetime, before: Interval, after: Interval) -> bool:
    """Whether a stretch belongs to the change that ends where it starts; loads are told apart by what they are."""
    same = kind is last.kind and last.end == start
    return same and (kind is not ChangeKind.LOAD or (last.old_load, last.new_load) == (before.load, after.load))


def _together(
    old: Sequence[Interval], new: Sequence[Interval], span: Span
) -> Iterator[tuple[datetime, datetime, Interval, Interval]]:
    """Yield each stretch of the span in which neither changes, with what both are there."""
    first = second = 0
    start = span.start
    while start < span.end:
        while old[first].end <= start:
            first += 1
        while new[second].end <= start:
            second += 1
        end = min(old[first].end, new[second].end, span.end)
        yield start, end, old[first], new[second]
        start = end


def _kind_of(before: Interval, after: Interval) -> ChangeKind | None:
    if before.verdict is after.verdict:
        return None if before.load == after.load else ChangeKind.LOAD
    if before.verdict is Verdict.CLOSED:
        return ChangeKind.OPENS
    if after.verdict is Verdict.CLOSED:
        return ChangeKind.CLOSES
    return ChangeKind.CAUTIONS if after.verdict is Verdict.CAUTION else ChangeKind.CLEARS


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return first if first == second else tuple(dict.fromkeys((*first, *second)))


def _reasons(old: CalendarRecord, new: CalendarRecord) -> Iterator[str]:
    """Name what is different: rules by their ids, and data by their versions."""
    before, after = ({rule.id: rule for rule in record.rules} for record in (old, new))
    for name, rule in before.items():
        if name not in after:
            yield f"{name} is gone ({_said(rule)})"
        elif _said(rule) != _said(after[name]):
            yield f"{name} was {_said(rule)}, and is {_said(after[name])}"
    for name, rule in after.items():
        if name not in before:
            yield f"{name} is new ({_said(rule)})"
    yield from _markets(old, new)
    versions: Mapping[str, tuple[str, str]] = {
        "zones": (old.versions.zone_data, new.versions.zone_data),
        "holidays": (old.versions.holidays, new.versions.holidays),
        "wedgate": (old.versions.wedgate, new.versions.wedgate),
    }
    for name, (was, now) in versions.items():
        if was != now:
            yield f"{name} {was} -> {now}"


def _markets(old: CalendarRecord, new: CalendarRecord) -> Iterator[str]:
    before, after = (
        {f"{pages.name}/{each.market.name}": each.market for pages in record.regions for each in pages.markets}
        for record in (old, new)
    )
    shared = {pages.name for pages in old.regions} & {pages.name for pages in new.regions}
    for name in sorted({*before, *after}):
        if name.partition("/")[0] not in shared:
            continue
        if name not in after:
            yield f"the market {name} is gone"
        elif name not in before:
            yield f"the market {name} is new"
        elif before[name].zone != after[name].zone:
            yield f"the market {name} was in {before[name].zone}, and is in {after[name].zone}"


def _said(rule: RuleRecord) -> str:
    effect = "" if rule.effect is None else f", {rule.effect.value}"
    load = "" if rule.load is None else f", load {rule.load:g}"
    return f"{rule.words}{effect}{load} in {', '.join(rule.where)}"
