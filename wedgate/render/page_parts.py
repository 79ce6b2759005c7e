"""Pieces that pages share: sections, strips with their names and scales, legends, axes and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def render_section(ident: str, title: str, content: str) -> str:
    """Return a section with its heading; ``content`` is HTML already."""
    return f'<section aria-labelledby="{ident}"><h2 id="{ident}">{escape(title)}</h2>\n{content}</section>'


def render_figure(label: str, picture: str, scale: tuple[str, str] | None = None) -> str:
    """Return a strip with its name above it, and the top and the bottom of its scale at its right edge."""
    ends = f'<span class="scale" aria-hidden="true"><b>{scale[0]}</b><b>{scale[1]}</b></span>' if scale else ""
    return f'<figure><figcaption>{escape(label)}</figcaption><div class="plot">{picture}{ends}</div></figure>\n'


def render_legend(entries: Iterable[tuple[str, str]]) -> str:
    """Return a legend of swatches, which are SVG, and their words."""
    return f'<ul class="legend">{"".join(f"<li>{mark} {escape(text)}</li>" for mark, text in entries)}</ul>\n'


def render_axis(labels: Sequence[str]) -> str:
    """Return labels that stand evenly under a strip."""
    return f'<p class="axis" aria-hidden="true">{"".join(f"<span>{escape(label)}</span>" for label in labels)}</p>\n'


def render_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, folded: bool = True) -> str:
    """Return a table; a folded one opens when asked. It scrolls by itself where the page is too narrow."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    label = escape(title or "what happened")
    table = (
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
    return f"<details><summary>{label}</summary>{table}</details>\n" if folded else table
