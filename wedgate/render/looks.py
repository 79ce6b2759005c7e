"""Every rule that was looked at, for a person: where it is written, which data it used, and each market's own date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from wedgate.calendars.values import RuleLook, SourceLook
from wedgate.gate.decision import Decision
from wedgate.render.decision_words import clean, hanging
from wedgate.render.local import offset_words

_MARKET_INDENT = 6


def look_lines(decision: Decision, *, unicode: bool, width: int) -> list[str]:
    """Return the looks of a decision, region by region, as lines of at most ``width`` columns where words allow it."""
    lines: list[str] = []
    for region, looks in groupby(decision.looks, key=lambda look: look.region):
        heads: dict[str, list[RuleLook]] = {}
        for look in looks:
            heads.setdefault(look.rule, []).append(look)
        lines += [
            "",
            *hanging("", clean(f"Rules looked at in {region}, by zones {decision.inputs.zone_data}:"), 0, width),
        ]
        lines += _region_lines(list(heads.values()), decision.inputs.config_path, unicode=unicode, width=width)
    return lines[1:]


def defined_at(look: RuleLook, config_path: str | None) -> str:
    """Return where a rule is written: ``wedgate.yml:14``, or ``wedding/us-east:31`` for a row of a preset."""
    if look.origin is not None:
        return f"{look.origin.file}:{look.origin.line}"
    name = config_path or "the configuration"
    return name if look.line is None else f"{name}:{look.line}"


def source_words(source: SourceLook) -> str:
    """Say what a source is and how far it can be trusted."""
    if source.trouble is not None:
        return f"{source.name}: cannot be known, {source.trouble}"
    ends = "" if source.verified_until.year > 9000 else f", verified until {source.verified_until}"
    digest = "" if source.digest is None else f", {source.digest[:19]}"
    return f"{source.name}: {source.source}{digest}{ends}"


def _region_lines(
    rules: Sequence[Sequence[RuleLook]], config_path: str | None, *, unicode: bool, width: int
) -> list[str]:
    widest_rule = max(len(looks[0].rule) for looks in rules)
    widest_does = max(len(_does(looks[0])) for looks in rules)
    lines: list[str] = []
    for looks in rules:
        first = looks[0]
        matched = any(look.matched for look in looks)
        mark = ("•" if unicode else "*") if matched else "-"
        head = f"  {mark} {clean(first.rule):<{widest_rule}}  {_does(first):<{widest_does}}  "
        if len(head) > width // 2:
            head = f"  {mark} {clean(first.rule)}  {_does(first)}  "
        lines += hanging(head, clean(defined_at(first, config_path)), 6, width)
        for look in looks:
            lines += _market_lines(look, width)
        lines += _data_lines(looks, width)
    return lines


def _market_lines(look: RuleLook, width: int) -> list[str]:
    where = f"{look.market}: " if look.market else ""
    words = f"{where}{look.local_date:%a %Y-%m-%d}, UTC{offset_words(look.offset)} in {look.zone}, {look.text}"
    return _indented(words, width)


def _data_lines(looks: Iterable[RuleLook], width: int) -> list[str]:
    said = dict.fromkeys(source_words(source) for look in looks for source in look.sources)
    origins = dict.fromkeys(look.origin for look in looks if look.origin is not None)
    lines = [line for words in said for line in _indented(f"data: {words}", width)]
    for origin in origins:
        lines += _indented(f"says: {origin.source} (confidence: {origin.confidence})", width)
    return lines


def _indented(words: str, width: int) -> list[str]:
    return hanging(" " * _MARKET_INDENT, clean(words), _MARKET_INDENT + 2, width)


def _does(look: RuleLook) -> str:
    parts = ([look.effect.value] if look.effect else []) + ([] if look.load is None else [f"load {look.load}"])
    return ", ".join(parts) or "loads of its source"
