"""Effects: what is to be done in the world, as data.

The engine carries them out and feeds what it found back as events. ``--dry-run`` prints them, scenarios assert on
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from wedgate.making import quick
from wedgate.rollout.state import HoldKind
from wedgate.rollout.values import Colour, Release, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class AskGate:
    """Ask the calendar about a region now; ``runway`` is how long it must stay open, where that is known."""

    region: str
    runway: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """Put a release on a colour that has no traffic."""

    region: str
    colour: Colour
    release: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDigest:
    """Read back which digest answers on a colour."""

    region: str
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWeights:
    """Read the weights in force."""

    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWeights:
    """Write absolute weights in one call and read them back. ``is_decrease`` ones wait for nothing and nobody.

    Of a decrease the colour that gets all traffic may be given what it can take first, unless ``is_late``: then it has
    had the time to grow.
    """

    region: str
    weights: Weights
    is_decrease: bool
    why: str
    is_late: bool = False


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Take a reading, and judge what was observed since ``since`` at this step; ``bake`` is the time needed.

    ``weight`` is the candidate's percent in force: at 100 stable has no traffic to compare with, and the candidate
    is held to absolute limits alone; so it is with ``against_limits``, because stable may be what is broken.
    """

    region: str
    step: int
    weight: int
    since: datetime
    bake: timedelta
    stable: Colour
    level: Decimal
    against_limits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRegion:
    """Nothing increases in this region, for the reason given, until the hour given if one is known."""

    region: str
    kind: HoldKind
    why: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """Record that a digest must not be rolled out, anywhere, until a person says so.

    ``is_found``: it was found that a person had returned traffic, whose own words are not known yet.
    """

    digest: str
    why: str
    is_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGood:
    """Record the last good version of a region and its colour."""

    region: str
    colour: Colour
    release: Release


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Tell people; ``region`` is ``None`` for the rollout as a whole."""

    region: str | None
    what: str
    why: str = ""
    until: datetime | None = None


Effect: TypeAlias = (
    AskGate | Deploy | ReadDigest | ReadWeights | SetWeights | Judge | HoldRegion | Poison | RecordGood | Announce
)
