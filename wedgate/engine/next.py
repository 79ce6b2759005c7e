"""When regions open, and for how long: each, the set asked about, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.calendars.timeline import Timeline
from wedgate.config.configuration import Configuration
from wedgate.engine.check import instant_to_answer, regions_to_ask
from wedgate.engine.frozen import closed_by_freezes, freeze_reasons
from wedgate.engine.horizon import answering_timeline, closing_reasons, first_opening, just_before
from wedgate.engine.parts import Almanac
from wedgate.gate.decision import Reason
from wedgate.ledger.audit import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first opening of some regions together. ``opens`` is ``None`` when there is none before ``horizon``;
    ``closes`` is ``None`` when it stays open at least until then.

    ``opens_after`` is what closes them at the instant asked about, and what closes them last before they open;
    ``closes_for`` is what closes them again. ``opens_last`` and ``closes_first`` are the regions by whose clocks both
    instants are told."""

    regions: tuple[str, ...]
    opens: datetime | None
    closes: datetime | None
    horizon: datetime
    opens_after: tuple[Reason, ...]
    closes_for: tuple[Reason, ...]
    opens_last: str
    closes_first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """The openings from an instant on: each region, the set asked about (if more than one), and all of them (if
    those are more than were asked about). ``needs`` is how long an opening must last, ``None`` for any length."""

    at: datetime
    needs: timedelta | None
    each: tuple[Opening, ...]
    together: Opening | None
    everything: Opening | None


def find_openings(
    configuration: Configuration,
    regions: Sequence[str] | None,
    at: datetime,
    *,
    needs: timedelta | None,
    almanac: Almanac,
    freezes: Sequence[Frozen] = (),
) -> Openings:
    """Find openings from ``at`` on, after the freezes.

    ``UsageError`` for an unknown region or an instant out of reach.
    """
    calendar = configuration.calendar
    instant = instant_to_answer(at)
    names = regions_to_ask(calendar, regions)
    all_names = regions_to_ask(calendar, None)
    sets: list[tuple[str, ...]] = [*((name,) for name in names)]
    if len(names) > 1:
        sets.append(names)
    if set(names) != set(all_names):
        sets.append(all_names)

    def is_answered(timeline: Timeline) -> bool:
        closed = closed_by_freezes(timeline, freezes)
        found = [first_opening(closed, each, instant, needs) for each in sets]
        return all(span is not None and span.end < timeline.span.end for span in found)

    last = max((each.until for each in freezes), default=instant)
    at_least = max(last - instant, timedelta(0)) + (needs or timedelta(0))
    timeline = answering_timeline(calendar, almanac, instant, is_answered, at_least=at_least)
    closed = closed_by_freezes(timeline, freezes)
    answers = {each: _opening(closed, each, instant, needs, freezes) for each in sets}
    return Openings(
        at=instant,
        needs=needs,
        each=tuple(answers[(name,)] for name in names),
        together=answers[names] if len(names) > 1 else None,
        everything=answers[all_names] if set(names) != set(all_names) else None,
    )


def _opening(
    timeline: Timeline, regions: tuple[str, ...], at: datetime, needs: timedelta | None, freezes: Sequence[Frozen]
) -> Opening:
    horizon = timeline.span.end
    found = first_opening(timeline, regions, at, needs)
    opens = None if found is None else found.start
    closes = None if found is None or found.end >= horizon else found.end

    def closing(names: tuple[str, ...], moment: datetime | None) -> tuple[Reason, ...]:
        return *closing_reasons(timeline, names, moment), *freeze_reasons(freezes, names, moment)

    before = just_before(at, opens)
    return Opening(
        regions=regions,
        opens=opens,
        closes=closes,
        horizon=horizon,
        opens_after=tuple(dict.fromkeys((*closing(regions, at), *closing(regions, before)))),
        closes_for=closing(regions, closes),
        opens_last=next((name for name in regions if closing((name,), before)), regions[0]),
        closes_first=next((name for name in regions if closing((name,), closes)), regions[0]),
    )
