"""A change of calendar as JSON: the record of ``resources/diff.schema.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wedgate.calendars.changes import CalendarChange, Change, ChangeKind
from wedgate.calendars.values import Span
from wedgate.render.json import instant

SCHEMA_VERSION = 1
SCHEMA_PATH = Path(__file__).parent / "resources" / "diff.schema.json"


def render_diff_json(change: CalendarChange) -> str:
    """Return the whole change as JSON text, without a line end after the last line."""
    record = {
        "schema_version": SCHEMA_VERSION,
        "direction": change.direction.value.replace(" ", "-"),
        "span": _span(change.span),
        "looked_until": None if change.looked_until is None else instant(change.looked_until),
        "regions": [
            {
                "region": region.region,
                "hours": {kind.value: _hours(region.of(kind)) for kind in ChangeKind},
                "changes": [_change(each) for each in region.changes],
                "later": [_span(span) for span in change.later.get(region.region, ())],
            }
            for region in change.regions
        ],
        "gone": list(change.gone),
        "added": list(change.added),
        "observes": change.observes,
        "because": list(change.because),
    }
    return json.dumps(record, indent=2)


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "start": instant(change.start),
        "end": instant(change.end),
        "before": list(change.before),
        "after": list(change.after),
        "old_load": float(change.old_load),
        "new_load": float(change.new_load),
    }


def _hours(changes: tuple[Change, ...]) -> float:
    return round(sum(change.duration.total_seconds() for change in changes) / 3600, 4)


def _span(span: Span) -> dict[str, str]:
    return {"start": instant(span.start), "end": instant(span.end)}
