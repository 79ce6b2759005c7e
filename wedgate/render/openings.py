"""Openings for a person and as JSON: what ``wedgate next`` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from wedgate.gate.decide import words_of
from wedgate.render.json import instant, seconds
from wedgate.render.local import local_words, telling_zone, utc_words

if TYPE_CHECKING:
    from datetime import timedelta


class ShownOpening(Protocol):
    """What is shown of an opening."""

    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def opens(self) -> datetime | None: ...
    @property
    def closes(self) -> datetime | None: ...
    @property
    def horizon(self) -> datetime: ...


def render_openings(
    rows: list[tuple[str, ShownOpening]],
    at: datetime,
    needs: timedelta | None,
    zones_of: Callable[[str], tuple[str, ...]],
) -> str:
    """Return one line for each row (its name and its opening); ``zones_of`` names the zones of a region."""
    for_how_long = f", for at least {words_of(needs)}" if needs else ""
    widest = max(len(name) for name, _ in rows)
    lines = [f"from {utc_words(at)}{for_how_long}:", ""]
    lines += [f"  {name:<{widest}}  {_words(opening, at, _zones(opening, zones_of))}" for name, opening in rows]
    return "\n".join(lines)


def render_openings_json(rows: dict[str, Any], at: datetime, needs: timedelta | None) -> str:
    """Return the openings as JSON, ``schema_version`` 1."""
    record = {"schema_version": 1, "at": instant(at), "needs_seconds": seconds(needs), **rows}
    return json.dumps(record, indent=2)


def plain_opening(opening: ShownOpening) -> dict[str, Any]:
    """Return an opening as plain data; ``closes`` is null when it stays open at least until the horizon."""
    lasts = None if opening.opens is None or opening.closes is None else opening.closes - opening.opens
    return {
        "regions": list(opening.regions),
        "opens": None if opening.opens is None else instant(opening.opens),
        "closes": None if opening.closes is None else instant(opening.closes),
        "lasts_seconds": seconds(lasts),
        "horizon": instant(opening.horizon),
    }


def _zones(opening: ShownOpening, zones_of: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(zone for region in opening.regions for zone in zones_of(region))


def _words(opening: ShownOpening, at: datetime, zones: tuple[str, ...]) -> str:
    horizon = f"{opening.horizon:%Y-%m-%d}"
    if opening.opens is None:
        return f"no known opening before {horizon}"
    starts = (
        "open now"
        if opening.opens == at
        else f"opens {local_words(opening.opens, telling_zone(zones, opening.opens), asked_at=at)}"
    )
    if opening.closes is None:
        return f"{starts}, and nothing closes it before {horizon}"
    lasts = words_of(opening.closes - opening.opens)
    return (
        f"{starts}, for {lasts}, until {local_words(opening.closes, telling_zone(zones, opening.closes), asked_at=at)}"
    )
