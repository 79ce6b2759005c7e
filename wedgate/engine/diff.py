"""A change of calendar as a use case: two sides, each a configuration or a record of one, compared over one span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from wedgate.calendars.changes import CalendarChange, compare
from wedgate.calendars.record import CalendarRecord, record_of
from wedgate.calendars.values import Span
from wedgate.config.configuration import Configuration
from wedgate.config.nearest import remedy_for
from wedgate.engine.calendar import make_book, span_in
from wedgate.engine.horizon import CHANGE_STRETCH, opened_from
from wedgate.engine.parts import Almanac
from wedgate.errors import UsageError
from wedgate.gate.clock import LATEST
from wedgate.gate.decision import Mode

Side = Configuration | CalendarRecord
"""What is compared: a configuration, laid out with the data of this installation, or what an earlier one said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From when to when to compare: a date is included, an instant is not; ``end`` ``None``: a year and its sequel."""

    start: date | datetime
    end: date | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What laying out takes besides a side and a span."""

    almanac: Almanac
    wedgate_version: str
    regions: tuple[str, ...] = ()
    """Only these; none: all."""


def find_change(old: Side | None, new: Side, stretch: Stretch, how: Comparing) -> CalendarChange:
    """Return what ``new`` does otherwise than ``old`` (``None``: there was no valid one).

    Without an end two configurations are compared for a little more than a year and, while nothing opens there, looked
    through on to the last instant that wedgate answers for: a freeze dated years from now cannot vanish unseen.
    ``UsageError`` for an unknown region and for sides with no time in common.
    """
    _check_regions([side for side in (old, new) if side is not None], how.regions)
    end = stretch.end if stretch.end is not None else _a_year_after(stretch.start)
    laid_out = _laid_out(new, stretch.start, end, how)
    if old is None:
        return _repair(laid_out)
    try:
        found = compare(_laid_out(old, stretch.start, end, how), laid_out, observes=_observes(old, new))
        found = replace(found, because=(*found.because, *_beside_rules(old, new)))
    except ValueError as error:
        raise UsageError(f"{error}; name another time with --from and --to") from None
    if stretch.end is not None or found.opens_anything:
        return found
    if not isinstance(old, Configuration) or not isinstance(new, Configuration):
        return found
    later, looked = opened_from(old.calendar, new.calendar, how.almanac, found.span.end, how.regions)
    return replace(found, later=later, looked_until=looked.end)


def _repair(new: CalendarRecord) -> CalendarChange:
    return CalendarChange(
        span=new.span,
        regions=(),
        gone=(),
        added=tuple(pages.name for pages in new.regions),
        observes=False,
        is_repair=True,
        because=(),
    )


def _check_regions(sides: list[Side], regions: tuple[str, ...]) -> None:
    known = tuple(dict.fromkeys(name for side in sides for name in _names(side)))
    for name in regions:
        if name not in known:
            raise UsageError(f"there is no region {ascii(name)[:60]} on either side; {remedy_for(name, known)}")


def _laid_out(side: Side, start: date | datetime, end: date | datetime, how: Comparing) -> CalendarRecord:
    names = [name for name in _names(side) if not how.regions or name in how.regions]
    if isinstance(side, CalendarRecord):
        kept = tuple(pages for pages in side.regions if pages.name in names)
        zones = frozenset(each.market.zone for pages in kept for each in pages.markets)
        if not zones:
            return replace(side, regions=kept)
        asked = span_in(zones, start, end, how.almanac)
        span = Span(start=max(asked.start, side.span.start), end=min(asked.end, side.span.end))
        return replace(side, span=span, regions=kept)
    if not names:
        raise UsageError(f"{side.path} has no region {', '.join(how.regions)}; leave --region out to see it gone")
    book = make_book(side, names, start, end, almanac=how.almanac, wedgate_version=how.wedgate_version)
    return record_of(book)


def _names(side: Side) -> tuple[str, ...]:
    if isinstance(side, CalendarRecord):
        return tuple(pages.name for pages in side.regions)
    return tuple(region.name for region in side.calendar.regions)


def _observes(old: Side, new: Side) -> bool:
    modes = [side.mode if isinstance(side, Configuration) else Mode.ENFORCE for side in (old, new)]
    return modes == [Mode.ENFORCE, Mode.OBSERVE]


def _beside_rules(old: Side, new: Side) -> Iterator[str]:
    """Name what is different in two configurations, and stands in no rule: thresholds, and calendars extended."""
    if not isinstance(old, Configuration) or not isinstance(new, Configuration):
        return
    was, now = old.calendar.thresholds, new.calendar.thresholds
    if was.caution_from != now.caution_from:
        yield f"caution-from was {was.caution_from:f}, and is {now.caution_from:f}"
    if was.block_from != now.block_from:
        yield f"block-from was {was.block_from:f}, and is {now.block_from:f}"
    for name in sorted({*old.extended, *new.extended}):
        if name not in new.extended:
            yield f"{name} is extended no more"
        elif name not in old.extended:
            yield f"{name} is extended"
        elif old.extended[name] != new.extended[name]:
            yield f"{name} has changed itself"


def _a_year_after(start: date | datetime) -> date | datetime:
    if isinstance(start, datetime):
        return min(start + CHANGE_STRETCH, LATEST)
    return min(start + CHANGE_STRETCH, LATEST.date() - timedelta(days=1))
