"""A change of calendar for a terminal."""

from __future__ import annotations

import textwrap

from wedgate.calendars.changes import CalendarChange
from wedgate.render.decision_words import clean
from wedgate.render.diff_words import (
    compared_words,
    groups_of,
    headline,
    later_sentence,
    meaning,
    sentence,
    zone_words,
)
from wedgate.render.text import Style


def render_diff_text(change: CalendarChange, style: Style) -> str:
    """Return the change as text no wider than the style allows, without a line end after the last line."""
    lines = [*_wrapped(headline(change), style, ""), *_wrapped(f"It {meaning(change)}.", style, ""), ""]
    for region in change.regions:
        groups = list(groups_of(region))
        lines.append(f"{region.region} ({zone_words(region)})" if groups else f"{region.region}: no difference")
        for group in groups:
            lines += _wrapped(f"- {sentence(group, region)}", style, "  ")
        if region.region in change.later:
            lines += _wrapped(f"- {later_sentence(region.region, change)}", style, "  ")
    lines += [f"{name}: this region is gone, and nothing gates it any more" for name in change.gone]
    lines += [f"{name}: this region is new" for name in change.added]
    if change.because:
        lines += ["", "Because"]
        for words in change.because:
            lines += _wrapped(f"- {words}", style, "  ")
    return "\n".join([*lines, "", *_wrapped(f"({compared_words(change)})", style, "")])


def _wrapped(text: str, style: Style, indent: str) -> list[str]:
    return textwrap.wrap(
        clean(text),
        style.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
