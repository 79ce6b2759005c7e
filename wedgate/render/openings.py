"""Openings for a person and as JSON: what ``wedgate next`` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from wedgate.gate.decide import words_of
from wedgate.gate.words import said
from wedgate.render.decision_words import clean, hanging
from wedgate.render.json import instant, plain_reason, seconds
from wedgate.render.local import local_words, telling_zone, utc_words

if TYPE_CHECKING:
    from datetime import timedelta

    from wedgate.gate.decision import Reason


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
    @property
    def opens_after(self) -> tuple[Reason, ...]: ...
    @property
    def closes_for(self) -> tuple[Reason, ...]: ...
    @property
    def opens_last(self) -> str: ...
    @property
    def closes_first(self) -> str: ...


def render_openings(
    rows: list[tuple[str, ShownOpening]],
    at: datetime,
    needs: timedelta | None,
    zones_of: Callable[[str], tuple[str, ...]],
    *,
    width: int = 80,
) -> str:
    """Return each row (its name and its opening) in lines of a width; ``zones_of`` names the zones of a region."""
    for_how_long = f", for at least {words_of(needs)}" if needs else ""
    widest = max(len(name) for name, _ in rows)
    lines = [f"from {utc_words(at)}{for_how_long}:", ""]
    for name, opening in rows:
        first, *more = _words(opening, at, zones_of)
        lines += hanging(f"  {name:<{widest}}  ", clean(first), widest + 4, width)
        for line in more:
            lines += hanging(" " * (widest + 4), clean(line), widest + 4, width)
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
        "opens_after": [plain_reason(reason) for reason in opening.opens_after],
        "closes": None if opening.closes is None else instant(opening.closes),
        "closes_for": [plain_reason(reason) for reason in opening.closes_for],
        "lasts_seconds": seconds(lasts),
        "horizon": instant(opening.horizon),
    }


def _words(opening: ShownOpening, at: datetime, zones_of: Callable[[str], tuple[str, ...]]) -> list[str]:
    """Say when some regions open; then, on lines of their own, what closes them before that, and what after it."""

    def told(region: str, moment: datetime) -> str:
        return local_words(moment, telling_zone(zones_of(region), moment), asked_at=at)

    horizon = f"{opening.horizon:%Y-%m-%d}"
    before = [f"before: {said(opening.opens_after)}"] if opening.opens_after else []
    if opening.opens is None:
        return [f"no known opening before {horizon}", *before]
    starts = "open now" if opening.opens == at else f"opens {told(opening.opens_last, opening.opens)}"
    if opening.closes is None:
        return [f"{starts}, and nothing closes it before {horizon}", *before]
    lasts = words_of(opening.closes - opening.opens)
    after = [f"after: {said(opening.closes_for)}"] if opening.closes_for else []
    return [f"{starts}, for {lasts}, until {told(opening.closes_first, opening.closes)}", *before, *after]
