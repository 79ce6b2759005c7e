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


def render_page(presets: Sequence[tuple[Preset, Sequence[RowWords]]]) -> str:
    """Return docs/reference/presets.md: every preset with its rows."""
    parts = [_HEAD]
    parts.append("| preset | for | closes |\n|---|---|---|")
    for preset, rows in presets:
        closing = ", ".join(f"`{row.row}`" for row in rows if row.closes) or "nothing"
        parts[-1] += f"\n| [{preset.name}](#{_anchor(preset.name)}) | {preset.title} | {closing} |"
    for preset, rows in presets:
        parts.append(f"## {preset.name}")
        parts.append("\n".join(textwrap.wrap(preset.description, 120)))
        parts.append(f"Version {preset.version}, made for {', '.join(preset.countries)}.")
        parts.append("\n".join([_COLUMNS, *map(_line, rows)]))
    return "\n\n".join(parts) + "\n"


_HEAD = """# Presets

<!-- Written by `make presets` from wedgate/almanac/resources/presets; change the rows there. -->

A preset is a calendar that is shipped with wedgate. A region takes it with `extends:`, and changes or switches off
any row by its id: see [configuration.md](configuration.md#extends). `wedgate preset show NAME --config wedgate.yml`
says which of your markets each row reaches.

`what` is the effect and the load of a row. A load of 6 closes and one of 2 asks for care, unless the file's `loads`
say otherwise; below 1 it is a lull, which lowers the other loads of that time and never lifts a block. `known` is the
last day that the row's source knows: after it, a row that closes counts as closed, and the others ask for care.
`confidence` is `high` (published, and where possible measured), `medium` (published once, or by analogy) or
`recalled` (no source was consulted: such a row never closes anything by itself). Nothing here is a truth about
people: what is held auspicious is only a load, and a market's own `wedding-days` say on which weekdays people marry
there."""
_COLUMNS = "| row | when | what | only in | known | confidence | source |\n|---|---|---|---|---|---|---|"


def _anchor(name: str) -> str:
    return name.replace("/", "")


def _line(row: RowWords) -> str:
    countries = ", ".join(row.countries) or "all"
    cells = (f"`{row.row}`", row.when, row.what, countries, known_words(row.until), row.confidence, row.source)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def page_of_shipped() -> str:
    """Return the page of the presets of this installation."""
    from wedgate.almanac.presets import preset_names
    from wedgate.config.preset_file import read_preset
    from wedgate.config.preset_rows import describe_rows

    return render_page([(preset, describe_rows(preset)) for preset in map(read_preset, preset_names())])


if __name__ == "__main__":
    print(page_of_shipped(), end="")
