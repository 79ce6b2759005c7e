"""A change of calendar in the words of a person: "opens 3 Saturdays in eu-central", and not a list of instants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wedgate.almanac.zones import zone
from wedgate.calendars.changes import CalendarChange, Change, ChangeKind, Direction, RegionChanges
from wedgate.gate.decide import words_of
from wedgate.render.local import city_of, local_words

SHOWN = 3
"""How many dates of a group are named before "and 49 more"."""
_STRETCH = "stretch"
_DAY_IN_ALL_MARKETS = timedelta(hours=52)
"""A local day lasts for so long from the first of the world's markets to the last; what is longer is no one day."""
_NEARLY_A_DAY = timedelta(hours=23)
_WEEKDAYS_NAMED = 2
"""Changes on more weekdays than this are on so many days."""

_DOES = {
    ChangeKind.OPENS: "opens",
    ChangeKind.CLOSES: "closes",
    ChangeKind.CAUTIONS: "asks for care on",
    ChangeKind.CLEARS: "asks for no more care on",
    ChangeKind.LOAD: "expects another load on",
}
_MEANS = {
    Direction.LOOSENS: "loosens: what is closed becomes open, and on a pull request that needs the override quorum",
    Direction.TIGHTENS: "tightens: nothing that is closed becomes open",
    Direction.REPAIRS: "repairs: there was no valid configuration, and now there is one",
    Direction.CHANGES: "neither loosens nor tightens: nothing opens, nothing closes",
    Direction.NOTHING: "changes nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Changes of one kind in one region that a person would name together, on ``days`` of its first market.

    ``noun`` is a weekday, ``day`` for several of them, or ``stretch`` for what is longer than a day in all markets.
    """

    kind: ChangeKind
    noun: str
    changes: tuple[Change, ...]
    days: tuple[date, ...]

    @property
    def counted(self) -> str:
        """The number and the noun: ``3 Saturdays``, ``parts of 3 Saturdays`` where the days are not whole."""
        count = len(self.days)
        word = self.noun if count == 1 else f"{self.noun}{'es' if self.noun == 'stretch' else 's'}"
        partly = self.noun != "stretch" and self.total < count * _NEARLY_A_DAY
        return f"{'parts of ' if partly else ''}{count:,} {word}"

    @property
    def total(self) -> timedelta:
        """How long all of it is together."""
        return sum((change.duration for change in self.changes), timedelta(0))


def meaning(change: CalendarChange) -> str:
    """Return what the whole change comes to: ``loosens: ...``."""
    return _MEANS[change.direction]


def headline(change: CalendarChange) -> str:
    """Return the one sentence to read: ``This change opens 3 Saturdays in eu-central.``"""
    parts: list[str] = []
    if change.observes:
        parts.append("turns the gate into an observer")
    parts += [f"takes away the region {name}" for name in change.gone]
    for kind in ChangeKind:
        where: dict[str, list[str]] = {}
        for region in change.regions:
            for group in groups_of(region):
                if group.kind is kind:
                    where.setdefault(group.counted, []).append(region.region)
        parts += [f"{_DOES[kind]} {counted} in {_listed(names)}" for counted, names in where.items()]
        if where:
            break
    parts += [f"opens something in {name} after that" for name in change.later]
    parts += [f"adds the region {name}" for name in change.added]
    if not parts:
        return "This change makes no difference to any instant."
    shown = parts[:4] + ([f"and does {len(parts) - 4} things more"] if len(parts) > 4 else [])
    return f"This change {', '.join(shown)}."


def groups_of(region: RegionChanges) -> Iterator[Group]:
    """Yield the changes of a region in groups, in the order of their kinds; what opens comes first."""
    for kind in ChangeKind:
        by_noun: dict[str, list[Change]] = {}
        for each in region.of(kind):
            by_noun.setdefault(_noun(each, region.zones[0]), []).append(each)
        weekdays = [noun for noun in by_noun if noun != _STRETCH]
        if len(weekdays) > _WEEKDAYS_NAMED:
            by_noun["day"] = sorted((each for noun in weekdays for each in by_noun.pop(noun)), key=_start)
        for noun, changes in sorted(by_noun.items(), key=lambda item: item[1][0].start):
            days = tuple(dict.fromkeys(_day(each, region.zones[0]) for each in changes))
            yield Group(kind=kind, noun=noun, changes=tuple(changes), days=days)


def sentence(group: Group, region: RegionChanges) -> str:
    """Return what happens to a group: how many, when, how long, and by which rules."""
    first, last = group.changes[0], group.changes[-1]
    days = ", ".join(f"{day}" for day in group.days[:SHOWN])
    more = f" and {len(group.days) - SHOWN:,} more to {group.days[-1]}" if len(group.days) > SHOWN else ""
    start, end = (local_words(each, region.zones[0], asked_at=last.end) for each in (first.start, first.end))
    when = f"{'the first ' if len(group.changes) > 1 else ''}from {start} to {end}"
    return f"{_DOES[group.kind]} {group.counted}: {days}{more}; {_hours(group.total)}; {when}{_why(group)}"


def _why(group: Group) -> str:
    if group.kind is ChangeKind.LOAD:
        loads = sorted({(each.old_load, each.new_load) for each in group.changes})
        shown = ", ".join(f"{old:g} -> {new:g}" for old, new in loads[:SHOWN])
        return f"; load {shown}{', ...' if len(loads) > SHOWN else ''}"
    before = dict.fromkeys(rule for each in group.changes for rule in each.before)
    after = dict.fromkeys(rule for each in group.changes for rule in each.after)
    stopped = [rule for rule in before if rule not in after]
    started = [rule for rule in after if rule not in before]
    words = [f"no longer by {_listed(stopped)}"] if stopped else []
    words += [f"by {_listed(started)}"] if started else []
    if not words and after:
        words = [f"by {_listed(list(after))}, changed"]
    return f"; {', '.join(words)}" if words else ""


def _listed(names: Sequence[str], most: int = SHOWN) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def later_sentence(name: str, change: CalendarChange) -> str:
    """Return what opens in a region after the span that was compared in full."""
    spans = change.later[name]
    first = spans[0]
    return (
        f"opens {len(spans)} stretch{'es' if len(spans) > 1 else ''} after that, the first from "
        f"{first.start:%Y-%m-%d %H:%M} to {first.end:%Y-%m-%d %H:%M} UTC"
    )


def compared_words(change: CalendarChange) -> str:
    """Return what was compared: the span, and how far openings were looked for."""
    text = f"compared from {change.span.start:%Y-%m-%d %H:%M} to {change.span.end:%Y-%m-%d %H:%M} UTC"
    if change.looked_until is not None:
        text += f", and for openings to {change.looked_until:%Y-%m-%d}"
    return text


def zone_words(region: RegionChanges) -> str:
    """Return whose dates are meant: ``dates in Berlin``."""
    return f"dates in {city_of(region.zones[0])}"


def _noun(change: Change, zone_name: str) -> str:
    if change.duration > _DAY_IN_ALL_MARKETS:
        return _STRETCH
    middle = (change.start + change.duration / 2).astimezone(zone(zone_name))
    return f"{middle:%A}"


def _day(change: Change, zone_name: str) -> date:
    """Return the date in the middle of what is about a day, or the one on which a stretch begins."""
    is_long = change.duration > _DAY_IN_ALL_MARKETS
    instant = change.start if is_long else change.start + change.duration / 2
    return instant.astimezone(zone(zone_name)).date()


def _start(change: Change) -> datetime:
    return change.start


def _hours(duration: timedelta) -> str:
    """Spell a length in hours: days in a calendar are not all of one length."""
    hours = duration / timedelta(hours=1)
    return f"{hours:,.0f} h" if hours == int(hours) else words_of(duration) if hours < 1 else f"{hours:,.1f} h"
