"""Answers of a batch as JSON Lines: the records of ``resources/batch.schema.json``, one for each line asked."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from wedgate.gate.brief import BriefAnswer, BriefReason, BriefRegion
from wedgate.render.json import instant

SCHEMA_PATH = Path(__file__).parent / "resources" / "batch.schema.json"


def render_answer(answer: BriefAnswer, echoed: dict[str, Any]) -> str:
    """Return one answer as one line of JSON; ``echoed`` holds the question's ``id``, if it had one.

    It is put together from parts that recur from line to line: an encoder would take half of the time of a batch.
    """
    at = answer.at
    now = f'"{instant(at)}"'
    head = f'{{"id": {json.dumps(echoed["id"])}, ' if echoed else "{"
    regions = ", ".join(
        f"{_head(region)}, {_changes(region.next_open(at), region.next_close(at), at, now)}}}"
        for region in answer.regions
    )
    return (
        f'{head}"at": {now}, "hypothetical": true, "verdict": "{answer.verdict.value}", '
        f"{_changes(answer.next_open, answer.next_close, at, now)}, "
        f'"horizon": {_spelled(answer.horizon)}, "regions": [{regions}]}}'
    )


def render_refusal(line: int, error: str, echoed: dict[str, Any]) -> str:
    """Return what is printed for a line that is no question; lines count from 1."""
    return json.dumps({**echoed, "line": line, "error": error})


def _changes(opens: datetime | None, closes: datetime | None, at: datetime, now: str) -> str:
    first = now if opens is at else _spelled(opens)
    return f'"next_open": {first}, "next_close": {now if closes is at else _spelled(closes)}'


@lru_cache(maxsize=4096)
def _head_of(region: str, verdict: str, load: float, reasons: tuple[BriefReason, ...]) -> str:
    why = [{"code": code.value, "rule": rule} for code, rule in reasons]
    return json.dumps({"region": region, "verdict": verdict, "load": load, "reasons": why})[:-1]


def _head(region: BriefRegion) -> str:
    return _head_of(region.region, region.verdict.value, region.load, region.reasons)


@lru_cache(maxsize=65536)
def _spelled(value: datetime | None) -> str:
    """Spell one of the few instants at which something changes."""
    return "null" if value is None else f'"{instant(value)}"'
