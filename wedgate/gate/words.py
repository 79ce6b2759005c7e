"""Why a region is as it is, in the one sentence that every place shows: terminal, summary, annotation, rollout."""

from __future__ import annotations

from collections.abc import Iterable

from wedgate.gate.decision import Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode

_CARING = (ReasonCode.RULE_CAUTION, ReasonCode.LOAD_CAUTION, ReasonCode.LOAD_UNVERIFIED)


def why(region: RegionDecision) -> str:
    """Return the reasons that made the verdict, each said once, with its markets where not all of them have it."""
    if not region.reasons:
        return ""
    answer = region.answer
    every = len(answer.markets) if answer is not None else 0
    markets: dict[str, list[str]] = {}
    for reason in _deciding(region):
        places = markets.setdefault(reason.text, [])
        if reason.market:
            places.append(reason.market)
    parts = []
    for text, places in markets.items():
        where = f" in {', '.join(places)}" if places and len(places) < every else ""
        parts.append(f"{text}{where}")
    return "; ".join(parts)


def said(reasons: Iterable[Reason]) -> str:
    """Return reasons as one phrase, each once."""
    return "; ".join(dict.fromkeys(reason.text for reason in reasons))


def _deciding(region: RegionDecision) -> tuple[Reason, ...]:
    """Leave out what only asks for care where something closes."""
    closing = tuple(reason for reason in region.reasons if reason.code not in _CARING)
    return closing or region.reasons
