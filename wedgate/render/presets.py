"""Presets for a person, as JSON, and as the page docs/reference/presets.md."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wedgate.config.preset_file import Preset
    from wedgate.config.preset_rows import RowWords


def render_list(presets: Sequence[tuple[Preset, Sequence[RowWords]]], *, width: int) -> str:
    """Say of each preset what it is and which of its rows close."""
    lines = []
    for preset, rows in presets:
        closing = ", ".join(row.row for row in rows if row.closes) or "nothing"
        lines += [f"{preset.name}  ({len(rows)} rows)", f"  {preset.title}"]
        lines += textwrap.wrap(f"closes: {closing}", width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join([*lines, "", "`wedgate preset show NAME` lists the rows of one."])


def render_preset(preset: Preset, rows: Sequence[RowWords], *, width: int) -> str:
    """Say of one preset what it is, and of each row when, what, for whom, and where that is from."""
    lines = [f"{preset.name}: {preset.title}", f"version {preset.version}, {preset.digest}"]
    lines += textwrap.wrap(preset.description, width)
    for row in rows:
        state = f"  [{row.state}]" if row.state else ""
        lines += ["", f"{row.id}{state}"]
        for name, text in _facts(row):
            lines += textwrap.wrap(f"{name}: {text}", width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _facts(row: RowWords) -> list[tuple[str, str]]:
    facts = [("when", row.when), ("what", row.what)]
    if row.countries:
        facts.append(("only", ", ".join(row.countries)))
    facts += [("known", known_words(row.until)), ("source", f"{row.source} (confidence: {row.confidence})")]
    if row.reaches is not None:
        facts.append(("reaches", ", ".join(row.reaches) or "no market of this configuration"))
    return facts


def known_words(until: Mapping[str, date]) -> str:
    """Say until when a row is known: one date, or one for each country where they differ."""
    if not until:
        return "every year"
    by_date: dict[date, list[str]] = {}
    for country, day in until.items():
        by_date.setdefault(day, []).append(country)
    if len(by_date) == 1:
        return f"until {next(iter(by_date))}"
    return "; ".join(f"{', '.join(countries)} until {day}" for day, countries in sorted(by_date.items()))


def plain_preset(preset: Preset, rows: Sequence[RowWords]) -> dict[str, Any]:
    """Return a preset as plain data."""
    about = {name: getattr(preset, name) for name in ("name", "title", "description", "version", "digest")}
    return {**about, "countries": list(preset.countries), "rows": [_plain_row(row) for row in rows]}


def _plain_row(row: RowWords) -> dict[str, Any]:
    return {
        "id": row.id,
        "when": row.when,
        "what": row.what,
        "closes": row.closes,
        "countries": list(row.countries),
        "source": row.source,
        "confidence": row.confidence,
        "line": row.line,
        "known_until": {country: day.isoformat() for country, day in row.until.items()},
        "reaches": None if row.reaches is None else list(row.reaches),
        "state": row.state or None,
    }


def render_json(presets: Sequence[dict[str, Any]]) -> str:
    """Return presets as JSON, in ASCII for every stream there is."""
    return json.dumps({"schema_version": 1, "presets": list(presets)}, indent=2)
