"""An outlook as Markdown, for a pull request or a job summary: tables with bars made of characters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from wedgate.render.markdown import inert_text
from wedgate.render.outlook_words import (
    Local,
    assumption_sentences,
    cost_sentences,
    headline,
    hours_number,
    how_long,
    name_of,
    percent,
    reach_sentences,
    release_sentences,
    replica_row,
    replica_sentences,
    together_sentence,
    unknown_sentences,
    way_words,
)
from wedgate.rollout.outlook import Outlook

_BAR = 20


def render_outlook_markdown(outlook: Outlook, local: Local) -> str:
    """Return the outlook as Markdown that is inert against any text of the file."""
    sections = [
        [f"### {inert_text(headline(outlook))}"],
        _said("Not known", unknown_sentences(outlook)),
        _hours(outlook),
        ["#### Releases", "", *_lines(release_sentences(outlook))],
        _reach(outlook, local),
        _costs(outlook),
        _replicas(outlook),
        _folded("What was counted", assumption_sentences(outlook)),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _hours(outlook: Outlook) -> list[str]:
    rows = []
    for each in outlook.hours:
        whole = each.whole
        cells = map(hours_number, (whole.open, whole.caution, whole.closed))
        share = whole.usable / whole.span.duration
        rows.append([name_of(each), *cells, f"{_bar(share)} {percent(whole.usable, whole.span.duration)}"])
    table = _table(("region", "open h", "with care h", "closed h", "usable"), rows)
    return ["#### Open hours (UTC)", "", *table, "", *_lines([together_sentence(outlook)])]


def _reach(outlook: Outlook, local: Local) -> list[str]:
    rows = [
        [how_long(limit), f"{_bar(share)} {percent(timedelta(seconds=share), timedelta(seconds=1))}"]
        for limit, share in outlook.reach.within
    ]
    ways = [f"- {inert_text(f'{each.region}: {way_words(each, local)}')}" for each in outlook.reach.worst_plan.regions]
    lines = ["#### An urgent fix", "", *_lines(reach_sentences(outlook)), *ways]
    return [*lines, "", *_table(("everywhere within", "of all starts"), rows)]


def _costs(outlook: Outlook) -> list[str]:
    lines = ["#### Rules", "", *_lines(cost_sentences(outlook))]
    rows = [
        [cost.rule.id, *map(hours_number, (cost.closed, cost.alone, cost.opens, cost.opens_together))]
        for cost in outlook.costs
    ]
    heads = ("rule", "closes h", "alone h", "would open h", "of it together h")
    return [*lines, "", *_table(heads, rows)] if rows else lines


def _replicas(outlook: Outlook) -> list[str]:
    heads = ("region", "usual", "peak", "by calendar", "its second colour", "static peak", "its second colour")
    table = _table(heads, [[each.region, *replica_row(each)] for each in outlook.replicas])
    return ["#### Replica-hours", "", *_lines(replica_sentences(outlook)), "", *table]


def _said(title: str, sentences: Sequence[str]) -> list[str]:
    return [f"#### {title}", "", *(f"- {inert_text(words)}" for words in sentences)] if sentences else []


def _folded(title: str, sentences: Sequence[str]) -> list[str]:
    listed = [f"- {inert_text(words)}" for words in sentences]
    return [f"<details><summary>{title}</summary>", "", *listed, "", "</details>"]


def _lines(sentences: Sequence[str]) -> list[str]:
    """Return sentences as one paragraph."""
    return [" ".join(inert_text(words) for words in sentences), ""] if sentences else []


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return [*lines, *(f"| {' | '.join(inert_text(cell) for cell in row)} |" for row in rows)]


def _bar(share: float) -> str:
    full = max(round(share * _BAR), 1) if share else 0
    return "█" * full + "░" * (_BAR - full)
