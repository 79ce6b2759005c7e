"""What people should hear about, worked out from the ledger alone: the same thing has the same key in every process.

Whether and where it was told is the business of whoever tells it; nothing here changes a rollout.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wedgate.ledger.audit import Act, AuditLine
from wedgate.ledger.streams import LedgerState
from wedgate.rollout.state import RegionPhase, RegionState, RolloutState

FRESH = timedelta(days=1)
"""What happened earlier is not told any more: nobody wants the past when notifications are first set up."""

LONGEST = 600
"""Characters of one message; the rest is in the ledger."""


class Occasion(StrEnum):
    """What people can ask to be told about."""

    REFUSED = "refused"
    OVERRIDE_USED = "override-used"
    HELD = "held"
    ROLLED_BACK = "rolled-back"
    NEEDS_HUMAN = "needs-human"
    SOURCE_EXPIRES = "source-expires"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where messages go: ``to`` is ``env/`` and the variable that holds the address, ``when`` what they are about."""

    to: str
    when: tuple[Occasion, ...] = tuple(Occasion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that people should hear about; what has the same ``key`` is the same thing."""

    key: str
    occasion: Occasion
    text: str


def notices_of(ledger: LedgerState, rollouts: Sequence[RolloutState], at: datetime) -> tuple[Notice, ...]:
    """Return what there is to tell at an instant, of the rollouts given and of the overrides in the ledger."""
    found: list[Notice] = []
    for state in rollouts:
        lines = ledger.journals.get(state.plan.rollout, ())
        if lines and at - lines[-1].at < FRESH:
            found += _of_rollout(state)
    for line in ledger.audit:
        if at - line.at < FRESH and (notice := _of_audit(line)) is not None:
            found.append(notice)
    return tuple(found)


def refused(text: str, at: datetime) -> Notice:
    """Return the notice that a rollout was refused; the same refusal is told once a day."""
    return Notice(key=f"refused/{at:%Y-%m-%d}/{_same(text)}", occasion=Occasion.REFUSED, text=spell("refused", text))


def needs_human(rollout: str, region: str, text: str) -> Notice:
    """Return the notice that a region of a rollout needs a person."""
    key = f"needs-human/{rollout}/{region}/{_same(text)}"
    return Notice(key=key, occasion=Occasion.NEEDS_HUMAN, text=spell(f"{region} needs a human", text))


def rolled_back(rollout: str, region: str, text: str) -> Notice:
    """Return the notice that a region of a rollout is back on stable for good."""
    key = f"rolled-back/{rollout}/{region}"
    return Notice(key=key, occasion=Occasion.ROLLED_BACK, text=spell(f"{region} was rolled back", text))


def source_expires(sentence: str) -> Notice:
    """Return the notice that a source of dates ends; how many days are left is another way to say the same."""
    known, _, trouble = sentence.partition(" cannot be known: ")
    key = _same(f"{known} {trouble}") if trouble else sentence.rpartition(" from now")[0].rpartition(",")[0] or sentence
    return Notice(
        key=f"source-expires/{key}", occasion=Occasion.SOURCE_EXPIRES, text=spell("a source expires", sentence)
    )


def spell(what: str, why: str) -> str:
    """Return one line without anything that a terminal or a chat could take for more than text."""
    text = f"{what}: {why}" if why else what
    inert = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return inert if len(inert) <= LONGEST else f"{inert[: LONGEST - 1]}…"


def _of_rollout(state: RolloutState) -> Iterator[Notice]:
    rollout, digest = state.plan.rollout, state.plan.release.digest
    for region in state.regions:
        if region.phase is RegionPhase.NEEDS_HUMAN:
            yield needs_human(rollout, region.region, region.why)
        elif state.awaits_drain(region):
            waits = f"its migration is {state.plan.migration}, and the old colour stays until `wedgate rollout drain`"
            yield needs_human(rollout, region.region, f"{digest}: {waits}")
        elif region.phase is RegionPhase.ROLLED_BACK and region.had_traffic:
            yield rolled_back(rollout, region.region, f"{digest}: {region.why or state.halted or ''}")
        elif region.hold is not None:
            yield _held(rollout, region)


def _held(rollout: str, region: RegionState) -> Notice:
    """Return the notice that a region is held: one for each time until which it is, or for each reason."""
    assert region.hold is not None
    until = region.hold.until
    which = _same(region.hold.why) if until is None else f"{until:%Y-%m-%dT%H:%MZ}"
    said = f"{region.hold.why} (until {until:%Y-%m-%d %H:%M:%SZ})" if until is not None else region.hold.why
    share = f"{region.region} is held at {region.weight} %" if region.weight else f"{region.region} is held"
    key = f"held/{rollout}/{region.region}/{region.hold.kind}/{which}"
    return Notice(key=key, occasion=Occasion.HELD, text=spell(share, said))


def _of_audit(line: AuditLine) -> Notice | None:
    body = line.body
    if line.kind == Act.USED:
        approvers = body.get("approvers")
        names = [str(each.get("login", "")) for each in approvers] if isinstance(approvers, list) else []
        text = (
            f"{body.get('region')} for {str(body.get('commit', ''))[:12]}, approved by {', '.join(names) or 'nobody'}"
        )
        why = f"{text}: {body.get('reason') or 'no reason was given'}"
        return Notice(
            key=f"override-used/{line.hash}", occasion=Occasion.OVERRIDE_USED, text=spell("an override was used", why)
        )
    if line.kind == Act.REFUSED:
        where = f"#{body['pull_request']}" if body.get("pull_request") else "a statement"
        why = f"{where} {body.get('who') or ''}: {body.get('what')} ({body.get('code')})"
        return Notice(key=f"refused/{line.hash}", occasion=Occasion.REFUSED, text=spell("an override was refused", why))
    return None


def _same(text: str) -> str:
    """Return the digest of a text without its numbers: ports, seconds and counts do not make it another message."""
    return hashlib.sha256(re.sub(r"\d+", "#", text).encode()).hexdigest()[:16]
