"""The outputs of the action: what a later step may act on. None of a hypothetical answer's says ``open``.

``decision`` is ``allow`` or ``deny``: ``allow`` if the verdict is open or caution, or if the gate only observes, and
never for a hypothetical answer. For such an answer ``verdict`` is ``closed`` and ``reason-code`` is ``hypothetical``.
"""

from __future__ import annotations

from wedgate.calendars.values import Verdict
from wedgate.gate.decide import binding, is_allowed
from wedgate.gate.decision import Decision
from wedgate.render.json import instant, render_json


def outputs_of(decision: Decision) -> dict[str, str]:
    """Return the outputs by name. ``next-open`` is empty when all is open, or no opening is known."""
    bound = binding(decision)
    waits = decision.verdict is Verdict.CLOSED and decision.next_open is not None
    return {
        "verdict": bound.verdict.value,
        "decision": "allow" if is_allowed(bound) else "deny",
        "reason-code": bound.reasons[0].code.value,
        "next-open": instant(decision.next_open) if waits and decision.next_open else "",
        "result": render_json(bound, indent=None),
    }
