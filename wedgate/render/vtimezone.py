"""A pinned time zone as a VTIMEZONE (RFC 5545 section 3.6.5), exact for the stretch of time that is asked for.

Each change of the clock stands there with its own date instead of a rule for all years: a rule would be a guess about
the zone, and clock changes that no rule spells (Morocco's follow the moon) would be lost. Outside of the stretch it
says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from wedgate.almanac.zones import zone
from wedgate.calendars.values import Span

_BEFORE = timedelta(days=400)
"""How long before the stretch it begins: a clock that changes every year has changed by then."""
_AFTER = timedelta(days=2)
_STEP = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From ``at`` on a zone has the offset ``after``; ``before`` is the one until then (the same for a new name)."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


def clock_changes(found: tzinfo, start: datetime, end: datetime) -> tuple[Change, ...]:
    """Return what changes after ``start`` and not after ``end``; a change undone within a day is not seen."""
    changes: list[Change] = []
    low = start
    while low < end:
        high = min(low + _STEP, end)
        if _state(found, low) != _state(found, high):
            at = _first_instant(found, low, high)
            changes.append(_change(found, at, _state(found, at - timedelta(seconds=1))[0]))
        low = high
    return tuple(changes)


def vtimezone_lines(name: str, span: Span) -> list[str]:
    """Return the content lines of a zone for a span, not yet folded. ``UsageError`` for an unknown zone."""
    found = zone(name)
    start = (span.start - _BEFORE).astimezone(UTC)
    first = _change(found, start, _state(found, start)[0])
    observances: dict[tuple[timedelta, timedelta, str, bool], list[Change]] = {}
    for change in (first, *clock_changes(found, start, span.end + _AFTER)):
        key = (change.before, change.after, change.name, change.is_daylight)
        observances.setdefault(key, []).append(change)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for changes in observances.values():
        lines += _observance(changes)
    return [*lines, "END:VTIMEZONE"]


def _observance(changes: Sequence[Change]) -> list[str]:
    first = changes[0]
    kind = "DAYLIGHT" if first.is_daylight else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{_onset(first)}",
        *(f"RDATE:{_onset(change)}" for change in changes[1:]),
        f"TZOFFSETFROM:{offset_text(first.before)}",
        f"TZOFFSETTO:{offset_text(first.after)}",
        f"TZNAME:{first.name}",
        f"END:{kind}",
    ]


def _onset(change: Change) -> str:
    """Spell the instant of a change by the clock before it, as RFC 5545 asks."""
    return f"{(change.at + change.before).replace(tzinfo=None):%Y%m%dT%H%M%S}"


def offset_text(offset: timedelta) -> str:
    """Spell an offset as in iCalendar: ``+0530``, ``-004430`` with seconds where it has some."""
    seconds = abs(int(offset.total_seconds()))
    sign = "-" if offset < timedelta(0) else "+"
    text = f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}"
    return f"{text}{seconds % 60:02}" if seconds % 60 else text


def _state(found: tzinfo, instant: datetime) -> tuple[timedelta, str, bool]:
    local = instant.astimezone(found)
    offset = local.utcoffset()
    if offset is None:
        raise ValueError("a zone without offsets has no clock changes")
    return offset, local.tzname() or "", bool(local.dst())


def _change(found: tzinfo, at: datetime, before: timedelta) -> Change:
    after, name, is_daylight = _state(found, at)
    return Change(at=at, before=before, after=after, name=name, is_daylight=is_daylight)


def _first_instant(found: tzinfo, low: datetime, high: datetime) -> datetime:
    """Return the first second in ``(low, high]`` that is not like ``low``."""
    old = _state(found, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _state(found, middle) == old:
            low = middle
        else:
            high = middle
    return high
