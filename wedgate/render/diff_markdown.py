"""A change of calendar as Markdown: the comment on a pull request, and the job summary."""

from __future__ import annotations

import hashlib

from wedgate.calendars.changes import CalendarChange, Direction
from wedgate.errors import Problem
from wedgate.render.diff_words import (
    compared_words,
    groups_of,
    headline,
    later_sentence,
    meaning,
    sentence,
    zone_words,
)
from wedgate.render.markdown import inert_text

MARKER = "<!-- wedgate:calendar-diff -->"
"""By this line, which nobody sees, a comment is found again and kept up to date."""

LIMIT = 60_000
"""Characters. A comment may have 65,536 of them; what does not fit is said to be left out."""

_PLACES = 20
"""Regions whose cities are named below the table."""

_MARKS = {
    Direction.LOOSENS: "🔓",
    Direction.TIGHTENS: "🔒",
    Direction.REPAIRS: "🔧",
    Direction.CHANGES: "📅",
    Direction.NOTHING: "✅",
}


def marker_of(path: str) -> str:
    """Return the marker of the configuration at a path: a repository may hold several, each with its own comment."""
    return MARKER.replace(" -->", f" {hashlib.sha256(path.encode()).hexdigest()[:12]} -->")


def render_diff_markdown(change: CalendarChange) -> str:
    """Return the change as Markdown that is inert against any text of the file, with a line end after the last line."""
    lines = [MARKER, f"### {_MARKS[change.direction]} {inert_text(headline(change))}", ""]
    lines += [f"It **{change.direction.value}**{inert_text(meaning(change).removeprefix(change.direction.value))}.", ""]
    rows: list[str] = []
    for region in change.regions:
        found = [inert_text(sentence(group, region)) for group in groups_of(region)]
        if region.region in change.later:
            found.append(inert_text(later_sentence(region.region, change)))
        rows += [f"| {inert_text(region.region)} | {words} |" for words in found or ["no difference"]]
    rows += [f"| {inert_text(name)} | this region is gone, and nothing gates it any more |" for name in change.gone]
    rows += [f"| {inert_text(name)} | this region is new |" for name in change.added]
    lines += ["| region | what changes |", "|---|---|", *_fitting(rows, "| | and {} rows more, left out here |"), ""]
    if change.because:
        listed = [f"- {inert_text(words)}" for words in change.because]
        lines += ["<details><summary>Because</summary>", "", *_fitting(listed, "- and {} more"), "", "</details>", ""]
    shown = change.regions[:_PLACES]
    places = "; ".join(f"{region.region}: {zone_words(region)}" for region in shown)
    if len(shown) < len(change.regions):
        places += f"; and {len(change.regions) - len(shown)} more regions"
    return "\n".join([*lines, f"<sub>{inert_text(f'{compared_words(change)}. {places}')}</sub>", ""])


def render_broken_markdown(problems: tuple[Problem, ...]) -> str:
    """Return what to write about a configuration that cannot be used."""
    rows = _fitting([f"- {inert_text(str(problem))}" for problem in problems], "- and {} more")
    head = "### ⛔ This change leaves a configuration that cannot be used"
    return "\n".join([MARKER, head, "", "The gate would stay closed (`config_invalid`).", "", *rows, ""])


def render_deleted_markdown() -> str:
    """Return what to write about a configuration that is deleted."""
    return f"{MARKER}\n### 🔓 This change deletes the configuration\n\nIt **loosens**: there is no gate without one.\n"


def _fitting(lines: list[str], rest: str) -> list[str]:
    """Return as many lines as half of the room holds, and one that says how many are left out."""
    kept: list[str] = []
    room = LIMIT // 2
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return [*kept, rest.format(len(lines) - len(kept))]
        kept.append(line)
    return kept
