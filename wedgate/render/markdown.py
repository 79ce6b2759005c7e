"""A decision as Markdown: the job summary and ``--format markdown``. One row for each region, details folded away."""

from __future__ import annotations

from wedgate.calendars.values import Verdict
from wedgate.gate.decision import Decision, Mode
from wedgate.gate.words import why
from wedgate.render.advice import advice
from wedgate.render.decision_words import clean, local_times, until, where_read
from wedgate.render.json import instant, render_json
from wedgate.render.local import offset_words, utc_words
from wedgate.render.looks import defined_at, source_words

_MARKS = {Verdict.OPEN: "✅", Verdict.CAUTION: "⚠️", Verdict.CLOSED: "⛔"}


def render_markdown(decision: Decision) -> str:
    """Return the decision as Markdown, with a line end after the last line."""
    asked = " (hypothetical: asked about another instant)" if decision.hypothetical else ""
    stopped = decision.verdict is Verdict.CLOSED
    observed = " (observe: would have been blocked)" if decision.mode is Mode.OBSERVE and stopped else ""
    lines = [f"### {_MARKS[decision.verdict]} wedgate: {decision.verdict.value}{observed}{asked}", ""]
    lines += [inert_text(advice(decision)), ""]
    if decision.regions:
        lines += ["| region | verdict | local time | why | until |", "|---|---|---|---|---|"]
        for region in decision.regions:
            cells = (
                region.region,
                f"{_MARKS[region.verdict]} {region.verdict.value}",
                local_times(region),
                why(region),
                until(region, decision),
            )
            lines.append(f"| {' | '.join(inert_text(cell) for cell in cells)} |")
    else:
        lines += [f"- `{reason.code}`: {inert_text(reason.text)}" for reason in decision.reasons]
    lines += ["", "<details><summary>Details</summary>", "", *_details(decision), "", "</details>", ""]
    return "\n".join(lines)


def _details(decision: Decision) -> list[str]:
    lines = [
        f"- asked about: {utc_words(decision.at)} (`{instant(decision.at)}`)",
        f"- all open: {f'`{instant(decision.next_open)}`' if decision.next_open else 'no known opening'}",
        f"- first closes: {f'`{instant(decision.next_close)}`' if decision.next_close else 'not known'}",
        f"- {inert_text(where_read(decision))}",
        f"- zones {decision.inputs.zone_data}, holidays {decision.inputs.holidays}, wedgate {decision.inputs.wedgate}",
    ]
    lines += [f"- not verified: {inert_text(words)}" for words in decision.not_verified]
    lines += [f"- note: {inert_text(words)}" for words in decision.expiring]
    if decision.looks:
        lines += ["", *_look_table(decision)]
    record = render_json(decision, indent=2)
    fence = fence_for(record)
    return [*lines, "", f"{fence}json", record, fence]


def _look_table(decision: Decision) -> list[str]:
    lines = [
        "| rule | written | where | zone | local date | offset | matched | why | data |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for look in decision.looks:
        cells = (
            look.rule,
            defined_at(look, decision.inputs.config_path),
            f"{look.region}/{look.market}" if look.market else look.region,
            look.zone,
            f"{look.local_date}",
            offset_words(look.offset),
            "yes" if look.matched else "no",
            look.text,
            "; ".join((f"zones {decision.inputs.zone_data}", *map(source_words, look.sources))),
        )
        lines.append(f"| {' | '.join(inert_text(cell) for cell in cells)} |")
    return lines


def inert_text(text: str) -> str:
    """Return text that is inert in a table: no markup, no cell of its own, no mention of a person."""
    plain = clean(text).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "`*_[]|~#":
        plain = plain.replace(character, f"\\{character}")
    return plain.replace("@", "&#64;")


def fence_for(text: str) -> str:
    """Return a fence of backticks longer than any inside."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)
