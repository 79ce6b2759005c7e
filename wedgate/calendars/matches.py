"""What a rule kind answers: local dates and local wall times, before any zone turns them into instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Modifier(StrEnum):
    """A key that narrows or moves any rule; a kind may say that one does not fit it."""

    TIME = "time"
    MONTHS = "months"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class DayRun:
    """Local dates ``first`` to ``last``, both included; ``note`` says what they are (a holiday's name)."""

    first: date
    last: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class WallRun:
    """Half-open local wall time, naive; the zone decides what a gap or a fold makes of its ends."""

    start: datetime
    end: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Matches:
    """The days and wall times that match, and the days for which the kind's source cannot say."""

    days: tuple[DayRun, ...] = ()
    walls: tuple[WallRun, ...] = ()
    unverified: tuple[DayRun, ...] = ()
