"""Marks as Grafana takes them, and as samples of Prometheus.

Grafana: the body of ``POST /api/annotations`` (its HTTP API, "Create annotation"): ``time`` and ``timeEnd`` in
milliseconds since 1970, ``tags``, ``text``. Without ``dashboardUID`` an annotation is of the organization, and every
dashboard may show it by its tags.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wedgate.render.metrics import Family, gauge
from wedgate.rollout.marks import Mark
from wedgate.rollout.notices import spell


def grafana_annotations(service: str, marks: Iterable[Mark]) -> str:
    """Return a line of JSON for each mark, each the body of one request."""
    lines = (json.dumps(_annotation(service, mark), ensure_ascii=False, separators=(",", ":")) for mark in marks)
    return "".join(f"{line}\n" for line in lines)


def of_marks(service: str, marks: Iterable[Mark]) -> Family:
    """Return when the last mark of each kind was set, by region; a mark without one is of all regions."""
    last: dict[tuple[str, str], Mark] = {}
    for mark in marks:
        last[mark.kind.value, mark.region or ""] = mark
    samples = [
        ({"service": service, "rollout": mark.rollout or "", "kind": kind, "region": region}, mark.at.timestamp())
        for (kind, region), mark in sorted(last.items())
    ]
    return gauge("wedgate_mark_timestamp_seconds", "When the latest rollout last did what, by region.", samples)


def _annotation(service: str, mark: Mark) -> dict[str, Any]:
    tags = ["wedgate", f"service:{service}", f"kind:{mark.kind.value}"]
    tags += [] if mark.rollout is None else [f"rollout:{mark.rollout}"]
    tags += [] if mark.region is None else [f"region:{mark.region}"]
    end = {} if mark.until is None else {"timeEnd": _milliseconds(mark.until)}
    return {
        "time": _milliseconds(mark.at),
        **end,
        "tags": tags,
        "text": spell(f"{service} {mark.kind.value}", mark.text),
    }


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
