"""A decision for a person in a terminal: one line for each region, and a last line that says what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from wedgate.calendars.values import Verdict
from wedgate.gate.decision import Decision, RegionDecision
from wedgate.gate.words import why
from wedgate.render.advice import advice
from wedgate.render.decision_words import clean, hanging, local_times, until, where_read
from wedgate.render.local import utc_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the terminal can show. ``width`` is in columns."""

    colour: bool = False
    unicode: bool = True
    width: int = 80


_MARKS = {Verdict.OPEN: ("✓", "+"), Verdict.CAUTION: ("!", "!"), Verdict.CLOSED: ("✗", "x")}
_COLOURS = {Verdict.OPEN: "32", Verdict.CAUTION: "33", Verdict.CLOSED: "31"}


def render_text(decision: Decision, style: Style) -> str:
    """Return the decision as text, without a line end after the last line."""
    asked = "asked about" if decision.hypothetical else "now"
    lines = [f"{asked} {utc_words(decision.at)}: {_coloured(decision.verdict.value, decision.verdict, style)}", ""]
    if decision.regions:
        widest = max(len(region.region) for region in decision.regions)
        for region in decision.regions:
            lines += _region_lines(region, decision, widest, style)
    else:
        mark = _mark(decision.verdict, style)
        for reason in decision.reasons:
            lines += _wrapped(f"{mark} ", f"{reason.code}: {clean(reason.text)}", 2, style)
    for words in decision.not_verified:
        lines += _wrapped("  ", f"not verified: {clean(words)}", 4, style)
    for words in decision.expiring:
        lines += _wrapped("  ", f"note: {clean(words)}", 4, style)
    if decision.looks:
        from wedgate.render.looks import look_lines

        lines += ["", *look_lines(decision, unicode=style.unicode, width=style.width)]
    read = clean(where_read(decision))
    lines += ["", *_wrapped("", f"{read[0].upper()}{read[1:]}; zones {decision.inputs.zone_data}.", 0, style)]
    lines += _wrapped("", clean(advice(decision)), 0, style)
    return "\n".join(lines)


def _region_lines(region: RegionDecision, decision: Decision, widest: int, style: Style) -> list[str]:
    plain_head = f"{_MARKS[region.verdict][0]} {region.region:<{widest}}  {region.verdict.value:<7}  "
    head = (
        f"{_mark(region.verdict, style)} {region.region:<{widest}}  "
        f"{_coloured(f'{region.verdict.value:<7}', region.verdict, style)}  "
    )
    parts = (local_times(region), why(region), until(region, decision))
    reasons, end = parts[1], parts[2]
    sentence = clean(f"{parts[0]}: {reasons}; {end}")
    return _wrapped(head, f"{sentence}.", len(plain_head), style)


def _wrapped(head: str, text: str, indent: int, style: Style) -> list[str]:
    return hanging(head, text, indent, style.width)


def _mark(verdict: Verdict, style: Style) -> str:
    return _coloured(_MARKS[verdict][0 if style.unicode else 1], verdict, style)


def _coloured(text: str, verdict: Verdict, style: Style) -> str:
    return f"\x1b[{_COLOURS[verdict]}m{text}\x1b[0m" if style.colour else text
