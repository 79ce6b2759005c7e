"""What a rule kind answers: local dates, local wall times and instants, before any modifier or zone is applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Modifier(StrEnum):
    """A key that narrows, moves or widens any rule, or says its effect; a kind may say that one does not fit it."""

    TIME = "time"
    MONTHS = "months"
    ZONE = "zone"
    PAD = "pad"
    BRIDGE = "bridge"
    COUNTRIES = "countries"
    EFFECT = "effect"


class DayRun(NamedTuple):
    """Local dates ``first`` to ``last``, both included; ``note`` says what they are (a holiday's name).

    ``load`` is that of these days alone, where a kind's source states one; otherwise the rule's own counts. A tuple,
    because a calendar of ten years makes tens of thousands of them.
    """

    first: date
    last: date
    note: str = ""
    load: Decimal | None = None


@dataclass(frozen=True, slots=True)
class WallRun:
    """Half-open local wall time, naive; the zone decides what a gap or a fold makes of its ends."""

    start: datetime
    end: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class InstantRun:
    """A half-open stretch of aware UTC instants, the same in every zone: an event with a time zone of its own.

    Where a clock change makes an end odd, ``start`` and ``end`` are the earlier and the later candidate, which leave no
    hole in a block. ``certain`` are the other two, for an allow window: they may leave nothing.
    """

    start: datetime
    end: datetime
    note: str = ""
    certain: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """The days, wall times and instants that match, and the days for which the kind's source cannot say."""

    days: tuple[DayRun, ...] = ()
    walls: tuple[WallRun, ...] = ()
    unverified: tuple[DayRun, ...] = ()
    instants: tuple[InstantRun, ...] = ()
