"""Events that others publish as iCalendar, in a file or on the web: ``feed: calendars/fairs.ics``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, TypeVar

from wedgate.calendars.facts import Facts, FeedKey, Needs
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import DayRun, InstantRun, Matches, WallRun
from wedgate.calendars.source_items import CopyAge, LastDay, Location, PrivateAllowed, Words
from wedgate.calendars.tables import beyond
from wedgate.calendars.values import Market

Run = TypeVar("Run", DayRun, WallRun, InstantRun)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(RuleKind):
    """Matches the events of a feed: whole local days, wall times, or instants, as each event says."""

    KEY: ClassVar[str] = "feed"
    KEEPS_OWN_TIMES: ClassVar[bool] = True
    feed: Location
    max_age: CopyAge = field(default_factory=lambda: CopyAge(age=timedelta(days=7)))
    allow_private: PrivateAllowed = field(default_factory=PrivateAllowed)
    expires: LastDay | None = None
    only: Words = field(default_factory=Words)

    def needs(self, market: Market) -> Needs:
        """Ask for the feed: the same for every market."""
        return Needs.of(self._key())

    def _key(self) -> FeedKey:
        return FeedKey(
            location=str(self.feed),
            max_age=self.max_age.age,
            allow_private=self.allow_private.allowed,
            expires=None if self.expires is None else self.expires.day,
        )

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the events that touch the stretch, and the days that the feed cannot answer for."""
        key = self._key()
        table = facts.of(key)
        # An instant may be a day away in local time.
        start = datetime.combine(first - _DAY, datetime.min.time())
        end = datetime.combine(last + 2 * _DAY, datetime.min.time())
        since, until = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        return Matches(
            days=self._chosen(tuple(run for run in table.days if run.first <= last and run.last >= first)),
            walls=self._chosen(tuple(run for run in table.walls if run.start < end and run.end > start)),
            instants=self._chosen(tuple(run for run in table.instants if run.start < until and run.end > since)),
            unverified=tuple(beyond(table, str(key), first, last)),
        )

    def _chosen(self, runs: tuple[Run, ...]) -> tuple[Run, ...]:
        words = [word.casefold() for word in self.only]
        return tuple(run for run in runs if not words or any(word in run.note.casefold() for word in words))

    def since(self, day: date) -> Feed | None:
        """Return it: what a feed will hold is not for the file to say."""
        return self

    def words(self) -> str:
        """Say it for a person."""
        only = f" with {' or '.join(self.only)}" if self.only else ""
        return f"the events of {self.feed}{only}"


KIND = Feed
