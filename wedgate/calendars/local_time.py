"""Local wall time to instants, with both readings wherever a clock change makes a wall time odd.

Instants here are whole seconds since 1970 UTC: they sort and compare fast. Two facts decide everything (RFC 5545
section 3.3.5 and ``wedgate`` policy that a block has no hole and is never short):

- a wall time inside a **gap** has an earlier candidate, the gap's first instant, and a later one, the time moved on by
  the gap; a wall time inside a **fold** has its first and its second reading;
- a local **date** begins with its first instant, which is not 00:00 where midnight lies in a gap. A date that a zone
  skipped whole (Pacific/Apia, 2011-12-30) begins where the next one begins, and so has no length.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (wall times are naive by nature)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def seconds_of(instant: datetime) -> int:
    """Return whole seconds since 1970 UTC, rounded down; half-open intervals of whole seconds lose nothing by it."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset: an instant must have one")
    return (instant - _EPOCH_UTC) // timedelta(seconds=1)


def instant_of(seconds: int) -> datetime:
    """Return the aware UTC instant."""
    return _EPOCH_UTC + timedelta(seconds=seconds)


class LocalTime:
    """One zone's wall times as instants, remembered per date; ``earlier`` and ``later`` in every pair."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._midnights: dict[date, tuple[int, int]] = {}

    def wall(self, wall: datetime) -> tuple[int, int]:
        """Return the earlier and the later instant that a naive wall time may mean; equal nearly always."""
        earlier, later, _ = self._resolve(wall)
        return earlier, later

    def midnight(self, day: date) -> tuple[int, int]:
        """Return the first instant of a date, twice; two readings only where 00:00 itself occurs twice."""
        found = self._midnights.get(day)
        if found is None:
            earlier, later, in_gap = self._resolve(datetime.combine(day, time(0)))
            found = self._midnights[day] = (earlier, earlier if in_gap else later)
        return found

    def exists(self, day: date) -> bool:
        """Whether the zone had that date at all."""
        return self.midnight(day)[0] < self.midnight(day + _DAY)[1]

    def _resolve(self, wall: datetime) -> tuple[int, int, bool]:
        since = wall - _EPOCH
        seconds = since.days * 86400 + since.seconds
        first = self._offset(wall.replace(tzinfo=self.zone))
        second = self._offset(wall.replace(tzinfo=self.zone, fold=1))
        if first >= second:
            return seconds - first, seconds - second, False
        # In a gap, fold=0 reads with the offset before it and fold=1 with the offset after it.
        return self._transition(seconds - second, seconds - first), seconds - first, True

    def _transition(self, low: int, high: int) -> int:
        """Return the instant in ``(low, high]`` at which the offset changes."""
        before = self._offset_at(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset_at(middle) == before:
                low = middle
            else:
                high = middle
        return high

    def _offset_at(self, seconds: int) -> int:
        return self._offset(instant_of(seconds).astimezone(self.zone))

    @staticmethod
    def _offset(local: datetime) -> int:
        offset = local.utcoffset()
        if offset is None:
            raise ValueError("a zone without offsets cannot place a wall time")
        return offset.days * 86400 + offset.seconds
