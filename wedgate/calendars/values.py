"""The words of a calendar as values: markets, regions, rules, and the answers to questions about them.

These are the types that other rooms exchange; the algebra over them lives in the modules beside this one.
Instants are aware UTC ``datetime``; local time appears only as (date, time, zone name).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from wedgate.calendars.padding import Pad
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import CLOCK, CLOCK_END, both_ends, end_time_of, spelled_end, start_time_of, text_of
from wedgate.making import quick

if TYPE_CHECKING:
    from wedgate.calendars.kinds import RuleKind


SATURDAY = frozenset((5,))
"""The wedding day of a market that does not say otherwise."""


class Effect(StrEnum):
    """What a matching rule does to its place."""

    BLOCK = "block"
    CAUTION = "caution"
    ALLOW = "allow"


class Verdict(StrEnum):
    """The answer for a market, a region or a set of regions."""

    OPEN = "open"
    CAUTION = "caution"
    CLOSED = "closed"

    @property
    def severity(self) -> int:
        """0 open, 1 caution, 2 closed: the verdict of a set is the most severe of its parts."""
        return ("open", "caution", "closed").index(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One IANA time zone with a country and optional subdivision: the unit in which a local day exists.

    ``wedding_days`` are the weekdays (Monday = 0) on which people marry there: not Saturday everywhere.
    """

    name: str
    zone: str
    country: str
    subdivision: str | None = None
    wedding_days: frozenset[int] = SATURDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A deployment region: closed while any of its markets is closed. Names are unique in a calendar."""

    name: str
    markets: tuple[Market, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a rule applies: a whole region, or one market of it (``asia-pacific/singapore``)."""

    region: str
    market: str | None = None

    def __str__(self) -> str:
        """The spelling of ``where:``."""
        return self.region if self.market is None else f"{self.region}/{self.market}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRange:
    """A local time of day, half-open; ``end <= start`` wraps midnight, ``end is None`` means 24:00."""

    start: time
    end: time | None

    @property
    def wraps(self) -> bool:
        """Whether it ends on the local date after the one it began on."""
        return self.end is not None and self.end <= self.start

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read ``08:00..12:00`` or ``22:00..06:00``; start = end is refused, and 24:00 except as an end."""
        example = "08:00..12:00, 22:00..06:00 or 18:00..24:00"
        first, last = both_ends(text_of(raw, "range of times", example=example), "range of times", example=example)
        start, end = start_time_of(first), end_time_of(last)
        if start == end:
            raise SpellingError(f'"{first}..{last}" starts where it ends', "leave the key out for the whole day")
        return cls(start=start, end=None if end == time(0) else end)

    def spell(self) -> object:
        """Write the range as it stands in the file."""
        return str(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the JSON Schema of the text."""
        return {"type": "string", "pattern": rf"^{CLOCK}\.\.{CLOCK_END}$"}

    def __str__(self) -> str:
        """The spelling of ``time:``, for example ``22:00..06:00``."""
        return f"{self.start:%H:%M}..{spelled_end(self.end)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The row of a preset or a shared calendar that a rule came from.

    ``file`` names it (``wedding/us-east``, ``org/repo//path@sha``); ``line`` is the 1-based line in it. ``source`` is
    the citation for what the row says, ``confidence`` how sure that is: ``high``, ``medium`` or ``recalled``.
    """

    file: str
    line: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a calendar: when it applies (``kind`` and modifiers), where, and its effect or load.

    ``load`` is a traffic multiplier (4 = four times base; below 1 a lull). ``zone`` set: the rule is evaluated
    once for the region in that zone instead of per market. ``pad`` widens it and ``bridge`` adds up to that many
    working days between it and a weekend. ``countries`` narrows ``where`` to markets of these (``DE``, ``DE-BY``).
    ``line`` is the 1-based line of the file it came from; ``origin`` tells where else that is, for a row of a preset.
    """

    id: str
    where: tuple[Place, ...]
    kind: RuleKind
    months: frozenset[int] | None = None
    clock: ClockRange | None = None
    zone: str | None = None
    effect: Effect | None = None
    load: Decimal | None = None
    reason: str | None = None
    line: int | None = None
    pad: Pad | None = None
    bridge: int = 0
    countries: tuple[str, ...] | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadThresholds:
    """What a load alone means for the gate: caution from, block from (multiples of base)."""

    caution_from: Decimal = Decimal(2)
    block_from: Decimal = Decimal(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Everything the gate needs to know about time: regions, rules, thresholds."""

    regions: tuple[Region, ...]
    rules: tuple[Rule, ...]
    thresholds: LoadThresholds = LoadThresholds()

    def region(self, name: str) -> Region:
        """Return the region of that name; ``KeyError`` if there is none."""
        for region in self.regions:
            if region.name == name:
                return region
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open stretch ``[start, end)`` of UTC instants."""

    start: datetime
    end: datetime

    @property
    def duration(self) -> timedelta:
        """Elapsed time, in absolute (not local) hours."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A half-open stretch ``[start, end)`` of UTC instants in which nothing changes, with the rules that made it.

    ``rules`` are the ids of the rules that decided the verdict, each once: those that close before those that caution,
    and both in the order of the file; empty where it is open.
    """

    start: datetime
    end: datetime
    verdict: Verdict
    load: Decimal
    rules: tuple[str, ...]


class CauseKind(StrEnum):
    """Why a place is not plainly open. The gate turns each into a reason code of the same spelling."""

    RULE_BLOCKS = "rule_blocks"
    LOAD_BLOCKS = "load_blocks"
    OUTSIDE_ALLOW_WINDOW = "outside_allow_window"
    CALENDAR_UNVERIFIED = "calendar_unverified"
    RULE_CAUTION = "rule_caution"
    LOAD_CAUTION = "load_caution"
    LOAD_UNVERIFIED = "load_unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason for a verdict: which rule, in which market (``None``: the region as a whole), and since/until when.

    ``span`` is the merged run of this rule around the instant asked about (``None`` for an absent allow window
    and for anything without bounds inside the horizon). ``closes`` tells a closing cause from a cautioning one.
    """

    kind: CauseKind
    rule: str | None
    market: str | None
    closes: bool
    span: Span | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketAnswer:
    """One market at one instant. ``local`` is the wall time there; ``offset`` its distance from UTC then."""

    market: str
    zone: str
    local: datetime
    offset: timedelta
    verdict: Verdict
    load: Decimal
    causes: tuple[Cause, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RegionAnswer:
    """One region at one instant.

    ``next_open`` is the first instant, not before the one asked about, at which no rule closes the region
    (``None``: none within ``horizon``; the instant itself when it is open). ``next_close`` is the first instant
    after which the region is closed (``None`` likewise; the instant itself when it is closed). Runway is the time
    until ``next_close``: zero when closed, ``None`` when nothing closes it within the horizon.
    """

    region: str
    verdict: Verdict
    load: Decimal
    markets: tuple[MarketAnswer, ...]
    causes: tuple[Cause, ...]
    next_open: datetime | None
    next_close: datetime | None
    runway: timedelta | None
    horizon: datetime
    has_rules: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLook:
    """One source of dates that a rule was looked at with: what it is, its version, and for which dates it is complete.

    ``digest`` is that of the file or page that was read, ``trouble`` why it could not be.
    """

    name: str
    source: str
    digest: str | None
    verified_from: date
    verified_until: date
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLook:
    """One rule looked at for ``--explain``, matched or not, in one market (``None``: region in the rule's own zone).

    ``local_date`` and ``offset`` are those of ``zone`` at the instant asked about. ``line`` and ``origin`` say where
    the rule is written, ``sources`` which data it was matched with besides that of the zones.
    """

    rule: str
    region: str
    market: str | None
    matched: bool
    zone: str
    local_date: date
    offset: timedelta
    effect: Effect | None
    load: Decimal | None
    line: int | None
    text: str
    origin: Origin | None = None
    sources: tuple[SourceLook, ...] = ()
