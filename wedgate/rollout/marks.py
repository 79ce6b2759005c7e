"""What a chart of a service's metrics should have marked: where a rollout began, shifted, was promoted or rolled back.

Worked out from the ledger alone, so that any process marks the same, as often as it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from wedgate.ledger.audit import Act, AuditLine, Frozen
from wedgate.ledger.freezes import after_thaw
from wedgate.ledger.plain import from_plain
from wedgate.ledger.streams import JournalLine, LedgerState
from wedgate.rollout.events import Started
from wedgate.rollout.journal import event_of
from wedgate.rollout.state import PROMOTED, RegionPhase, RolloutState
from wedgate.rollout.step import begin, step


class MarkKind(StrEnum):
    """What is marked."""

    START = "start"
    SHIFT = "shift"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark: from ``at``, and where it lasts up to ``until``. ``rollout`` is ``None`` of a freeze; ``region`` is
    ``None`` of what is about all of them."""

    kind: MarkKind
    at: datetime
    text: str
    until: datetime | None = None
    rollout: str | None = None
    region: str | None = None


def marks_of(ledger: LedgerState, *, rollout: str | None = None) -> tuple[Mark, ...]:
    """Return the marks of all rollouts and freezes in order of time; with ``rollout`` those of that one alone.

    ``PlainError`` where a journal cannot be read.
    """
    found = [
        mark for name, lines in ledger.journals.items() if rollout in (None, name) for mark in _of_journal(name, lines)
    ]
    if rollout is None:
        found += _of_freezes(ledger.audit)
    return tuple(sorted(found, key=lambda mark: mark.at))


def _of_journal(rollout: str, lines: Sequence[JournalLine]) -> list[Mark]:
    state: RolloutState | None = None
    found: list[Mark] = []
    at = datetime.min.replace(tzinfo=UTC)
    for line in lines:
        event = event_of(line)
        # Several machines write a journal, and their clocks differ: what stands later in it happened no earlier.
        at = max(at, line.at)
        if state is None:
            if isinstance(event, Started):
                state = begin(event)
                release = event.plan.release
                text = f"{release.digest} of {release.commit[:12]} starts"
                found.append(Mark(kind=MarkKind.START, at=at, rollout=rollout, text=text))
            continue
        before, (state, _) = state, step(state, event)
        _mark(found, before, state, at, rollout)
    return found


def _mark(found: list[Mark], before: RolloutState, after: RolloutState, at: datetime, rollout: str) -> None:
    """Add what one event changed in any region."""
    going = (RegionPhase.ROLLING_BACK, RegionPhase.ROLLED_BACK)
    for old, new in zip(before.regions, after.regions, strict=True):
        region = new.region
        if new.weight > old.weight and new.phase not in going:
            text = f"{region} from {old.weight} to {new.weight} %"
            found.append(Mark(kind=MarkKind.SHIFT, at=at, rollout=rollout, region=region, text=text))
        if new.phase in PROMOTED and old.phase not in PROMOTED:
            text = f"{region} is promoted"
            found.append(Mark(kind=MarkKind.PROMOTE, at=at, rollout=rollout, region=region, text=text))
        if not new.had_traffic:
            continue
        if new.phase in going and old.phase not in going:
            why = new.why or after.halted or "no reason was given"
            text = f"{region} goes back from {old.weight} %: {why}"
            found.append(Mark(kind=MarkKind.ROLLBACK, at=at, rollout=rollout, region=region, text=text))
        if new.phase is RegionPhase.ROLLED_BACK and old.phase is not RegionPhase.ROLLED_BACK:
            place = max(
                place for place, mark in enumerate(found) if (mark.kind, mark.region) == (MarkKind.ROLLBACK, region)
            )
            found[place] = replace(found[place], until=at)


def _of_freezes(audit: Sequence[AuditLine]) -> Iterator[Mark]:
    """Yield a mark for each freeze, up to its end or to the thaw that ended the last of it before."""
    ends: dict[int | None, datetime] = {}
    open_ones: tuple[Frozen, ...] = ()
    every: list[Frozen] = []
    for line in audit:
        if line.kind == Act.FROZEN:
            every.append(replace(from_plain(Frozen, dict(line.body)), entry=line.revision))
            open_ones = (*open_ones, every[-1])
        elif line.kind == Act.THAWED:
            left = after_thaw(open_ones, line.body, line.at)
            ended = {each.entry for each in open_ones} - {each.entry for each in left}
            ends |= dict.fromkeys(ended, line.at)
            open_ones = left
    for frozen in every:
        where = "everything" if frozen.regions is None else ", ".join(frozen.regions)
        yield Mark(
            kind=MarkKind.FREEZE,
            at=frozen.since,
            until=min(frozen.until, ends.get(frozen.entry, frozen.until)),
            region=frozen.regions[0] if frozen.regions is not None and len(frozen.regions) == 1 else None,
            text=f"{where} is frozen by {frozen.by}: {frozen.reason}",
        )
