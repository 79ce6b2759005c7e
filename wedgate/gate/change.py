"""A change to wedgate.yml alone, judged by what it does: does it open an instant that is closed today?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wedgate.calendars.values import Span, Verdict
from wedgate.gate.decision import Mode, Reason
from wedgate.gate.reasons import ReasonCode

SHOWN_SPANS = 3
"""How many of the opened stretches a message names, for each region."""


def judge_change(
    opened: Mapping[str, tuple[Span, ...]],
    *,
    old_mode: Mode,
    new_mode: Mode,
    compared: Span,
    weakened: Sequence[str] = (),
) -> tuple[Verdict, Reason]:
    """Return closed with ``config_loosened``, naming what opens where, or open with ``config_tightened``.

    ``weakened`` is in words what the change makes easier beside the calendar. ``compared`` is the stretch in which
    ``opened`` was found, or all that was looked through for nothing.
    """
    parts = [_opened_words(region, spans) for region, spans in opened.items()]
    if old_mode is Mode.ENFORCE and new_mode is Mode.OBSERVE:
        parts.insert(0, "turns the gate into an observer (mode: observe)")
    parts += weakened
    if parts:
        text = f"the change {'; '.join(parts)}; that needs the override quorum"
        return Verdict.CLOSED, Reason(code=ReasonCode.CONFIG_LOOSENED, text=text)
    text = f"the change opens nothing that is closed today, until {compared.end:%Y-%m-%d}"
    return Verdict.OPEN, Reason(code=ReasonCode.CONFIG_TIGHTENED, text=text)


def _opened_words(region: str, spans: tuple[Span, ...]) -> str:
    count = f"{len(spans)} stretch{'es' if len(spans) != 1 else ''} of time"
    shown = ", ".join(
        f"{span.start:%a %Y-%m-%d %H:%M} to {span.end:%a %m-%d %H:%M} UTC" for span in spans[:SHOWN_SPANS]
    )
    more = ", ..." if len(spans) > SHOWN_SPANS else ""
    return f"opens {count} in {region} ({shown}{more})"
