"""The sentences about one region that text, summary and annotations share, so that they cannot say different things."""

from __future__ import annotations

import textwrap
from datetime import UTC

from wedgate.calendars.values import Verdict
from wedgate.gate.decision import Decision, RegionDecision
from wedgate.gate.reasons import ReasonCode
from wedgate.gate.words import said
from wedgate.render.local import city_of, local_words, market_of, weekday_words

_TIMELESS = (ReasonCode.CONFIG_LOOSENED, ReasonCode.CONFIG_INVALID)


def local_times(region: RegionDecision) -> str:
    """Return the local times in a region, each with its city: ``Sat 08:00 New York, Sat 07:00 Chicago``."""
    if region.answer is None:
        return ""
    found = dict.fromkeys(
        f"{weekday_words((market.local - market.offset).replace(tzinfo=UTC), market.zone)} {city_of(market.zone)}"
        for market in region.answer.markets
    )
    return ", ".join(found)


def until(region: RegionDecision, decision: Decision) -> str:
    """Return until when the verdict holds, and what comes then: ``opens Sun 6 Jun 00:00 in Chicago (05:00 UTC)``."""
    answer = region.answer
    if answer is None:
        return ""
    horizon = f"{answer.horizon:%Y-%m-%d}"
    if region.verdict is Verdict.CLOSED:
        if region.reasons[0].code in _TIMELESS:
            return "no time opens it"
        if region.next_open is None:
            return f"no known opening before {horizon}"
        zone = market_of(answer, region.next_open).zone
        before = f", before that {said(region.opens_after)}" if region.opens_after else ""
        return f"opens {local_words(region.next_open, zone, asked_at=decision.at)}{before}"
    if answer.next_close is None:
        return f"nothing closes it before {horizon}"
    zone = market_of(answer, answer.next_close).zone
    then = f", then {said(region.closes_for)}" if region.closes_for else ""
    return f"closes {local_words(answer.next_close, zone, asked_at=decision.at)}{then}"


def where_read(decision: Decision) -> str:
    """Return where the configuration came from, and whether a working file is not the default branch's."""
    inputs = decision.inputs
    if inputs.config_path is None:
        return "no configuration was read"
    words = f"read {inputs.config_path}"
    if inputs.config_origin is not None and inputs.config_origin.value == "default-branch":
        words += f" of the default branch at {(inputs.config_ref or '')[:12]}"
    elif inputs.differs_from_default_branch:
        words += ", the working file, which differs from the default branch: a runner may answer otherwise"
    elif inputs.incomparable:
        words += (
            ", the working file, which could not be compared with the default branch "
            "(`git remote set-head origin --auto` tells the clone which it is)"
        )
    return words


def clean(text: str) -> str:
    """Return text in which nothing steers a terminal, a log or a table: control characters become ``?``."""
    return "".join(character if character.isprintable() else " " if character == "\n" else "?" for character in text)


def hanging(head: str, text: str, indent: int, width: int) -> list[str]:
    """Wrap text behind a head that may hold colour codes; ``indent`` is the head's visible width."""
    room = max(width - indent, 24)
    first, *rest = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{head}{first}", *(f"{' ' * indent}{line}" for line in rest)]
