"""Recurrences of RFC 5545: ``rrule: "FREQ=MONTHLY;BYDAY=3SA"``, ``from: 2026-01-01T22:00``, ``lasts: 4h``.

The almanac expands them; what a gap or a fold of the clock makes of a time is the algebra's to say, as for any rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar

from wedgate.calendars.facts import Facts, Needs, RecurrenceKey
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, Matches, Modifier, WallRun
from wedgate.calendars.recurrence import Lasting, LocalStart, RecurrenceRule
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import Days
from wedgate.calendars.tables import beyond
from wedgate.calendars.values import Market

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence(RuleKind):
    """Matches whole local dates, or from a local time for a length; ``except_`` drops the occurrences of some dates."""

    KEY: ClassVar[str] = "rrule"
    rrule: RecurrenceRule
    from_: LocalStart | None = None
    lasts: Lasting | None = None
    except_: Days = field(default_factory=Days)

    def __post_init__(self) -> None:
        """Refuse keys that do not go together; ``SpellingError``."""
        if self.from_ is None:
            raise SpellingError('"rrule" has no from', "write the local date it counts from, such as from: 2026-01-01")
        if self.from_.clock is not None and self.lasts is None:
            raise SpellingError("from has a time, and nothing says how long", "add lasts, such as lasts: 4h")
        if self.from_.clock is None and self.lasts is not None and self.lasts.length.minutes:
            raise SpellingError(
                "lasts has hours, and from has no time to start at", "write from: 2026-01-01T22:00, or lasts in days"
            )
        until = self.rrule.until
        if until is not None and until < self.from_.wall:
            raise SpellingError("UNTIL is before from", "put the earlier one first")

    @property
    def start(self) -> LocalStart:
        """From when on it counts."""
        if self.from_ is None:
            raise SpellingError('"rrule" has no from', "write it")
        return self.from_

    def needs(self, market: Market) -> Needs:
        """Ask for the expansion: the same for every market, since it is local time."""
        return Needs.of(self._key())

    def _key(self) -> RecurrenceKey:
        length = None
        if self.start.clock is not None and self.lasts is not None:
            length = timedelta(seconds=self.lasts.length.seconds)
        return RecurrenceKey(rule=str(self.rrule), start=self.start.wall, length=length)

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the occurrences that touch the stretch, less those that begin on an excepted date."""
        key = self._key()
        table = facts.of(key)
        longer = timedelta(days=0 if self.lasts is None else max(self.lasts.length.days - 1, 0))
        days = (DayRun(run.first, run.last + longer) for run in table.days if self._keeps(run.first))
        walls = (run for run in table.walls if self._keeps(run.start.date()))
        return Matches(
            days=tuple(run for run in days if run.first <= last and run.last >= first),
            walls=tuple(run for run in walls if _touches(run, first, last)),
            unverified=tuple(beyond(table, str(key), first, last)),
        )

    def _keeps(self, day: date) -> bool:
        return not any(item.first <= day <= item.last for item in self.except_)

    def refuses(self, modifier: Modifier) -> SpellingError | None:
        """Refuse a time of day and bridge days where it has times of its own."""
        if self.start.clock is None:
            return None
        if modifier is Modifier.TIME:
            return SpellingError('"from" already has a time', "write the time in one place: in from: or in time:")
        if modifier is Modifier.BRIDGE:
            return SpellingError('"from" has a time, and bridge days are whole days', "drop the time, or bridge:")
        return None

    def never_matches(self, months: frozenset[int] | None) -> bool:
        """Whether its months and days name no date that exists."""
        return self.rrule.never_occurs(self.start.day, months)

    def since(self, day: date) -> Recurrence | None:
        """Return it, unless its UNTIL is over."""
        until = self.rrule.until
        longest = timedelta(days=0 if self.lasts is None else self.lasts.length.days + 1)
        return None if until is not None and (until + longest).date() < day else self

    def words(self) -> str:
        """Say it for a person."""
        lasts = "" if self.lasts is None else f" for {self.lasts.length}"
        less = f" except {', '.join(map(str, self.except_))}" if self.except_ else ""
        return f"{self.rrule} from {self.from_}{lasts}{less}"


def _touches(run: WallRun, first: date, last: date) -> bool:
    return run.start < datetime.combine(last + _DAY, datetime.min.time()) and run.end.date() >= first


KIND = Recurrence
