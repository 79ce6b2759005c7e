"""Local wall time to instants, with both readings wherever a clock change makes a wall time odd.

Instants here are whole seconds since 1970 UTC, and wall times whole seconds since 1970-01-01 00:00 on a clock that
knows no change: both sort and compare fast. Two facts decide everything (RFC 5545 section 3.3.5 and ``wedgate`` policy
that a block has no hole and is never short):

- a wall time inside a **gap** has an earlier candidate, the gap's first instant, and a later one, the time moved on by
  the gap; a wall time inside a **fold** has its first and its second reading;
- a local **date** begins with its first instant, which is not 00:00 where midnight lies in a gap, and is over when it
  does not come again. A date that a zone skipped whole (Pacific/Apia, 2011-12-30) begins where the next one begins, and
  so has no length.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

DAY_SECONDS = 86400
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (wall times are naive by nature)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SECOND = timedelta(seconds=1)
_NEVER = 2**63
_MANY = 16
_STEP = 6 * DAY_SECONDS
"""No two clock changes of a zone that wedgate accepts lie closer since 1970: a test reads them from the files."""


def seconds_of(instant: datetime) -> int:
    """Return whole seconds since 1970 UTC, rounded down; half-open intervals of whole seconds lose nothing by it."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset: an instant must have one")
    return (instant - _EPOCH_UTC) // _SECOND


def instant_of(seconds: int) -> datetime:
    """Return the aware UTC instant."""
    if seconds < 0:  # not every system reads such a timestamp
        return _EPOCH_UTC + timedelta(seconds=seconds)
    return datetime.fromtimestamp(seconds, UTC)


def wall_of(wall: datetime) -> int:
    """Return a naive wall time in seconds."""
    since = wall - _EPOCH
    return since.days * DAY_SECONDS + since.seconds


def midnight_of(day: date) -> int:
    """Return 00:00 of a local date as a wall time in seconds."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY_SECONDS


def date_of(wall: int) -> date:
    """Return the local date of a wall time in seconds."""
    return date.fromordinal(wall // DAY_SECONDS + _EPOCH_ORDINAL)


class LocalTime:
    """One zone's wall times as instants: fast from ``start`` to ``end`` and days around, and right for any other."""

    def __init__(self, zone: tzinfo, start: int, end: int) -> None:
        self.zone = zone
        self._changes, self._offsets = _changes(zone, start - 2 * _STEP, end + 2 * _STEP)
        # A wall time is at most a day away from its instant.
        self._known = start - _STEP, end + _STEP
        # Wall times between an even edge and the next are read in one way only; after an odd one they are odd.
        self._edges: list[int] = []
        for place, instant in enumerate(self._changes):
            before, after = self._offsets[place], self._offsets[place + 1]
            self._edges += (instant + min(before, after), instant + max(before, after))

    @property
    def skips_dates(self) -> bool:
        """Whether a date of this stretch does not exist there."""
        return any(after - before >= DAY_SECONDS for before, after in pairwise(self._offsets))

    def wall(self, wall: int) -> tuple[int, int]:
        """Return the earlier and the later instant that a wall time may mean; equal nearly always."""
        place = bisect_right(self._edges, wall)
        if not place & 1:
            instant = wall - self._offsets[place >> 1]
            return instant, instant
        before, after = self._offsets[place >> 1], self._offsets[(place >> 1) + 1]
        if before > after:
            return wall - before, wall - after
        return self._changes[place >> 1], wall - before

    def midnight(self, wall: int) -> tuple[int, int]:
        """Return the first instant of the date whose 00:00 this is, and the one at which the date before is over.

        The two differ only where clocks go back over midnight into the date before, which then comes a second time;
        where they go back to midnight itself (America/Havana) the date begins once, with its first 00:00.
        """
        place = bisect_right(self._edges, wall)
        if not place & 1:
            instant = wall - self._offsets[place >> 1]
            return instant, instant
        before, after = self._offsets[place >> 1], self._offsets[(place >> 1) + 1]
        if before > after:
            goes_back_to = self._edges[place - 1]
            return wall - before, wall - before if goes_back_to == wall else wall - after
        return self._changes[place >> 1], self._changes[place >> 1]

    def edge(self, wall: int) -> tuple[int, int]:
        """Return both candidates of the edge of a window; 00:00 is the beginning of the date, wherever that lies."""
        if not self._known[0] <= wall <= self._known[1]:
            return LocalTime(self.zone, wall, wall).edge(wall)
        return self.midnight(wall) if wall % DAY_SECONDS == 0 else self.wall(wall)

    def edges(self, walls: list[int], *, later: bool) -> list[int]:
        """Return one candidate of each of many edges at once, as ``edge`` does one by one; fast if they are sorted."""
        found: list[int] = []
        place = 0
        low, high = self._known
        if len(walls) < _MANY or walls != sorted(walls) or walls[0] < low or walls[-1] > high:
            return [self.edge(wall)[later] for wall in walls]
        for number, limit in enumerate((*self._edges, _NEVER)):
            end = bisect_left(walls, limit, place)
            if end == place:
                continue
            if number & 1:
                found += [self.edge(wall)[later] for wall in walls[place:end]]
            else:
                offset = self._offsets[number >> 1]
                found += [wall - offset for wall in walls[place:end]]
            place = end
        return found

    def exists(self, midnight: int) -> bool:
        """Whether the zone had the date whose 00:00 this is at all."""
        return self.midnight(midnight)[0] < self.midnight(midnight + DAY_SECONDS)[1]

    def shown_at(self, instant: int) -> int:
        """Return the wall time that clocks show at an instant."""
        if not self._known[0] <= instant <= self._known[1]:
            return instant + _offset_at(self.zone, instant)
        return instant + self._offsets[bisect_right(self._changes, instant)]


def _changes(zone: tzinfo, start: int, end: int) -> tuple[list[int], list[int]]:
    """Return the instants at which the offset changes, and the offsets before the first, between, and after them."""
    changes: list[int] = []
    looks = _looks(start, end)
    offsets = [_offset_at(zone, start)]
    seen: timedelta | None = timedelta(seconds=offsets[0])
    for number, look in enumerate(looks):
        offset = look.astimezone(zone).utcoffset()
        if offset == seen:
            continue
        seen = offset
        high = start + (number + 1) * _STEP
        changes.append(_change_in(zone, high - _STEP, high))
        offsets.append(_offset_at(zone, changes[-1]))
    return changes, offsets


@lru_cache(maxsize=4)
def _looks(start: int, end: int) -> tuple[datetime, ...]:
    """Return the instants at which a zone is looked at; the same for all zones of a calendar."""
    return tuple(instant_of(seconds) for seconds in range(start + _STEP, end + _STEP, _STEP))


def _change_in(zone: tzinfo, low: int, high: int) -> int:
    """Return the instant in ``(low, high]`` at which the offset changes."""
    before = _offset_at(zone, low)
    for step in (60, 1):  # nearly always at a full minute, which takes fewer looks to find
        while high - low > step:
            middle = low + (high - low) // step // 2 * step
            if _offset_at(zone, middle) == before:
                low = middle
            else:
                high = middle
        if step > 1 and _offset_at(zone, high - 1) == before:
            break
    return high


def _offset_at(zone: tzinfo, seconds: int) -> int:
    offset = instant_of(seconds).astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError("a zone without offsets cannot place a wall time")
    return offset.days * DAY_SECONDS + offset.seconds
