"""Workflow commands for a runner's log: annotations, and text that cannot give commands itself.

Escaping follows GitHub's toolkit (``escapeData``, ``escapeProperty``). A runner shows at most ten annotations of each
level and step, so the worst ten are written and the rest is left to the summary.
"""

from __future__ import annotations

import re

from wedgate.calendars.values import Verdict
from wedgate.gate.decision import Decision, Mode
from wedgate.gate.words import why
from wedgate.render.decision_words import until

MOST = 10

_POSITION = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?P<column>\d+): (?P<text>.*)$", re.DOTALL)


def annotations_of(decision: Decision) -> tuple[str, ...]:
    """Return a command for each region that is not open, or for each reason where no calendar was asked."""
    if not decision.regions:
        level = _level(decision.verdict, decision.mode)
        return tuple(_for_reason(level, reason.text) for reason in decision.reasons[:MOST])
    worst = sorted(decision.regions, key=lambda region: -region.verdict.severity)
    return tuple(
        command(
            _level(region.verdict, decision.mode),
            f"{region.region} is {region.verdict.value}: {why(region)}; {until(region, decision)}",
            title=f"wedgate: {region.region} {region.verdict.value}",
        )
        for region in worst[:MOST]
        if region.verdict is not Verdict.OPEN
    )


def command(level: str, message: str, **properties: str) -> str:
    """Return one workflow command; nothing in message or properties can start another."""
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level}{f' {listed}' if listed else ''}::{_data(message)}"


def inert(text: str) -> str:
    """Return text for the log inside of which the runner obeys no command."""
    import secrets

    mark = secrets.token_hex(16)
    return f"::stop-commands::{mark}\n{text}\n::{mark}::"


def _for_reason(level: str, text: str) -> str:
    found = _POSITION.match(text)
    if found is None:
        return command(level, text, title="wedgate")
    return command(level, found["text"], file=found["file"], line=found["line"], col=found["column"], title="wedgate")


def _level(verdict: Verdict, mode: Mode) -> str:
    if verdict is Verdict.CLOSED:
        return "warning" if mode is Mode.OBSERVE else "error"
    return "warning" if verdict is Verdict.CAUTION else "notice"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
